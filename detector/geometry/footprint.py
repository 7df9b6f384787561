"""The ground that a vehicle stands on, from its upright box: how far its front and its rear are from a line.

The lower edge of a box is the end of the vehicle that is nearer to the camera. The other end lies deeper in the picture
by a share of the box's height that depends on the class. The shares are generous: they make "wholly before" and "wholly
past" harder to say, never easier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.domain.geometry import BoxPx
from models.domain.scene import VehicleClass

DEPTH_SHARE: Mapping[VehicleClass | None, float] = {
    None: 0.25,
    "motorcycle": 0.25,
    "bicycle": 0.25,
    "car": 0.45,
    "truck": 0.55,
    "bus": 0.6,
}


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
