"""What a worker answers about a camera: a picture of it, and what the rules of a proposed file would claim.

Nothing of this is evidence, and nothing of it makes a case.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from models.domain.scene import SignalState, VehicleClass

PICTURE_LIMIT_BYTES = 2 * 1024 * 1024
PICTURE_SIDE_LIMIT_PX = 8192
LIVE_PICTURE, ROAD_PICTURE = "live.jpg", "road.jpg"
"""The camera's newest frame; and the road without who moves on it, for eyes that may not see people and plates."""
TRIAL_PICTURES = 6
TRIAL_LIMIT_BYTES = 65_536
TRIAL_CLAIMS = 40
FILE_LIMIT_BYTES = 65_536
"""Of a camera file that goes through the office."""
LONGEST_TRIAL_S = 60
PictureName = Annotated[str, StringConstraints(pattern=r"^(live|road|claim_[1-6])\.jpg$")]


def claim_picture(number: int) -> str:
    """Name of the picture of the n-th claim, counted from 1."""
    return f"claim_{number}.jpg"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Px = Annotated[float, Field(ge=-100_000, le=100_000)]
BoxXyxy = tuple[Px, Px, Px, Px]
Short = Annotated[str, StringConstraints(max_length=400)]


class TrialClaim(_Value):
    """A claim that would have been made.

    Attributes:
        at_ms: after the first frame that was looked at.
        boxes: of the vehicle before, at and beyond the act; xyxy, px of the proposed file's frame.
        picture: name of its picture, which shows plates and faces; None where there are too many.
    """

    rule: Annotated[str, StringConstraints(max_length=40)]
    mode: Literal["warning", "live"]
    vehicle: VehicleClass
    at_ms: Annotated[int, Field(ge=0)]
    point_px: tuple[Px, Px]
    boxes: tuple[BoxXyxy, BoxXyxy, BoxXyxy]
    lamp: SignalState | None = None
    picture: PictureName | None = None


class TrialCheck(_Value):
    """What this camera is able to do, as `phatnguoi camera check` says it."""

    what: Short
    state: Literal["able", "unsure", "not_able"]
    because: Short


class Trial(_Value):
    """What the rules of a file would have claimed.

    Attributes:
        seconds: of stream time that were looked at.
        is_cut_short: the time for looking was over before the last of the seconds asked for.
        claims_left_out: beyond the first `TRIAL_CLAIMS`.
        passed_over: claims that were not made, by rule and reason.
        problem: why the worker cannot run these rules at all; `problem_place` is the field, with dots.
    """

    seconds: Annotated[float, Field(ge=0)]
    frames: Annotated[int, Field(ge=0)]
    is_cut_short: bool = False
    claims: Annotated[tuple[TrialClaim, ...], Field(max_length=TRIAL_CLAIMS)] = ()
    claims_left_out: Annotated[int, Field(ge=0)] = 0
    passed_over: Annotated[dict[str, int], Field(max_length=64)] = {}
    checks: Annotated[tuple[TrialCheck, ...], Field(max_length=64)] = ()
    problem: Short | None = None
    problem_place: Short = ""


class Seen(_Value):
    """About the two pictures of a snapshot."""

    width: Annotated[int, Field(ge=1, le=PICTURE_SIDE_LIMIT_PX)]
    height: Annotated[int, Field(ge=1, le=PICTURE_SIDE_LIMIT_PX)]
    captured_at_us: int
    road_frames: Annotated[int, Field(ge=1)]
