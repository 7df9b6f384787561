"""Riding on the sidewalk: when it is claimed, and when not."""

from __future__ import annotations

from typing import Any

import pytest

from detector.rules.sidewalk import Settings, Sidewalk
from models.domain.scene import Scene, VehicleClass
from models.domain.violation import Violation
from tests.detector.rules.places import scenes_of
from tests.detector.rules.roads import SITE, SITE_M, along, assert_evidence, hiding
from tests.detector.rules.scenes import shown_to, without_timing

KERB = along([(420, 430), (420, 200)], 25, width=24)


def judged(scenes: list[Scene], site: Any = SITE, **changes: Any) -> list[Violation]:
    return shown_to(Sidewalk(Settings(zone="kerb", **changes), site), scenes)


def one(steps: Any, vehicle: VehicleClass | None = "motorcycle") -> list[Scene]:
    return scenes_of({1: steps}, classes={1: vehicle})


ACCUSED = {
    "along it": one(KERB),
    "against the traffic, too": one(list(reversed(KERB))),
    "a car": one(along([(420, 430), (420, 200)], 25), "car"),
    "up from the road, then along": one(along([(300, 430), (420, 400), (420, 290), (420, 180)], 40, width=24)),
}


@pytest.mark.parametrize("scenes", ACCUSED.values(), ids=ACCUSED.keys())
def test_accuses(scenes: list[Scene]) -> None:
    (claim,) = judged(scenes)
    assert claim.act_code == "SIDEWALK"
    assert_evidence(claim)


INNOCENT = {
    "stands there": one(along([(420, 300), (420, 300)], 40, width=24)),
    "is pushed: as slow as a walk": one(along([(420, 430), (420, 230)], 80, width=24)),
    "crosses it to a house": one(along([(300, 330), (480, 300)], 15, width=24)),
    "rides on the road beside it": one(along([(350, 430), (350, 200)], 25, width=24)),
    "rides on its edge": one(along([(382, 430), (382, 200)], 25, width=24)),
    "a person on foot": one(KERB, None),
    "hidden for a second on the way": one(hiding(KERB, 8, 12)),
    "the clock settles": without_timing(one(KERB)),
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


def test_in_metres_a_walking_pace_is_not_claimed() -> None:
    """10 px are a metre: 230 px in 2.4 s are 35 km/h, in 15 s 5.5 km/h."""
    assert len(judged(one(KERB), SITE_M)) == 1
    assert judged(one(along([(420, 430), (420, 200)], 151, width=24)), SITE_M) == []
