"""Parking where that is forbidden: when it is claimed, and when not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.rule import Site
from detector.rules.illegal_parking import IllegalParking, Settings
from detector.standing import MOST_STAYS
from models.domain.camera import Camera
from models.domain.geometry import BoxPx
from models.domain.scene import Scene
from models.domain.violation import Violation
from tests.detector.rules.places import drive_from, hidden, scenes_of, stand
from tests.detector.rules.scenes import CAMERA, INTERVAL_US, box_at, lamp, without_timing

ZONE = {"id": "kerb", "polygon_px": [[350, 100], [500, 100], [500, 470], [350, 470]]}
KERB = Camera.model_validate(CAMERA.model_dump(by_alias=True) | {"zones": [ZONE], "signals": []})
WITH_LAMP = Camera.model_validate(CAMERA.model_dump(by_alias=True) | {"zones": [ZONE]})
X, Y = 430.0, 300.0
AFTER_S = 5


def judged(scenes: list[Scene], camera: Camera = KERB, **changes: Any) -> list[Violation]:
    rule = IllegalParking(Settings(zone="kerb", after_s=AFTER_S, **changes), Site(camera))
    claims = []
    for scene in scenes:
        claims += list(rule.observe(scene))
        for track_id in scene.ended:
            rule.forget(track_id)
    return claims


PARKED = stand(X, Y, 80)
ACCUSED = {
    "drives in and stands": scenes_of({1: drive_from(430, 470, X, Y, 15) + PARKED}),
    "stands from the first frame on": scenes_of({1: PARKED}),
    "its box jitters": scenes_of({1: [box_at(X + (i % 3 - 1) * 4, Y + (i % 2) * 4, 60, 60) for i in range(80)]}),
    "its box jumps now and then": scenes_of(
        {1: [box_at(X + (20 if i % 13 == 0 else 0), Y, 60, 60) for i in range(90)]},
    ),
    "hidden for 3 s by passing traffic, its track lives": scenes_of({1: PARKED[:20] + hidden(9) + PARKED[:50]}),
    "hidden, its track lost and born anew": scenes_of(
        {1: PARKED[:20], 2: hidden(50) + PARKED[:30]},
    ),
    "hidden in part by a van before it": scenes_of(
        {1: PARKED[:20] + [BoxPx(400, 240, 460, 265)] * 15 + PARKED[:50]},
    ),
    "its identity leaps to a passing car": scenes_of(
        {1: PARKED[:20] + drive_from(300, 380, 300, 150, 20), 2: hidden(22) + PARKED[:60]},
    ),
    "another vehicle stands beside it": scenes_of({1: PARKED, 2: stand(330, Y, 80)}),
    "a motorcycle": scenes_of({1: PARKED}, classes={1: "motorcycle"}),
}


@pytest.mark.parametrize("scenes", ACCUSED.values(), ids=ACCUSED.keys())
def test_accuses(scenes: list[Scene]) -> None:
    (claim,) = judged(scenes)
    assert (claim.rule, claim.act_code) == ("illegal_parking", "PARK_FORBIDDEN")
    before, at, beyond = claim.moments
    assert before.pts_us < at.pts_us < beyond.pts_us
    assert claim.frame_index == at.frame_index
    assert claim.measurements["counted_us"] >= AFTER_S * 1_000_000


def test_the_frame_of_the_claim_is_the_one_at_which_the_time_was_up() -> None:
    (claim,) = judged(scenes_of({1: PARKED}))
    assert claim.frame_index == AFTER_S * 1_000_000 // INTERVAL_US
    assert claim.moments[0].frame_index == 0


QUEUE = {1: PARKED, 2: stand(X, Y - 80, 80), 3: stand(X, Y + 80, 80)}
INNOCENT = {
    "drives through": scenes_of({1: drive_from(430, 470, 430, 110, 90)}),
    "stands for too short a time": scenes_of({1: PARKED[:45] + drive_from(X, Y, 430, 110, 20)}),
    "drives off when the time is up": scenes_of({1: PARKED[:52] + drive_from(X, Y, 430, 110, 20)}),
    "creeps on": scenes_of({1: [box_at(X, 450.0 - 1.0 * i, 60, 60) for i in range(300)]}),
    "stands beside the zone": scenes_of({1: stand(250, Y, 80)}),
    "stands on the edge of the zone": scenes_of({1: stand(356, Y, 80)}),
    "a person": scenes_of({1: PARKED}, classes={1: None}),
    "a manhole that is hardly taken for a car": scenes_of({1: PARKED}, confidence=0.2),
    "one leaves, another takes its place": scenes_of(
        {1: PARKED[:35] + drive_from(X, Y, 430, 110, 15), 2: hidden(40) + drive_from(430, 470, X, Y, 10) + PARKED[:35]},
    ),
    "a car is hidden while it leaves, another drives in": scenes_of(
        {1: PARKED[:35], 2: hidden(45) + drive_from(430, 470, X, Y, 10) + PARKED[:35]},
    ),
    "hidden for longer than anyone can vouch for": scenes_of({1: PARKED[:35], 2: hidden(300) + PARKED[:35]}),
    "a queue in the lane": scenes_of(QUEUE),
    "the clock settles": without_timing(scenes_of({1: PARKED})),
    "nobody there": scenes_of({1: hidden(80)}),
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


@pytest.mark.parametrize("state", ["red", "amber", "unknown", "off"])
def test_nobody_parks_who_waits_for_a_lamp_that_is_not_green(state: str) -> None:
    scenes = scenes_of({1: PARKED}, signals=lamp(state))  # type: ignore[arg-type]
    assert judged(scenes, WITH_LAMP) == []
    assert len(judged(scenes, WITH_LAMP, queue_signals=())) == 1


def test_time_counts_while_the_lamp_is_green_and_the_queue_has_gone() -> None:
    red, green = lamp("red"), lamp("green", 2_000_000)
    scenes = scenes_of({1: stand(X, Y, 200)}, signals=[red] * 20 + [green] * 180)
    (claim,) = judged(scenes, WITH_LAMP)
    assert claim.pts_us == 2_000_000 + 10_000_000 + AFTER_S * 1_000_000 - INTERVAL_US


def test_where_nobody_queues_a_row_of_parked_vehicles_is_claimed() -> None:
    assert len(judged(scenes_of(QUEUE), queue_vehicles=0)) == 3


def test_vehicles_that_stand_in_another_lane_are_no_queue() -> None:
    lanes = [
        {"id": "left", "polygon_px": [[100, 100], [390, 100], [390, 479], [100, 479]], "heading_px": [[1, 2], [1, 1]]},
        {"id": "kerb", "polygon_px": [[391, 100], [500, 100], [500, 479], [391, 479]], "heading_px": [[1, 2], [1, 1]]},
    ]
    camera = Camera.model_validate(KERB.model_dump(by_alias=True) | {"lanes": lanes})
    beside = {1: PARKED, 2: stand(360, Y - 60, 80), 3: stand(360, Y, 80), 4: stand(360, Y + 60, 80)}
    assert [claim.track_id for claim in judged(scenes_of(beside), camera)] == [1]


def at_clock(scenes: list[Scene], begins: datetime) -> list[Scene]:
    begins_us = round(begins.timestamp() * 1_000_000)
    return [replace(scene, captured_us=begins_us + scene.pts_us) for scene in scenes]


def test_only_the_hours_of_the_sign_count() -> None:
    scenes = scenes_of({1: PARKED})
    sign = {"calendar": "Mo-Fr 06:00-22:00", "calendar_grace_s": 0.0}
    monday, a_day = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")), timedelta(days=1)
    assert len(judged(at_clock(scenes, monday), **sign)) == 1
    assert judged(at_clock(scenes, monday - a_day), **sign) == []
    assert judged(at_clock(scenes, monday.replace(hour=23)), **sign) == []
    assert judged(scenes, **sign) == [], "the clock is not trusted"


def test_only_the_stated_classes_are_claimed() -> None:
    assert judged(scenes_of({1: PARKED}, classes={1: "bus"}), classes=("car",)) == []


def test_one_vehicle_is_claimed_once_though_its_track_is_lost_again_and_again() -> None:
    tracks = {n: hidden(100 * n) + stand(X, Y, 70) for n in range(1, 6)}
    assert len(judged(scenes_of(tracks))) == 1


def test_who_comes_back_later_is_claimed_anew() -> None:
    away = drive_from(X, Y, 430, 110, 15)
    back = hidden(40) + drive_from(430, 470, X, Y, 15) + PARKED
    assert len(judged(scenes_of({1: PARKED + away, 2: hidden(len(PARKED)) + back}))) == 2


def test_the_first_picture_is_no_older_than_what_the_ring_keeps() -> None:
    scenes = scenes_of({1: stand(X, Y, 420)}, interval_us=1_000_000)
    rule = IllegalParking(Settings(zone="kerb", after_s=400.0), Site(KERB))
    (claim,) = [claim for scene in scenes for claim in rule.observe(scene)]
    assert claim.pts_us == 400_000_000
    assert 200_000_000 <= claim.pts_us - claim.moments[0].pts_us <= 240_000_000
    assert claim.measurements["stood_us"] == 401_000_000


@settings(max_examples=40, deadline=None)
@given(
    ys=st.lists(st.floats(150, 450), min_size=1, max_size=8),
    states=st.lists(st.sampled_from(["red", "amber", "unknown", "off"]), min_size=80, max_size=80),
)
def test_without_green_nothing_is_ever_claimed(ys: list[float], states: list[str]) -> None:
    boxes = [box for y in ys for box in stand(X, y, 80 // len(ys))]
    assert judged(scenes_of({1: boxes}, signals=[lamp(state) for state in states]), WITH_LAMP) == []  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(ways=st.lists(st.floats(20, 120), min_size=1, max_size=10), rest=st.integers(1, AFTER_S * 10 - 2))
def test_who_moves_on_in_time_is_never_claimed(ways: list[float], rest: int) -> None:
    boxes, y = [], 470.0
    for way in ways:
        boxes += stand(X, y, rest)
        y -= way
    assert judged(scenes_of({1: boxes})) == []


def test_ten_thousand_tracks_leave_a_bounded_state() -> None:
    rule = IllegalParking(Settings(zone="kerb", after_s=AFTER_S), Site(KERB))
    for number in range(10_000):
        for scene in scenes_of({number: stand(X + number % 7 * 8, 150 + number % 300, 3)}, interval_us=600_000):
            list(rule.observe(scene))
        rule.forget(number)
    assert len(rule._stays) <= MOST_STAYS
    assert not rule._claimed
