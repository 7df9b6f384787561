"""A live camera's frames never wait for plates, and a worker that is killed loses time as a gap, never as coverage."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import cast

from detector.vision.plates import PlateReader
from detector.visit_outbox import VisitOutbox
from detector.visit_reporter import MOST_WAITING, REPORT_EVERY_US, VisitReporter
from models.domain.frame import BGR, FILE_CLOCK, Frame
from models.domain.geometry import BoxPx
from models.domain.plate_reading import PlateReading
from models.domain.scene import Scene, Track
from models.domain.visits import VisitReport
from streams.counters import Counters
from tests.detector.test_visits import CAMERA, HZ, IMAGE, START, S

KILLED_AFTER_S = 0.3


class Reader:
    """Finds no plate; waits until it may."""

    def __init__(self, may_read: threading.Event) -> None:
        self._may_read = may_read

    def read(self, image: BGR) -> PlateReading:
        self._may_read.wait(20)
        return PlateReading(reason="blurred")


class Gate:
    """A camera before which one coach after the other stands for a second."""

    def __init__(self, path: Path, *, is_live: bool) -> None:
        self.may_read, self.outbox, self.counters = threading.Event(), VisitOutbox(path), Counters()
        opened = cast(Callable[[], PlateReader], lambda: Reader(self.may_read))
        self.reporter = VisitReporter(CAMERA, self.outbox, opened, self.counters, is_live=is_live)
        self.index = 0

    def coaches(self, count: int) -> None:
        for _ in range(count * HZ):
            number = 1 + self.index // HZ
            track = Track(number, "bus", BoxPx(75, 200, 225, 350), 0.9)
            ended = (number - 1,) if self.index % HZ == 0 and number > 1 else ()
            pts_us = self.index * S // HZ
            frame = Frame(self.index, pts_us, START + timedelta(microseconds=pts_us), IMAGE, FILE_CLOCK)
            scene = Scene(self.index, pts_us, S // HZ, (track,), ended=ended)
            self.reporter.observe(frame, scene, ())
            self.index += 1

    def reports(self) -> list[VisitReport]:
        found = []
        while (waiting := self.outbox.oldest()) is not None:
            found.append(VisitReport.model_validate_json(waiting.message))
            self.outbox.received(waiting.id)
        return found


def test_frames_do_not_wait_for_the_reader_and_who_it_had_no_time_for_is_told(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "visits.db", is_live=True)
    gate.coaches(MOST_WAITING + 10)
    gate.may_read.set()
    gate.reporter.finish()
    reports = gate.reports()
    states = {span.state for report in reports for span in report.coverage}
    assert states == {"up", "reader_busy"}
    assert {visit.unread_because for report in reports for visit in report.visits} <= {"blurred", "busy"}
    assert sum(len(report.visits) for report in reports) >= 1


def test_a_report_is_made_also_when_nobody_comes(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "visits.db", is_live=False)
    for _ in range(4):
        for _ in range(REPORT_EVERY_US * HZ // S):
            pts_us = gate.index * S // HZ
            frame = Frame(gate.index, pts_us, START + timedelta(microseconds=pts_us), IMAGE, FILE_CLOCK)
            gate.reporter.observe(frame, Scene(gate.index, pts_us, S // HZ, ()), ())
            gate.index += 1
    reports = gate.reports()
    assert len(reports) >= 3
    up = [span for report in reports for span in report.coverage]
    assert all(later.since_us == first.until_us for first, later in pairwise(up))


_COMMITS = """
import sys
from pathlib import Path
from tests.detector.test_visits import batch_of
from detector.visit_outbox import VisitOutbox
outbox = VisitOutbox(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(100_000):
    outbox.commit("gate-1", [batch_of(2 * number), batch_of(2 * number + 1)])
"""


def test_a_worker_killed_while_it_commits_leaves_whole_reports_only(tmp_path: Path) -> None:
    path = tmp_path / "visits.db"
    child = subprocess.Popen([sys.executable, "-c", _COMMITS, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(KILLED_AFTER_S)
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    child.stdout.close()
    outbox = VisitOutbox(path)
    sequences, until_us = [], 0
    while (waiting := outbox.oldest()) is not None:
        report = VisitReport.model_validate_json(waiting.message)
        assert report.coverage[0].since_us == until_us
        sequences.append(report.sequence)
        until_us = report.coverage[0].until_us
        outbox.received(waiting.id)
    assert sequences == list(range(len(sequences)))
    assert len(sequences) % 2 == 0
