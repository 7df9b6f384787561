"""Which packets belong to a window."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.windowing import bounds

PLAIN = [0, 1, 2, 3, 4, 5, 6, 7]
KEYS = [1, 0, 0, 0, 1, 0, 0, 0]
REORDERED = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8]


@pytest.mark.parametrize(
    ("pts_us", "is_key", "window", "expected"),
    [
        pytest.param(PLAIN, KEYS, (5, 6), (4, 7), id="from the key frame before it"),
        pytest.param(PLAIN, KEYS, (4, 4), (4, 5), id="the key frame itself"),
        pytest.param(PLAIN, KEYS, (3, 5), (0, 6), id="a whole GOP earlier"),
        pytest.param(PLAIN, KEYS, (-5, 1), (0, 2), id="before the first frame: what there is"),
        pytest.param(PLAIN, KEYS, (6, 99), (4, 8), id="past the last frame: what there is"),
        pytest.param(PLAIN, KEYS, (8, 99), None, id="nothing of it"),
        pytest.param(PLAIN, [0, 0, 0, 0, 1, 0, 0, 0], (1, 2), None, id="before the first key frame"),
        pytest.param(PLAIN, [0, 0, 0, 0, 1, 0, 0, 0], (1, 5), (4, 6), id="start in mid-GOP"),
        pytest.param([], [], (0, 1), None, id="empty"),
        pytest.param(REORDERED, [1, *[0] * 9], (0, 3), (0, 4), id="B-frames: a closed end"),
        pytest.param(REORDERED, [1, *[0] * 9], (0, 4), (0, 7), id="B-frames: no hole before the latest frame"),
    ],
)
def test_bounds(
    pts_us: list[int], is_key: list[int], window: tuple[int, int], expected: tuple[int, int] | None
) -> None:
    assert bounds(pts_us, is_key, *window) == expected


@given(
    st.permutations(list(range(12))),
    st.lists(st.integers(0, 1), min_size=12, max_size=12),
    st.integers(-2, 14),
    st.integers(-2, 14),
)
def test_no_frame_in_between_is_missing(order: list[int], is_key: list[int], one: int, other: int) -> None:
    from_us, to_us = sorted((one, other))
    found = bounds(order, is_key, from_us, to_us)
    if found is None:
        return
    begin, end = found
    assert is_key[begin]
    inside = order[begin:end]
    assert all(own in inside for own in order[begin:] if own <= max(inside))
