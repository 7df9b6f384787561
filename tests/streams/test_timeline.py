"""Stream times grow within a connection, whatever the recorder wrote."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pixels import ticks_to_us, us_to_ticks
from streams.timeline import Timeline

MILLI = Fraction(1, 1000)


@pytest.mark.parametrize(
    ("pts_ms", "expected"),
    [
        ([500, 540, 580], [(0, 0, None), (0, 40_000, None), (0, 80_000, None)]),
        ([0, 40, 40, 120], [(0, 0, None), (0, 40_000, None), (0, 40_001, "pts_not_after"), (0, 120_000, None)]),
        ([0, 40, 30, 120], [(0, 0, None), (0, 40_000, None), (0, 40_001, "pts_not_after"), (0, 120_000, None)]),
        ([0, None, 80], [(0, 0, None), (0, 40_000, "pts_missing"), (0, 80_000, None)]),
        ([None, 7, 47], [(0, 0, "pts_missing"), (0, 40_000, None), (0, 80_000, None)]),
        ([None, None], [(0, 0, "pts_missing"), (0, 40_000, "pts_missing")]),
        ([9000, 9040, 10, 50], [(0, 0, None), (0, 40_000, None), (1, 0, "pts_reset"), (1, 40_000, None)]),
    ],
)
def test_places(pts_ms: list[int | None], expected: list[tuple[int, int, str | None]]) -> None:
    timeline = Timeline(MILLI, rate_hz=25.0)
    placed = [timeline.place(pts) for pts in pts_ms]
    assert [(own.connection, own.pts_us, own.fault) for own in placed] == expected


def test_capture_goes_on_after_a_reset() -> None:
    timeline = Timeline(MILLI, rate_hz=25.0)
    assert [timeline.place(pts).elapsed_us for pts in (9000, 9040, 10, 50)] == [0, 40_000, 80_000, 120_000]


@given(st.lists(st.none() | st.integers(-(10**7), 10**7), min_size=1, max_size=60))
def test_never_goes_back(pts_ms: list[int | None]) -> None:
    timeline = Timeline(MILLI, rate_hz=None)
    placed = [timeline.place(pts) for pts in pts_ms]
    keys = [(own.connection, own.pts_us) for own in placed]
    elapsed = [own.elapsed_us for own in placed]
    assert keys == sorted(set(keys))
    assert elapsed == sorted(set(elapsed))


@given(st.integers(-(10**15), 10**15), st.sampled_from([Fraction(1, 90_000), Fraction(1, 12_800), MILLI]))
def test_ticks_survive_the_way_to_microseconds(ticks: int, time_base: Fraction) -> None:
    assert us_to_ticks(ticks_to_us(ticks, time_base), time_base) == ticks
