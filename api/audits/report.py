"""The report of an audit: made of rows, signed by the office's key, drawn as PDF from the very same values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.audits.coverage_pages import station_coverage
from api.audits.findings import AUDIT_RULES, AuditRule
from api.audits.records.service import as_file
from api.audits.report_pdf import draw_report
from api.audits.repository import find_station, local_span
from api.audits.schemas import AuditRun, CameraCoverage, RecordFile
from api.audits.service import check_period, find_run, period_findings
from api.database import Database
from api.errors import ReportNotReadyError
from api.log.signing import LogSigner
from models.domain.audit_report import (
    REPORT_TYPE,
    AuditReport,
    ReportedCamera,
    ReportedEvidence,
    ReportedFile,
    ReportedFinding,
    ReportedGap,
    ReportedRule,
)
from models.domain.audits import TIME_FACTS, FindingCode, FindingState
from models.tables import FindingRow, PersonRow, RecordFileRow, StationRow
from models.verify.envelope import sign_envelope

REPORT_NAME = "audit"
GAPS_LISTED = 500
NOT_COVERED = (
    "rules BX-3 to BX-10, DK-2 to DK-9 and SH-1 to SH-8",
    "basis documents: not configured",
    "clock offset of each camera",
    "known misses by seeded tests, and confidence bands",
    "sampling: every finding is listed, none was drawn",
    "deadline for the station's answer",
    "sign-off by two persons: by hand, on paper",
    "hashes of camera files and weights; XLSX and CSV",
)
"""What the report of a whole audit would contain beside this (domain: what the audit report contains)."""


@dataclass(frozen=True, slots=True)
class MadeReport:
    """A report and its signed envelope."""

    report: AuditReport
    envelope: bytes

    def pdf(self) -> bytes:
        return draw_report(self.report)


class AuditReports:
    """Makes reports.

    Args:
        signer: signs them; None: there are none.
    """

    def __init__(self, database: Database, signer: LogSigner | None, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._signer = signer
        self._clock = clock

    def make(self, actor: Actor, station_id: str, first: date, last: date) -> MadeReport:
        """The report of a period that was compared.

        Raises:
            NotAllowedError, StationNotFoundError, InputError
            ReportNotReadyError: nobody compared exactly these days yet, or there is no key to sign with.
        """
        actor.needs("auditor")
        check_period(first, last)
        if self._signer is None:
            raise ReportNotReadyError("got no PHATNGUOI_LOG_KEY, expected the office's key: a report is signed")
        now = self._clock()
        with self._database.writing() as session:
            station = find_station(session, actor, station_id)
            run = find_run(session, station_id, first, last)
            if run is None:
                raise ReportNotReadyError("got days that were not compared, expected a comparison of exactly these")
            report = _report(session, station, run, now)
            envelope = sign_envelope(self._signer.key, report.canonical(), REPORT_TYPE)
            details = {"station": station_id, "run": run.id, "findings": len(report.findings)}
            record(session, now, actor, "auditor", "audit_reported", details=details)
        return MadeReport(report, envelope)


def _report(session: Session, station: StationRow, run: AuditRun, now: datetime) -> AuditReport:
    zone = ZoneInfo(station.timezone)
    period = local_span(run.first_day, run.last_day, station.timezone)
    return AuditReport(
        station_id=station.id,
        station=station.name,
        body=station.body,
        agency=station.agency,
        is_simulated=station.is_simulated,
        first_day=run.first_day.isoformat(),
        last_day=run.last_day.isoformat(),
        made_at=_iso(now, zone),
        compared_at=_iso(run.ran_at, zone),
        software=f"phatnguoi {version('phatnguoi')}",
        cameras=tuple(_camera(each, zone) for each in station_coverage(session, station.id, period)),
        files=tuple(_file(each, zone) for each in _files(session, station, run)),
        rules=tuple(_rule(rule, run.figures[rule.code]) for rule in AUDIT_RULES),
        findings=tuple(
            _finding(row, zone)
            for row in period_findings(session, station, run.first_day, run.last_day)
            if row.state != "lapsed"
        ),
        not_covered=NOT_COVERED,
    )


def _iso(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds")


def _camera(camera: CameraCoverage, zone: ZoneInfo) -> ReportedCamera:
    return ReportedCamera(
        id=camera.camera_id,
        name=camera.name,
        watches=cast("Any", camera.kinds),
        covered_permille=int(camera.share * 1000),
        gaps=tuple(
            ReportedGap(since=_iso(span.since, zone), until=_iso(span.until, zone), state=state)
            for span, state in camera.gaps[:GAPS_LISTED]
        ),
        visits=camera.visits,
        unread=camera.unread,
    )


def _files(session: Session, station: StationRow, run: AuditRun) -> list[RecordFile]:
    """Every imported file that speaks for a day of the period."""
    rows = session.execute(
        select(RecordFileRow, PersonRow)
        .outerjoin(PersonRow, PersonRow.id == RecordFileRow.brought_by)
        .where(
            RecordFileRow.station_id == station.id,
            RecordFileRow.state == "imported",
            RecordFileRow.first_day <= run.last_day,
            RecordFileRow.last_day >= run.first_day,
        )
        .order_by(RecordFileRow.id)
    )
    return [as_file(row, person) for row, person in rows]


def _file(file: RecordFile, zone: ZoneInfo) -> ReportedFile:
    assert file.imported_at is not None
    return ReportedFile(
        name=file.name,
        kind=file.kind,
        sha256=file.sha256,
        rows=file.rows,
        new=file.counts["new"],
        corrected=file.counts["corrected"],
        same=file.counts["same"],
        first_day=file.first_day.isoformat(),
        last_day=file.last_day.isoformat(),
        imported_at=_iso(file.imported_at, zone),
        brought_by=file.brought_by,
    )


def _rule(rule: AuditRule, figures: dict[str, Any]) -> ReportedRule:
    says, does_not_prove = rule_texts(rule)
    return ReportedRule(
        code=rule.code,
        says=says,
        does_not_prove=does_not_prove,
        tolerance_s=rule.tolerance // timedelta(seconds=1),
        **figures,
    )


def rule_texts(rule: AuditRule) -> tuple[str, str]:
    """What the rule says and what it does not prove, out of its docstring."""
    parts = [re.sub(r"\s+", " ", part).strip() for part in (type(rule).__doc__ or "").split("\n\n")]
    return parts[0], next(part for part in parts if part.startswith("It does not prove"))


def _finding(row: FindingRow, zone: ZoneInfo) -> ReportedFinding:
    return ReportedFinding(
        id=row.id,
        code=cast("FindingCode", row.code),
        at=_iso(row.at, zone),
        plate=row.plate,
        record_number=row.record_number,
        expected=_facts(row.expected, zone),
        seen=_facts(row.seen, zone),
        evidence=tuple(ReportedEvidence(name=each["name"], sha256=each["sha256"]) for each in row.objects),
        state=cast("FindingState", row.state),
        still_found=row.is_standing,
        reason=row.reason,
        station_answer=row.answer,
        decided_at=None if row.decided_at is None else _iso(row.decided_at, zone),
    )


def _facts(facts: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """With instants as everywhere in the report."""
    return {
        name: _iso(datetime.fromisoformat(value), zone) if name in TIME_FACTS and value is not None else value
        for name, value in facts.items()
    }
