"""The ground that a vehicle stands on, from its upright box: how far its front and its rear are from a line.

The lower edge of a box is the end of the vehicle that is nearer to the camera. The other end lies deeper in the picture
by a share of the box's height that depends on the class. The shares are generous: they make "wholly before" and "wholly
past" harder to say, never easier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import VehicleClass

DEPTH_SHARE: Mapping[VehicleClass | None, float] = {
    None: 0.25,
    "motorcycle": 0.25,
    "bicycle": 0.25,
    "car": 0.45,
    "truck": 0.55,
    "bus": 0.6,
}
LEAST_BASE_SHARE = 0.4
"""The near end of a vehicle takes at least this share of its box's width."""


LEAST_SHAPE: Mapping[VehicleClass | None, float] = {
    "motorcycle": 0.75,
    "bicycle": 0.75,
    "car": 0.36,
    "truck": 0.35,
    "bus": 0.3,
}
"""Height over width of a whole vehicle (a two-wheeler with its rider), seen from any side, is more than this."""


def shape(box: BoxPx) -> float:
    return box.height / box.width


def stands(box: BoxPx, vehicle: VehicleClass | None) -> bool:
    """The lower edge of the box is where the vehicle stands: it is not cut off by what stands before it."""
    return shape(box) >= LEAST_SHAPE.get(vehicle, 0.0)


@dataclass(frozen=True, slots=True)
class Reach:
    """Signed distances in px from a line, along its normal: negative before it, positive beyond."""

    contact: float
    front: float
    rear: float


def reach(contact: float, normal: tuple[float, float], box: BoxPx, vehicle: VehicleClass | None) -> Reach:
    """Front and rear of a vehicle that drives across a line along its normal.

    Args:
        contact: signed distance of the box's ground contact, px.
        normal: unit vector across the line, in driving direction; y down.
        box: the vehicle.
        vehicle: its class; None where it is not known yet.
    """
    across, along = normal
    depth = abs(along) * DEPTH_SHARE[vehicle] * box.height
    half_side = abs(across) * abs(across) * box.width / 2
    if along <= 0:  # driving away: the lower edge is the rear
        return Reach(contact, contact + depth + half_side, contact - half_side)
    return Reach(contact, contact + half_side, contact - depth - half_side)


@dataclass(frozen=True, slots=True)
class Base:
    """The end of a vehicle that is nearer to the camera, on the ground: a part of its box's lower edge."""

    left: PointPx
    right: PointPx

    @property
    def middle(self) -> PointPx:
        return PointPx((self.left.x + self.right.x) / 2, self.left.y)

    @property
    def width(self) -> float:
        return self.right.x - self.left.x

    def inset(self, share: float) -> Base:
        """Without so much of its width at either end."""
        cut = share * self.width
        return Base(PointPx(self.left.x + cut, self.left.y), PointPx(self.right.x - cut, self.right.y))


def base(box: BoxPx, vehicle: VehicleClass | None, along: tuple[float, float], depth_factor: float = 1.0) -> Base:
    """Where the lower edge of a box is wheels, and where only the vehicle's side hangs over the ground.

    A long vehicle that drives obliquely through the picture fills a box that reaches over the next lane: its far end
    lies to one side, its near end at the other end of the lower edge.

    Args:
        box: the vehicle.
        vehicle: its class.
        along: the direction in which it drives or stands, in the picture, y down; either way round.
        depth_factor: 1 takes the generous depth of `DEPTH_SHARE`, less takes less of it.
    """
    away_x, away_y = along if along[1] < 0 else (-along[0], -along[1])
    most = (1 - LEAST_BASE_SHARE) * box.width
    lean = -away_x * depth_factor * DEPTH_SHARE[vehicle] * box.height
    shift = most if lean >= -away_y * most else -most if -lean >= -away_y * most else lean / -away_y
    return Base(PointPx(box.x1 + max(shift, 0.0), box.y2), PointPx(box.x2 + min(shift, 0.0), box.y2))
