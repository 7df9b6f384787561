"""A drawn week through the whole office: a clean one is silent, what was planted is found, and no gap accuses."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.actor import Actor
from models.domain.audits import FindingCode
from phatnguoi.bench.station_week import Noise, StationWeek, WeekPlan, station_week
from tests.api.audits.stations import FIRST, LAST, STATION, add_station, after_week, bring_week
from tests.api.kit import SmallOffice, small_office

SEEDS = range(1, 1 + int(os.environ.get("PHATNGUOI_AUDIT_WEEKS", "2")))
SMALL = {"visits": 500, "records": 160}


@pytest.fixture
def here(office_sqlite_path: Path, tmp_path: Path) -> Iterator[SmallOffice]:
    (tmp_path / "office.db").write_bytes(office_sqlite_path.read_bytes())
    small = small_office(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    small.clock.now = after_week()
    add_station(small.office)
    yield small
    small.office.close()


def audited(here: SmallOffice, week: StationWeek) -> Actor:
    auditor = here.person("auditor")
    bring_week(here.office, auditor, week)
    here.office.audits.compare(auditor, STATION, FIRST, LAST)
    return auditor


def found(here: SmallOffice, auditor: Actor, code: FindingCode) -> set[str]:
    """Numbers of records, or plates where there is none."""
    lines = here.office.audits.findings(auditor, STATION, FIRST, LAST)
    return {line.record_number or line.plate for line in lines if line.code == code}


def planted_exits(week: StationWeek) -> set[str]:
    visits = [visit for each in week.visits.values() for visit in each]
    return {str(visit.plate) for visit in visits if visit.id in week.unordered_visits}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clean_week_is_silent(here: SmallOffice, seed: int) -> None:
    auditor = audited(here, station_week(WeekPlan(seed=seed, **SMALL)))
    assert here.office.audits.findings(auditor, STATION, FIRST, LAST) == ()
    run = here.office.audits.newest_run(auditor, STATION, FIRST, LAST)
    assert run is not None
    assert {code: (each["checked"], each["as_recorded"], each["undecided"]) for code, each in run.figures.items()} == {
        "BX-1": (96, 96, {}), "BX-2": (96, 96, {}), "DK-1": (64, 64, {}),
    }  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_planted_is_found_and_nothing_else(here: SmallOffice, seed: int) -> None:
    week = station_week(WeekPlan(seed=seed, ghosts=6, unordered=6, absent=6, **SMALL))
    auditor = audited(here, week)
    assert found(here, auditor, "BX-1") == planted_exits(week)
    assert found(here, auditor, "BX-2") == week.ghost_orders
    assert found(here, auditor, "DK-1") == week.absent_inspections


@pytest.mark.parametrize("seed", SEEDS)
def test_cameras_down_for_hours_accuse_nobody(here: SmallOffice, seed: int) -> None:
    """Whatever is found was planted; whatever was planted and is not found is undecided, with its reason."""
    week = station_week(WeekPlan(seed=seed, ghosts=6, unordered=6, absent=6, down_hours=30, **SMALL))
    auditor = audited(here, week)
    assert found(here, auditor, "BX-1") <= planted_exits(week)
    assert found(here, auditor, "BX-2") <= week.ghost_orders
    assert found(here, auditor, "DK-1") <= week.absent_inspections
    run = here.office.audits.newest_run(auditor, STATION, FIRST, LAST)
    assert run is not None
    for code, planted in (("BX-2", week.ghost_orders), ("DK-1", week.absent_inspections)):
        figures = run.figures[code]
        assert figures["findings"] + sum(figures["undecided"].values()) >= len(planted)
    assert Counter(run.figures["DK-1"]["undecided"])["gap"] > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_plates_left_unread_or_one_digit_off_accuse_nobody(here: SmallOffice, seed: int) -> None:
    noise = Noise(unread=0.05, misread=0.03)
    week = station_week(WeekPlan(seed=seed, ghosts=6, unordered=6, absent=6, down_hours=10, noise=noise, **SMALL))
    auditor = audited(here, week)
    assert found(here, auditor, "BX-1") <= planted_exits(week)
    assert found(here, auditor, "BX-2") <= week.ghost_orders
    assert found(here, auditor, "DK-1") <= week.absent_inspections


def test_a_camera_that_never_spoke_is_a_gap(here: SmallOffice) -> None:
    """Its visits and its coverage are lost alike: every ghost is undecided."""
    week = station_week(WeekPlan(seed=1, ghosts=6, **SMALL))
    week.visits.pop("sim-gate-out")
    auditor = audited(here, week)
    run = here.office.audits.newest_run(auditor, STATION, FIRST, LAST)
    assert run is not None
    assert run.figures["BX-2"]["undecided"] == {"gap": 96}
    assert here.office.audits.findings(auditor, STATION, FIRST, LAST) == ()
