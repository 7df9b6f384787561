"""Turning across a crosswalk without yielding: when it is claimed, and when not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.rule import Site
from detector.rules.yield_pedestrian import Settings, YieldPedestrian
from detector.walkers import MOST_WALKERS
from models.domain.camera import Camera
from models.domain.geometry import BoxPx
from models.domain.scene import Scene
from models.domain.violation import Violation
from tests.detector.rules.places import Steps, drive_from, hidden, scenes_of, stand
from tests.detector.rules.scenes import CAMERA, INTERVAL_US, box_at, shown_to, without_timing

CROSSWALK = {"id": "crosswalk", "polygon_px": [[400, 150], [440, 150], [440, 350], [400, 350]]}
LANE = {
    "id": "ours",
    "polygon_px": [[250, 280], [350, 280], [350, 479], [250, 479]],
    "heading_px": [[300, 470], [300, 290]],
}
SITE = Site(Camera.model_validate(CAMERA.model_dump(by_alias=True) | {"zones": [CROSSWALK], "lanes": [LANE]}))
TURNS = drive_from(300, 460, 300, 270, 20) + drive_from(308, 262, 560, 250, 30)
"""Up the lane, then to the right over the crosswalk, which it reaches at step 30."""


def judged(scenes: list[Scene], **changes: Any) -> list[Violation]:
    rule = YieldPedestrian(Settings.model_validate({"zone": "crosswalk", "from": "ours"} | changes), SITE)
    return shown_to(rule, scenes)


def person(x: float, y: float) -> BoxPx:
    return box_at(x, y, 51.0, 18.0)  # 30 px a metre


def with_person(vehicle: Steps, feet: Sequence[tuple[float, float] | None]) -> list[Scene]:
    """The person's feet at every step; None: not seen."""
    scenes = scenes_of({1: vehicle})
    return [
        replace(scene, people=() if (at := feet[min(scene.frame_index, len(feet) - 1)]) is None else (person(*at),))
        for scene in scenes
    ]


def walk(y1: float, y2: float, steps: int = 50, x: float = 420.0) -> list[tuple[float, float] | None]:
    return [(x, y1 + (y2 - y1) * step / (steps - 1)) for step in range(steps)]


ACCUSED = {
    "a person walks towards its way": with_person(TURNS, walk(335, 275)),
    "a person stands and waits in the crosswalk": with_person(TURNS, walk(300, 300)),
    "a person is in its very way": with_person(TURNS, walk(240, 262)),
}


@pytest.mark.parametrize("scenes", ACCUSED.values(), ids=ACCUSED.keys())
def test_accuses(scenes: list[Scene]) -> None:
    (claim,) = judged(scenes)
    assert (claim.rule, claim.act_code) == ("yield_pedestrian", "YIELD_PED_TURN")
    before, at, beyond = claim.moments
    assert before.pts_us < at.pts_us == claim.pts_us < beyond.pts_us
    assert claim.measurements["person_distance_mm"] <= 4000


def test_a_track_whose_class_is_not_known_yet_is_no_person() -> None:
    """A slow rider, perhaps."""
    scenes = scenes_of({1: TURNS, 2: [person(420, 300)] * 50}, classes={1: "motorcycle", 2: None})
    assert judged(scenes) == []


WAITS = drive_from(300, 460, 300, 270, 20) + drive_from(308, 262, 370, 258, 8) + stand(370, 258, 40)
STRAIGHT = drive_from(300, 460, 300, 110, 50)
RIDER = [(420.0, 150.0 + (step - 20) * 14.0) if step >= 20 else None for step in range(50)]
INNOCENT = {
    "nobody on the crosswalk": with_person(TURNS, [None]),
    "a person walks away and is clear of its way": with_person(TURNS, walk(200, 160)),
    "a person far off on the crosswalk": with_person(TURNS, walk(340, 345)),
    "a person beside the crosswalk": with_person(TURNS, walk(300, 280, x=470.0)),
    "a person steps onto it when the vehicle is there": with_person(
        TURNS, [(460.0, 265.0)] * 29 + [(430.0, 265.0)] * 20
    ),
    "waits until the person has passed": with_person(
        WAITS + drive_from(370, 258, 560, 250, 30), walk(340, 170, 60) + [(420.0, 165.0)] * 40
    ),
    "stands on the crosswalk while the person walks round it": with_person(
        [*TURNS[:33], *stand(430, 256, 60)], [None] * 33 + walk(340, 280, 40)
    ),
    "drives straight on": with_person(STRAIGHT, walk(335, 275)),
    "does not come from the lane": with_person(drive_from(150, 250, 560, 250, 40), walk(335, 275)),
    "a rider whose motorcycle was not seen": with_person(TURNS, RIDER),
    "the driver of the car itself": with_person(TURNS, [(box.x1 + 30, box.y2 - 8) for box in TURNS if box is not None]),
    "nobody's vehicle (a person who runs)": [
        replace(scene, tracks=tuple(replace(track, vehicle=None) for track in scene.tracks))
        for scene in with_person(TURNS, walk(335, 275))
    ],
    "hidden while it is on the crosswalk": with_person([*TURNS[:31], *hidden(9), *TURNS[40:]], walk(335, 275)),
    "the clock settles": without_timing(with_person(TURNS, walk(335, 275))),
    "nothing there": with_person(hidden(50), [None]),
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


@settings(max_examples=40, deadline=None)
@given(
    xs=st.lists(st.floats(445, 640), min_size=50, max_size=50),
    ys=st.lists(st.floats(160, 470), min_size=50, max_size=50),
)
def test_without_a_person_on_the_crosswalk_nothing_is_ever_claimed(xs: list[float], ys: list[float]) -> None:
    assert judged(with_person(TURNS, list(zip(xs, ys, strict=True)))) == []


@settings(max_examples=40, deadline=None)
@given(ys=st.lists(st.floats(160, 340), min_size=1, max_size=40))
def test_a_track_born_on_the_crosswalk_is_never_claimed(ys: list[float]) -> None:
    assert judged(with_person([box_at(420, y, 60, 60) for y in ys], walk(335, 275))) == []


def test_ten_thousand_tracks_leave_a_bounded_state() -> None:
    rule = YieldPedestrian(Settings.model_validate({"zone": "crosswalk", "from": "ours"}), SITE)
    for number in range(10_000):
        crowd = tuple(person(x, 300) for x in range(0, 640, 4))
        tracks = scenes_of({number: [box_at(300, 400, 60, 60)]})[0].tracks
        if number % 100:
            crowd = ()
        list(rule.observe(Scene(number, number * INTERVAL_US, INTERVAL_US, tracks, people=crowd)))
        rule.forget(number)
    assert len(rule._walkers) <= MOST_WALKERS
    assert all(len(kept) == 0 for kept in vars(rule).values() if isinstance(kept, dict | set))
