"""The stream time of frames whose timestamps may be missing, doubled or set back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from streams.pixels import ticks_to_us

Fault = Literal["pts_missing", "pts_not_after", "pts_reset"]

RESET_US = 1_000_000
"""A timestamp this far before the one before it begins a new connection; less is a fault of one frame."""
FALLBACK_INTERVAL_US = 40_000
"""Between frames without timestamps, where the stream does not even state a rate."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a frame stands: on which connection, at which stream time, how long after the very first frame."""

    connection: int
    pts_us: int
    elapsed_us: int
    fault: Fault | None


class Timeline:
    """Gives every frame, in presentation order, a stream time that grows within its connection.

    Real timestamps are taken as they are. A missing one stands one nominal interval after its predecessor; one that
    is not after its predecessor stands 1 µs after it; one that is more than a second before it begins a new connection.
    """

    def __init__(self, time_base: Fraction, rate_hz: float | None, first_connection: int = 0) -> None:
        self._time_base = time_base
        self._interval_us = round(1_000_000 / rate_hz) if rate_hz else FALLBACK_INTERVAL_US
        self._connection = first_connection
        self._zero_ticks: int | None = None
        self._zero_us = 0
        self._elapsed_base_us = 0
        self._last_us: int | None = None

    def place(self, pts_ticks: int | None) -> Placed:
        last_us = self._last_us
        if pts_ticks is None:
            return self._put(0 if last_us is None else last_us + self._interval_us, "pts_missing")
        if self._zero_ticks is None:
            self._zero_ticks = pts_ticks
            self._zero_us = 0 if last_us is None else last_us + self._interval_us
        pts_us = self._zero_us + ticks_to_us(pts_ticks - self._zero_ticks, self._time_base)
        if last_us is None or pts_us > last_us:
            return self._put(pts_us, None)
        if pts_us > last_us - RESET_US:
            return self._put(last_us + 1, "pts_not_after")
        self._elapsed_base_us += last_us + self._interval_us
        self._connection += 1
        self._zero_ticks, self._zero_us = pts_ticks, 0
        return self._put(0, "pts_reset")

    def _put(self, pts_us: int, fault: Fault | None) -> Placed:
        self._last_us = pts_us
        return Placed(self._connection, pts_us, self._elapsed_base_us + pts_us, fault)
