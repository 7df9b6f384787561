"""A directed line on the road, as a road engineer draws it: points, and the side that vehicles come from."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from models.domain.geometry import PointPx


@dataclass(frozen=True, slots=True)
class DirectedLine:
    """A polyline with a far side.

    Attributes:
        points: two or more, px.
        far_sign: +1 or -1: makes `signed_distance` positive beyond the line.
    """

    points: tuple[PointPx, ...]
    far_sign: float

    @classmethod
    def from_points(cls, points: tuple[PointPx, ...], from_point: PointPx) -> DirectedLine:
        """The line whose near side holds `from_point`.

        Raises:
            ValueError: the point lies on the line.
        """
        side = cls(points, 1.0).signed_distance(from_point)
        if side == 0:
            raise ValueError(
                f"from_px: got [{from_point.x:g}, {from_point.y:g}] on the line, expected a point beside it"
            )
        return cls(points, -1.0 if side > 0 else 1.0)

    def signed_distance(self, point: PointPx) -> float:
        """Distance in px to the nearest segment, its ends prolonged: negative before the line, positive beyond."""
        a, b, _ = self._nearest(point)
        return self.far_sign * _side(a, b, point)

    def normal(self, point: PointPx) -> tuple[float, float]:
        """Unit vector across the line at the segment nearest to the point, from the near side to the far side."""
        a, b, _ = self._nearest(point)
        length = _length(a, b)
        return (-(b.y - a.y) / length * self.far_sign, (b.x - a.x) / length * self.far_sign)

    def overhang(self, point: PointPx) -> float:
        """By how many px the foot of the point lies outside the drawn ends of the line; 0 between them."""
        _, _, outside = self._nearest(point)
        return outside

    def _nearest(self, point: PointPx) -> tuple[PointPx, PointPx, float]:
        """The segment nearest to the point, and the overhang of the point's foot past the ends of the whole line."""
        best: tuple[float, PointPx, PointPx, float] | None = None
        last = len(self.points) - 2
        for number, (a, b) in enumerate(zip(self.points, self.points[1:], strict=False)):
            length = _length(a, b)
            if length == 0:
                continue
            along = ((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / length
            clamped = min(max(along, 0.0), length)
            foot = PointPx(a.x + (b.x - a.x) * clamped / length, a.y + (b.y - a.y) * clamped / length)
            outside = max(-along, 0.0) if number == 0 else 0.0
            outside = max(outside, along - length) if number == last else outside
            distance = _length(foot, point)
            if best is None or distance < best[0]:
                best = (distance, a, b, outside)
        assert best is not None
        return best[1], best[2], best[3]


def _length(a: PointPx, b: PointPx) -> float:
    return sqrt((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y))


def _side(a: PointPx, b: PointPx, point: PointPx) -> float:
    """Signed distance in px of a point from the infinite line a-b; positive to the right of a→b in the picture."""
    return ((b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x)) / _length(a, b)


def crossing_share(before: float, after: float) -> float:
    """Where between two signed distances the line is passed, 0 at the first, 1 at the second."""
    return before / (before - after) if before != after else 1.0
