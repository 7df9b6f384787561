"""A station in a small office: its cameras, an auditor, and a drawn week brought in the honest way."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from api.actor import OFFICE, Actor
from api.audits.records.mapping import RecordMapping, usual_mapping
from api.audits.register import register_station, watch_station
from api.office import Office
from models.domain.audits import Days, Inspection, RecordKind, TransportOrder
from phatnguoi.bench.station_week import CAMERAS, MONDAY, StationWeek
from tests.api.kit import WORKER, camera_row

HUE = ZoneInfo("Asia/Ho_Chi_Minh")
STATION = "ben-xe-phia-nam"
FIRST, LAST = date(2026, 11, 2), date(2026, 11, 8)
WEEK = Days(FIRST, LAST)
FORM = "%d/%m/%Y %H:%M:%S"


def add_station(office: Office, station_id: str = STATION) -> None:
    now = office.clock()
    with office.database.writing() as session:
        for kind, camera in CAMERAS.items():
            session.add(camera_row(now, id=camera, name=f"Mô phỏng: {kind}", is_simulated=True))
        session.flush()
        register_station(session, now, OFFICE, station_id, name="Bến xe phía Nam", body="Công ty Bến xe Huế")
        for kind, camera in CAMERAS.items():
            watch_station(session, now, OFFICE, station_id, camera, [kind])


def mapping_of(kind: RecordKind) -> RecordMapping:
    return RecordMapping.model_validate(usual_mapping(kind).model_dump() | {"time_form": "DD/MM/YYYY HH:MM:SS"})


def orders_csv(orders: list[TransportOrder]) -> bytes:
    rows = [[each.number, each.plate, _local(each.planned_at), _local(each.departed_at), each.route] for each in orders]
    return _csv([["id", "plate", "depart_plan", "depart_real", "route"], *rows])


def inspections_csv(inspections: list[Inspection]) -> bytes:
    rows = [
        [each.number, each.plate, _local(each.started_at), _local(each.ended_at), each.lane, each.result]
        for each in inspections
    ]
    return _csv([["no", "plate", "t_start", "t_end", "lane", "result"], *rows])


def bring(office: Office, auditor: Actor, kind: RecordKind, body: bytes, days: Days = WEEK, name: str = "") -> str:
    """Tries a file and imports it; the file's id."""
    file_id = office.records.try_file(
        auditor, STATION, name or f"{kind}.csv", io.BytesIO(body), mapping_of(kind), days
    )  # fmt: skip
    office.records.import_file(auditor, file_id)
    return file_id


def bring_week(office: Office, auditor: Actor, week: StationWeek) -> None:
    """Every report through the door, every record through a file."""
    for report in week.reports():
        office.visits.receive(WORKER, report)
    if week.orders:
        bring(office, auditor, "transport_order", orders_csv(week.orders))
    if week.inspections:
        bring(office, auditor, "inspection", inspections_csv(week.inspections))


def after_week() -> datetime:
    return MONDAY + timedelta(days=8)


def _local(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(HUE).strftime(FORM)


def _csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
