"""When a camera may not claim: its picture or its clock is not what its rules were drawn and accepted for.

A suspended camera goes on looking, so that it comes back by itself; the claims of that time are counted and dropped.
"""

from __future__ import annotations

import logging
from pathlib import Path

import cv2

from detector.vision.picture_watch import AILMENTS, Grey, PictureWatch
from models.domain.frame import ClockState, Frame

CLOCK_LIMIT_US = 2_000_000
"""A notice names the time to the minute, and calendars and registers are looked up by it."""
SUSPENSION_REASONS: tuple[str, ...] = (*(f"camera_{ailment}" for ailment in AILMENTS), "clock_off")
_log = logging.getLogger("phatnguoi.camera")


class Suspension:
    """Says for each frame why the camera may not claim; no reason means that it may.

    Args:
        camera_id: for the log.
        keeps_reference: file that holds the reference picture from start to start; None keeps it in memory only.
    """

    def __init__(self, camera_id: str, keeps_reference: Path | None = None) -> None:
        self._camera_id = camera_id
        self._path = keeps_reference
        self._watch = PictureWatch(_read(keeps_reference))
        self._is_kept = self._watch.reference is not None
        self.reasons: tuple[str, ...] = ()

    def observe(self, frame: Frame) -> tuple[str, ...]:
        """The reasons at this frame, in words of the metrics: `camera_moved`, `clock_off`, …"""
        self._watch.observe(frame)
        self._keep_reference()
        reasons = tuple(f"camera_{ailment}" for ailment in self._watch.ailments)
        if _is_clock_off(frame.clock):
            reasons += ("clock_off",)
        if reasons != self.reasons:
            _log.warning("camera suspended" if reasons else "camera back", extra=self._told(reasons))
        self.reasons = reasons
        return reasons

    def _told(self, reasons: tuple[str, ...]) -> dict[str, str]:
        return {"camera": self._camera_id, "reasons": ",".join(reasons)}

    def _keep_reference(self) -> None:
        reference = self._watch.reference
        if self._is_kept or self._path is None or reference is None:
            return
        self._is_kept = True
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part.png")
        if cv2.imwrite(str(part), reference):
            part.replace(self._path)


def _is_clock_off(clock: ClockState) -> bool:
    """Too far off, or off by nobody knows how much. Offsets to NTP count where they can be had."""
    return clock.uncertainty_us > CLOCK_LIMIT_US or abs(clock.ntp_offset_us or 0) > CLOCK_LIMIT_US


def _read(path: Path | None) -> Grey | None:
    """The kept reference; a file that is no picture is as good as none."""
    if path is None or not path.exists():
        return None
    read = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    return None if read is None else read.astype("uint8")
