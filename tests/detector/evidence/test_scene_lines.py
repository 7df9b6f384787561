"""scene.jsonl holds what the rule saw, exactly."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import SceneLinesError
from detector.evidence import scene_lines as lines
from models.domain.geometry import PX_STEPS, BoxPx
from models.domain.scene import VEHICLE_CLASSES, Scene, SignalReading, SignalState, Track

TIMES = st.integers(-(2**50), 2**50)
COORDINATES = st.integers(-(2**20), 2**20).map(lambda steps: steps / PX_STEPS)
BOXES = st.builds(BoxPx, COORDINATES, COORDINATES, COORDINATES, COORDINATES)
STATES = st.sampled_from(get_args(SignalState))
TRACKS = st.builds(
    Track,
    st.integers(1, 2**40),
    st.sampled_from([*VEHICLE_CLASSES, None]),
    BOXES,
    st.integers(0, 1000).map(lambda share: share / 1000),
    st.booleans(),
    st.integers(0, 9),
)


@st.composite
def _signals(draw: st.DrawFn) -> dict[str, SignalReading]:
    names = draw(st.lists(st.text("abcđ-_09", min_size=1, max_size=9), unique=True, max_size=3))
    return {
        name: draw(
            st.builds(
                SignalReading, st.just(name), STATES, TIMES, st.none() | TIMES, st.integers(0, 2**40),
                st.none() | st.integers(0, 2**40), STATES,
            )
        )
        for name in names
    }  # fmt: skip


SCENES = st.builds(
    Scene,
    st.integers(0, 2**40),
    TIMES,
    st.integers(1, 2**30),
    st.lists(TRACKS, max_size=4).map(tuple),
    _signals(),
    st.booleans(),
    st.lists(BOXES, max_size=3).map(tuple),
    st.lists(st.integers(1, 2**40), max_size=3).map(tuple),
)


@given(st.lists(SCENES, max_size=5))
def test_gives_back_exactly_what_the_rule_saw(scenes: list[Scene]) -> None:
    raw = lines.scene_lines(scenes)
    assert lines.read_scene_lines(raw) == scenes
    assert lines.scene_lines(lines.read_scene_lines(raw)) == raw


@given(SCENES)
def test_no_line_holds_a_fraction(scene: Scene) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(f"got the fraction {text}, expected whole numbers only")

    json.loads(lines.scene_line(scene), parse_float=refuse)


def test_leaves_out_the_oldest_and_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = [Scene(index, index, 1, ()) for index in range(100)]
    monkeypatch.setattr(lines, "LIMIT_BYTES", 2000)
    raw = lines.scene_lines(scenes)
    assert len(raw) <= 2000
    kept = lines.read_scene_lines(raw)
    assert kept == scenes[-len(kept) :]
    assert json.loads(raw.splitlines()[0]) == {"scenes_left_out": 100 - len(kept)}


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\xff\n", "line 1"),
        (b"[]\n", "line 1"),
        (b'{"frame":1}\n', "line 1"),
        (lines.scene_line(Scene(0, 0, 1, ())) + b"{}\n", "line 2"),
        (lines.scene_line(Scene(0, 0, 1, ())).replace(b'"pts_us":0', b'"pts_us":0.5'), "got 0.5, expected a whole"),
        (b"[" * 100_000, "line 1"),
        (b" " * (lines.LIMIT_BYTES + 1), "expected at most"),
    ],
    ids=["no text", "no object", "a key lacks", "second line", "a fraction", "deep", "too long"],
)
def test_refuses_what_is_no_scene(raw: bytes, message: str) -> None:
    with pytest.raises(SceneLinesError, match=message):
        lines.read_scene_lines(raw)


def test_refuses_a_vehicle_that_is_none() -> None:
    track = Track(1, "car", BoxPx(0, 0, 1, 1), 0.5)
    raw = lines.scene_line(Scene(0, 0, 1, (track,))).replace(b'"car"', b'"tank"')
    with pytest.raises(SceneLinesError, match="got the vehicle 'tank', expected one of"):
        lines.read_scene_lines(raw)
