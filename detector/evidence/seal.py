"""The manifest of a package: what is sealed, in whole numbers and strings, at most 64 KB."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from detector.errors import PackageRefusedError
from detector.evidence.claim import Claim, time_us
from models.domain.geometry import PX_STEPS, BoxPx
from models.domain.manifest import (
    MANIFEST_LIMIT_BYTES,
    Manifest,
    SealedClip,
    SealedClock,
    SealedFile,
    SealedMoment,
    SealedPlate,
    SealedSignal,
)
from models.domain.scene import SignalReading
from streams.packets import PacketWindow

TIMES_TRIMMED = "frame_times_left_out"
"""Added to `short_because` where the times of all frames would make the manifest larger than it may be."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """What was written: the window that the clip was made from, and the files."""

    window: PacketWindow
    files: tuple[SealedFile, ...]
    plate: SealedPlate | None = None


def seal(claim: Claim, sealing: Sealing) -> bytes:
    """The canonical bytes of the manifest.

    Raises:
        PackageRefusedError: it is too large even without the times of the clip's frames.
    """
    clip = sealed_clip(claim, sealing.window)
    body = manifest_of(claim, sealing.files, clip, sealing.plate).canonical()
    if len(body) > MANIFEST_LIMIT_BYTES:
        reasons = [reason for reason in (clip.short_because, TIMES_TRIMMED) if reason]
        trimmed = clip.model_copy(update={"times_us": (), "short_because": "; ".join(reasons)})
        body = manifest_of(claim, sealing.files, trimmed, sealing.plate).canonical()
    if len(body) > MANIFEST_LIMIT_BYTES:
        raise PackageRefusedError(
            "manifest_too_large", f"got {len(body)} bytes, expected at most {MANIFEST_LIMIT_BYTES}"
        )
    return body


def sealed_clip(claim: Claim, window: PacketWindow) -> SealedClip:
    act_us = claim.violation.pts_us
    return SealedClip(
        codec=window.facts.codec,
        first_frame_index=window.first_frame_index,
        frame_count=len(window.packets),
        starts_before_act_us=act_us - window.starts_us,
        ends_after_act_us=window.ends_us - act_us,
        short_because=window.short_because,
        times_us=window.times_us,
    )


def box_px16(box: BoxPx) -> tuple[int, int, int, int]:
    """xyxy in 1/16 px."""
    return _px16(box.x1), _px16(box.y1), _px16(box.x2), _px16(box.y2)


def point_px16(claim: Claim) -> tuple[int, int]:
    return _px16(claim.violation.point.x), _px16(claim.violation.point.y)


def _px16(value_px: float) -> int:
    return round(value_px * PX_STEPS)


def manifest_of(
    claim: Claim, files: tuple[SealedFile, ...], clip: SealedClip | None, plate: SealedPlate | None = None
) -> Manifest:
    """What is sealed about a claim."""
    violation = claim.violation
    local = claim.captured_at.astimezone(ZoneInfo(claim.camera.timezone))
    before, at, beyond = _moments(claim)
    return Manifest(
        id=claim.id,
        rule=violation.rule,
        act_code=violation.act_code,
        is_simulated=claim.is_simulated,
        vehicle=violation.vehicle,
        track_id=violation.track_id,
        frame_index=violation.frame_index,
        occurred_at_us=time_us(claim.captured_at),
        occurred_at_local=local.isoformat(timespec="milliseconds"),
        point_px16=point_px16(claim),
        measurements=dict(violation.measurements),
        camera=claim.camera,
        clock=_clock(claim),
        signal=None if claim.signal is None else _signal(claim.signal),
        moments=(before, at, beyond),
        clip=clip,
        software=claim.software,
        files=files,
        plate=plate,
    )


def _moments(claim: Claim) -> tuple[SealedMoment, ...]:
    return tuple(
        SealedMoment(
            name=moment.name,
            frame_index=moment.frame_index,
            pts_us=moment.pts_us,
            captured_at_us=time_us(captured_at),
            box_px16=box_px16(moment.box),
        )
        for moment, captured_at in zip(claim.violation.moments, claim.moments_captured_at, strict=True)
    )


def _clock(claim: Claim) -> SealedClock:
    clock = claim.clock
    return SealedClock(
        source=clock.source,
        uncertainty_us=clock.uncertainty_us,
        camera_offset_us=clock.camera_offset_us,
        camera_offset_age_us=clock.camera_offset_age_us,
        ntp_offset_us=clock.ntp_offset_us,
        ntp_offset_age_us=clock.ntp_offset_age_us,
    )


def _signal(signal: SignalReading) -> SealedSignal:
    return SealedSignal(
        signal_id=signal.signal_id,
        state=signal.state,
        held_since_us=signal.held_since_us,
        onset_us=signal.onset_us,
        uncertainty_us=signal.uncertainty_us,
        amber_us=signal.amber_us,
    )
