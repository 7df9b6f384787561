"""Who moves in the world: vehicles and people on foot, their sizes and habits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from streams.simulated.layout import JUNCTION_FROM_M, Layout
from streams.simulated.plates import Plate

Kind = Literal["motorcycle", "bicycle", "car", "bus", "truck", "person"]
Stream = Literal["ours", "oncoming", "from_left", "from_right", "on_foot"]
Intent = Literal["lawful", "runs_red", "jumps_green", "wrong_side"]

TURN_FROM_M = 3.8
TURN_RADIUS_M = 5.0
CROSS_SETBACK_M = 6.0
REAR_OVERHANG_M: dict[Kind, float] = {
    "motorcycle": 0.28, "bicycle": 0.3, "car": 0.85, "bus": 2.6, "truck": 1.4, "person": 0.1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pose:
    """Centre on the ground in metres, yaw in radians (0 = along +y, clockwise positive), speed in m/s."""

    x: float
    y: float
    yaw: float
    speed: float


@dataclass(slots=True)
class Mover:
    """One vehicle or person.

    Attributes:
        front_m: way of the front along the stream, 0 at the stream's own stop line.
        lateral_m: distance to the right of the road's middle, in the direction of travel.
        look: seed of shape and colours.
    """

    mover_id: int
    kind: Kind
    stream: Stream
    length_m: float
    width_m: float
    height_m: float
    front_m: float
    lateral_m: float
    speed: float
    wish_speed: float
    look: int
    riders: int = 1
    intent: Intent = "lawful"
    plate: Plate | None = None
    turns_right: bool = False
    acceleration: float = 1.6
    headway_s: float = 1.1
    stop_gap_m: float = 0.8
    jump_lead_s: float = 2.0
    lateral_wish_m: float = 0.0
    braking: bool = False
    walk_m: float = 0.0
    walk_to: tuple[float, float] | None = None
    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0
    before: Pose = field(default=Pose(0, 0, 0, 0))

    @property
    def pose(self) -> Pose:
        return Pose(self.x, self.y, self.yaw, self.speed)

    @property
    def rear_wheel_m(self) -> float:
        """Way of the rear wheel's ground contact along the stream."""
        return self.front_m - self.length_m + REAR_OVERHANG_M[self.kind]

    def place(self, layout: Layout) -> None:
        """Set x, y and yaw from the way along the stream."""
        middle_m = self.front_m - self.length_m / 2
        if self.stream == "ours":
            self.x, self.y, self.yaw = self._ours(middle_m)
        elif self.stream == "oncoming":
            self.x, self.y, self.yaw = -self.lateral_m, layout.far_stop_m - middle_m, math.pi
        elif self.stream == "from_left":
            self.x = middle_m - layout.oncoming_m - CROSS_SETBACK_M
            self.y, self.yaw = layout.cross_centre_m - self.lateral_m, math.pi / 2
        elif self.stream == "from_right":
            self.x = layout.width_m + CROSS_SETBACK_M - middle_m
            self.y, self.yaw = layout.cross_centre_m + self.lateral_m, -math.pi / 2

    def _ours(self, middle_m: float) -> tuple[float, float, float]:
        if not self.turns_right or middle_m <= TURN_FROM_M:
            return self.lateral_m, middle_m, 0.0
        along_m = middle_m - TURN_FROM_M
        angle = along_m / TURN_RADIUS_M
        if angle < math.pi / 2:
            x = self.lateral_m + TURN_RADIUS_M * (1 - math.cos(angle))
            return x, TURN_FROM_M + TURN_RADIUS_M * math.sin(angle), angle
        rest_m = along_m - TURN_RADIUS_M * math.pi / 2
        return self.lateral_m + TURN_RADIUS_M + rest_m, TURN_FROM_M + TURN_RADIUS_M, math.pi / 2

    def extent(self) -> tuple[float, float, float, float]:
        """Upright rectangle of the footprint: x from, x to, y from, y to."""
        c, s = abs(math.cos(self.yaw)), abs(math.sin(self.yaw))
        half_x = (self.width_m * c + self.length_m * s) / 2
        half_y = (self.length_m * c + self.width_m * s) / 2
        return self.x - half_x, self.x + half_x, self.y - half_y, self.y + half_y


_SIZES: dict[Kind, tuple[float, float, float]] = {
    "motorcycle": (1.9, 0.72, 1.62),
    "bicycle": (1.75, 0.6, 1.68),
    "car": (4.35, 1.76, 1.5),
    "bus": (9.6, 2.45, 3.1),
    "truck": (6.4, 2.15, 2.9),
    "person": (0.4, 0.5, 1.65),
}
_WISH_SPEED: dict[Kind, tuple[float, float]] = {
    "motorcycle": (8.5, 1.4), "bicycle": (4.0, 0.6), "car": (9.5, 1.2), "bus": (7.5, 0.8), "truck": (7.8, 0.9),
    "person": (1.3, 0.15),
}  # fmt: skip


def make_mover(rng: np.random.Generator, mover_id: int, kind: Kind, stream: Stream) -> Mover:
    """A mover of this kind with its own size, speed and temper."""
    length, width, height = _SIZES[kind]
    grow = float(rng.uniform(0.94, 1.08))
    mean, spread = _WISH_SPEED[kind]
    mover = Mover(
        mover_id=mover_id, kind=kind, stream=stream,
        length_m=length * grow, width_m=width * min(grow, 1.03), height_m=height,
        front_m=0.0, lateral_m=0.0, speed=0.0,
        wish_speed=max(0.8, float(rng.normal(mean, spread))),
        look=int(rng.integers(2**31)),
    )  # fmt: skip
    mover.riders = 2 if kind == "motorcycle" and rng.random() < 0.32 else 1
    mover.acceleration = float(rng.uniform(1.4, 2.2)) if kind in ("motorcycle", "car") else 1.0
    mover.headway_s = float(rng.uniform(0.6, 1.0)) if kind == "motorcycle" else float(rng.uniform(1.0, 1.5))
    mover.stop_gap_m = 0.2 if rng.random() < 0.08 else float(rng.uniform(0.45, 1.5))
    mover.jump_lead_s = float(rng.uniform(1.5, 4.0))
    return mover


def turn_end_m() -> float:
    """Way at which a right turn is over."""
    return TURN_FROM_M + TURN_RADIUS_M * math.pi / 2 + JUNCTION_FROM_M
