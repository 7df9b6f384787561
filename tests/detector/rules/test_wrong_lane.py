"""In the wrong lane, by class or by arrow: when it is claimed, and when not."""

from __future__ import annotations

from typing import Any

import pytest

from detector.rule import SettingError, Site
from detector.rules.wrong_lane import Settings, WrongLane
from models.domain.camera import Camera
from models.domain.scene import Scene, VehicleClass
from models.domain.violation import Violation
from tests.detector.rules.places import scenes_of
from tests.detector.rules.roads import DRAWN, SITE, along, assert_evidence, unsure
from tests.detector.rules.scenes import shown_to, without_timing

LANE = along([(320, 430), (320, 150)], 31)
TURN = along([(210, 430), (210, 140), (150, 80), (30, 75)], 60)
EXITS = {"left": "exit-left"}


def judged(scenes: list[Scene], lane: str = "bus", site: Site = SITE, **changes: Any) -> list[Violation]:
    return shown_to(WrongLane(Settings(lane=lane, **changes), site), scenes)


def one(steps: Any, vehicle: VehicleClass | None = "car") -> list[Scene]:
    return scenes_of({1: steps}, classes={1: vehicle})


def test_accuses_a_class_that_the_lane_is_not_for() -> None:
    (claim,) = judged(one(LANE))
    assert (claim.rule, claim.rule_version, claim.act_code) == ("wrong_lane", 2, "WRONG_LANE")
    assert_evidence(claim)


def test_accuses_a_turn_that_the_arrows_do_not_show() -> None:
    (claim,) = judged(one(TURN), "left", exits=EXITS)
    assert (claim.rule, claim.rule_version, claim.act_code) == ("wrong_lane", 2, "WRONG_LANE")
    assert_evidence(claim)


INNOCENT_BY_CLASS = {
    "a bus": one(LANE, "bus"),
    "its class is not sure": unsure(one(LANE, "truck"), 0.7),
    "crosses the lane": one(along([(210, 430), (320, 330), (460, 250)], 31)),
    "nobody's vehicle (a person)": one(LANE, None),
    "the clock settles": without_timing(one(LANE)),
}


@pytest.mark.parametrize("scenes", INNOCENT_BY_CLASS.values(), ids=INNOCENT_BY_CLASS.keys())
def test_never_accuses_by_class(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


INNOCENT_BY_ARROW = {
    "straight on, as the arrow shows": one(along([(210, 430), (210, 30)], 50)),
    "turns out of another lane": one(along([(320, 430), (320, 140), (150, 80), (30, 75)], 60)),
    "changed the lane before the junction": one(
        along([(210, 430), (210, 300), (320, 250), (320, 140), (150, 80), (30, 75)], 80)
    ),
    "nobody's vehicle (a person)": one(TURN, None),
    "the clock settles": without_timing(one(TURN)),
}


@pytest.mark.parametrize("scenes", INNOCENT_BY_ARROW.values(), ids=INNOCENT_BY_ARROW.keys())
def test_never_accuses_by_arrow(scenes: list[Scene]) -> None:
    assert judged(scenes, "left", exits=EXITS) == []


def test_a_turn_that_the_arrows_show_is_not_claimed() -> None:
    lanes = [lane | {"turns": ["left", "straight"]} for lane in DRAWN["lanes"]]
    site = Site(Camera.model_validate(DRAWN | {"lanes": lanes}))
    assert judged(one(TURN), "left", site, exits=EXITS) == []


def test_both_at_once_is_one_claim() -> None:
    lanes = [lane | {"classes": ["bus"]} for lane in DRAWN["lanes"]]
    site = Site(Camera.model_validate(DRAWN | {"lanes": lanes}))
    assert len(judged(one(TURN), "left", site, exits=EXITS)) == 1


@pytest.mark.parametrize(
    ("lane", "exits", "what"),
    [
        ("left", {}, "is for every class and no exits are given"),
        ("back", EXITS, "has no turns"),
        ("left", {"left": "exit-right"}, "got the zone 'exit-right', expected one of: kerb"),
    ],
)
def test_a_lane_of_which_nothing_can_be_claimed_is_an_error(lane: str, exits: Any, what: str) -> None:
    with pytest.raises(SettingError, match=what):
        judged([], lane, exits=exits)
