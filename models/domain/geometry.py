"""Values of the image plane. x goes right, y goes down, in px of the camera file's `frame`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

PX_STEPS = 16
"""Coordinates are kept in 1/16 px: exact in float64, integers in the manifest, so that a scene replays bit for bit."""


class PointPx(NamedTuple):
    """A point of the picture, px."""

    x: float
    y: float


class PointM(NamedTuple):
    """A point of the road plane, metres: x across the road, y along it."""

    x: float
    y: float


def quantised(value_px: float) -> float:
    """The nearest 1/16 px."""
    return round(value_px * PX_STEPS) / PX_STEPS


@dataclass(frozen=True, slots=True)
class BoxPx:
    """An upright box, xyxy, px."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def ground_contact(self) -> PointPx:
        """The middle of the lower edge: the point that stands for the vehicle."""
        return PointPx((self.x1 + self.x2) / 2, self.y2)

    @property
    def center(self) -> PointPx:
        return PointPx((self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2)

    def quantised(self) -> BoxPx:
        return BoxPx(quantised(self.x1), quantised(self.y1), quantised(self.x2), quantised(self.y2))

    def intersection(self, other: BoxPx) -> float:
        """Shared area in px²."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return width * height if width > 0 and height > 0 else 0.0

    def iou(self, other: BoxPx) -> float:
        shared = self.intersection(other)
        return shared / (self.area + other.area - shared) if shared else 0.0
