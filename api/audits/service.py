"""Audits of stations: compare visits with records, show what was found, keep what an auditor decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.audits.coverage_pages import station_coverage
from api.audits.findings import AUDIT_RULES
from api.audits.repository import find_finding, find_station, load_view, local_span
from api.audits.schemas import AuditRun, CameraCoverage, FindingLine, FindingPage, StationLine
from api.database import Database
from api.errors import EvidenceNotFoundError, FindingClosedError, InputError
from api.evidence import VerifiedFile, VerifiedFiles
from models.domain.audits import DECISIONS, FindingCode, FindingState, Outcome, Span, Verdict
from models.domain.store import StoredObject
from models.tables import (
    AuditRunRow,
    FindingRow,
    PersonRow,
    RecordFileRow,
    RecordRow,
    StationRow,
    ZoneVisitRow,
    new_id,
)

LONGEST_PERIOD_DAYS = 31
FINDINGS_SHOWN = 500
STATIONS_SHOWN = 500
TEXT_CHARACTERS = 2_000
AT_ONCE = 500


class AuditService:
    """Raises NotAllowedError to whoever is no auditor, StationNotFoundError where the station is not theirs."""

    def __init__(self, database: Database, files: VerifiedFiles, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._files = files
        self._clock = clock

    def stations(self, actor: Actor) -> tuple[StationLine, ...]:
        """The stations of this person, by name."""
        actor.needs("auditor")
        with self._database.reading() as session:
            rows = session.scalars(select(StationRow).order_by(StationRow.name, StationRow.id).limit(STATIONS_SHOWN))
            seen = [row for row in rows if actor.sees(row.agency, row.camera_group)]
            open_ones = dict(
                session.execute(
                    select(FindingRow.station_id, func.count())
                    .where(FindingRow.state == "open", FindingRow.station_id.in_([row.id for row in seen]))
                    .group_by(FindingRow.station_id)
                ).all()
            )
            return tuple(_station(row, open_ones.get(row.id, 0)) for row in seen)

    def station(self, actor: Actor, station_id: str) -> StationLine:
        actor.needs("auditor")
        with self._database.reading() as session:
            return _station(find_station(session, actor, station_id), 0)

    def coverage(self, actor: Actor, station_id: str, first: date, last: date) -> tuple[CameraCoverage, ...]:
        """When each camera could see. Raises InputError: field `last`."""
        actor.needs("auditor")
        check_period(first, last)
        with self._database.reading() as session:
            station = find_station(session, actor, station_id)
            return station_coverage(session, station.id, local_span(first, last, station.timezone))

    def compare(self, actor: Actor, station_id: str, first: date, last: date) -> str:
        """Judges every visit and record of the period anew; the run's id. What was decided stays decided.

        Raises:
            InputError: field `last`.
        """
        actor.needs("auditor")
        check_period(first, last)
        now = self._clock()
        with self._database.reading() as session:
            station = find_station(session, actor, station_id)
            period = local_span(first, last, station.timezone)
            view = load_view(session, station, period)
        outcomes = [rule.check(view) for rule in AUDIT_RULES]
        with self._database.writing() as session:
            session.get_one(StationRow, station_id, with_for_update=True)
            run = AuditRunRow(
                id=new_id(now), station_id=station_id, first_day=first, last_day=last,
                figures={outcome.code: _figures(outcome) for outcome in outcomes}, asked_by=actor.person_id, ran_at=now,
            )  # fmt: skip
            session.add(run)
            session.flush()
            _keep_findings(session, now, run, period, [each for outcome in outcomes for each in outcome.findings])
            details = {"station": station_id, "first": first.isoformat(), "last": last.isoformat(), "run": run.id}
            record(session, now, actor, "auditor", "station_compared", details=details)
            return run.id

    def newest_run(self, actor: Actor, station_id: str, first: date, last: date) -> AuditRun | None:
        """The newest comparison of exactly this period."""
        actor.needs("auditor")
        with self._database.reading() as session:
            find_station(session, actor, station_id)
            return find_run(session, station_id, first, last)

    def findings(self, actor: Actor, station_id: str, first: date, last: date) -> tuple[FindingLine, ...]:
        """The findings of a period: open ones first, then by time. At most `FINDINGS_SHOWN`."""
        actor.needs("auditor")
        check_period(first, last)
        with self._database.reading() as session:
            station = find_station(session, actor, station_id)
            rows = period_findings(session, station, first, last)
            return tuple(_line(row) for row in sorted(rows, key=lambda row: (row.state != "open", row.at, row.id)))

    def finding(self, actor: Actor, finding_id: str) -> tuple[str, FindingPage]:
        """One finding and its station. That it was looked at is in the audit log."""
        actor.needs("auditor")
        now = self._clock()
        with self._database.writing() as session:
            row = find_finding(session, actor, finding_id)
            record(session, now, actor, "auditor", "finding_seen", details={"finding": row.id})
            return row.station_id, _page(session, row)

    def decide(self, actor: Actor, finding_id: str, state: str, reason: str, answer: str) -> None:
        """Confirms, explains or rejects an open finding.

        Raises:
            InputError: field `state`, `reason` or `answer`.
            FindingClosedError: it is no longer open.
        """
        actor.needs("auditor")
        if state not in DECISIONS:
            raise InputError("state", f"got {state[:20]!r}, expected one of {', '.join(DECISIONS)}")
        reason, answer = _text("reason", reason, needed=True), _text("answer", answer, needed=state == "explained")
        now = self._clock()
        with self._database.writing() as session:
            row = find_finding(session, actor, finding_id, lock=True)
            if row.state != "open":
                raise FindingClosedError(f"got a finding that is {row.state}, expected an open one")
            row.state, row.reason, row.answer = state, reason, answer or row.answer
            row.decided_by, row.decided_at = actor.person_id, now
            details = {"finding": row.id, "rule": row.code, "session": actor.session_id}
            what = f"finding_{state}"
            record(session, now, actor, "auditor", what, source="open", target=state, details=details)

    def note_answer(self, actor: Actor, finding_id: str, answer: str) -> None:
        """Notes what the station says, without deciding.

        Raises:
            InputError: field `answer`.
            FindingClosedError
        """
        actor.needs("auditor")
        answer = _text("answer", answer, needed=True)
        now = self._clock()
        with self._database.writing() as session:
            row = find_finding(session, actor, finding_id, lock=True)
            if row.state != "open":
                raise FindingClosedError(f"got a finding that is {row.state}, expected an open one")
            row.answer = answer
            record(session, now, actor, "auditor", "finding_answered", details={"finding": row.id})

    def evidence(self, actor: Actor, finding_id: str, name: str) -> VerifiedFile:
        """One verified file of the visit.

        Raises:
            EvidenceNotFoundError: there is none of that name.
            DigestMismatchError, StoreUnreachableError
        """
        actor.needs("auditor")
        with self._database.reading() as session:
            row = find_finding(session, actor, finding_id)
            objects = [StoredObject.model_validate(each) for each in row.objects]
        for stored in objects:
            if stored.name == name:
                return self._files.fetch(stored)
        raise EvidenceNotFoundError(f"got {name[:64]!r}, expected a file of this finding")


def check_period(first: date, last: date) -> None:
    """Raises InputError: field `last`."""
    if not 0 <= (last - first).days < LONGEST_PERIOD_DAYS:
        raise InputError("last", f"got {first} to {last}, expected at most {LONGEST_PERIOD_DAYS} days, in order")


def find_run(session: Session, station_id: str, first: date, last: date) -> AuditRun | None:
    row = session.scalars(
        select(AuditRunRow)
        .where(AuditRunRow.station_id == station_id, AuditRunRow.first_day == first, AuditRunRow.last_day == last)
        .order_by(AuditRunRow.id.desc())
        .limit(1)
    ).first()
    return None if row is None else AuditRun(row.id, row.first_day, row.last_day, row.figures, row.ran_at)


def period_findings(session: Session, station: StationRow, first: date, last: date) -> Sequence[FindingRow]:
    """By time."""
    period = local_span(first, last, station.timezone)
    statement = select(FindingRow).where(
        FindingRow.station_id == station.id, FindingRow.at >= period.since, FindingRow.at < period.until
    )
    return session.scalars(statement.order_by(FindingRow.at, FindingRow.id).limit(FINDINGS_SHOWN)).all()


def _figures(outcome: Outcome) -> dict[str, Any]:
    return {
        "checked": outcome.checked,
        "as_recorded": outcome.as_recorded,
        "findings": len(outcome.findings),
        "undecided": dict(sorted(Counter(str(each.why) for each in outcome.undecided).items())),
    }


def _keep_findings(
    session: Session, now: datetime, run: AuditRunRow, period: Span, verdicts: Sequence[Verdict]
) -> None:
    """New findings come in; known ones are brought up to date; those that no longer hold lapse, unless decided."""
    statement = select(FindingRow).where(
        FindingRow.station_id == run.station_id, FindingRow.at >= period.since, FindingRow.at < period.until
    )
    known = {(row.code, row.subject): row for row in session.scalars(statement)}
    objects = _objects(session, [each.visit_id for each in verdicts if each.visit_id is not None])
    for verdict in verdicts:
        row = known.pop((verdict.code, verdict.subject), None) or _elsewhere(session, run.station_id, verdict)
        if row is None:
            row = FindingRow(
                id=new_id(now), station_id=run.station_id, code=verdict.code, subject=verdict.subject, state="open",
                found_at=now, objects=objects.get(verdict.visit_id or "", []),
            )  # fmt: skip
            session.add(row)
        elif row.state == "lapsed":
            row.state = "open"
        if row.state == "open":
            _fill(row, verdict)
        row.run_id, row.is_standing = run.id, True
    for row in known.values():
        row.is_standing = False
        row.state = "lapsed" if row.state == "open" else row.state


def _elsewhere(session: Session, station_id: str, verdict: Verdict) -> FindingRow | None:
    """The same subject, which a correction has moved to another day."""
    statement = select(FindingRow).where(
        FindingRow.station_id == station_id, FindingRow.code == verdict.code, FindingRow.subject == verdict.subject
    )
    return session.scalars(statement).first()


def _fill(row: FindingRow, verdict: Verdict) -> None:
    row.plate, row.record_number, row.at = verdict.plate, verdict.record_number, verdict.at
    row.window_since, row.window_until = verdict.window.since, verdict.window.until
    row.expected, row.seen = dict(verdict.expected), dict(verdict.seen)


def _objects(session: Session, visits: Sequence[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for at in range(0, len(visits), AT_ONCE):
        statement = select(ZoneVisitRow.id, ZoneVisitRow.objects).where(ZoneVisitRow.id.in_(visits[at : at + AT_ONCE]))
        found |= dict(session.execute(statement).all())
    return found


def _station(row: StationRow, open_findings: int) -> StationLine:
    return StationLine(row.id, row.name, row.body, row.agency, row.timezone, row.is_simulated, open_findings)


def _line(row: FindingRow) -> FindingLine:
    return FindingLine(
        row.id, cast("FindingCode", row.code), row.plate, row.record_number, row.at, cast("FindingState", row.state),
        row.is_standing,
    )  # fmt: skip


def _page(session: Session, row: FindingRow) -> FindingPage:
    decider = None if row.decided_by is None else session.get_one(PersonRow, row.decided_by)
    return FindingPage(
        line=_line(row),
        window=Span(row.window_since, row.window_until),
        expected=row.expected,
        seen=row.seen,
        objects=tuple((each["name"], each["sha256"]) for each in row.objects),
        reason=row.reason,
        answer=row.answer,
        decider=None if decider is None else decider.display_name or decider.username,
        decided_at=row.decided_at,
        found_at=row.found_at,
        record=_provenance(session, row),
    )


def _provenance(session: Session, row: FindingRow) -> dict[str, Any] | None:
    """The file and row of the record, and how often it was corrected."""
    if row.record_number is None:
        return None
    kind = "inspection" if row.code == "DK-1" else "transport_order"
    found = session.execute(
        select(RecordRow, RecordFileRow)
        .join(RecordFileRow, RecordFileRow.id == RecordRow.file_id)
        .where(
            RecordRow.station_id == row.station_id, RecordRow.kind == kind, RecordRow.number == row.record_number,
            RecordRow.is_current.is_(True),
        )
    ).first()  # fmt: skip
    if found is None:
        return None
    version, file = found
    return {"file": file.name, "sha256": file.sha256, "row": version.row, "version": version.version,
            "imported_at": file.imported_at}  # fmt: skip


def _text(field: str, value: str, *, needed: bool) -> str:
    value = value.strip()
    if len(value) > TEXT_CHARACTERS or (needed and len(value) < 3):
        raise InputError(field, f"got {len(value)} characters, expected {3 if needed else 0} to {TEXT_CHARACTERS}")
    return value
