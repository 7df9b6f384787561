"""Who is near whom at one tick: the gap ahead, and whether there is room beside. Footprints are upright rectangles."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from streams.simulated.movers import Mover

Array = npt.NDArray[np.float64]
NOBODY_M = 1000.0
_BEHIND_M = -0.6
_LEAST_GAP_M = 0.1


class Surroundings:
    """Gaps between all movers at one tick, worked out at once."""

    def __init__(self, everybody: list[Mover], vehicles: list[Mover]) -> None:
        self.everybody = everybody
        self._blocking = [m for m in vehicles if _blocks(m)]
        self.has_priority = any(m.priority and -45.0 < m.front_m < 20.0 for m in vehicles)
        """Somebody on duty is about to drive through the junction: the cross street lets it pass."""
        self._vehicles = vehicles
        others = [m for m in everybody if m.kind != "person" or m.walk_to is not None]
        if not others:
            return
        self._box = np.array([m.extent() for m in others])
        self._direction = np.array([[math.sin(m.yaw), math.cos(m.yaw)] for m in others])
        self._speed = np.array([m.speed for m in others])
        self._ids = np.array([m.mover_id for m in others])
        self._is_person = np.array([m.kind == "person" for m in others])
        self._row = {m.mover_id: place for place, m in enumerate(others)}
        if vehicles:
            self._gap, self._leader_speed = self._look_ahead(vehicles, 0.0)

    def _look_ahead(self, movers: list[Mover], shift_m: float) -> tuple[Array, Array]:
        """Gap and the leader's speed along each mover's heading, in a strip `shift_m` to its right."""
        rows = np.array([self._row[m.mover_id] for m in movers])
        own, heading = self._box[rows], self._direction[rows]
        margin = np.array([0.12 if m.kind in ("motorcycle", "bicycle") else 0.25 for m in movers])[:, None]
        before_line = np.array([m.front_m < -1.0 for m in movers])[:, None]
        box = self._box[None, :, :]
        dx, dy = heading[:, 0:1], heading[:, 1:2]
        along_y = np.abs(dy) >= np.abs(dx)
        side = np.where(along_y, np.sign(dy), -np.sign(dx)) * shift_m
        low, high = np.where(along_y, own[:, 0:1], own[:, 2:3]), np.where(along_y, own[:, 1:2], own[:, 3:4])
        other_low = np.where(along_y, box[:, :, 0], box[:, :, 2])
        other_high = np.where(along_y, box[:, :, 1], box[:, :, 3])
        beside = (other_low < high + side + margin) & (other_high > low + side - margin)
        gap_y = np.where(dy > 0, box[:, :, 2] - own[:, 3:4], own[:, 2:3] - box[:, :, 3])
        gap_x = np.where(dx > 0, box[:, :, 0] - own[:, 1:2], own[:, 0:1] - box[:, :, 1])
        gap = np.where(along_y, gap_y, gap_x)
        same = dx * self._direction[None, :, 0] + dy * self._direction[None, :, 1]
        counts = beside & (gap > _BEHIND_M) & (same > -0.5) & (self._ids[None, :] != self._ids[rows][:, None])
        counts &= ~before_line | (same > 0.5) | self._is_person[None, :]
        gap = np.where(counts, gap, NOBODY_M)
        nearest = np.argmin(gap, axis=1)
        place = np.arange(len(movers))
        nearest_m = gap[place, nearest]
        speed = np.where(nearest_m < NOBODY_M, self._speed[nearest] * np.maximum(0.0, same[place, nearest]), 0.0)
        return np.maximum(_LEAST_GAP_M, nearest_m), speed

    def ahead(self, row: int) -> tuple[float, float]:
        """Gap in metres to the next one in the way of vehicle `row`, and that one's speed in this direction."""
        return float(self._gap[row]), float(self._leader_speed[row])

    def standing_in(self, from_y_m: float, to_y_m: float, but: int) -> list[Mover]:
        """Who stands of its own will in this part of our road, all but one."""
        return [m for m in self._blocking if from_y_m < m.y < to_y_m and m.mover_id != but]

    def has_room(self, row: int, step_m: float, at_least_m: float) -> bool:
        """The strip `step_m` to the right is longer than `at_least_m` ahead and nobody rides beside there."""
        mover = self._vehicles[row]
        if float(self._look_ahead([mover], step_m)[0][0]) < at_least_m:
            return False
        x0, x1, y0, y1 = mover.extent()
        dx, dy = math.sin(mover.yaw), math.cos(mover.yaw)
        sx, sy = step_m * dy, -step_m * dx
        x0, x1 = min(x0, x0 + sx) - 0.2 - abs(dx) * 1.2, max(x1, x1 + sx) + 0.2 + abs(dx) * 1.2
        y0, y1 = min(y0, y0 + sy) - 0.2 - abs(dy) * 1.2, max(y1, y1 + sy) + 0.2 + abs(dy) * 1.2
        box = self._box
        hit = (box[:, 0] < x1) & (box[:, 1] > x0) & (box[:, 2] < y1) & (box[:, 3] > y0) & (self._ids != mover.mover_id)
        return not bool(hit.any())


def _blocks(mover: Mover) -> bool:
    """It stands in the junction of its own will, or will do so in a moment."""
    will_stand = mover.intent == "stands_in_box" or mover.speed < 0.3
    return mover.hold_s > 0 and mover.front_m > 0.0 and will_stand
