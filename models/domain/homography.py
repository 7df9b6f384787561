"""Picture to road plane: a homography from surveyed points, by least squares on scalars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from models.domain.geometry import PointM, PointPx

Row = list[float]
SINGULAR = 1e-12


class GroundUnusableError(ValueError):
    """The ground points make no plane: three on one line, or the same point twice."""


@dataclass(frozen=True, slots=True)
class Homography:
    """Maps a point of the picture to the road plane.

    Attributes:
        h: the matrix row by row, its last entry 1.
        error_m: root mean square distance of the surveyed points from where the map puts them.
    """

    h: tuple[float, float, float, float, float, float, float, float, float]
    error_m: float

    @classmethod
    def from_points(cls, points_px: Sequence[PointPx], points_m: Sequence[PointM]) -> Homography:
        """The map that fits four or more pairs best (algebraic least squares in centred, scaled coordinates).

        Raises:
            GroundUnusableError: the points make no plane.
        """
        px_shift, px_scale = _normal_form([(p.x, p.y) for p in points_px])
        m_shift, m_scale = _normal_form([(p.x, p.y) for p in points_m])
        normal: list[Row] = [[0.0] * 9 for _ in range(8)]
        for point_px, point_m in zip(points_px, points_m, strict=True):
            x, y = (point_px.x - px_shift[0]) * px_scale, (point_px.y - px_shift[1]) * px_scale
            u, v = (point_m.x - m_shift[0]) * m_scale, (point_m.y - m_shift[1]) * m_scale
            for row in ([x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u], [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v]):
                for i in range(8):
                    for j in range(9):
                        normal[i][j] += row[i] * row[j]
        a = [*_solved(normal), 1.0]
        matrix = _undone(a, px_shift, px_scale, m_shift, m_scale)
        fitted = cls(matrix, 0.0)
        squares = 0.0
        for point_px, point_m in zip(points_px, points_m, strict=True):
            on_road = fitted.to_road(point_px)
            squares += (on_road.x - point_m.x) * (on_road.x - point_m.x) + (on_road.y - point_m.y) * (
                on_road.y - point_m.y
            )
        return cls(matrix, sqrt(squares / len(points_px)))

    def to_road(self, point: PointPx) -> PointM:
        """Where a point of the picture lies on the road, metres; far away beyond the horizon."""
        h = self.h
        w = h[6] * point.x + h[7] * point.y + h[8]
        w = w if w > SINGULAR or w < -SINGULAR else SINGULAR
        return PointM((h[0] * point.x + h[1] * point.y + h[2]) / w, (h[3] * point.x + h[4] * point.y + h[5]) / w)

    def distance_m(self, a: PointPx, b: PointPx) -> float:
        """Distance on the road between two points of the picture."""
        p, q = self.to_road(a), self.to_road(b)
        return sqrt((p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y))


def _normal_form(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], float]:
    """Centre and scale that bring points near the unit square."""
    center = (sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points))
    spread = sum(abs(x - center[0]) + abs(y - center[1]) for x, y in points) / len(points)
    if spread <= 0:
        raise GroundUnusableError("got one point several times, expected four corners of a plane")
    return center, 1.0 / spread


def _solved(rows: list[Row]) -> Row:
    """Gauss with row pivots on an 8 × 9 system."""
    size = len(rows)
    for column in range(size):
        pivot = max(range(column, size), key=lambda i: abs(rows[i][column]))
        if abs(rows[pivot][column]) < SINGULAR:
            raise GroundUnusableError("got points on one line, expected four corners of a plane")
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for below in range(column + 1, size):
            factor = rows[below][column] / rows[column][column]
            for j in range(column, size + 1):
                rows[below][j] -= factor * rows[column][j]
    solution = [0.0] * size
    for i in range(size - 1, -1, -1):
        rest = rows[i][size] - sum(rows[i][j] * solution[j] for j in range(i + 1, size))
        solution[i] = rest / rows[i][i]
    return solution


def _undone(
    a: Row, px_shift: tuple[float, float], px_scale: float, m_shift: tuple[float, float], m_scale: float
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """The map between normal forms as one between px and metres."""
    rows = []
    for i in (0, 3, 6):
        x, y = a[i] * px_scale, a[i + 1] * px_scale
        rows.append((x, y, a[i + 2] - x * px_shift[0] - y * px_shift[1]))
    last = rows[2]
    first, second = (tuple(rows[k][j] / m_scale + m_shift[k] * last[j] for j in range(3)) for k in (0, 1))
    return (first[0], first[1], first[2], second[0], second[1], second[2], last[0], last[1], last[2])
