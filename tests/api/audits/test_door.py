"""The door for visits: each batch once, plates only where a record rule asks for them, silence is no coverage."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.errors import CameraNotFoundError, VisitReportConflictError
from models.domain.audits import ZoneKind
from models.domain.scene import VehicleClass
from models.domain.visits import CoverageSpan, VisitReport, ZoneVisit
from models.tables import CoverageSpanRow, PassingCountRow, ZoneVisitRow
from phatnguoi.bench.station_week import CAMERAS, report_id
from tests.api.audits.stations import add_station
from tests.api.kit import CAMERA, EPOCH, START, WORKER, SmallOffice


def us(hours: float) -> int:
    return (START - EPOCH + timedelta(hours=hours)) // timedelta(microseconds=1)


def visit(
    name: str, kind: ZoneKind = "gate_out", vehicle: VehicleClass = "bus", plate: str | None = "75B01234"
) -> ZoneVisit:
    return ZoneVisit(
        id=report_id(name), zone="out-1", kind=kind, vehicle=vehicle, plate=plate, confidence_permille=980,
        unread_because=None if plate else "disagreement", entered_at_us=us(-2), left_at_us=us(-1.9),
    )  # fmt: skip


def report(name: str, *visits: ZoneVisit, camera_id: str = CAMERAS["gate_out"]) -> VisitReport:
    up = CoverageSpan(state="up", since_us=us(-3), until_us=us(-1))
    return VisitReport(id=report_id(name), camera_id=camera_id, sequence=1, visits=visits, coverage=(up,))


def kept(here: SmallOffice) -> list[ZoneVisitRow]:
    with here.office.database.reading() as session:
        return list(session.scalars(select(ZoneVisitRow)))


def test_the_same_batch_again_changes_nothing(here: SmallOffice) -> None:
    add_station(here.office)
    first = here.office.visits.receive(WORKER, report("a", visit("1"), visit("2", plate=None)))
    assert here.office.visits.receive(WORKER, report("a", visit("1"), visit("2", plate=None))) == first
    assert (first.kept, first.counted, len(kept(here))) == (2, 0, 2)
    with here.office.database.reading() as session:
        assert len(session.scalars(select(CoverageSpanRow)).all()) == 1


def test_other_content_under_a_known_id_is_refused(here: SmallOffice) -> None:
    add_station(here.office)
    here.office.visits.receive(WORKER, report("a", visit("1")))
    with pytest.raises(VisitReportConflictError, match="other content"):
        here.office.visits.receive(WORKER, report("a", visit("2")))
    with pytest.raises(VisitReportConflictError, match="other content"):
        here.office.visits.receive("worker-2", report("a", visit("1")))
    with pytest.raises(VisitReportConflictError, match="each visit once"):
        here.office.visits.receive(WORKER, report("b", visit("1")))


def test_an_unknown_camera_is_refused(here: SmallOffice) -> None:
    with pytest.raises(CameraNotFoundError):
        here.office.visits.receive(WORKER, report("a", visit("1"), camera_id="nobodys-camera"))


@pytest.mark.parametrize(
    "passing",
    [
        report("a", visit("1"), camera_id=CAMERA),
        report("a", visit("1", kind="gate_in")),
        report("a", visit("1", vehicle="car")),
        report("a", visit("1", vehicle="motorcycle")),
    ],
    ids=["a camera of no station", "a zone that it does not watch", "a car at the gate", "a motorbike at the gate"],
)
def test_who_only_passes_leaves_a_count_and_no_plate(here: SmallOffice, passing: VisitReport) -> None:
    add_station(here.office)
    assert here.office.visits.receive(WORKER, passing).counted == 1
    assert kept(here) == []
    with here.office.database.reading() as session:
        (row,) = session.scalars(select(PassingCountRow))
    assert (row.count, row.hour.minute) == (1, 0)


def test_what_was_kept_long_enough_goes(here: SmallOffice) -> None:
    add_station(here.office)
    here.office.visits.receive(WORKER, report("a", visit("1")))
    assert here.office.visits.forget() == 0
    here.clock.turn(timedelta(days=93))
    assert here.office.visits.forget() == 1
    assert kept(here) == [] and here.office.visits.forget() == 0
    assert here.office.visits.receive(WORKER, report("b", visit("2"))).kept == 0
