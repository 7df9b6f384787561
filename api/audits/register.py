"""What an administrator lets the office know: stations, and what their cameras watch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.errors import InputError, NotFoundError
from models.domain.audits import ZONE_KINDS
from models.domain.cases import Role
from models.tables import CameraRow, StationRow, StationZoneRow


def register_station(session: Session, now: datetime, actor: Actor, station_id: str, *, name: str, body: str) -> None:
    """Makes a station known, or brings its names up to date. It belongs to nobody until a camera watches it.

    Raises:
        InputError: field `station_id`.
    """
    actor.needs("administrator", "office")
    if not re.fullmatch(r"[a-z0-9-]{3,40}", station_id):
        raise InputError("station_id", f"got {station_id[:40]!r}, expected 3 to 40 of a-z, 0-9 and -")
    row = session.get(StationRow, station_id)
    if row is None:
        row = StationRow(
            id=station_id, agency="", camera_group="", timezone="Asia/Ho_Chi_Minh", is_simulated=False, created_at=now
        )
        session.add(row)
    row.name, row.body = name, body
    session.flush()
    _record(session, now, actor, "station_registered", {"station": station_id})


def watch_station(
    session: Session, now: datetime, actor: Actor, station_id: str, camera_id: str, kinds: Iterable[str]
) -> None:
    """Says what a camera watches there. The station takes the agency, group and time zone of its cameras.

    Raises:
        NotFoundError: no such station or camera.
        InputError: field `kind`: none that there is; field `camera`: of another agency or group than its others.
    """
    actor.needs("administrator", "office")
    station, camera = session.get(StationRow, station_id), session.get(CameraRow, camera_id)
    if station is None or camera is None:
        raise NotFoundError(f"got station {station_id[:40]!r} and camera {camera_id[:40]!r}, expected known ones")
    here = (camera.agency, camera.camera_group, camera.timezone)
    if station.agency and (station.agency, station.camera_group, station.timezone) != here:
        raise InputError("camera", "got a camera of another agency or group, expected that of the station's others")
    station.agency, station.camera_group, station.timezone = here
    station.is_simulated = station.is_simulated or camera.is_simulated
    for kind in kinds:
        if kind not in ZONE_KINDS:
            raise InputError("kind", f"got {kind[:40]!r}, expected one of {', '.join(ZONE_KINDS)}")
        session.merge(StationZoneRow(camera_id=camera_id, kind=kind, station_id=station_id))
    _record(session, now, actor, "station_watched", {"station": station_id, "camera": camera_id})


def _record(session: Session, now: datetime, actor: Actor, what: str, details: dict[str, str]) -> None:
    role: Role = "administrator" if "administrator" in actor.roles else "office"
    record(session, now, actor, role, what, details=details)
