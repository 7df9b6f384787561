"""What a watchdog may know of a live source: whether it is alive, and how old its newest picture is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

PulseState = Literal["idle", "connecting", "reading", "waiting", "refused", "ended"]


@dataclass(frozen=True, slots=True)
class PulseReading:
    """Ages are seconds of the monotonic clock.

    A source that waits to reconnect is alive: it beats although no frame comes. So a watchdog kills when `beat_age_s`
    grows past its limit, and reports the camera as down when `frame_age_s` does.
    """

    state: PulseState
    connection: int | None
    beat_age_s: float
    frame_age_s: float | None
    failure: str | None = None
    """Why the camera was away the last time; without credentials."""


class Pulse:
    """Thread-safe; written by the source, read by whoever watches it."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._state: PulseState = "idle"
        self._connection: int | None = None
        self._beat_s = monotonic()
        self._frame_s: float | None = None
        self._failure: str | None = None

    def beat(self, state: PulseState | None = None, connection: int | None = None) -> None:
        """The source's own loop runs."""
        with self._lock:
            self._beat_s = self._monotonic()
            self._state = state or self._state
            if connection is not None:
                self._connection = connection

    def failed(self, failure: Exception) -> None:
        """The camera went away, or could not be reached."""
        with self._lock:
            self._failure = str(failure)

    def frame(self) -> None:
        """A frame was decoded."""
        with self._lock:
            self._beat_s = self._frame_s = self._monotonic()

    def reading(self) -> PulseReading:
        with self._lock:
            now_s = self._monotonic()
            frame_age_s = None if self._frame_s is None else now_s - self._frame_s
            return PulseReading(self._state, self._connection, now_s - self._beat_s, frame_age_s, self._failure)
