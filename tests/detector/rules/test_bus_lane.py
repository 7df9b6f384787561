"""Driving in a bus lane: when it is claimed, and when not."""

from __future__ import annotations

from typing import Any

import pytest

from detector.rule import Site
from detector.rules.bus_lane import BusLane, Settings
from models.domain.camera import Camera
from models.domain.scene import Scene, VehicleClass
from models.domain.violation import Violation
from tests.detector.rules.places import scenes_of
from tests.detector.rules.roads import DRAWN, SITE, SITE_M, along, assert_evidence, at_time, hiding, reclassed, unsure
from tests.detector.rules.scenes import shown_to, without_timing

LANE = along([(320, 430), (320, 150)], 31)
MONDAY_8H_US = 1_795_395_600_000_000  # 2026-11-23 08:00 in Huế
HOURS = "Mo-Fr 06:00-09:00"


def judged(scenes: list[Scene], site: Any = SITE, **changes: Any) -> list[Violation]:
    return shown_to(BusLane(Settings(lane="bus", **changes), site), scenes)


def one(steps: Any, vehicle: VehicleClass | None = "car") -> list[Scene]:
    return scenes_of({1: steps}, classes={1: vehicle})


ACCUSED = {
    "a car, along the lane": one(LANE),
    "a motorcycle": one(along([(320, 430), (320, 150)], 31, width=20), "motorcycle"),
    "hidden for half a second on the way": one(hiding(LANE, 12, 4)),
    "known as a motorcycle only later": reclassed(one(LANE, "motorcycle"), None, range(12)),
    "comes in from the next lane, and stays": one(along([(210, 430), (320, 380), (320, 250), (320, 140)], 40)),
}


@pytest.mark.parametrize("scenes", ACCUSED.values(), ids=ACCUSED.keys())
def test_accuses(scenes: list[Scene]) -> None:
    (claim,) = judged(scenes)
    assert (claim.rule, claim.act_code) == ("bus_lane", "WRONG_LANE")
    assert_evidence(claim)


def test_accuses_by_metres_where_the_ground_is_known() -> None:
    (claim,) = judged(one(LANE), SITE_M)
    assert claim.measurements["way_mm"] >= 8_000
    assert judged(one(LANE), SITE_M, distance_m=40.0) == []


INNOCENT = {
    "a bus": one(LANE, "bus"),
    "nobody's vehicle (a person)": one(LANE, None),
    "in the next lane": one(along([(210, 430), (210, 150)], 31)),
    "on the edge of the lane, half of it in the next": one(along([(268, 430), (268, 150)], 31)),
    "crosses the lane to turn off": one(along([(210, 430), (320, 330), (460, 250)], 31)),
    "stands in it": one(along([(320, 300), (320, 300)], 60)),
    "stands, its box jitters": one([along([(320, 300 + 6 * (step % 2)), (320, 300)], 2)[0] for step in range(60)]),
    "comes against the lane (another rule)": one(along([(320, 150), (320, 430)], 31)),
    "hidden for a second on the way": one(hiding(LANE, 15, 10)),
    "too short a time": one(along([(320, 430), (320, 150)], 12)),
    "a bus that is taken for a truck at first": reclassed(one(LANE, "bus"), "truck", range(8)),
    "its class changes all the time": reclassed(one(LANE, "car"), "bus", range(0, 31, 4)),
    "its class is not sure": unsure(one(LANE, "truck"), 0.7),
    "the network doubts that it is a vehicle": scenes_of({1: LANE}, confidence=0.2),
    "the clock settles": without_timing(one(LANE)),
    "hops from car to car (a switched identity)": one(
        [along([(320, y), (320, y)], 2)[0] for y in [430] * 10 + [360] * 10 + [290] * 10 + [220] * 10]
    ),
    "its lower edge is cut by the picture": one(along([(320, 479.5), (320, 479.5)], 31)),
    "nobody there": one([None] * 10),
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


def test_a_vehicle_whose_wheels_another_one_hides_is_not_claimed() -> None:
    nearer = [None if box is None else along([(320, box.y2 + 20), (320, box.y2 + 20)], 2)[0] for box in LANE]
    both = scenes_of({1: LANE, 2: nearer}, classes={1: "car", 2: "bus"})
    assert judged(both) == []


def test_a_tall_vehicle_of_the_next_lane_whose_body_leans_over_this_one_is_not_claimed() -> None:
    """A truck in the left lane of a road that leads to the right: its box reaches far over the bus lane."""
    lanes = [DRAWN["lanes"][2] | {"heading_px": [[260, 440], [460, 240]]}]
    oblique = Site(Camera.model_validate(DRAWN | {"lanes": lanes}))
    leaning = along([(290, 430), (350, 250)], 31, height=120, width=130)
    assert judged(one(leaning, "truck"), oblique) == []
    upright = along([(320, 430), (340, 250)], 31, height=40, width=40)
    assert len(judged(one(upright, "truck"), oblique)) == 1


def test_the_sign_has_hours() -> None:
    assert len(judged(at_time(one(LANE), MONDAY_8H_US), calendar=HOURS)) == 1
    assert judged(at_time(one(LANE), MONDAY_8H_US + 2 * 3_600_000_000), calendar=HOURS) == []
    assert judged(at_time(one(LANE), None), calendar=HOURS) == []


def test_one_vehicle_is_claimed_once() -> None:
    assert len(judged(one([*LANE, *along([(320, 430), (320, 150)], 31)]))) == 1
