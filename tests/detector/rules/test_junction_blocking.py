"""Blocking a junction: when it is claimed, and when not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.rule import Site
from detector.rules.junction_blocking import JunctionBlocking, Settings
from detector.standing import MOST_STAYS
from models.domain.camera import Camera
from models.domain.scene import Scene
from models.domain.violation import Violation
from tests.detector.rules.places import drive_from, hidden, scenes_of, stand
from tests.detector.rules.scenes import CAMERA, lamp, shown_to, without_timing

ZONE = {"id": "box", "polygon_px": [[150, 120], [450, 120], [450, 280], [150, 280]]}
SITE = Site(Camera.model_validate(CAMERA.model_dump(by_alias=True) | {"zones": [ZONE]}))
X, Y = 300.0, 220.0
BLOCKS = drive_from(X, 460, X, Y, 20) + stand(X, Y, 80)


def judged(scenes: list[Scene], **changes: Any) -> list[Violation]:
    return shown_to(JunctionBlocking(Settings(zone="box", after_s=5, **changes), SITE), scenes)


def test_accuses_who_stands_in_the_junction() -> None:
    (claim,) = judged(scenes_of({1: BLOCKS}))
    assert (claim.rule, claim.act_code) == ("junction_blocking", "STOP_JUNCTION")


def test_the_place_may_name_the_act_of_causing_a_jam() -> None:
    (claim,) = judged(scenes_of({1: BLOCKS}), act_code="STOP_JAM")
    assert claim.act_code == "STOP_JAM"


def test_a_jam_is_no_excuse_here() -> None:
    jam = {1: BLOCKS, 2: stand(X - 70, Y, 100), 3: stand(X + 70, Y, 100)}
    assert len(judged(scenes_of(jam))) == 3


def test_with_a_lamp_named_only_the_time_of_its_red_counts() -> None:
    turns_red = [lamp("green")] * 60 + [lamp("red", 6_000_000)] * 60
    (claim,) = judged(scenes_of({1: stand(X, Y, 120)}, signals=turns_red), signal="main")
    assert claim.pts_us == 6_000_000 + 5_000_000 - 100_000


INNOCENT = {
    "drives through": drive_from(X, 460, X, 110, 30),
    "waits a moment to turn": drive_from(X, 460, X, Y, 20) + stand(X, Y, 30) + drive_from(X, Y, 460, 200, 20),
    "stands before the junction": stand(X, 400, 100),
    "stands beyond it": stand(X, 105, 100),
    "nobody there": hidden(100),
}


@pytest.mark.parametrize("steps", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(steps: Any) -> None:
    assert judged(scenes_of({1: steps})) == []


def test_never_accuses_a_person_or_by_a_clock_that_settles() -> None:
    assert judged(scenes_of({1: BLOCKS}, classes={1: None})) == []
    assert judged(without_timing(scenes_of({1: BLOCKS}))) == []


@settings(max_examples=40, deadline=None)
@given(states=st.lists(st.sampled_from(["green", "amber", "off", "unknown"]), min_size=100, max_size=100))
def test_with_a_lamp_named_nothing_is_claimed_without_red(states: list[str]) -> None:
    signals = [lamp(state) for state in states]  # type: ignore[arg-type]
    assert judged(scenes_of({1: BLOCKS}, signals=signals), signal="main") == []


def test_ten_thousand_tracks_leave_a_bounded_state() -> None:
    rule = JunctionBlocking(Settings(zone="box"), SITE)
    for number in range(10_000):
        for scene in scenes_of({number: stand(X + number % 70, Y, 2)}, interval_us=1_100_000):
            list(rule.observe(scene))
        rule.forget(number)
    assert len(rule._stays) <= MOST_STAYS
