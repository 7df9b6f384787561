"""What a single box tells of where a vehicle stands: surely in an area, or not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detector.geometry.footprint import base
from detector.geometry.vectors import Vector
from detector.geometry.zone import is_inside
from models.domain.camera import FrameSize
from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import Track

EDGE_PX = 1.5
LEAST_HEIGHT_PX = 24.0
"""Of what is smaller neither the class nor the wheels can be told: lines are drawn to a few px only."""
HIDDEN_SHARE = 0.3
"""Another box that reaches lower and covers so much of a box's lower edge may hide its wheels."""
STRIP_SHARE = 0.1
"""The lower edge is a strip of so much of the box's height."""
INSET_SHARE = 0.12
"""Boxes are a little wider than wheels stand."""


def stands_on_ground(track: Track, others: Iterable[Track], frame: FrameSize) -> bool:
    """The lower edge of the box is the ground: no edge of the picture, no other vehicle cuts it, and it is not tiny."""
    box = track.box
    if box.height < LEAST_HEIGHT_PX:
        return False
    if box.x1 < EDGE_PX or box.x2 > frame.width - EDGE_PX or box.y2 > frame.height - EDGE_PX:
        return False
    strip = BoxPx(box.x1, box.y2 - STRIP_SHARE * box.height, box.x2, box.y2)
    return not _covers(strip, track, others)


def shows_its_wheels(track: Track, others: Iterable[Track], frame: FrameSize) -> bool:
    """It stands on the ground, and no nearer vehicle begins where it ends.

    The box of who is hidden from below ends where that of the nearer vehicle begins, and overlaps it by nothing.
    """
    box, others = track.box, tuple(others)
    below = BoxPx(box.x1, box.y2, box.x2, box.y2 + STRIP_SHARE * box.height)
    return stands_on_ground(track, others, frame) and not _covers(below, track, others)


def _covers(strip: BoxPx, track: Track, others: Iterable[Track]) -> bool:
    """A nearer vehicle reaches over so much of the strip that the wheels may lie behind it."""
    nearer = (other.box for other in others if other.track_id != track.track_id and other.box.y2 > track.box.y2)
    return any(strip.intersection(other) >= HIDDEN_SHARE * strip.area for other in nearer)


def is_surely_in(polygon: Sequence[PointPx], track: Track, along: Vector) -> bool:
    """The near end of the vehicle stands in the polygon, whether its box is taken to be long or short."""
    bases = (base(track.box, track.vehicle, along, factor).inset(INSET_SHARE) for factor in (0.5, 1.0))
    return all(is_inside(polygon, point) for one in bases for point in (one.left, one.right))
