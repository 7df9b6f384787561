"""A process under the supervisor, seen from inside: it says how it is, and ends when it is told to."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from detector.folders import WorkerFolders
from detector.logs import log_to_stderr
from streams.counters import Counters
from streams.pulse import Pulse, PulseState

REPORT_EVERY_S = 0.5
LOCK_TIMEOUT_S = 20.0
ORPHAN_GRACE_S = 10.0
"""A child whose supervisor died has this long to end in order."""
EXIT_ORPHANED = 70
EXIT_RELOAD = 75
"""It is to be started anew at once, with what it is to work by now."""
_log = logging.getLogger("phatnguoi.child")


@dataclass(frozen=True, slots=True)
class Report:
    """How a child is.

    Attributes:
        state: of its source; "working" where it has none.
        beat_age_s: how long its source's own loop has stood still; None where it has none.
        busy_s: how long it has been at one piece of work; 0 while it waits.
        frame_age_s: age of the newest frame that the source gave; None before the first.
        done: pieces of work so far (frames, for a camera).
    """

    state: PulseState | str
    beat_age_s: float | None
    busy_s: float
    frame_age_s: float | None
    done: int
    counts: tuple[tuple[str, str, int], ...] = ()


class Link:
    """A child's side. `stopping` is set when the child shall end: at SIGTERM, or when the supervisor is gone."""

    def __init__(self, connection: Connection) -> None:
        self.stopping = threading.Event()
        self.is_told_to_stop = False
        """Set by the signal handler, which must take no lock; the reporter makes it `stopping`."""
        self.counters = Counters()
        self._connection = connection
        self._pulse: Pulse | None = None
        self._lock = threading.Lock()
        self._busy_since_s: dict[int, float] = {}
        self._done = 0

    def watch(self, pulse: Pulse) -> None:
        """This is the pulse of the camera that the child reads."""
        self._pulse = pulse

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Around one piece of work, such as one frame's walk: the watchdog counts how long it takes."""
        thread = threading.get_ident()
        with self._lock:
            self._busy_since_s[thread] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._busy_since_s[thread]
                self._done += 1

    def report(self) -> Report:
        reading = None if self._pulse is None else self._pulse.reading()
        with self._lock:
            since_s = min(self._busy_since_s.values(), default=None)
            done = self._done
        return Report(
            state="working" if reading is None else reading.state,
            beat_age_s=None if reading is None else reading.beat_age_s,
            busy_s=0.0 if since_s is None else time.monotonic() - since_s,
            frame_age_s=None if reading is None else reading.frame_age_s,
            done=done,
            counts=tuple(self.counters.rows()),
        )

    def keep_reporting(self) -> None:
        """Until the process ends; also when the supervisor is gone: two workers must never read one camera."""
        try:
            while True:
                self._connection.send(self.report())
                time.sleep(REPORT_EVERY_S)
                if self.is_told_to_stop:
                    self.stopping.set()
        except OSError:
            self.stopping.set()
            time.sleep(ORPHAN_GRACE_S)
            os._exit(EXIT_ORPHANED)


Entry = Callable[[Any, Link], None]
"""What a child does: a function of a module (it is pickled). It returns when `Link.stopping` is set, or all is done."""


def child_main(name: str, entry: Entry, task: Any, root: Path, connection: Connection) -> None:
    """The first function of a child process."""
    log_to_stderr()
    link = Link(connection)

    def told_to_stop(*_: object) -> None:
        link.is_told_to_stop = True

    signal.signal(signal.SIGTERM, told_to_stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=link.keep_reporting, name="reporter", daemon=True).start()
    try:
        with WorkerFolders(root).held(f"child-{name}", LOCK_TIMEOUT_S):
            entry(task, link)
    except Exception as error:  # noqa: BLE001 - the one place of this process
        _log.exception("the process ends", extra={"reason": type(error).__name__})
        sys.exit(1)
