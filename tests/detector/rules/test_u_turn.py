"""Turning back: when it is claimed, and when not."""

from __future__ import annotations

from typing import Any

import pytest

from detector.rule import SettingError
from detector.rules.u_turn import Settings, UTurn
from models.domain.scene import Scene, VehicleClass
from models.domain.violation import Violation
from tests.detector.rules.places import scenes_of
from tests.detector.rules.roads import SITE, along, assert_evidence, hiding
from tests.detector.rules.scenes import shown_to, without_timing

BACK = along([(210, 430), (210, 210), (160, 180), (110, 210), (110, 420)], 60)


def judged(scenes: list[Scene], **changes: Any) -> list[Violation]:
    settings = {"from": "left", "to": "back"} | changes
    return shown_to(UTurn(Settings.model_validate(settings), SITE), scenes)


def one(steps: Any, vehicle: VehicleClass | None = "car") -> list[Scene]:
    return scenes_of({1: steps}, classes={1: vehicle})


ACCUSED = {
    "turns back": one(BACK),
    "a motorcycle": one(BACK, "motorcycle"),
    "hidden for half a second on the way": one(hiding(BACK, 26, 5)),
}


@pytest.mark.parametrize("scenes", ACCUSED.values(), ids=ACCUSED.keys())
def test_accuses(scenes: list[Scene]) -> None:
    (claim,) = judged(scenes)
    assert (claim.rule, claim.act_code) == ("u_turn", "UTURN_PLACE")
    assert_evidence(claim)


def test_where_a_sign_forbids_it_the_act_is_another() -> None:
    (claim,) = judged(one(BACK), act_code="FORBIDDEN_TURN")
    assert claim.act_code == "FORBIDDEN_TURN"


INNOCENT = {
    "straight on": one(along([(210, 430), (210, 130)], 40)),
    "overtakes over the other half": one(along([(210, 430), (210, 280), (110, 230), (110, 130)], 60)),
    "comes towards us all the time": one(along([(110, 130), (110, 430)], 40)),
    "from the oncoming half, back into it": one(
        along([(110, 130), (110, 200), (200, 230), (110, 260), (110, 420)], 70)
    ),
    "first seen on the other half": one(BACK[32:]),
    "waits, and its track leaps to an oncoming car": one(
        [*along([(210, 430), (210, 240)], 20), *along([(110, 240), (110, 430)], 20)]
    ),
    "hidden for longer than a second on the way": one(hiding(BACK, 22, 14)),
    "nobody's vehicle (a person)": one(BACK, None),
    "the clock settles": without_timing(one(BACK)),
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


def test_two_lanes_of_one_heading_are_an_error() -> None:
    with pytest.raises(SettingError, match="expected one that leads against the lane 'left'"):
        judged([], to="bus")
