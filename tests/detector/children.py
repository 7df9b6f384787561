"""Camera processes for the supervisor's tests: each fails in its own way. `task` is a folder of theirs."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from detector.child import EXIT_RELOAD, Link
from streams.pulse import Pulse


def _born(folder: Path) -> int:
    """How many times it was started, this time included."""
    (folder / f"{os.getpid()}.pid").touch()
    return len(list(folder.glob("*.pid")))


def _one_frame(link: Link, pulse: Pulse) -> None:
    pulse.beat("reading")
    pulse.frame()
    with link.busy():
        time.sleep(0.01)
    link.counters.add("frames")


def steady(folder: Path, link: Link) -> None:
    pulse = Pulse()
    link.watch(pulse)
    _born(folder)
    while not link.stopping.wait(0.02):
        _one_frame(link, pulse)


def reloads_once(folder: Path, link: Link) -> None:
    """The first time it has been told to work by something else."""
    if _born(folder) == 1:
        sys.exit(EXIT_RELOAD)
    steady(folder, link)


def hangs_in_its_work(folder: Path, link: Link) -> None:
    """The first time; a network that never answers, for example."""
    pulse = Pulse()
    link.watch(pulse)
    is_first = _born(folder) == 1
    while not link.stopping.wait(0.02):
        _one_frame(link, pulse)
        if is_first:
            with link.busy():
                while True:
                    pulse.beat("reading")
                    time.sleep(0.05)


def source_hangs(folder: Path, link: Link) -> None:
    """The first time: the reader's own loop stands still."""
    pulse = Pulse()
    link.watch(pulse)
    is_first = _born(folder) == 1
    _one_frame(link, pulse)
    while not link.stopping.wait(0.02):
        if not is_first:
            _one_frame(link, pulse)


def camera_is_away(folder: Path, link: Link) -> None:
    """No frame ever comes; the source waits and beats. Nothing is wrong with the process."""
    pulse = Pulse()
    link.watch(pulse)
    _born(folder)
    while not link.stopping.wait(0.05):
        pulse.beat("waiting")


def is_stopped(folder: Path, link: Link) -> None:
    """The first time, the whole process stands still."""
    pulse = Pulse()
    link.watch(pulse)
    is_first = _born(folder) == 1
    while not link.stopping.wait(0.02):
        _one_frame(link, pulse)
        if is_first and link.report().done > 20:
            os.kill(os.getpid(), signal.SIGSTOP)


def crashes(folder: Path, link: Link) -> None:
    _born(folder)
    raise RuntimeError("rtsp://user:secret-of-the-camera@10.0.0.1/ cannot be")


def never_starts(folder: Path, link: Link) -> None:
    link.watch(Pulse())
    _born(folder)
    time.sleep(600)


def comes_to_its_end(folder: Path, link: Link) -> None:
    _born(folder)


def will_not_end(folder: Path, link: Link) -> None:
    _born(folder)
    while True:
        time.sleep(1)
