"""Is a point in a polygon."""

from __future__ import annotations

from collections.abc import Sequence

from models.domain.geometry import PointPx


def is_inside(polygon: Sequence[PointPx], point: PointPx) -> bool:
    """Even-odd rule; a point on an edge may count as either."""
    inside = False
    previous = polygon[-1]
    for corner in polygon:
        if (corner.y > point.y) != (previous.y > point.y):
            x = corner.x + (point.y - corner.y) * (previous.x - corner.x) / (previous.y - corner.y)
            if point.x < x:
                inside = not inside
        previous = corner
    return inside
