"""Turning where a sign forbids it: when it is claimed, and when not."""

from __future__ import annotations

from typing import Any

import pytest

from detector.rules.forbidden_turn import ForbiddenTurn, Settings
from models.domain.scene import Scene, VehicleClass
from models.domain.violation import Violation
from tests.detector.rules.places import scenes_of
from tests.detector.rules.roads import SITE, along, assert_evidence, hiding, unsure
from tests.detector.rules.scenes import shown_to, without_timing

TURN = along([(210, 430), (210, 140), (150, 80), (30, 75)], 60)
WAITS_THEN_TURNS = [*along([(210, 430), (210, 140)], 25), *along([(210, 140)] * 2, 100), *TURN[22:]]


def judged(scenes: list[Scene], **changes: Any) -> list[Violation]:
    settings = {"from": "left", "to": "exit-left"} | changes
    return shown_to(ForbiddenTurn(Settings.model_validate(settings), SITE), scenes)


def one(steps: Any, vehicle: VehicleClass | None = "car") -> list[Scene]:
    return scenes_of({1: steps}, classes={1: vehicle})


ACCUSED = {
    "turns left out of the lane": one(TURN),
    "a motorcycle": one(TURN, "motorcycle"),
    "waits in the junction, then turns": one(WAITS_THEN_TURNS),
    "hidden for half a second on the way": one(hiding(TURN, 30, 5)),
}


@pytest.mark.parametrize("scenes", ACCUSED.values(), ids=ACCUSED.keys())
def test_accuses(scenes: list[Scene]) -> None:
    (claim,) = judged(scenes)
    assert (claim.rule, claim.act_code) == ("forbidden_turn", "FORBIDDEN_TURN")
    assert_evidence(claim)
    assert claim.moments[0].box.y2 > 120 > claim.moments[1].box.y2  # in the lane, then in the side street


INNOCENT = {
    "straight on": one(along([(210, 430), (210, 30)], 50)),
    "from the next lane": one(along([(320, 430), (320, 140), (150, 80), (30, 75)], 60)),
    "changes into the next lane before the junction": one(
        along([(210, 430), (210, 300), (320, 250), (320, 140), (150, 80), (30, 75)], 80)
    ),
    "leaves the lane by its side, early": one(along([(210, 430), (210, 400), (20, 330), (20, 60)], 60)),
    "from the oncoming side": one(along([(210, 10), (180, 60), (30, 75)], 40)),
    "along the side street": one(along([(600, 80), (30, 75)], 60)),
    "first seen after the lane": one(TURN[42:]),
    "only cuts the edge of the place": one(along([(210, 430), (210, 140), (90, 75), (90, 10)], 60)),
    "hidden for longer than a second on the way": one(hiding(TURN, 26, 16)),
    "waits in the lane, and its track leaps to a car of the side street": one(
        [*along([(210, 140)] * 2, 30), *along([(100, 75), (30, 75)], 20)]
    ),
    "its track leaps to a truck close by": one(
        [*along([(210, 140)] * 2, 30), *along([(180, 75), (30, 75)], 20, height=110, width=150)]
    ),
    "nobody's vehicle (a person)": one(TURN, None),
    "the clock settles": without_timing(one(TURN)),
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


def test_a_sign_for_trucks_is_for_trucks() -> None:
    assert judged(one(TURN), classes=("truck",)) == []
    assert len(judged(one(TURN, "truck"), classes=("truck",))) == 1
    assert judged(unsure(one(TURN, "truck"), 0.7), classes=("truck",)) == []


def test_while_the_time_is_not_known_a_sign_with_hours_is_silent() -> None:
    assert judged(one(TURN), calendar="Mo-Su 06:00-22:00") == []
