"""A doubtful 1 or 7 is settled by the width of its glyph, and only where that can be measured."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from detector.vision.plates.decoding import LineSlots, Slot
from detector.vision.plates.glyphs import told_by_width
from detector.vision.plates.networks import ALPHABET
from models.domain.frame import BGR

WIDE_PX, NARROW_PX, STEP_PX, HEIGHT_PX = 20, 10, 44, 72


def drawn(widths_px: list[int], joined: bool = False) -> BGR:
    """A line of dark bars on a light plate, one for each character."""
    line = np.full((HEIGHT_PX, STEP_PX * len(widths_px), 3), 230, np.uint8)
    for number, width in enumerate(widths_px):
        x = STEP_PX * number + (STEP_PX - width) // 2
        line[10:-10, x : x + width] = 30
    if joined:
        line[30:36] = 30
    return np.asarray(cv2.GaussianBlur(line, (3, 3), 0), np.uint8)


def doubtful(last: dict[str, float], text: str = "59M") -> LineSlots:
    count = len(text) + 1
    slots = []
    for place, shares in enumerate([{character: 0.99} for character in text] + [last]):
        row = np.zeros(len(ALPHABET), np.float32)
        for character, share in shares.items():
            row[ALPHABET.index(character)] = share
        slots.append(Slot(row, (place + 0.5) / count))
    return LineSlots(tuple(slots), (2,))


def last_share(line: LineSlots, character: str) -> float:
    return float(line.slots[-1].shares[ALPHABET.index(character)])


@pytest.mark.parametrize(("other", "share"), [("7", 0.85), ("T", 0.6)])
def test_a_narrow_one_is_a_one(other: str, share: float) -> None:
    told = told_by_width(doubtful({"1": 0.12, other: share}), drawn([WIDE_PX] * 3 + [NARROW_PX]))
    assert last_share(told, "1") > 2 * last_share(told, other)
    assert last_share(told, "1") + last_share(told, other) == pytest.approx(0.12 + share, abs=1e-4)


def test_a_wide_one_is_a_seven() -> None:
    told = told_by_width(doubtful({"1": 0.6, "7": 0.3}), drawn([WIDE_PX] * 4))
    assert last_share(told, "7") > 5 * last_share(told, "1")


@pytest.mark.parametrize(
    ("last", "widths_px", "joined"),
    [
        ({"1": 0.5, "7": 0.45}, [WIDE_PX] * 3 + [16], False),
        ({"1": 0.5, "7": 0.45}, [WIDE_PX] * 3 + [NARROW_PX], True),
        ({"1": 0.5, "4": 0.45}, [WIDE_PX] * 3 + [NARROW_PX], False),
        ({"1": 0.98, "7": 0.01}, [WIDE_PX] * 4, False),
    ],
    ids=["neither narrow nor wide", "joined to its neighbours", "half a 4 is narrow too", "nobody doubts"],
)
def test_leaves_the_doubt(last: dict[str, float], widths_px: list[int], joined: bool) -> None:
    line = doubtful(last)
    told = told_by_width(line, drawn(widths_px, joined))
    assert all(np.array_equal(a.shares, b.shares) for a, b in zip(line.slots, told.slots, strict=True))


def test_with_too_few_others_to_compare_with_it_leaves_the_doubt() -> None:
    line = doubtful({"1": 0.5, "7": 0.45}, text="5")
    assert told_by_width(line, drawn([WIDE_PX, NARROW_PX])).slots[-1] is line.slots[-1]
