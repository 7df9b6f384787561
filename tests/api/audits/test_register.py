"""Stations are made known by an administrator, and belong to whoever may see their cameras."""

from __future__ import annotations

import pytest

from api.actor import OFFICE
from api.audits.register import register_station, watch_station
from api.errors import InputError, NotFoundError
from models.tables import CameraRow
from tests.api.audits.stations import STATION, add_station
from tests.api.kit import AGENCY, CAMERA, SmallOffice


def test_a_station_takes_agency_and_group_of_its_cameras(here: SmallOffice) -> None:
    add_station(here.office)
    line = here.office.audits.station(here.person("auditor", agency=AGENCY), STATION)
    assert (line.agency, line.is_simulated) == (AGENCY, True)


def test_cameras_of_two_groups_watch_no_station_together(here: SmallOffice) -> None:
    add_station(here.office)
    with here.office.database.writing() as session:
        session.get_one(CameraRow, CAMERA).camera_group = "phía bắc"
    with pytest.raises(InputError) as refused, here.office.database.writing() as session:
        watch_station(session, here.clock.now, OFFICE, STATION, CAMERA, ["gate_out"])
    assert refused.value.field == "camera"


@pytest.mark.parametrize(
    ("station", "camera", "kind", "error"),
    [(STATION, "none", "gate_out", NotFoundError), ("none", CAMERA, "gate_out", NotFoundError),
     (STATION, "sim-gate-in", "roof", InputError)],
)  # fmt: skip
def test_what_is_not_known_is_refused(here: SmallOffice, station: str, camera: str, kind: str, error: type) -> None:
    add_station(here.office)
    with pytest.raises(error), here.office.database.writing() as session:
        watch_station(session, here.clock.now, OFFICE, station, camera, [kind])


def test_an_id_is_plain(here: SmallOffice) -> None:
    with pytest.raises(InputError), here.office.database.writing() as session:
        register_station(session, here.clock.now, OFFICE, "Bến xe", name="x", body="y")
