"""A station in a small office: its cameras, an auditor, and a drawn week brought in the honest way."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

from api.actor import OFFICE, Actor
from api.audits.register import register_station, watch_station
from api.office import Office
from models.domain.audits import Days, RecordKind
from phatnguoi.bench.audits_week import FIRST, LAST, WEEK, inspections_csv, mapping_of, orders_csv
from phatnguoi.bench.station_week import CAMERAS, MONDAY, StationWeek
from tests.api.kit import WORKER, camera_row

STATION = "ben-xe-phia-nam"
__all__ = ["FIRST", "LAST", "STATION", "WEEK", "add_station", "bring", "inspections_csv", "mapping_of", "orders_csv"]


def add_station(office: Office, station_id: str = STATION) -> None:
    now = office.clock()
    with office.database.writing() as session:
        for kind, camera in CAMERAS.items():
            session.add(camera_row(now, id=camera, name=f"Mô phỏng: {kind}", is_simulated=True))
        session.flush()
        register_station(session, now, OFFICE, station_id, name="Bến xe phía Nam", body="Công ty Bến xe Huế")
        for kind, camera in CAMERAS.items():
            watch_station(session, now, OFFICE, station_id, camera, [kind])


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
