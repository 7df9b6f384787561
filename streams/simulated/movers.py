"""Who moves in the world: vehicles and people on foot, their sizes and habits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from streams.simulated.layout import Layout
from streams.simulated.plates import Plate

Kind = Literal["motorcycle", "bicycle", "car", "bus", "truck", "person"]
Stream = Literal["ours", "oncoming", "from_left", "from_right", "on_foot"]
Turn = Literal["none", "left", "right"]
Intent = Literal[
    "lawful", "runs_red", "jumps_green", "wrong_side", "over_line", "pushed", "forbidden_turn", "wrong_lane",
    "stands_in_box", "does_not_yield", "on_duty",
]  # fmt: skip

TURN_FROM_M = 3.8
TURN_RADIUS_M = 5.0
CROSS_SETBACK_M = 6.0
STREAM_YAW: dict[Stream, float] = {
    "ours": 0.0, "oncoming": math.pi, "from_left": math.pi / 2, "from_right": -math.pi / 2, "on_foot": 0.0,
}  # fmt: skip
REAR_OVERHANG_M: dict[Kind, float] = {
    "motorcycle": 0.28, "bicycle": 0.3, "car": 0.85, "bus": 2.6, "truck": 1.4, "person": 0.1,
}  # fmt: skip
_COSINES: dict[Stream, tuple[float, float]] = {
    "ours": (1.0, 0.0), "oncoming": (-1.0, 0.0), "from_left": (0.0, 1.0), "from_right": (0.0, -1.0),
}  # fmt: skip
"""Cosine and sine of the stream's yaw."""


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
        turn: where it leaves its stream; the arc begins at `turn_from_m` of its middle's way.
        hold_s: so long it still stands in the junction, of its own will.
        priority: an ambulance on duty, beacons flashing.
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
    turn: Turn = "none"
    turn_from_m: float = TURN_FROM_M
    turn_radius_m: float = TURN_RADIUS_M
    hold_s: float = 0.0
    priority: bool = False
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

    @property
    def turns_right(self) -> bool:
        return self.turn == "right"

    def place(self, layout: Layout) -> None:
        """Set x, y and yaw from the way along the stream."""
        if self.stream == "on_foot":
            return
        along_m, right_m, turned = self.at_way(self.front_m - self.length_m / 2)
        x0, y0 = origin_of(self.stream, layout)
        yaw = STREAM_YAW[self.stream]
        c, s = _COSINES[self.stream]
        self.x, self.y, self.yaw = x0 + right_m * c + along_m * s, y0 - right_m * s + along_m * c, yaw + turned

    def at_way(self, middle_m: float) -> tuple[float, float, float]:
        """Metres ahead and to the right of the stream's origin, and the angle turned so far, after so much way."""
        if self.turn == "none" or middle_m <= self.turn_from_m:
            return middle_m, self.lateral_m, 0.0
        radius_m, side = self.turn_radius_m, 1.0 if self.turn == "right" else -1.0
        angle = min((middle_m - self.turn_from_m) / radius_m, math.pi / 2)
        rest_m = middle_m - self.turn_from_m - radius_m * angle
        along_m = self.turn_from_m + radius_m * math.sin(angle)
        return along_m, self.lateral_m + side * (radius_m * (1 - math.cos(angle)) + rest_m), side * angle

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


def make_mover(rng: np.random.Generator, mover_id: int, kind: Kind, stream: Stream, palette: int = 0) -> Mover:
    """A mover of this kind with its own size, speed and temper; the last bit of its look is its palette."""
    length, width, height = _SIZES[kind]
    grow = float(rng.uniform(0.94, 1.08))
    mean, spread = _WISH_SPEED[kind]
    mover = Mover(
        mover_id=mover_id, kind=kind, stream=stream,
        length_m=length * grow, width_m=width * min(grow, 1.03), height_m=height,
        front_m=0.0, lateral_m=0.0, speed=0.0,
        wish_speed=max(0.8, float(rng.normal(mean, spread))),
        look=int(rng.integers(2**31)) // 2 * 2 + palette,
    )  # fmt: skip
    mover.riders = 2 if kind == "motorcycle" and rng.random() < 0.32 else 1
    mover.acceleration = float(rng.uniform(1.4, 2.2)) if kind in ("motorcycle", "car") else 1.0
    mover.headway_s = float(rng.uniform(0.6, 1.0)) if kind == "motorcycle" else float(rng.uniform(1.0, 1.5))
    mover.stop_gap_m = 0.2 if rng.random() < 0.08 else float(rng.uniform(0.45, 1.5))
    mover.jump_lead_s = float(rng.uniform(3.2, 6.0))
    return mover


def origin_of(stream: Stream, layout: Layout) -> tuple[float, float]:
    """Where a stream's own stop line meets the middle of its road."""
    return {
        "oncoming": (0.0, layout.far_stop_m),
        "from_left": (-layout.oncoming_m - CROSS_SETBACK_M, layout.cross_centre_m),
        "from_right": (layout.width_m + CROSS_SETBACK_M, layout.cross_centre_m),
    }.get(stream, (0.0, 0.0))
