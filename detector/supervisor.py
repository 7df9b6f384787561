"""The watchdog outside: one process a camera and one publisher; who stands still is killed and started anew."""

from __future__ import annotations

import logging
import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Literal

from detector.child import EXIT_RELOAD, Entry, Report, child_main
from streams.reconnect import Waits

LOOK_EVERY_S = 0.1
MORE_EVERY_S = 1.0
REPORT_LIMIT_S = 5.0
"""A living child reports every half second; one that does not (stopped, swapped out) stands still."""
STOP_TIMEOUT_S = 10.0
HEALTHY_AFTER_S = 60.0
"""A child that ran so long starts with short waits again."""
WAITS = Waits(first_s=0.5, longest_s=30.0)
ChildState = Literal["running", "waiting", "ended", "stopped"]
_log = logging.getLogger("phatnguoi.supervisor")


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """One process to be kept alive.

    Attributes:
        name: of its lock and in all metrics; for a camera its id.
        entry: a function of a module.
        task: pickled to it.
        limit_s: longest time that its source, or one piece of work, may stand still.
        start_limit_s: the same before its first piece of work is done, and while it connects.
    """

    name: str
    entry: Entry
    task: Any
    limit_s: float = 5.0
    start_limit_s: float = 60.0
    is_camera: bool = True


@dataclass(frozen=True, slots=True)
class ChildStatus:
    """What is known of one child from outside."""

    name: str
    is_camera: bool
    state: ChildState
    pid: int | None
    report: Report | None
    report_age_s: float | None
    restarts: tuple[tuple[str, int], ...]

    @property
    def frame_age_s(self) -> float | None:
        """Age of the newest frame by now."""
        if self.report is None or self.report.frame_age_s is None or self.report_age_s is None:
            return None
        return self.report.frame_age_s + self.report_age_s


@dataclass(slots=True)
class _Child:
    spec: ChildSpec
    process: SpawnProcess | None = None
    state: ChildState = "waiting"
    started_s: float = 0.0
    start_at_s: float = 0.0
    failures: int = 0
    restarts: Counter[str] = field(default_factory=Counter)
    report: Report | None = None
    reported_s: float = 0.0


