"""Reads the colour of a lamp head from one picture.

For each colour: how strongly the strongest few per cent of the head's pixels show it over the head's own middle (so
that haze, dusk and a painted housing cancel), weighted by where in the head they lie. A weak or contested answer is
"unknown".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from models.domain.frame import BGR
from models.domain.scene import SignalState

Floats = npt.NDArray[np.float32]
Colour = Literal["red", "amber", "green"]
COLOURS: tuple[Colour, Colour, Colour] = ("red", "amber", "green")
STRONGEST_SHARE = 0.03
STRONGEST_PX = 5
LEAST_STRENGTH = 26.0
"""Of 255: a lit lamp stands out of its own head by at least this much."""
LEAST_RATIO = 1.35
"""The strongest colour over the next."""
FAINT_STRENGTH, FAINT_RATIO = 12.0, 1.7
"""A weaker lamp, in haze or sun, is believed where hardly any other colour shows and it looks like a lamp:"""
FAINT_ASIDE, FAINT_SPREAD = 0.17, 0.1
"""its strongest pixels lie in the middle of the head across, and close together down (shares of the head) …"""
FAINT_PLACES: Mapping[Colour, tuple[float, float]] = {"red": (0.0, 0.38), "amber": (0.38, 0.62), "green": (0.62, 1.0)}
"""… at the colour's own place."""
FULL_VALUE = 150.0
"""Of 255: from this brightness on, chroma counts in full."""
SMALLEST_HEAD_PX = 5
EDGE_SHARE = 0.12
EDGE_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What one picture of a head shows.

    Attributes:
        state: "red", "amber", "green" or "unknown"; never "off", which only time can tell.
        strength: how far the strongest colour stands out of the head, of 255.
        brightness: median brightness of the head, of 255.
    """

    state: SignalState
    strength: float
    brightness: float


def read_lamp(head: BGR, layout: str = "vertical") -> Glimpse:
    """The colour that one picture of a lamp head shows.

    Args:
        head: the lamp housing cut out of the picture, shape (height, width, 3), BGR.
        layout: lamps red, amber, green from top to bottom ("vertical") or from left to right ("horizontal").
    """
    if head.shape[0] < SMALLEST_HEAD_PX or head.shape[1] < SMALLEST_HEAD_PX:
        return Glimpse("unknown", 0.0, 0.0)
    upright = head if layout == "vertical" else head.transpose(1, 0, 2)
    evidence = _evidence(upright)
    strengths = [_strength(part, colour) for colour, part in zip(COLOURS, evidence, strict=True)]
    brightness = float(np.median(upright.max(axis=2)))
    second, best = sorted(strengths)[-2:]
    place = strengths.index(best)
    ratio = best / max(second, 1.0)
    is_clear = best >= LEAST_STRENGTH and ratio >= LEAST_RATIO
    if not is_clear and best >= FAINT_STRENGTH and ratio >= FAINT_RATIO:
        is_clear = _looks_like_a_lamp(evidence[place], COLOURS[place])
    return Glimpse(COLOURS[place] if is_clear else "unknown", best, brightness)


def _looks_like_a_lamp(evidence: Floats, colour: Colour) -> bool:
    """The strongest pixels make one spot, in the middle across and at the colour's own place."""
    rows, columns = _strongest(evidence)
    height, width = max(1, evidence.shape[0] - 1), max(1, evidence.shape[1] - 1)
    low, high = FAINT_PLACES[colour]
    down, across, spread = float(rows.mean()) / height, float(columns.mean()) / width, float(rows.std()) / height
    return bool(abs(across - 0.5) <= FAINT_ASIDE and spread <= FAINT_SPREAD and low <= down <= high)


def _strongest(evidence: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of the strongest few per cent of the pixels."""
    count = max(STRONGEST_PX, round(STRONGEST_SHARE * evidence.size))
    index = np.argpartition(evidence.reshape(-1), -count)[-count:]
    rows, columns = np.divmod(index, evidence.shape[1])
    return rows, columns


def _evidence(head: BGR) -> tuple[Floats, ...]:
    """How much each pixel shows a lit lamp of each colour: chroma × brightness within a span of hue, 0..255."""
    blue, green, red = (head[:, :, i].astype(np.float32) for i in range(3))
    value = np.maximum(np.maximum(red, green), blue)
    chroma = value - np.minimum(np.minimum(red, green), blue)
    hue = _hue_deg(red, green, blue, value, chroma)
    lit = chroma * np.minimum(value / FULL_VALUE, 1.0) * _inside_weight(head.shape[0], head.shape[1])
    spans = (
        np.maximum(_span(hue, -45, -25, 14, 20), 0.0),
        _span(hue, 16, 21, 50, 62),
        _span(hue, 95, 135, 186, 200),
    )
    return tuple(lit * span for span in spans)


@cache
def _inside_weight(height: int, width: int) -> Floats:
    """1 inside the drawn box, falling to EDGE_WEIGHT at its edges: what shows there is mostly background."""
    ramps = [np.minimum(np.arange(n), np.arange(n)[::-1]) / max(1.0, EDGE_SHARE * n) for n in (height, width)]
    down, across = (EDGE_WEIGHT + (1 - EDGE_WEIGHT) * np.minimum(ramp, 1.0) for ramp in ramps)
    return np.outer(down, across).astype(np.float32)


def _hue_deg(red: Floats, green: Floats, blue: Floats, value: Floats, chroma: Floats) -> Floats:
    """Hue in degrees, -60..300: red near 0, amber near 35, lamp green near 160."""
    safe = np.maximum(chroma, 1.0)
    hue = np.where(
        value == red,
        (green - blue) / safe,
        np.where(value == green, 2.0 + (blue - red) / safe, 4.0 + (red - green) / safe),
    )
    return (60.0 * hue).astype(np.float32)


def _span(hue: Floats, zero_from: float, one_from: float, one_to: float, zero_to: float) -> Floats:
    """1 inside a span of hue, falling to 0 at its outer bounds; hues of -60..300 and their turns."""
    turned = np.where(hue > zero_from + 360 - 1, hue - 360, hue)
    return np.interp(turned, [zero_from, one_from, one_to, zero_to], [0.0, 1.0, 1.0, 0.0]).astype(np.float32)


def _strength(evidence: Floats, colour: Colour) -> float:
    """How far the strongest pixels of one colour stand out of the whole head, weighted by their place."""
    rows, columns = _strongest(evidence)
    strength = float(evidence[rows, columns].mean() - np.median(evidence))
    place = float(rows.mean()) / max(1, evidence.shape[0] - 1)
    return max(0.0, strength) * _place_weight(colour, place)


def _place_weight(colour: Colour, place: float) -> float:
    """How well a place in the head (0 first lamp, 1 last) goes with a colour; mild, as heads are drawn loosely."""
    if colour == "red":
        return float(np.interp(place, [0.5, 0.75], [1.0, 0.3]))
    if colour == "green":
        return float(np.interp(place, [0.25, 0.5], [0.3, 1.0]))
    return float(np.interp(place, [0.2, 0.36, 0.75, 0.95], [0.25, 1.0, 1.0, 0.4]))
