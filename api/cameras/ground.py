"""The calibration as a person can judge it: how far each point is off, and a grid of metres laid over the road."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, hypot

from models.domain.camera import Camera, Ground
from models.domain.geometry import PointM, PointPx
from models.domain.homography import GroundUnusableError, Homography

STEPS_M = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
MOST_LINES = 30
"""In each direction; the grid's step is the smallest that keeps to it."""
PIECES = 12
"""A grid line is drawn in so many pieces."""


@dataclass(frozen=True, slots=True)
class GroundView:
    """Attributes:
    problem: why there is no plane; None where there is one.
    error_m: root mean square distance of the points from where the plane has them; 0 for four points, which fit
        any plane.
    residuals_m: of each point.
    grid_px: lines of the grid.
    step_m: between two of them.
    matrix: picture to road, row by row.
    """

    problem: str | None = None
    error_m: float = 0.0
    residuals_m: tuple[float, ...] = ()
    grid_px: tuple[tuple[PointPx, ...], ...] = ()
    step_m: float = 0.0
    matrix: tuple[float, ...] = ()


def ground_view(camera: Camera) -> GroundView | None:
    """None where the file has no ground points."""
    if camera.ground is None:
        return None
    try:
        plane = Homography.from_points(camera.ground.points_px, camera.ground.points_m)
    except GroundUnusableError as error:
        return GroundView(problem=str(error))
    residuals = []
    for point_px, point_m in zip(camera.ground.points_px, camera.ground.points_m, strict=True):
        found = plane.to_road(point_px)
        residuals.append(hypot(found.x - point_m.x, found.y - point_m.y))
    step_m = _step_m(camera.ground)
    return GroundView(None, plane.error_m, tuple(residuals), tuple(_grid(camera, plane, step_m)), step_m, plane.h)


def _step_m(ground: Ground) -> float:
    longest = max(_bounds(ground)[2] - _bounds(ground)[0], _bounds(ground)[3] - _bounds(ground)[1])
    return next((step for step in STEPS_M if longest / step <= MOST_LINES), STEPS_M[-1])


def _bounds(ground: Ground) -> tuple[float, float, float, float]:
    xs, ys = [p.x for p in ground.points_m], [p.y for p in ground.points_m]
    return min(xs), min(ys), max(xs), max(ys)


def _grid(camera: Camera, plane: Homography, step_m: float) -> Iterator[tuple[PointPx, ...]]:
    """Lines of whole steps over the surveyed part of the road, as far as the picture shows it."""
    assert camera.ground is not None
    to_px = _inverse(plane)
    x1, y1, x2, y2 = _bounds(camera.ground)
    left, right = floor(x1 / step_m), min(ceil(x2 / step_m), floor(x1 / step_m) + MOST_LINES + 1)
    near, far = floor(y1 / step_m), min(ceil(y2 / step_m), floor(y1 / step_m) + MOST_LINES + 1)
    for i in range(left, right + 1):
        ends = (near * step_m, far * step_m)
        yield from _drawn(camera, to_px, [PointM(i * step_m, _between(ends, k)) for k in range(PIECES + 1)])
    for j in range(near, far + 1):
        ends = (left * step_m, right * step_m)
        yield from _drawn(camera, to_px, [PointM(_between(ends, k), j * step_m) for k in range(PIECES + 1)])


def _between(ends: tuple[float, float], piece: int) -> float:
    return ends[0] + (ends[1] - ends[0]) * piece / PIECES


def _drawn(camera: Camera, to_px: tuple[float, ...], line: list[PointM]) -> Iterator[tuple[PointPx, ...]]:
    """The stretches of a line that lie in the picture."""
    size, stretch = camera.frame, list[PointPx]()
    for point in line:
        at = _mapped(to_px, point)
        if at is not None and 0 <= at.x <= size.width and 0 <= at.y <= size.height:
            stretch.append(PointPx(round(at.x, 1), round(at.y, 1)))
            continue
        if len(stretch) > 1:
            yield tuple(stretch)
        stretch = []
    if len(stretch) > 1:
        yield tuple(stretch)


def _inverse(plane: Homography) -> tuple[float, ...]:
    """Road to picture: the adjugate of the map."""
    a, b, c, d, e, f, g, h, i = plane.h
    return (e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f,
            d * h - e * g, b * g - a * h, a * e - b * d)  # fmt: skip


def _mapped(m: tuple[float, ...], point: PointM) -> PointPx | None:
    w = m[6] * point.x + m[7] * point.y + m[8]
    if abs(w) < 1e-12:
        return None
    return PointPx((m[0] * point.x + m[1] * point.y + m[2]) / w, (m[3] * point.x + m[4] * point.y + m[5]) / w)
