"""Where to look: the part of the picture that the rules need, at the scale that the network sees best."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from models.domain.camera import Camera
from models.domain.geometry import PointPx

SIDE_SHARE = 0.12
"""Margin left and right of what is drawn, in widths of the frame."""
ALONG_SHARE = 0.40
"""Margin above and below a line, in heights of the frame: vehicles are followed from before it to well beyond."""
LANE_SHARE = 0.12
"""Margin above and below a lane or a zone, in heights of the frame."""
BUDGET_PX = 640 * 640
"""Pixels that the network is given a frame."""
LARGEST_SCALE = 3.0


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the picture, whole px, and the size (height, width) at which the network is given it."""

    x1: int
    y1: int
    x2: int
    y2: int
    input_px: tuple[int, int]


def region_of_interest(camera: Camera) -> Region:
    """One region round everything that the camera file draws, in px of the camera file's frame."""
    width, height = camera.frame.width, camera.frame.height
    x1, y1, x2, y2 = _bounds(camera)
    left, right = max(0, round(x1 - SIDE_SHARE * width)), min(width, round(x2 + SIDE_SHARE * width))
    top, bottom = max(0, round(y1)), min(height, round(y2))
    scale = min(LARGEST_SCALE, sqrt(BUDGET_PX / ((right - left) * (bottom - top))))
    return Region(left, top, right, bottom, (_strides((bottom - top) * scale), _strides((right - left) * scale)))


def _strides(side: float) -> int:
    return max(32, round(side / 32) * 32)


def _bounds(camera: Camera) -> tuple[float, float, float, float]:
    """xyxy round lines, lanes and zones with their margins above and below; the whole frame where nothing is drawn."""
    height = camera.frame.height
    reaches: list[tuple[PointPx, float]] = [
        (point, ALONG_SHARE * height) for line in camera.lines if not line.solid for point in line.points_px
    ]
    polygons = [lane.polygon_px for lane in camera.lanes]
    polygons += [zone.polygon_px for zone in camera.zones if not zone.exclude]
    reaches += [(point, LANE_SHARE * height) for polygon in polygons for point in polygon]
    if not reaches:
        return 0, 0, camera.frame.width, height
    return (
        min(point.x for point, _ in reaches),
        min(point.y - margin for point, margin in reaches),
        max(point.x for point, _ in reaches),
        max(point.y + margin for point, margin in reaches),
    )
