"""The suspicions about riders: no helmet, too many riders. Silent where nobody looks at heads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.evidence.scene_lines import read_scene_lines, scene_lines
from detector.head_looks import HeadSettings
from detector.rule import Rule
from detector.rulebook import known_rules
from models.domain.scene import Scene
from models.domain.violation import Violation
from tests.detector.rules.scenes import SITE, drive, shown_to, without_timing

Heads = tuple[int, int] | None
RIDES = [450.0 - 10 * step for step in range(20)]


def seen(looks: list[Heads], **changes: Any) -> list[Scene]:
    """A motorcycle up the road; what each look shows: (bare heads, helmets), None: nobody looked."""
    scenes = []
    for scene, look in zip(drive(RIDES, **changes), looks, strict=False):
        bare, helmets = look or (None, None)
        tracks = tuple(replace(track, bare_heads=bare, helmets=helmets) for track in scene.tracks)
        scenes.append(replace(scene, tracks=tracks))
    return scenes


def made(code: str, **changes: Any) -> Rule:
    rule_class = known_rules()[code]
    assert issubclass(rule_class.settings_class, HeadSettings)
    return rule_class(rule_class.settings_class(lane="ours", **changes), SITE)


def judged(code: str, scenes: list[Scene]) -> list[Violation]:
    return shown_to(made(code), scenes)


SUSPECTED: dict[str, tuple[str, list[Heads], str]] = {
    "a bare head": ("no_helmet", [(1, 0)] * 20, "HELMET_RIDER"),
    "a bare head behind a helmet": ("no_helmet", [(1, 1)] * 20, "HELMET_RIDER"),
    "a bare head in nearly all looks": ("no_helmet", [(1, 0)] * 6 + [(0, 1)] + [(1, 0)] * 13, "HELMET_RIDER"),
    "three heads": ("too_many_riders", [(1, 2)] * 20, "MOTO_2_PASSENGERS"),
    "four heads": ("too_many_riders", [(0, 4)] * 20, "MOTO_3_PASSENGERS"),
}


@pytest.mark.parametrize(("code", "looks", "act_code"), SUSPECTED.values(), ids=SUSPECTED.keys())
def test_suspects(code: str, looks: list[Heads], act_code: str) -> None:
    (claim,) = judged(code, seen(looks))
    assert (claim.rule, claim.act_code) == (code, act_code)
    assert claim.measurements["suspicion"] == 1
    before, at, beyond = claim.moments
    assert before.pts_us < at.pts_us == claim.pts_us < beyond.pts_us


INNOCENT: dict[str, list[Scene]] = {
    "nobody looks: no weights are given": seen([None] * 20),
    "a helmet": seen([(0, 1)] * 20),
    "two helmets": seen([(0, 2)] * 20),
    "looks that disagree": seen([(1, 0), (0, 1)] * 10),
    "too few looks": seen([(3, 0)] * 4 + [None] * 16),
    "a car": seen([(3, 0)] * 20, vehicle="car"),
    "a person": seen([(3, 0)] * 20, vehicle=None),
    "beside the lane": seen([(3, 0)] * 20, x=560.0),
    "the clock settles": without_timing(seen([(3, 0)] * 20)),
    "nobody there": drive([None] * 20),
}


@pytest.mark.parametrize("code", ["no_helmet", "too_many_riders"])
@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_suspects(code: str, scenes: list[Scene]) -> None:
    assert judged(code, scenes) == []


@settings(max_examples=40, deadline=None)
@given(helmets=st.lists(st.integers(0, 2), min_size=20, max_size=20))
def test_who_is_seen_with_helmets_and_at_most_two_is_never_suspected(helmets: list[int]) -> None:
    scenes = seen([(0, count) for count in helmets])
    assert judged("no_helmet", scenes) == judged("too_many_riders", scenes) == []


def test_what_was_seen_of_heads_outlives_the_file_of_the_scenes() -> None:
    scenes = seen([(1, 2), None, (0, 1)])
    assert read_scene_lines(scene_lines(scenes)) == scenes


@pytest.mark.parametrize("code", ["no_helmet", "too_many_riders"])
def test_forgets_what_it_kept_of_a_track(code: str) -> None:
    rule = made(code)
    for number in range(1000):
        for scene in seen([(3, 0)] * 5, track_id=number):
            list(rule.observe(scene))
        rule.forget(number)
    assert all(len(kept) == 0 for kept in vars(rule).values() if isinstance(kept, dict | set))
