"""A claim with everything that must outlive a crash: from it and the spooled packets the evidence is made."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from detector.errors import ClaimMalformedError
from models.domain.frame import ClockState
from models.domain.geometry import BoxPx
from models.domain.manifest import SealedCamera, SealedSoftware
from models.domain.scene import SignalReading
from models.domain.violation import Moment, Violation

CLIP_LEAD_US = 5_000_000
"""The clip begins this long before the act …"""
CLIP_TAIL_US = 5_000_000
"""… and ends this long after it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, ready to be made into evidence by a process that saw none of it.

    Attributes:
        id: of `models.domain.violation.claim_id`.
        mode: of the rule on this camera.
        is_simulated: the camera looked at the simulated world.
        connection: of the stream; the pts of the violation count within it.
        captured_at: capture time of the act, aware UTC.
        moments_captured_at: of before, at and beyond.
        completed_pts_us: stream time of the frame that completed the claim.
        clock: of that frame; it speaks for all of the claim's times.
        signal: the lamp at the act.
        scene: bytes of scene.jsonl.
        camera_json: text of camera.json; None in claims that were committed before there was one.
    """

    id: str
    mode: Literal["live", "warning"]
    is_simulated: bool
    violation: Violation
    camera: SealedCamera
    software: SealedSoftware
    connection: int
    captured_at: datetime
    moments_captured_at: tuple[datetime, datetime, datetime]
    completed_pts_us: int
    clock: ClockState
    signal: SignalReading | None
    scene: bytes
    camera_json: str | None = None

    @property
    def clip_from_us(self) -> int:
        return self.violation.pts_us - CLIP_LEAD_US

    @property
    def clip_to_us(self) -> int:
        return self.violation.pts_us + CLIP_TAIL_US


def time_us(moment: datetime) -> int:
    """µs since 1970 UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def time_of(moment_us: int) -> datetime:
    """The inverse of `time_us`."""
    return _EPOCH + timedelta(microseconds=moment_us)


class _Facts(BaseModel):
    """All of a claim but the scene, as the outbox keeps it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    id: str
    mode: Literal["live", "warning"]
    is_simulated: bool
    violation: Violation
    camera: SealedCamera
    software: SealedSoftware
    connection: int
    captured_at_us: int
    moments_captured_at_us: tuple[int, int, int]
    completed_pts_us: int
    clock: ClockState
    signal: SignalReading | None
    camera_json: str | None = None


def claim_facts(claim: Claim) -> str:
    """Everything but the scene as JSON; `read_claim` gives the very same claim back."""
    facts = {
        "schema_version": 1,
        "id": claim.id,
        "mode": claim.mode,
        "is_simulated": claim.is_simulated,
        "violation": _violation(claim.violation),
        "camera": claim.camera.model_dump(mode="json"),
        "software": claim.software.model_dump(mode="json"),
        "connection": claim.connection,
        "captured_at_us": time_us(claim.captured_at),
        "moments_captured_at_us": [time_us(moment) for moment in claim.moments_captured_at],
        "completed_pts_us": claim.completed_pts_us,
        "clock": asdict(claim.clock),
        "signal": None if claim.signal is None else asdict(claim.signal),
        "camera_json": claim.camera_json,
    }
    return json.dumps(facts, ensure_ascii=False, allow_nan=False)


def read_claim(facts: str, scene: bytes) -> Claim:
    """The claim that `claim_facts` wrote.

    Raises:
        ClaimMalformedError: it is something else.
    """
    try:
        read = _Facts.model_validate_json(facts)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise ClaimMalformedError(f"{place or 'claim'}: {problem['msg']}") from None
    before, at, beyond = (time_of(moment_us) for moment_us in read.moments_captured_at_us)
    return Claim(
        id=read.id,
        mode=read.mode,
        is_simulated=read.is_simulated,
        violation=read.violation,
        camera=read.camera,
        software=read.software,
        connection=read.connection,
        captured_at=time_of(read.captured_at_us),
        moments_captured_at=(before, at, beyond),
        completed_pts_us=read.completed_pts_us,
        clock=read.clock,
        signal=read.signal,
        scene=scene,
        camera_json=read.camera_json,
    )


def _violation(violation: Violation) -> dict[str, Any]:
    content = {name: getattr(violation, name) for name in Violation.__dataclass_fields__}
    content["point"] = list(violation.point)
    content["moments"] = [_moment(moment) for moment in violation.moments]
    content["measurements"] = dict(violation.measurements)
    return content


def _moment(moment: Moment) -> dict[str, Any]:
    box: BoxPx = moment.box
    return {
        "name": moment.name,
        "frame_index": moment.frame_index,
        "pts_us": moment.pts_us,
        "box": {"x1": box.x1, "y1": box.y1, "x2": box.x2, "y2": box.y2},
    }
