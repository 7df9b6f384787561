"""Running a red light: when it is claimed, and all the ways in which it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.rule import Site
from detector.rules.red_light import RedLight, Settings
from models.domain.camera import Camera
from models.domain.geometry import BoxPx
from models.domain.scene import Scene, SignalReading, Track
from models.domain.violation import Violation
from tests.detector.rules.scenes import CAMERA, INTERVAL_US, LINE_Y, SITE, box_at, drive, lamp, shown_to, without_timing

ACROSS = [400.0 - 10 * step for step in range(25)]
"""From well before the line (y = 400) to well beyond (y = 160), ten px a frame; passes the line at step 10."""
STARTS_WAITING = [330.0] * 40 + [330.0 - 10 * step for step in range(15)]


def judged(scenes: list[Scene], **changes: object) -> list[Violation]:
    return shown_to(RedLight(Settings(line="stop", signal="main", **changes), SITE), scenes)  # type: ignore[arg-type]


def turning_red(at_step: int, count: int, before: str = "amber") -> list[SignalReading]:
    onset_us = at_step * INTERVAL_US
    return [lamp("red", onset_us) if step >= at_step else lamp(before) for step in range(count)]  # type: ignore[arg-type]


ACCUSED = {
    "arrives on red and drives on": drive(ACROSS),
    "waits at red, then starts before green": drive(STARTS_WAITING),
    "a car, driven on": drive(ACROSS, vehicle="car"),
    "unseen for half a second at the line": drive([*ACROSS[:9], None, None, None, *ACROSS[12:]]),
    "red had begun a second before the line": drive(ACROSS, turning_red(0, 25)),
}


@pytest.mark.parametrize("scenes", ACCUSED.values(), ids=ACCUSED.keys())
def test_accuses(scenes: list[Scene]) -> None:
    (claim,) = judged(scenes)
    assert (claim.rule, claim.act_code, claim.signal_id) == ("red_light", "RED_LIGHT", "main")
    before, at, beyond = claim.moments
    assert before.box.y2 > LINE_Y >= at.box.y2 > beyond.box.y2
    assert before.pts_us < at.pts_us == claim.pts_us < beyond.pts_us
    assert claim.measurements["time_into_red_us"] - claim.measurements["uncertainty_us"] >= 300_000


INNOCENT = {
    "green": drive(ACROSS, lamp("green")),
    "amber": drive(ACROSS, lamp("amber")),
    "signal unknown": drive(ACROSS, lamp("unknown")),
    "lamp off": drive(ACROSS, lamp("off")),
    "no reading at all": [Scene(s.frame_index, s.pts_us, s.interval_us, s.tracks) for s in drive(ACROSS)],
    "red begins while it is on the line": drive(ACROSS, turning_red(9, 25)),
    "red begins when it is past the line": drive(ACROSS, turning_red(14, 25)),
    "passes the line 0.2 s into red": drive(ACROSS, turning_red(8, 25)),
    "first seen on the line": drive(ACROSS[9:]),
    "first seen past the line": drive(ACROSS[12:]),
    "stops 20 cm before the line": drive([*ACROSS[:8], *[322.0] * 30]),
    "stops astride the line, then backs": drive([*ACROSS[:10], *[302.0] * 10, *[320.0] * 5]),
    "stops just past the line": drive([*ACROSS[:11], *[292.0] * 30]),
    "waits at red, drives on green": drive(STARTS_WAITING, [lamp("red")] * 42 + [lamp("green", 4_200_000)] * 13),
    "comes towards the camera": drive(list(reversed(ACROSS))),
    "passes beside the drawn line": drive(ACROSS, x=560.0),
    "nobody's vehicle (a person)": drive(ACROSS, vehicle=None),
    "hidden by a bus while it passes the line": drive([*ACROSS[:6], *[None] * 9, *ACROSS[15:]]),
    "the lamp hidden while it passes": drive(
        ACROSS, [lamp("red")] * 8 + [lamp("unknown")] * 4 + [lamp("red", 1_200_000)] * 13
    ),
    "before in one red, past in the next": drive(
        [350.0] * 5 + [350.0] * 5 + ACROSS[9:],
        [lamp("red")] * 5 + [lamp("green", 500_000)] * 5 + [lamp("red", 1_000_000)] * 16,
    ),
    "the clock settles": without_timing(drive(ACROSS)),
    "the track jumps from before to beyond by a switched identity": drive([400.0, 398.0, *[None] * 8, 200.0, 190.0]),
    "nobody there": [Scene(step, step * INTERVAL_US, INTERVAL_US, (), {"main": lamp("red")}) for step in range(10)],
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


def test_a_waiting_vehicle_whose_lower_half_gets_hidden_is_not_claimed() -> None:
    """A truck drives up behind it: the lower edge of its box leaps over the line, the upper edge stays."""
    scenes = []
    for step in range(30):
        box = BoxPx(285, 200, 315, 345 if step < 10 else 234)
        tracks = (Track(1, "motorcycle", box, 0.9),)
        scenes.append(Scene(step, step * INTERVAL_US, INTERVAL_US, tracks, {"main": lamp("red")}))
    assert judged(scenes) == []


def test_a_waiting_vehicle_whose_lower_half_is_hidden_until_it_drives_off_at_green_is_not_claimed() -> None:
    """The lower edge is beyond the line in red; the drive that follows in green does not make that a passage in red."""
    scenes = []
    for step in range(40):
        top = 240.0 - 9.0 * max(0, step - 20)
        box = BoxPx(285, top, 315, 350 if step < 10 else min(278.0, top + 38.0 + 4.0 * max(0, step - 20)))
        signal = lamp("red") if step < 20 else lamp("green", 2_000_000)
        tracks = (Track(1, "motorcycle", box, 0.9),)
        scenes.append(Scene(step, step * INTERVAL_US, INTERVAL_US, tracks, {"main": signal}))
    assert judged(scenes) == []


def test_who_drives_up_to_the_line_and_is_then_hidden_from_below_is_not_claimed() -> None:
    """His lower edge passes the line because a truck drives up behind him; his upper edge stands."""
    scenes = []
    for step in range(60):
        top = 330.0 - 6.0 * min(step, 15)
        bottom = top + 92.0 if step < 16 else max(274.0, top + 92.0 - 5.0 * (step - 16))
        tracks = (Track(1, "motorcycle", BoxPx(560 - 300, top, 600 - 300, bottom), 0.9),)
        scenes.append(Scene(step, step * INTERVAL_US, INTERVAL_US, tracks, {"main": lamp("red")}))
    assert judged(scenes) == []


def test_a_track_that_takes_over_a_vehicle_beyond_the_line_is_not_claimed() -> None:
    """Its box shrinks because something hides it, and leaps to a whole vehicle that drives on beyond the line."""
    seen = [
        (217, 262, 289, 334),
        (217, 262, 289, 333),
        (211, 247, 295, 312),
        (208, 240, 295, 306),
        (219, 264, 296, 293),
    ]
    taken = [(253, 176 - 9 * step, 329, 245 - 14 * step) for step in range(6)]
    boxes = [BoxPx(*box) for box in [*seen[:1] * 3, *seen, *taken]]
    scenes = []
    for step, box in enumerate(boxes):
        tracks = (Track(1, "car", box, 0.9),)
        scenes.append(Scene(step, step * INTERVAL_US, INTERVAL_US, tracks, {"main": lamp("red")}))
    assert judged(scenes) == []


def turning(sideways: float) -> list[Scene]:
    """Over the line, then off to one side: right is positive, as the picture shows it."""
    scenes = []
    for step in range(40):
        beyond = max(0, step - 11)
        box = box_at(300.0 + sideways * 12 * beyond, 400.0 - 10 * min(step, 11) - 4 * beyond)
        tracks = (Track(1, "car", box, 0.9),)
        scenes.append(Scene(step, step * INTERVAL_US, INTERVAL_US, tracks, {"main": lamp("red")}))
    return scenes


@pytest.mark.parametrize(("permitted", "sideways"), [("right_turn", 1.0), ("left_turn", -1.0)])
def test_a_permitted_turn_on_red_is_not_claimed(permitted: str, sideways: float) -> None:
    assert judged(turning(sideways), permitted=(permitted,)) == []
    assert len(judged(turning(sideways))) == 1
    assert len(judged(turning(-sideways), permitted=(permitted,))) == 1


def test_where_a_turn_is_permitted_straight_on_is_claimed() -> None:
    long_way = [400.0 - 10 * step for step in range(35)]
    assert len(judged(drive(long_way), permitted=("right_turn",))) == 1


def test_where_a_turn_is_permitted_who_vanishes_before_it_can_be_told_is_not_claimed() -> None:
    assert judged(drive(ACROSS[:22]), permitted=("right_turn",)) == []


ARROWS = Site(
    Camera.model_validate(
        CAMERA.model_dump(by_alias=True)
        | {"signals": [{"id": "main", "head_px": [600, 10, 620, 60]}, {"id": "arrow", "head_px": [600, 70, 620, 120]}]}
    )
)


def with_arrow(scenes: list[Scene], state: str, since_us: int = -10_000_000) -> list[Scene]:
    arrow = replace(lamp(state, since_us), signal_id="arrow")  # type: ignore[arg-type]
    return [replace(scene, signals={**scene.signals, "arrow": arrow}) for scene in scenes]


def judged_with_arrow(scenes: list[Scene], **changes: object) -> list[Violation]:
    chosen = {"line": "stop", "signal": "main", "arrows": {"left_turn": "arrow"}} | changes
    return shown_to(RedLight(Settings(**chosen), ARROWS), scenes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("state", "count"), [("green", 0), ("amber", 0), ("unknown", 0), ("red", 1), ("off", 1)])
def test_a_green_arrow_permits_its_turn_and_one_that_cannot_be_read_is_not_held_against_anyone(
    state: str, count: int
) -> None:
    assert len(judged_with_arrow(with_arrow(turning(-1.0), state))) == count


def test_a_green_arrow_permits_no_other_way() -> None:
    assert len(judged_with_arrow(with_arrow(turning(1.0), "green"))) == 1
    assert len(judged_with_arrow(with_arrow(drive([400.0 - 10 * step for step in range(35)]), "green"))) == 1


def test_an_arrow_that_has_just_gone_out_still_permits() -> None:
    """It passes the line at 1.0 s; the arrow went red 0.4 s before, grace and uncertainty are 0.45 s."""
    assert judged_with_arrow(with_arrow(turning(-1.0), "red", 600_000)) == []
    assert len(judged_with_arrow(with_arrow(turning(-1.0), "red", 400_000))) == 1


def test_an_arrow_head_governs_its_own_movement_alone() -> None:
    own = {"governs": ("left_turn",)}
    assert len(judged(turning(-1.0), **own)) == 1
    assert judged(turning(1.0), **own) == []
    assert judged(drive([400.0 - 10 * step for step in range(35)]), **own) == []


def test_one_vehicle_is_claimed_once() -> None:
    there_and_back_and_there = [*ACROSS, *reversed(ACROSS), *ACROSS]
    assert len(judged(drive(there_and_back_and_there))) == 1


def test_time_into_red_is_interpolated_between_frames() -> None:
    (claim,) = judged(drive([405.0 - 10 * step for step in range(25)], lamp("red", 0)))
    assert claim.measurements["time_into_red_us"] == 1_050_000


def test_uncertainty_is_one_and_a_half_intervals_and_the_lamps() -> None:
    (claim,) = judged(drive(ACROSS, lamp("red", -5_000_000, u_us=70_000)))
    assert claim.measurements["uncertainty_us"] == 150_000 + 70_000


def test_a_wide_uncertainty_silences() -> None:
    assert judged(drive(ACROSS, lamp("red", 0, u_us=600_000))) == []


@settings(max_examples=60, deadline=None)
@given(
    ys=st.lists(st.floats(150, 450), max_size=40),
    states=st.lists(st.sampled_from(["amber", "green", "off", "unknown"]), min_size=40, max_size=40),
)
def test_without_red_nothing_is_ever_claimed(ys: list[float], states: list[str]) -> None:
    assert judged(drive(ys, [lamp(state) for state in states])) == []  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(ys=st.lists(st.floats(100, 299), max_size=40))
def test_a_track_born_past_the_line_is_never_claimed(ys: list[float]) -> None:
    assert judged(drive(ys)) == []


def test_forgets_what_it_kept_of_a_track() -> None:
    rule = RedLight(Settings(line="stop", signal="main"), SITE)
    for number in range(1000):
        for scene in drive(ACROSS, track_id=number):
            list(rule.observe(scene))
        rule.forget(number)
    kept = [value for value in vars(rule).values() if isinstance(value, dict | set)]
    assert all(len(value) == 0 for value in kept)


def moving(boxes: list[BoxPx]) -> list[Scene]:
    return [
        Scene(n, n * INTERVAL_US, INTERVAL_US, (Track(1, "motorcycle", box, 0.9),), {"main": lamp("red")})
        for n, box in enumerate(boxes)
    ]


def test_a_track_that_takes_over_a_passing_rider_is_not_claimed() -> None:
    """It stands before the line, and is with one frame on a rider who comes by from elsewhere."""
    passing = [box_at(300, 265.0 - 12 * step) for step in range(12)]
    assert judged(moving([*[box_at(300, 330)] * 20, *passing])) == []
    assert len(judged(moving([box_at(300, 390.0 - 12 * step) for step in range(20)]))) == 1


def test_a_box_that_loses_its_lower_half_says_nothing() -> None:
    """Another vehicle comes to stand before it; its upper edge jitters upwards, as upper edges do."""
    hidden = [BoxPx(285, 236 - step, 315, 284 - 3 * step) for step in range(12)]
    assert judged(moving([*[BoxPx(285, 250, 315, 335)] * 20, *hidden])) == []
