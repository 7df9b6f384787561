"""Rows of stations, visits, coverage, records and findings. Who may see a station is asked here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audits.station_view import Lanes, StationView
from api.errors import StationNotFoundError
from models.domain.audits import ZONE_KINDS, Inspection, Sighting, Span, TransportOrder, ZoneKind
from models.domain.coverage import Coverage
from models.domain.scene import VEHICLE_CLASSES, VehicleClass
from models.tables import (
    CoverageSpanRow,
    FindingRow,
    RecordFileRow,
    RecordRow,
    StationRow,
    StationZoneRow,
    ZoneVisitRow,
)

AROUND = timedelta(hours=5)
"""Visits and records so long before and after a period are looked at too: longer than any tolerance and any stay."""
SURE_PERMILLE = 900
"""The weakest character of a plate that may accuse."""


def find_station(session: Session, actor: Actor, station_id: str) -> StationRow:
    """Raises StationNotFoundError where there is none, or it is not this person's business."""
    row = session.get(StationRow, station_id[:40])
    if row is None or not actor.sees(row.agency, row.camera_group):
        raise StationNotFoundError("got an unknown station, expected one of your agency and camera groups")
    return row


def find_finding(session: Session, actor: Actor, finding_id: str, *, lock: bool = False) -> FindingRow:
    """Raises StationNotFoundError."""
    row = session.get(FindingRow, finding_id[:26], with_for_update=lock or None)
    if row is None:
        raise StationNotFoundError("got an unknown finding, expected one of your stations")
    find_station(session, actor, row.station_id)
    return row


def local_span(first: date, last: date, timezone: str) -> Span:
    """From the beginning of the first local day to the end of the last."""
    zone = ZoneInfo(timezone)
    return Span(
        datetime.combine(first, time(), tzinfo=zone), datetime.combine(last + timedelta(days=1), time(), tzinfo=zone)
    )


def zones_of(session: Session, station_id: str) -> dict[ZoneKind, list[str]]:
    """The cameras that watch each kind of zone."""
    found: defaultdict[ZoneKind, list[str]] = defaultdict(list)
    statement = select(StationZoneRow).where(StationZoneRow.station_id == station_id)
    for row in session.scalars(statement.order_by(StationZoneRow.camera_id)):
        kind = next(kind for kind in ZONE_KINDS if kind == row.kind)
        found[kind].append(row.camera_id)
    return found


def load_view(session: Session, station: StationRow, period: Span) -> StationView:
    """Everything that the rules ask about one station and period."""
    wide = Span(period.since - AROUND, period.until + AROUND)
    zones = zones_of(session, station.id)
    cameras = sorted({camera for each in zones.values() for camera in each})
    coverage = {camera: Coverage(*spans) for camera, spans in _spans(session, cameras, wide).items()}
    sightings = _sightings(session, cameras, wide)
    lanes = {
        kind: Lanes(sightings.get(kind, ()), {camera: coverage[camera] for camera in zones.get(kind, ())})
        for kind in ZONE_KINDS
    }
    return StationView(
        period,
        lanes,
        _orders(session, station, wide),
        _inspections(session, station, wide),
        ZoneInfo(station.timezone),
        _order_days(session, station),
    )


def _spans(session: Session, cameras: Sequence[str], wide: Span) -> Mapping[str, tuple[list[Span], list[Span]]]:
    """Of each camera: when it was said to be up, and every ailment."""
    found: dict[str, tuple[list[Span], list[Span]]] = {camera: ([], []) for camera in cameras}
    statement = select(
        CoverageSpanRow.camera_id, CoverageSpanRow.state, CoverageSpanRow.since, CoverageSpanRow.until
    ).where(
        CoverageSpanRow.camera_id.in_(cameras), CoverageSpanRow.until >= wide.since, CoverageSpanRow.since <= wide.until
    )
    for camera, state, since, until in session.execute(statement):
        found[camera][0 if state == "up" else 1].append(Span(since, until))
    return found


def _sightings(session: Session, cameras: Sequence[str], wide: Span) -> Mapping[ZoneKind, list[Sighting]]:
    found: defaultdict[ZoneKind, list[Sighting]] = defaultdict(list)
    kinds: dict[str, ZoneKind] = {each: each for each in ZONE_KINDS}
    classes: dict[str, VehicleClass] = {each: each for each in VEHICLE_CLASSES}
    row = ZoneVisitRow
    statement = select(
        row.id, row.camera_id, row.kind, row.entered_at, row.left_at, row.vehicle, row.plate, row.confidence_permille
    ).where(row.camera_id.in_(cameras), row.left_at >= wide.since, row.left_at <= wide.until + AROUND)
    for visit_id, camera, kind, entered_at, left_at, vehicle, plate, permille in session.execute(statement):
        span, is_sure = Span(entered_at, left_at), plate is not None and permille >= SURE_PERMILLE
        found[kinds[kind]].append(Sighting(visit_id, camera, kinds[kind], span, classes[vehicle], plate, is_sure))
    return found


def _records(session: Session, station: StationRow, kind: str, wide: Span) -> Sequence[RecordRow]:
    statement = select(RecordRow).where(
        RecordRow.station_id == station.id, RecordRow.kind == kind, RecordRow.is_current.is_(True),
        RecordRow.at >= wide.since - AROUND, RecordRow.at <= wide.until,
    )  # fmt: skip
    return session.scalars(statement.order_by(RecordRow.at, RecordRow.number)).all()


def _orders(session: Session, station: StationRow, wide: Span) -> tuple[TransportOrder, ...]:
    return tuple(
        TransportOrder(
            row.number, row.number, row.plate, _moment(row, "planned_at"), _moment(row, "departed_at"),
            row.content.get("route") or "",
        )
        for row in _records(session, station, "transport_order", wide)
    )  # fmt: skip


def _inspections(session: Session, station: StationRow, wide: Span) -> tuple[Inspection, ...]:
    return tuple(
        Inspection(
            row.number, row.number, row.plate, datetime.fromisoformat(row.content["started_at"]),
            datetime.fromisoformat(row.content["ended_at"]), row.content.get("lane") or "",
            row.content.get("result") or "",
        )
        for row in _records(session, station, "inspection", wide)
    )  # fmt: skip


def _moment(row: RecordRow, name: str) -> datetime | None:
    text = row.content.get(name)
    return None if not text else datetime.fromisoformat(text)


def _order_days(session: Session, station: StationRow) -> Coverage:
    files = session.scalars(
        select(RecordFileRow).where(
            RecordFileRow.station_id == station.id, RecordFileRow.kind == "transport_order",
            RecordFileRow.state == "imported",
        )
    )  # fmt: skip
    return Coverage([local_span(file.first_day, file.last_day, station.timezone) for file in files])
