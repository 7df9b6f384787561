"""Reconnecting, written once for every live kind: growing, capped, jittered waits; a frame makes them start anew."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from streams.counters import Counters
from streams.errors import CameraRefusedError, CameraUnreachableError, StreamFrozenError
from streams.pulse import Pulse

Got = TypeVar("Got")
_BEAT_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Waits:
    """How long to wait before trying again, in seconds.

    The n-th wait in a row is `first_s · factor^(n-1)`, at most `longest_s`; a refusal waits `refused_s`. Each is made
    shorter at random by up to `jitter` of it, so that a hundred workers do not knock at once after a power cut.
    """

    first_s: float = 0.5
    factor: float = 2.0
    longest_s: float = 30.0
    refused_s: float = 300.0
    jitter: float = 0.5

    def wait_s(self, failures: int, is_refused: bool, chance: Callable[[], float]) -> float:
        """`failures` in a row, at least 1; `chance` gives a number in [0, 1)."""
        growing_s = self.first_s * self.factor ** min(failures - 1, 32)
        full_s = self.refused_s if is_refused else min(self.longest_s, growing_s)
        return full_s * (1 - self.jitter * chance())


class Stop(Protocol):
    """A `threading.Event`, or a test's own."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float) -> bool: ...


class Reconnecting:
    """Keeps asking for connections until it is stopped."""

    def __init__(
        self,
        counters: Counters,
        pulse: Pulse,
        waits: Waits | None = None,
        stop: Stop | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._counters = counters
        self._pulse = pulse
        self._waits = waits or Waits()
        self._stop: Stop = stop or threading.Event()
        self._chance = chance

    def each(self, connect: Callable[[], Iterator[Got]], told: Callable[[Exception, float], None]) -> Iterator[Got]:
        """What `connect()` gives, connection after connection.

        Args:
            connect: opens one connection and gives until it breaks (raises) or ends (returns).
            told: hears of every failure, with the seconds until the next try.
        """
        failures = 0
        while not self._stop.is_set():
            self._pulse.beat("connecting")
            try:
                for got in connect():
                    failures = 0
                    yield got
                failure: Exception = CameraUnreachableError("the camera ended the stream")
            except (CameraUnreachableError, CameraRefusedError) as error:
                failure = error
            if self._stop.is_set():
                return
            failures += 1
            is_refused = isinstance(failure, CameraRefusedError)
            self._counters.add("reconnects", reason_of(failure))
            wait_s = self._waits.wait_s(failures, is_refused, self._chance)
            self._pulse.failed(failure)
            told(failure, wait_s)
            self._wait(wait_s, is_refused)

    def _wait(self, wait_s: float, is_refused: bool) -> None:
        """Beats while it waits, so that a watchdog sees that the process is well and only the camera is not."""
        left_s = wait_s
        while left_s > 0 and not self._stop.is_set():
            self._pulse.beat("refused" if is_refused else "waiting")
            part_s = min(left_s, _BEAT_EVERY_S)
            self._stop.wait(part_s)
            left_s -= part_s


def reason_of(failure: Exception) -> str:
    if isinstance(failure, StreamFrozenError):
        return "frozen"
    return "refused" if isinstance(failure, CameraRefusedError) else "unreachable"
