"""A camera on a pole over SUMO's road: which box each vehicle fills in the picture, and how much of it is hidden."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.domain.geometry import BoxPx, PointPx
from phatnguoi.bench.sumo.process import Driven
from phatnguoi.bench.worlds import Mover
from streams.simulated.camera import Camera

Array = npt.NDArray[np.float64]
SIZES_M = {
    "motorcycle": (1.9, 0.72, 1.62), "bicycle": (1.75, 0.6, 1.68), "car": (4.35, 1.76, 1.5), "bus": (9.6, 2.45, 3.1),
    "truck": (6.4, 2.15, 2.9),
}  # fmt: skip
"""Length, width (as in the route files) and height of each class."""
REAR_AXLE_M = {"motorcycle": 0.28, "bicycle": 0.3, "car": 0.85, "bus": 2.6, "truck": 1.4}
NEAREST_M = 1.5
LEAST_PX = 6.0
HIDING_WIDTH = 0.8
"""Who covers this share of another's width hides the lower part of it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A vehicle in the picture.

    Attributes:
        rear_m: where its rear axle stands.
        mover: as the benchmark knows it.
    """

    driven: Driven
    rear_m: tuple[float, float]
    mover: Mover


def rear_of(driven: Driven) -> tuple[float, float]:
    """Where the rear axle stands: behind the front by its length without the overhang."""
    back_m = SIZES_M[driven.kind][0] - REAR_AXLE_M[driven.kind]
    angle = math.radians(driven.angle_deg)
    return driven.x_m - math.sin(angle) * back_m, driven.y_m - math.cos(angle) * back_m


class View:
    """What the camera sees of SUMO's vehicles."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self._numbers: dict[str, int] = {}

    def place(self, driven: Sequence[Driven]) -> list[Placed]:
        """The vehicles that are in the picture."""
        if not driven:
            return []
        corners_m, depth_order = self._corners(driven)
        pixels, depth_m = self.camera.project(corners_m.reshape(-1, 3))
        pixels, depth_m = pixels.reshape(-1, 8, 2), depth_m.reshape(-1, 8)
        rears = [rear_of(one) for one in driven]
        contacts, _ = self.camera.project(np.array([(x, y, 0.0) for x, y in rears]))
        width, height = self.camera.size_px
        low, high = pixels.min(axis=1), pixels.max(axis=1)
        boxes = np.column_stack([np.clip(low, 0, (width, height)), np.clip(high, 0, (width, height))])
        whole = boxes[:, 2:] - boxes[:, :2]
        is_seen = (depth_m.min(axis=1) > NEAREST_M) & (whole.min(axis=1) > LEAST_PX)
        boxes, uncovered = _hidden(boxes, depth_order, is_seen)
        return [
            Placed(
                one,
                rears[row],
                self._mover(one, boxes[row], high[row] - low[row], float(uncovered[row]), contacts[row]),
            )
            for row, one in enumerate(driven)
            if is_seen[row]
        ]

    def _corners(self, driven: Sequence[Driven]) -> tuple[Array, Array]:
        """Corners of each vehicle's upright box, shape (n, 8, 3), and the distance of its middle from the camera."""
        sizes = np.array([SIZES_M[one.kind] for one in driven])
        angles = np.radians([one.angle_deg for one in driven])
        ahead = np.column_stack([np.sin(angles), np.cos(angles)])
        aside = np.column_stack([np.cos(angles), -np.sin(angles)])
        front = np.array([(one.x_m, one.y_m) for one in driven])
        rear = front - ahead * sizes[:, :1]
        half = aside * sizes[:, 1:2] / 2
        ground = np.stack([front - half, front + half, rear - half, rear + half], axis=1)
        corners = np.empty((len(driven), 8, 3))
        corners[:, :4, :2] = corners[:, 4:, :2] = ground
        corners[:, :4, 2], corners[:, 4:, 2] = 0.0, sizes[:, 2:]
        middle = (front + rear) / 2 - self.camera.position_m[:2]
        return corners, np.hypot(middle[:, 0], middle[:, 1])

    def _mover(self, one: Driven, box: Array, size: Array, uncovered: float, contact: Array) -> Mover:
        number = self._numbers.setdefault(one.vehicle_id, len(self._numbers) + 1)
        x1, y1, x2, y2 = box.tolist()
        seen = BoxPx(x1, y1, x2, y2) if uncovered > 0.05 and x2 - x1 > LEAST_PX and y2 - y1 > LEAST_PX else None
        return Mover(
            number,
            one.kind,
            seen,
            uncovered,
            PointPx(*contact.tolist()),
            one.speed_m_s,
            (float(size[0]), float(size[1])),
        )


def _hidden(boxes: Array, distance_m: Array, is_seen: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """What nearer vehicles leave of each box: its lower part cut where one covers nearly its width; and what share."""
    low_x, low_y, high_x, high_y = boxes.T
    shared_x = np.minimum(high_x[:, None], high_x) - np.maximum(low_x[:, None], low_x)
    shared_y = np.minimum(high_y[:, None], high_y) - np.maximum(low_y[:, None], low_y)
    is_nearer = (distance_m < distance_m[:, None]) & is_seen
    shared = np.where(is_nearer, np.maximum(shared_x, 0) * np.maximum(shared_y, 0), 0.0)
    area = np.maximum((high_x - low_x) * (high_y - low_y), 1.0)
    uncovered = 1.0 - shared.max(axis=1) / area
    hides = is_nearer & (shared_x > HIDING_WIDTH * (high_x - low_x)[:, None]) & (shared_y > 0)
    hides &= high_y > high_y[:, None]
    cut_y = np.where(hides, np.maximum(low_y, low_y[:, None]), np.inf).min(axis=1)
    made = boxes.copy()
    made[:, 3] = np.minimum(high_y, cut_y)
    return made, uncovered
