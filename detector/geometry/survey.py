"""How far a distance on the road can be trusted: the uncertainty of the surveyed points, carried through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TypeVar

from detector.geometry.homography import Homography
from models.domain.geometry import PointM, PointPx

Pair = TypeVar("Pair", PointPx, PointM)
FREE_NUMBERS = 8
"""A homography has eight: four points fit exactly, and say nothing of their own error."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A ground plane with the uncertainty of its points.

    Attributes:
        ground: the map that fits the points best.
        moved: the maps that fit when one coordinate of one point is moved by its standard uncertainty.
        point_m: standard uncertainty of one coordinate of a surveyed point on the road.
    """

    ground: Homography
    moved: tuple[Homography, ...]
    point_m: float

    @classmethod
    def from_points(
        cls, points_px: Sequence[PointPx], points_m: Sequence[PointM], point_m: float, point_px: float
    ) -> Survey:
        """The plane, and what the least moves of its points do to it.

        Args:
            points_px, points_m: four or more pairs.
            point_m: standard uncertainty of one coordinate on the road, at least; where more than four points fit
                worse than that, what they show counts.
            point_px: standard uncertainty of one coordinate in the picture.

        Raises:
            GroundUnusableError: the points make no plane.
        """
        ground = Homography.from_points(points_px, points_m)
        point_m = max(point_m, residual_m(ground, len(points_px)))
        moved = []
        for place in range(len(points_px)):
            for x, y in ((1.0, 0.0), (0.0, 1.0)):
                px, m = points_px[place], points_m[place]
                shifted_m = _with(points_m, place, PointM(m.x + x * point_m, m.y + y * point_m))
                shifted_px = _with(points_px, place, PointPx(px.x + x * point_px, px.y + y * point_px))
                moved += [Homography.from_points(points_px, shifted_m), Homography.from_points(shifted_px, points_m)]
        return cls(ground, tuple(moved), point_m)

    def distance_u_m(self, a: PointPx, b: PointPx) -> float:
        """Standard uncertainty of the distance on the road between two points of the picture, metres."""
        distance = self.ground.distance_m(a, b)
        squares = 0.0
        for other in self.moved:
            change = other.distance_m(a, b) - distance
            squares += change * change
        return sqrt(squares)


def residual_m(ground: Homography, count: int) -> float:
    """Standard uncertainty of one coordinate as the points themselves show it; 0 for four points."""
    free = 2 * count - FREE_NUMBERS
    return ground.error_m * sqrt(count / free) if free > 0 else 0.0


def _with(values: Sequence[Pair], place: int, value: Pair) -> list[Pair]:
    return [value if number == place else kept for number, kept in enumerate(values)]
