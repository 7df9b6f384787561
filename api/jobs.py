"""The office's jobs: a few bounded threads, beside the web or in a process of their own. What they do survives them."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from api.database import Database
from models.tables import UtcDateTime

BEAT_EVERY_S = 5.0
STOP_WITHIN_S = 20.0
_log = logging.getLogger("phatnguoi.jobs")


class Bell:
    """Wakes sleeping jobs of this process; what happens elsewhere is seen at the next round."""

    def __init__(self) -> None:
        self._condition = threading.Condition()

    def ring(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def wait(self, timeout_s: float) -> None:
        with self._condition:
            self._condition.wait(timeout_s)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done again and again. `step` returns True when there may be more to do at once.

    Attributes:
        name: of the heartbeat; threads of one job share it.
        step: one bounded piece of work.
        threads: how many run at once.
        pause_s: the longest sleep between two steps that found nothing.
    """

    name: str
    step: Callable[[], bool]
    threads: int = 1
    pause_s: float = 1.0


class Jobs:
    """Runs jobs in daemon threads until stopped."""

    def __init__(self, database: Database, jobs: Sequence[Job], clock: Callable[[], datetime], bell: Bell) -> None:
        self._database = database
        self._jobs = tuple(jobs)
        self._clock = clock
        self._bell = bell
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(job.name for job in self._jobs)

    def start(self) -> None:
        for job in self._jobs:
            for number in range(job.threads):
                thread = threading.Thread(target=self._run, args=(job,), name=f"{job.name}-{number}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def stop(self) -> None:
        """Lets every job finish its step, for a while."""
        self._stop.set()
        self._bell.ring()
        end_s = time.monotonic() + STOP_WITHIN_S
        for thread in self._threads:
            thread.join(max(0.0, end_s - time.monotonic()))
        self._threads.clear()

    def _run(self, job: Job) -> None:
        beat_s = -BEAT_EVERY_S
        while not self._stop.is_set():
            is_busy = False
            try:
                if time.monotonic() - beat_s >= BEAT_EVERY_S:
                    self._beat(job.name)
                    beat_s = time.monotonic()
                is_busy = job.step()
            except Exception:  # noqa: BLE001  (the one place: a step that stumbles must not end the job)
                _log.exception("job stumbled", extra={"job": job.name})
            if not is_busy and not self._stop.is_set():
                self._bell.wait(job.pause_s)

    def _beat(self, name: str) -> None:
        with self._database.writing() as session:
            beat(session, name, self._clock())


_BEAT = text(
    'INSERT INTO heartbeats (job, "at") VALUES (:job, :at) ON CONFLICT (job) DO UPDATE SET "at" = excluded."at"'
).bindparams(bindparam("at", type_=UtcDateTime()))


def beat(session: Session, name: str, now: datetime) -> None:
    """Says that this job has come round; threads of one job may say so at once."""
    session.execute(_BEAT, {"job": name, "at": now})


def run_until_signalled(jobs: Jobs) -> None:
    """For a process that does nothing else: runs the jobs until SIGTERM or SIGINT."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    jobs.start()
    ended.wait()
    jobs.stop()
