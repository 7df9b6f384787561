"""The door for visits: takes each batch once, keeps what a rule of an audit asks for, counts the rest."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from api.audits.station_view import COACHES
from api.database import Database
from api.errors import CameraNotFoundError, VisitReportConflictError
from models.domain.audits import ZoneKind
from models.domain.scene import VehicleClass
from models.domain.visits import VisitReceipt, VisitReport, ZoneVisit
from models.tables import (
    CameraRow,
    CoverageSpanRow,
    PassingCountRow,
    StationZoneRow,
    VisitReportRow,
    ZoneVisitRow,
    new_id,
)

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_US = 3_600_000_000
FORGOTTEN_AT_ONCE = 5_000


def from_us(moment_us: int) -> datetime:
    return EPOCH + moment_us * MICROSECOND


def is_asked_for(kind: ZoneKind, vehicle: VehicleClass) -> bool:
    """Whether records speak of such vehicles there: coaches at the gates, all but two wheels in the lanes."""
    return vehicle in COACHES if kind != "inspection_lane" else vehicle not in ("motorcycle", "bicycle")


class VisitService:
    """Takes what station cameras report.

    Args:
        kept: how long visits and coverage stay.
    """

    def __init__(self, database: Database, kept: timedelta, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._kept = kept
        self._clock = clock

    def receive(self, worker: str, report: VisitReport) -> VisitReceipt:
        """Takes a batch; the same batch again gives the same answer and changes nothing.

        Raises:
            CameraNotFoundError: no such camera.
            VisitReportConflictError: the id is known with other content, or from another worker.
        """
        now = self._clock()
        sha256 = hashlib.sha256(report.model_dump_json().encode()).hexdigest()
        with self._database.writing() as session:
            known = session.get(VisitReportRow, report.id)
            if known is not None:
                if (known.sha256, known.worker) != (sha256, worker):
                    raise VisitReportConflictError(f"report {report.id}: got other content, expected what came first")
                return VisitReceipt(report_id=known.id, kept=known.kept, counted=known.counted)
            camera = session.scalars(
                select(CameraRow).where(CameraRow.id == report.camera_id).with_for_update()
            ).first()
            if camera is None:
                raise CameraNotFoundError(f"got camera {report.camera_id}, expected a registered one")
            receipt = self._keep(session, now, report)
            session.add(
                VisitReportRow(
                    id=report.id, camera_id=report.camera_id, worker=worker, sha256=sha256, kept=receipt.kept,
                    counted=receipt.counted, received_at=now,
                )
            )  # fmt: skip
            return receipt

    def _keep(self, session: Session, now: datetime, report: VisitReport) -> VisitReceipt:
        zones = set(session.scalars(select(StationZoneRow.kind).where(StationZoneRow.camera_id == report.camera_id)))
        oldest = now - self._kept
        asked = [
            visit
            for visit in report.visits
            if visit.kind in zones and is_asked_for(visit.kind, visit.vehicle) and from_us(visit.left_at_us) > oldest
        ]
        ids = {visit.id for visit in asked}
        known = set(session.scalars(select(ZoneVisitRow.id).where(ZoneVisitRow.id.in_(ids))))
        if known:
            raise VisitReportConflictError(f"got visit {min(known)} in a second report, expected each visit once")
        session.add_all(_visit_row(report.camera_id, visit) for visit in asked)
        passed = Counter(
            (visit.zone, visit.vehicle, visit.entered_at_us - visit.entered_at_us % HOUR_US)
            for visit in report.visits if visit.id not in ids
        )  # fmt: skip
        for count in report.passing:
            passed[count.zone, count.vehicle, count.hour_us - count.hour_us % HOUR_US] += count.count
        _count(session, report.camera_id, passed)
        session.add_all(
            CoverageSpanRow(
                id=new_id(now), camera_id=report.camera_id, state=span.state,
                since=from_us(span.since_us), until=from_us(span.until_us),
            )
            for span in report.coverage
        )  # fmt: skip
        return VisitReceipt(report_id=report.id, kept=len(asked), counted=sum(passed.values()))

    def forget(self) -> int:
        """Removes what has been kept long enough, a bounded part at a time; how many visits went."""
        oldest = self._clock() - self._kept
        with self._database.reading() as session:
            due = session.scalars(select(ZoneVisitRow.id).where(ZoneVisitRow.left_at <= oldest).limit(1)).first()
            reports = select(VisitReportRow.id).where(VisitReportRow.received_at <= oldest).limit(1)
            if due is None and session.scalars(reports).first() is None:
                return 0
        with self._database.writing() as session:
            ids = select(ZoneVisitRow.id).where(ZoneVisitRow.left_at <= oldest).limit(FORGOTTEN_AT_ONCE)
            gone = session.execute(delete(ZoneVisitRow).where(ZoneVisitRow.id.in_(ids)))
            session.execute(delete(CoverageSpanRow).where(CoverageSpanRow.until <= oldest))
            session.execute(delete(VisitReportRow).where(VisitReportRow.received_at <= oldest))
            assert isinstance(gone, CursorResult)
            return gone.rowcount


def _visit_row(camera_id: str, visit: ZoneVisit) -> ZoneVisitRow:
    return ZoneVisitRow(
        id=visit.id,
        camera_id=camera_id,
        zone=visit.zone,
        kind=visit.kind,
        vehicle=visit.vehicle,
        plate=visit.plate,
        unread_because=visit.unread_because,
        confidence_permille=visit.confidence_permille,
        entered_at=from_us(visit.entered_at_us),
        left_at=from_us(visit.left_at_us),
        objects=[stored.model_dump() for stored in visit.objects],
    )


def _count(session: Session, camera_id: str, passed: Counter[tuple[str, VehicleClass, int]]) -> None:
    for (zone, vehicle, hour_us), count in sorted(passed.items()):
        hour = from_us(hour_us)
        row = session.get(PassingCountRow, (camera_id, zone, vehicle, hour))
        if row is None:
            session.add(PassingCountRow(camera_id=camera_id, zone=zone, vehicle=vehicle, hour=hour, count=count))
        else:
            row.count += count
