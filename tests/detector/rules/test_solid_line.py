"""Crossing a solid line: when it is claimed, and when not."""

from __future__ import annotations

from typing import Any

import pytest

from detector.rule import SettingError
from detector.rules.solid_line import Settings, SolidLine
from models.domain.geometry import BoxPx
from models.domain.scene import Scene, VehicleClass
from models.domain.violation import Violation
from tests.detector.rules.places import scenes_of
from tests.detector.rules.roads import SITE, SITE_M, along, assert_evidence, hiding
from tests.detector.rules.scenes import shown_to, without_timing

# The line runs up the picture at x = 260: left of it is "left", right of it "bus".
TO_THE_RIGHT = along([(210, 430), (215, 360), (310, 260), (310, 160)], 45)
TO_THE_LEFT = along([(310, 430), (310, 360), (210, 260), (210, 160)], 45)


def judged(scenes: list[Scene], site: Any = SITE, **changes: Any) -> list[Violation]:
    return shown_to(SolidLine(Settings(line="solid", **changes), site), scenes)


def one(steps: Any, vehicle: VehicleClass | None = "car") -> list[Scene]:
    return scenes_of({1: steps}, classes={1: vehicle})


ACCUSED = {
    "to the right": one(TO_THE_RIGHT),
    "to the left": one(TO_THE_LEFT),
    "a motorcycle": one(along([(240, 430), (240, 360), (290, 260), (290, 160)], 45, width=20), "motorcycle"),
    "a bus": one(along([(205, 430), (205, 360), (320, 240), (320, 160)], 45, height=90, width=60), "bus"),
    "two wheels over it, then back": one(along([(215, 430), (262, 300), (262, 250), (215, 130)], 60)),
    "hidden for half a second on the way": one(hiding(TO_THE_RIGHT, 20, 5)),
}


@pytest.mark.parametrize("scenes", ACCUSED.values(), ids=ACCUSED.keys())
@pytest.mark.parametrize("site", [SITE, SITE_M], ids=["px", "m"])
def test_accuses(scenes: list[Scene], site: Any) -> None:
    (claim,) = judged(scenes, site)
    assert (claim.rule, claim.act_code) == ("solid_line", "SIGN_MARKING")
    assert_evidence(claim)


BESIDE = along([(215, 430), (215, 150)], 40)
CLOSE = along([(239, 430), (239, 150)], 40)


def widened(box: BoxPx, left: float, right: float) -> BoxPx:
    return BoxPx(box.x1 - left, box.y1, box.x2 + right, box.y2)


def two(first: Any, second: Any) -> list[Scene]:
    return one([*along(first, 20), *along(second, 20)])


INNOCENT = {
    "drives beside it": one(BESIDE),
    "drives close to it, its box jitters": one([widened(b, -3 * (n % 2), 3 * (n % 2)) for n, b in enumerate(CLOSE)]),
    "first seen on the line": one(TO_THE_RIGHT[24:]),
    "comes over it beyond its end": one(along([(215, 115), (215, 100), (310, 70), (310, 20)], 45)),
    "over it for less than 0.2 s": one([*BESIDE[:18], *along([(245, 305), (262, 298)], 3), *BESIDE[21:]]),
    "its box grows: another is merged with it": one([widened(b, 0, 18 * (n > 15)) for n, b in enumerate(BESIDE)]),
    "a motorcycle whose handlebar is over it": one(along([(254, 430), (254, 150)], 40, width=20), "motorcycle"),
    "stands, its box shifts": one([BoxPx(200 + 40 * (n > 20), 260, 240 + 40 * (n > 20), 300) for n in range(60)]),
    "its track leaps to a car in the next lane": two([(210, 430), (210, 300)], [(310, 250), (310, 150)]),
    "nobody's vehicle (a person)": one(TO_THE_RIGHT, None),
    "its lower edge is cut by the picture": one([BoxPx(b.x1, b.y1, b.x2, 480) for b in TO_THE_RIGHT]),
    "hidden for a second on the way": one(hiding(TO_THE_RIGHT, 16, 14)),
    "the clock settles": without_timing(one(TO_THE_RIGHT)),
}  # fmt: skip


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
@pytest.mark.parametrize("site", [SITE, SITE_M], ids=["px", "m"])
def test_never_accuses(scenes: list[Scene], site: Any) -> None:
    assert judged(scenes, site) == []


def test_a_dashed_line_is_an_error_of_the_camera_file() -> None:
    with pytest.raises(SettingError, match="got the dashed line 'dashed', expected one with solid: true"):
        shown_to(SolidLine(Settings(line="dashed"), SITE), [])


@pytest.mark.parametrize(("direction", "right", "left"), [("left_to_right", 1, 0), ("right_to_left", 0, 1)])
def test_only_the_forbidden_direction_is_claimed(direction: str, right: int, left: int) -> None:
    """Left and right are seen along the line, from its first point to its last: up the picture."""
    assert len(judged(one(TO_THE_RIGHT), direction=direction)) == right
    assert len(judged(one(TO_THE_LEFT), direction=direction)) == left


def test_only_the_named_classes_are_claimed() -> None:
    assert judged(one(TO_THE_RIGHT), classes=("motorcycle",)) == []


def test_a_vehicle_whose_wheels_another_one_hides_is_not_claimed() -> None:
    nearer = [BoxPx(b.x1 - 20, b.y1 + 25, b.x2 + 20, b.y2 + 25) for b in TO_THE_RIGHT]
    claims = judged(scenes_of({1: TO_THE_RIGHT, 2: nearer}, classes={1: "car", 2: "truck"}))
    assert [claim.track_id for claim in claims if claim.track_id == 1] == []
