"""A drawn week brought into an office: its cameras, its reports through the door, its records as files."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from zoneinfo import ZoneInfo

from api.actor import OFFICE, Actor
from api.audits.records.mapping import RecordMapping, usual_mapping
from api.audits.records.service import RecordService
from api.audits.register import register_station, watch_station
from api.audits.visits import VisitService
from api.database import Database
from models.domain.audits import Days, Inspection, RecordKind, TransportOrder
from models.tables import CameraRow
from phatnguoi.bench.station_week import CAMERAS, StationWeek

STATION = "sim-station"
FIRST, LAST = date(2026, 11, 2), date(2026, 11, 8)
WEEK = Days(FIRST, LAST)
WORKER = "bench"
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_FORM = "%d/%m/%Y %H:%M:%S"


def orders_csv(orders: list[TransportOrder]) -> bytes:
    rows = [[each.number, each.plate, _local(each.planned_at), _local(each.departed_at), each.route] for each in orders]
    return _csv([["id", "plate", "depart_plan", "depart_real", "route"], *rows])


def inspections_csv(inspections: list[Inspection]) -> bytes:
    rows = [
        [each.number, each.plate, _local(each.started_at), _local(each.ended_at), each.lane, each.result]
        for each in inspections
    ]
    return _csv([["no", "plate", "t_start", "t_end", "lane", "result"], *rows])


def mapping_of(kind: RecordKind) -> RecordMapping:
    return RecordMapping.model_validate(usual_mapping(kind).model_dump() | {"time_form": "DD/MM/YYYY HH:MM:SS"})


def add_sim_station(database: Database, now: datetime) -> None:
    with database.writing() as session:
        for kind, camera in CAMERAS.items():
            session.add(
                CameraRow(
                    id=camera, name=kind, file_sha256="0" * 64, mode="warning", site_kind="station", agency="bench",
                    unit_telephone="", address="", timezone=_ZONE.key, is_simulated=True, created_at=now,
                    updated_at=now,
                )
            )  # fmt: skip
        session.flush()
        register_station(session, now, OFFICE, STATION, name="Simulated station", body="bench")
        for kind, camera in CAMERAS.items():
            watch_station(session, now, OFFICE, STATION, camera, [kind])


def bring_week(visits: VisitService, records: RecordService, auditor: Actor, week: StationWeek) -> None:
    """Every report through the door, every record through a file that is tried and imported."""
    for report in week.reports():
        visits.receive(WORKER, report)
    for kind, body in _files(week).items():
        tried = records.try_file(auditor, STATION, f"{kind}.csv", io.BytesIO(body), mapping_of(kind), WEEK)
        records.import_file(auditor, tried)


def _files(week: StationWeek) -> dict[RecordKind, bytes]:
    return {"transport_order": orders_csv(week.orders), "inspection": inspections_csv(week.inspections)}


def _local(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(_ZONE).strftime(_FORM)


def _csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
