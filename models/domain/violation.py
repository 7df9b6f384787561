"""A violation: a rule's claim, not yet anyone's guilt."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import VehicleClass

MomentName = Literal["before", "at", "beyond"]
CLAIM_ID_CHARACTERS = 26


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant that a picture of the evidence must show."""

    name: MomentName
    frame_index: int
    pts_us: int
    box: BoxPx


@dataclass(frozen=True, slots=True)
class Violation:
    """A claim about one vehicle.

    Attributes:
        frame_index: frame of the instant that the rule names (the ground contact passes the line, …).
        pts_us: stream time of that frame.
        point: ground contact at that instant.
        moments: before, at and beyond, in this order.
        measurements: what was measured, integers with their unit in the name (`time_into_red_us`, `uncertainty_us`).
        act_code: of the offence catalogue; None where the class has no row.
    """

    rule: str
    rule_version: int
    act_code: str | None
    track_id: int
    vehicle: VehicleClass
    frame_index: int
    pts_us: int
    point: PointPx
    moments: tuple[Moment, Moment, Moment]
    measurements: Mapping[str, int] = field(default_factory=dict)
    signal_id: str | None = None


def claim_id(camera_id: str, rule: str, camera_sha256: str, captured_at: datetime, point: PointPx) -> str:
    """The claim's name, its idempotency key and its folder: 26 base32 characters, lower case.

    SHA-256 over camera id, rule, camera-file hash, capture time in ms and the point in whole px, parted by newlines.
    """
    time_ms = (captured_at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // _MILLISECOND
    text = "\n".join([camera_id, rule, camera_sha256, str(time_ms), str(round(point.x)), str(round(point.y))])
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:CLAIM_ID_CHARACTERS]


_MILLISECOND = datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
