"""A live camera: a thread reads and decodes every packet, the consumer gets the newest frame. It never lags."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Protocol

from models.domain.frame import Frame
from streams.clock import CaptureClock, ClockLimits
from streams.counters import Counters
from streams.live_connection import Arrived, Decoded, LiveConnection, LiveFacts, Numbering
from streams.ntp import KernelNtp
from streams.pixels import to_bgr
from streams.pulse import Pulse
from streams.reconnect import Reconnecting, Waits, reason_of
from streams.ring import Ring
from streams.ring_settings import RingSettings
from streams.source import StreamShape

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOOK_EVERY_S = 0.5
_log = logging.getLogger(__name__)


class Opened(Protocol):
    """A connection that a camera kind has made."""

    facts: LiveFacts

    def packets(self) -> Iterator[Arrived]:
        """Blocks for the next packet, but never longer than the freeze limit.

        Raises:
            CameraUnreachableError: it broke or froze.
        """


Connect = Callable[[], AbstractContextManager[Opened]]


class LiveSource:
    """A `Source` over any live kind; the kind only says how to connect. `frames` may be used once."""

    def __init__(
        self,
        connect: Connect,
        counters: Counters,
        pulse: Pulse,
        ring: RingSettings | None = None,
        waits: Waits | None = None,
        limits: ClockLimits | None = None,
    ) -> None:
        self._connect = connect
        self._counters = counters
        self._pulse = pulse
        self.packets = None if ring is None else Ring(ring, counters)
        self._clock = CaptureClock(counters, KernelNtp(), limits)
        self._numbering = Numbering(0 if self.packets is None else self.packets.next_connection)
        self._stop = threading.Event()
        self._reconnecting = Reconnecting(counters, pulse, waits, self._stop)
        self._fresh = threading.Condition()
        self._newest: Decoded | None = None
        self._missed = 0
        self.shape: StreamShape | None = None

    def frames(self) -> Iterator[Frame]:
        """The newest frame each time, until `close`. A camera that is away is waited for."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="camera") as pool:
            reading = pool.submit(self._read)
            try:
                while (taken := self._take(reading)) is not None:
                    yield _frame(*taken)
            finally:
                self.close()

    def close(self) -> None:
        self._stop.set()
        with self._fresh:
            self._fresh.notify_all()

    def _take(self, reading: Future[None]) -> tuple[Decoded, int] | None:
        """The newest frame and how many were passed over before it; None when it is over."""
        with self._fresh:
            while self._newest is None and not self._stop.is_set() and not reading.done():
                self._fresh.wait(_LOOK_EVERY_S)
            newest, missed = self._newest, self._missed
            self._newest, self._missed = None, 0
        if reading.done():
            reading.result()
        return None if newest is None or self._stop.is_set() else (newest, missed)

    def _read(self) -> None:
        for decoded in self._reconnecting.each(self._one_connection, self._tell):
            with self._fresh:
                if self._newest is not None:
                    self._missed += 1
                    self._counters.add("frames_dropped", "newer_frame_came")
                self._newest = decoded
                self._fresh.notify_all()

    def _one_connection(self) -> Iterator[Decoded]:
        with self._connect() as opened:
            facts = opened.facts
            self.shape = StreamShape(facts.codec, facts.width_px, facts.height_px, facts.rate_hz, is_live=True)
            connection = LiveConnection(facts, self._numbering, self._clock, self.packets, self._counters)
            self._counters.add("connections")
            try:
                for arrived in opened.packets():
                    self._pulse.beat("reading", self._numbering.connection - 1)
                    for decoded in connection.take(arrived):
                        self._pulse.frame()
                        yield decoded
                    if self._stop.is_set():
                        return
            finally:
                connection.finish()

    @staticmethod
    def _tell(failure: Exception, wait_s: float) -> None:
        _log.warning(
            "camera away", extra={"reason": reason_of(failure), "failure": str(failure), "wait_s": round(wait_s, 1)}
        )


def _frame(decoded: Decoded, missed: int) -> Frame:
    return Frame(
        index=decoded.index,
        pts_us=decoded.pts_us,
        captured_at=_EPOCH + timedelta(microseconds=decoded.reading.captured_at_us),
        image=to_bgr(decoded.picture),
        clock=decoded.reading.state,
        connection=decoded.connection,
        is_corrupt=decoded.is_corrupt,
        lost_before=missed,
    )


def worker_clocks_us() -> tuple[int, int]:
    """(wall clock since 1970 UTC, monotonic clock), both in µs, read together."""
    return time.time_ns() // 1000, time.monotonic_ns() // 1000
