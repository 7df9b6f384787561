"""Driving in the emergency lane: when it is claimed, and when not."""

from __future__ import annotations

from typing import Any

import pytest

from detector.rules.emergency_lane import EmergencyLane, Settings
from models.domain.scene import Scene, VehicleClass
from models.domain.violation import Violation
from tests.detector.rules.places import scenes_of
from tests.detector.rules.roads import SITE, SITE_M, along, assert_evidence
from tests.detector.rules.scenes import shown_to, without_timing

LANE = along([(320, 430), (320, 150)], 31)


def judged(scenes: list[Scene], site: Any = SITE, **changes: Any) -> list[Violation]:
    return shown_to(EmergencyLane(Settings(lane="bus", **changes), site), scenes)


def one(steps: Any, vehicle: VehicleClass | None = "car") -> list[Scene]:
    return scenes_of({1: steps}, classes={1: vehicle})


@pytest.mark.parametrize("vehicle", ["car", "bus", "truck", "motorcycle"])
def test_accuses_who_drives_along_it(vehicle: VehicleClass) -> None:
    (claim,) = judged(one(LANE, vehicle))
    assert claim.act_code == "EMERGENCY_LANE"
    assert_evidence(claim)


def test_accuses_by_metres_where_the_ground_is_known() -> None:
    assert len(judged(one(LANE), SITE_M)) == 1


INNOCENT = {
    "has broken down": one(along([(320, 300), (320, 300)], 80)),
    "rolls to a stop over a short way": one([*along([(320, 300), (320, 240)], 15), *along([(320, 240)] * 2, 60)]),
    "drives beside it": one(along([(210, 430), (210, 150)], 31)),
    "comes in only at its end": one(along([(210, 430), (210, 250), (320, 180), (320, 150)], 40)),
    "a person walks along it": one(LANE, None),
    "the clock settles": without_timing(one(LANE)),
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


def test_who_rolls_to_a_stop_over_less_than_the_stated_metres_is_not_claimed() -> None:
    rolling = one([*along([(320, 430), (320, 290)], 30), *along([(320, 290)] * 2, 40)])
    assert judged(rolling, SITE_M) == []
    assert len(judged(rolling, SITE_M, distance_m=10.0)) == 1


def test_whom_the_camera_file_allows_is_not_claimed() -> None:
    assert judged(one(LANE, "truck"), allow=("truck",)) == []
