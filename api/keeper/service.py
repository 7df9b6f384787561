"""Looks at the evidence of every submission in turn: locks what is open, holds what is held, deletes what is due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.database import Database
from api.errors import CaseNotFoundError, InputError, ObjectLockedError, StoreUnreachableError
from api.keeper.store import KeeperStore
from api.log.writing import log_entry
from models.domain.retention import DELETABLE, RetentionRules, Standing, standing_of
from models.domain.store import StoredObject
from models.domain.submission import Submission
from models.tables import CaseRow, EvidenceRow, KeepingRow, SubmissionRow

KEEPER = Actor(frozenset({"keeper"}))
LOOK_AGAIN = timedelta(hours=1)
"""Nothing about retention is in a hurry; a decision is seen within the hour."""
AFTER_TROUBLE = timedelta(minutes=10)
_log = logging.getLogger("phatnguoi.keeper")


@dataclass(frozen=True, slots=True)
class _Look:
    """One submission as it stands now."""

    submission_id: str
    case_id: str | None
    standing: Standing
    is_hold_placed: bool
    locked_until: datetime | None
    delete_at: datetime | None
    objects: tuple[StoredObject, ...]
    manifest_sha256: str


class Keeper:
    """One at a time works; what it does, it may do again."""

    def __init__(
        self, database: Database, store: KeeperStore, rules: RetentionRules, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._store = store
        self._rules = rules
        self._clock = clock

    def step(self) -> bool:
        """One submission; False: none is due."""
        now = self._clock()
        with self._database.reading() as session:
            submission = _next(session, now)
            look = None if submission is None else self._look(session, submission)
        if look is None:
            return False
        try:
            self._act(look, now)
        except (StoreUnreachableError, ObjectLockedError) as error:
            _log.error("evidence cannot be kept or deleted now", extra={"submission": look.submission_id,
                                                                        "reason": str(error)})  # fmt: skip
            self._note(look, now, look_at=now + AFTER_TROUBLE)
        return True

    def hold(self, case_id: str, reason: str | None) -> None:
        """Sets a legal hold on a case's evidence, with a reason; without one, lifts it.

        Raises:
            CaseNotFoundError, InputError
        """
        now = self._clock()
        if reason is not None and not 3 <= len(reason.strip()) <= 500:
            raise InputError("reason", f"got a reason of {len(reason.strip())} characters, expected 3 to 500")
        with self._database.writing() as session:
            case = session.get(CaseRow, case_id)
            if case is None:
                raise CaseNotFoundError(f"got the case {case_id[:40]!r}, expected a known one")
            for submission_id in _submissions_of(session, case.incident_id):
                row = _keeping(session, submission_id, now)
                row.hold_reason, row.held_at, row.look_at = reason, now if reason else None, now
            what = "hold_set" if reason else "hold_lifted"
            record(
                session, now, KEEPER, "keeper", what, case_id=case.id, details={"reason": reason} if reason else None
            )

    def _look(self, session: Session, submission: SubmissionRow) -> _Look:
        keeping = session.get(KeepingRow, submission.id)
        cases = _cases_of(session, submission)
        is_held = keeping is not None and keeping.hold_reason is not None
        standing, ended_at, site_kind = _standing(cases, submission, is_held=is_held)
        return _Look(
            submission_id=submission.id,
            case_id=submission.case_id,
            standing=standing,
            is_hold_placed=keeping is not None and keeping.is_hold_placed,
            locked_until=None if keeping is None else keeping.locked_until,
            delete_at=None if ended_at is None else self._rules.delete_at(standing, site_kind, ended_at),
            objects=_objects(session, submission),
            manifest_sha256=submission.manifest_sha256,
        )

    def _act(self, look: _Look, now: datetime) -> None:
        self._place_hold(look)
        if look.delete_at is not None and look.delete_at <= now:
            self._delete(look, now)
            return
        locked_until = look.locked_until
        ahead = timedelta(days=self._rules.lock_ahead_days)
        if look.standing not in DELETABLE and (locked_until is None or locked_until - now < ahead / 2):
            locked_until = now + ahead
            for stored in look.objects:
                self._store.lock(stored, locked_until)
        look_at = now + LOOK_AGAIN if look.delete_at is None else max(now + LOOK_AGAIN, look.delete_at)
        self._note(look, now, look_at=look_at, locked_until=locked_until)

    def _place_hold(self, look: _Look) -> None:
        is_held = look.standing == "held"
        if is_held != look.is_hold_placed:
            for stored in look.objects:
                self._store.hold(stored, on=is_held)

    def _delete(self, look: _Look, now: datetime) -> None:
        """Every object, then the certificate: should this process die between, the next look finishes it."""
        for stored in look.objects:
            self._store.delete(stored)
        with self._database.writing() as session:
            row = _keeping(session, look.submission_id, now)
            row.standing, row.deleted_at = look.standing, now
            facts = {
                "why": look.standing, "objects": len(look.objects), "manifest_sha256": look.manifest_sha256,
                "length_bytes": sum(stored.length_bytes for stored in look.objects),
            }  # fmt: skip
            log_entry(session, now, "deletion", look.submission_id, facts)
            record(session, now, KEEPER, "keeper", "evidence_deleted", case_id=look.case_id, details=facts)

    def _note(self, look: _Look, now: datetime, *, look_at: datetime, locked_until: datetime | None = None) -> None:
        with self._database.writing() as session:
            row = _keeping(session, look.submission_id, now)
            row.standing, row.look_at = look.standing, look_at
            row.is_hold_placed = look.standing == "held"
            if locked_until is not None:
                row.locked_until = locked_until


def _next(session: Session, now: datetime) -> SubmissionRow | None:
    """A submission that nobody has looked at yet, else the one that is due longest. Deleted ones never."""
    unseen = (
        select(SubmissionRow)
        .outerjoin(KeepingRow, KeepingRow.submission_id == SubmissionRow.id)
        .where(KeepingRow.submission_id.is_(None), SubmissionRow.state != "received")
        .limit(1)
    )
    due = (
        select(SubmissionRow)
        .join(KeepingRow, KeepingRow.submission_id == SubmissionRow.id)
        .where(KeepingRow.deleted_at.is_(None), KeepingRow.look_at <= now)
        .order_by(KeepingRow.look_at)
        .limit(1)
    )
    return session.scalars(unseen).first() or session.scalars(due).first()


def _cases_of(session: Session, submission: SubmissionRow) -> list[CaseRow]:
    """Every case of the incident: the evidence of one claim may be needed for the other."""
    own = session.get(CaseRow, submission.case_id) if submission.case_id else None
    if own is None:
        return []
    return list(session.scalars(select(CaseRow).where(CaseRow.incident_id == own.incident_id)))


def _submissions_of(session: Session, incident_id: str) -> list[str]:
    statement = select(SubmissionRow.id).join(CaseRow, CaseRow.id == SubmissionRow.case_id)
    return list(session.scalars(statement.where(CaseRow.incident_id == incident_id)))


def _standing(
    cases: list[CaseRow], submission: SubmissionRow, *, is_held: bool
) -> tuple[Standing, datetime | None, str]:
    """The standing that keeps longest, when that began, and the kind of site. Fails closed."""
    if not cases:
        is_refused = submission.state == "refused"
        standing: Standing = standing_of(None if is_refused else "unknown", is_held=is_held)
        return standing, submission.finished_at, ""
    standings = [standing_of(case.state, is_held=is_held) for case in cases]
    kept = next((each for each in standings if each not in DELETABLE), None)
    last = max(cases, key=lambda case: case.moved_at)
    if kept is not None:
        return kept, None, last.site_kind
    return ("closed" if "closed" in standings else "rejected"), last.moved_at, last.site_kind


def _objects(session: Session, submission: SubmissionRow) -> tuple[StoredObject, ...]:
    """What was recorded as evidence; of a refused submission what its message names."""
    rows = session.scalars(select(EvidenceRow).where(EvidenceRow.submission_id == submission.id)).all()
    if not rows:
        return Submission.model_validate_json(submission.message).objects
    return tuple(
        StoredObject(
            name=row.name, key=row.key, version_id=row.version_id, sha256=row.sha256, length_bytes=row.length_bytes
        )
        for row in rows
    )


def _keeping(session: Session, submission_id: str, now: datetime) -> KeepingRow:
    row = session.get(KeepingRow, submission_id)
    if row is None:
        row = KeepingRow(submission_id=submission_id, standing="open", look_at=now, is_hold_placed=False)
        session.add(row)
    return row