class Supervisor:
    """Keeps its children alive until `stop`. `run` is called by the main thread, everything else by any."""

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        root: Path,
        is_drained: Callable[[], bool] = lambda: True,
        more: Callable[[Collection[str]], Sequence[ChildSpec]] = lambda _names: (),
    ) -> None:
        """Starts nothing yet.

        Args:
            specs: one for each process.
            root: the worker's folder, for locks.
            is_drained: asked once every camera has come to its end: whether the rest may end too.
            more: asked every second, with the names that are there: processes to be kept alive from now on.
        """
        self._more = more
        self._asked_s = time.monotonic()
        self._is_drained = is_drained
        self._children = [_Child(spec) for spec in specs]
        self._root = root
        self._context = multiprocessing.get_context("spawn")
        self._is_told_to_stop = False
        self._lock = threading.Lock()
        self._turned_s = time.monotonic()

    def run(self) -> None:
        """Until `stop` is called, or every camera has come to its end and nothing is left to be done."""
        try:
            while not self._is_told_to_stop and not self._is_over():
                self._turned_s = time.monotonic()
                self._take_in()
                for child in self._children:
                    self._look_after(child)
                self._wait()
        finally:
            self._end_all()

    def stop(self) -> None:
        """Asks all children to end; `run` returns soon after. Takes no lock: safe in a signal handler."""
        self._is_told_to_stop = True

    @property
    def turn_age_s(self) -> float:
        """How long the supervisor itself has stood still."""
        return time.monotonic() - self._turned_s

    def statuses(self) -> list[ChildStatus]:
        now_s = time.monotonic()
        with self._lock:
            return [
                ChildStatus(
                    name=child.spec.name,
                    is_camera=child.spec.is_camera,
                    state=child.state,
                    pid=None if child.process is None else child.process.pid,
                    report=child.report,
                    report_age_s=None if child.report is None else now_s - child.reported_s,
                    restarts=tuple(sorted(child.restarts.items())),
                )
                for child in self._children
            ]

    def _take_in(self) -> None:
        if time.monotonic() - self._asked_s < MORE_EVERY_S:
            return
        self._asked_s = time.monotonic()
        specs = self._more([child.spec.name for child in self._children])
        with self._lock:
            self._children += [_Child(spec) for spec in specs]

    def _is_over(self) -> bool:
        cameras = [child for child in self._children if child.spec.is_camera]
        return all(child.state == "ended" for child in cameras or self._children) and self._is_drained()

    def _wait(self) -> None:
        """For the next look; the end of a child is seen at once."""
        running = [child.process.sentinel for child in self._children if child.state == "running" and child.process]
        if running:
            wait(running, LOOK_EVERY_S)
        else:
            time.sleep(LOOK_EVERY_S)

    def _look_after(self, child: _Child) -> None:
        now_s = time.monotonic()
        if child.state == "waiting" and now_s >= child.start_at_s:
            self._start(child)
        elif child.state == "running" and child.process is not None:
            if not child.process.is_alive():
                self._has_ended(child, child.process.exitcode)
            elif (reason := self._why_hung(child, now_s)) is not None:
                _log.error("process stands still, killed", extra={"child": child.spec.name, "reason": reason})
                child.process.kill()
                child.process.join()
                self._restart(child, reason)

    def _start(self, child: _Child) -> None:
        here, there = self._context.Pipe(duplex=False)
        spec = child.spec
        process = self._context.Process(
            target=child_main, name=spec.name, args=(spec.name, spec.entry, spec.task, self._root, there)
        )
        process.start()
        there.close()
        with self._lock:
            child.process, child.state, child.report = process, "running", None
            child.started_s = child.reported_s = time.monotonic()
        threading.Thread(target=self._listen, args=(child, process, here), daemon=True).start()

    def _listen(self, child: _Child, process: SpawnProcess, connection: Connection) -> None:
        """Takes one child's reports until it is gone. A thread of its own: half a report must block nobody else."""
        with connection:
            while True:
                try:
                    report = connection.recv()
                except (EOFError, OSError):
                    return
                with self._lock:
                    if child.process is not process:
                        return
                    child.report, child.reported_s = report, time.monotonic()

    def _why_hung(self, child: _Child, now_s: float) -> str | None:
        spec, report = child.spec, child.report
        if report is None:
            return "no_start" if now_s - child.started_s > spec.start_limit_s else None
        if now_s - child.reported_s > max(REPORT_LIMIT_S, spec.limit_s):
            return "silent"
        is_early = report.done == 0
        if report.busy_s > (spec.start_limit_s if is_early else spec.limit_s):
            return "work_stands_still"
        is_slow = report.state in ("idle", "connecting")
        beat_limit_s = spec.start_limit_s if is_slow or is_early else spec.limit_s
        has_source = report.beat_age_s is not None and report.state != "ended"
        if has_source and report.beat_age_s is not None and report.beat_age_s > beat_limit_s:
            return "source_stands_still"
        return None

    def _has_ended(self, child: _Child, exit_code: int | None) -> None:
        if exit_code == 0:
            _log.info("process has come to its end", extra={"child": child.spec.name})
            with self._lock:
                child.state = "ended"
            return
        if exit_code == EXIT_RELOAD:
            with self._lock:
                child.restarts["reload"] += 1
                child.state, child.start_at_s = "waiting", time.monotonic()
            return
        reason = "killed" if exit_code is not None and exit_code < 0 else "failed"
        _log.error("process ended", extra={"child": child.spec.name, "reason": reason, "exit_code": exit_code})
        self._restart(child, reason)

    def _restart(self, child: _Child, reason: str) -> None:
        now_s = time.monotonic()
        if now_s - child.started_s > HEALTHY_AFTER_S:
            child.failures = 0
        child.failures += 1
        wait_s = WAITS.wait_s(child.failures, is_refused=False, chance=random.random)
        with self._lock:
            child.restarts[reason] += 1
            child.state, child.start_at_s = "waiting", now_s + wait_s

    def _end_all(self) -> None:
        living = [child.process for child in self._children if child.process is not None and child.process.is_alive()]
        for process in living:
            process.terminate()
        deadline_s = time.monotonic() + STOP_TIMEOUT_S
        for process in living:
            process.join(max(0.0, deadline_s - time.monotonic()))
            if process.is_alive():
                _log.error("process did not end, killed", extra={"child": process.name})
                process.kill()
                process.join()
        with self._lock:
            for child in self._children:
                child.state = child.state if child.state == "ended" else "stopped"
