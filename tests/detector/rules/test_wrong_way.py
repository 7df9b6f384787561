"""Driving against a lane: when it is claimed, and when not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.rule import Site
from detector.rules.wrong_way import Settings, WrongWay
from models.domain.geometry import BoxPx
from models.domain.scene import Scene, Track
from models.domain.violation import Violation
from tests.detector.rules.scenes import CAMERA, INTERVAL_US, SITE, drive, shown_to, without_timing

AGAINST = [150.0 + 8 * step for step in range(30)]
WITH = list(reversed(AGAINST))


def judged(scenes: list[Scene], site: Site = SITE, **changes: Any) -> list[Violation]:
    return shown_to(WrongWay(Settings(lane="ours", **changes), site), scenes)


def test_accuses_who_drives_against_a_one_way_street() -> None:
    (claim,) = judged(drive(AGAINST))
    assert claim.act_code == "WRONG_WAY"
    assert [moment.name for moment in claim.moments] == ["before", "at", "beyond"]
    assert claim.measurements["way_per_mille_of_height"] >= 700


def test_the_oncoming_half_of_a_two_way_road_is_another_act() -> None:
    lane = CAMERA.lanes[0].model_copy(update={"street": "two_way"})
    site = Site(CAMERA.model_copy(update={"lanes": (lane,)}))
    (claim,) = judged(drive(AGAINST), site)
    assert claim.act_code == "WRONG_LANE"


INNOCENT = {
    "drives with the lane": drive(WITH),
    "stands": drive([300.0] * 60),
    "stands, its box jitters": drive([300.0 + (7 if step % 2 else -7) for step in range(60)]),
    "rolls back a little": drive([300.0 + min(step, 12) for step in range(60)]),
    "beside the lane": drive(AGAINST, x=560.0),
    "nobody's vehicle (a person)": drive(AGAINST, vehicle=None),
    "hops from car to car (a switched identity)": drive([150.0] * 8 + [210.0] * 8 + [270.0] * 8 + [330.0] * 8),
    "goes forth and back": drive([*WITH[:15], *AGAINST[15:19], *WITH[11:]]),
    "too short a time": drive([150.0 + 40 * step for step in range(5)]),
    "the clock settles": without_timing(drive(AGAINST)),
    "nobody there": drive([None] * 10),
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


@settings(max_examples=80, deadline=None)
@given(steps=st.lists(st.floats(-12, 0), min_size=2, max_size=40))
def test_who_never_goes_against_the_heading_is_never_claimed(steps: list[float]) -> None:
    ys = [400.0]
    for step in steps:
        ys.append(max(110.0, ys[-1] + step))
    assert judged(drive(ys)) == []


def test_forgets_what_it_kept_of_a_track() -> None:
    rule = WrongWay(Settings(lane="ours"), SITE)
    for number in range(500):
        for scene in drive(AGAINST, track_id=number):
            list(rule.observe(scene))
        rule.forget(number)
    assert all(len(value) == 0 for value in vars(rule).values() if isinstance(value, dict | set))


def test_who_drives_with_the_lane_and_is_hidden_from_below_is_not_claimed() -> None:
    """Lane and vehicle come towards the camera; a bus pulls up before it, so that the lower edge of its box climbs."""
    scenes = []
    for step in range(30):
        box = BoxPx(285, 200, 315, 300.0 - 2.5 * step)
        tracks = (Track(1, "motorcycle", box, 0.9),)
        scenes.append(Scene(step, step * INTERVAL_US, INTERVAL_US, tracks))
    lane = CAMERA.lanes[0].model_copy(update={"heading_px": CAMERA.lanes[0].heading_px[::-1]})
    site = Site(CAMERA.model_copy(update={"lanes": (lane,)}))
    assert judged(scenes, site) == []
    assert len(judged(drive(WITH), site)) == 1


def test_who_waits_on_the_wrong_half_and_then_drives_on_is_claimed() -> None:
    assert len(judged(drive([150.0] * 200 + AGAINST))) == 1


def test_accuses_who_waits_on_his_way_against_the_lane() -> None:
    """The wait is no driving, and its jitter no evidence against it."""
    waits = [*AGAINST[:15], *[AGAINST[14] + (step % 3 - 1) for step in range(120)], *AGAINST[15:]]
    (claim,) = judged(drive(waits), distance_heights=2.5)
    assert claim.measurements["driving_us"] < 4_000_000 < claim.measurements["duration_us"]


def test_never_accuses_hops_with_long_waits_in_between() -> None:
    hops = [150.0 + 50 * (step // 20) for step in range(100)]
    assert judged(drive(hops)) == []


GROUND = {"points_px": [[200, 100], [400, 100], [600, 400], [0, 400]], "points_m": [[0, 40], [8, 40], [8, 0], [0, 0]]}
SLANTING = {"id": "ours", "polygon_px": [[0, 100], [640, 100], [640, 479], [0, 479]],
            "heading_px": [[600, 400], [400, 100]], "street": "one_way"}  # fmt: skip


@pytest.mark.parametrize(("surveyed", "claims"), [(True, 0), (False, 1)])
def test_who_crosses_a_slanting_lane_does_not_drive_against_it(surveyed: bool, claims: int) -> None:
    """In the picture he goes 123° off the lane's heading; on the surveyed road he drives across it."""
    content = (
        CAMERA.model_dump(mode="json", by_alias=True) | {"lanes": [SLANTING]} | ({"ground": GROUND} if surveyed else {})
    )
    site = Site(type(CAMERA).model_validate(content))
    boxes = [BoxPx(100 + 12 * step, 200, 130 + 12 * step, 260) for step in range(30)]
    scenes = [
        Scene(n, n * INTERVAL_US, INTERVAL_US, (Track(1, "motorcycle", box, 0.9),)) for n, box in enumerate(boxes)
    ]
    assert len(judged(scenes, site, distance_m=2.0)) == claims
