"""One camera's process: reads its stream, walks every frame, and commits what its rules claim to the outbox.

A watchdog outside (`detector.supervisor`) kills it when it stands still; everything that must outlive that is in the
outbox and in the ring before the next frame is taken.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from detector.camera_files import CameraFiles
from detector.child import EXIT_RELOAD, Link
from detector.claims import complete
from detector.folders import WorkerFolders
from detector.outbox import Outbox
from detector.station import StationWatch
from detector.suspension import SUSPENSION_REASONS, Suspension
from detector.vision.helmets import open_helmets
from detector.vision.plates import open_plate_reader
from detector.vision.regions import region_of_interest
from detector.vision.weights import Weights, open_weights
from detector.visit_outbox import VisitOutbox
from detector.visit_reporter import VisitReporter
from detector.worker import Claimed, Walk
from models.camera_file import CameraFile
from streams.counters import Counters
from streams.open import Camera, open_source
from streams.ring_settings import RingSettings

LOOK_EVERY_S = 0.5
"""For another camera file."""
_log = logging.getLogger("phatnguoi.camera")


@dataclass(frozen=True, slots=True)
class CameraTask:
    """What a camera process is started with; it is pickled."""

    files: CameraFiles
    camera_id: str
    weights: Path
    worker_folder: Path
    ring_bytes: int
    ring_seconds: float
    threads: int = 2
    helmet_weights: Path | None = None


class CameraProcess:
    """The walk of one camera, from its stream to the outbox."""

    def __init__(self, task: CameraTask, counters: Counters) -> None:
        """Opens file, weights, outbox and camera; contacts the camera only in `run`.

        Raises:
            models.camera_file.CameraFileError, detector.vision.vehicles.WeightsUnusableError,
            detector.errors.OutboxUnusableError, streams.errors.StreamError: a person must act.
        """
        self.is_outdated = False
        self._counters = counters
        folders = WorkerFolders(task.worker_folder)
        self._files, self._mark = task.files, task.files.mark(task.camera_id)
        self._file: CameraFile = task.files.in_force(task.camera_id)
        self._weights: Weights = open_weights(
            task.weights, region_of_interest(self._file.camera).input_px, task.threads
        )
        self._outbox = Outbox(folders.outbox)
        ring = RingSettings(folders.ring(self._file.camera.id), task.ring_bytes, task.ring_seconds)
        self.camera: Camera = open_source(
            self._file.source(), starts_at=self._file.camera.starts_at, ring=ring, counters=counters
        )
        self._walk = Walk(
            self._file,
            self._weights.detector,
            is_recording=not self.camera.is_live,
            rate_hz=self._rate_hz,
            suspension=Suspension(self._file.camera.id, folders.reference(self._file.camera.id, self._file.sha256)),
            helmets=open_helmets(task.helmet_weights),
        )

        self._visits = self._reporter(VisitOutbox(folders.visits)) if self._is_station() else None

    def run(self, link: Link) -> None:
        """Works until the recording ends, the link says stop, or another camera file is in force (`is_outdated`)."""
        self._files.note_running(self._file.camera.id, self._file.sha256)
        threading.Thread(target=self._close_when, args=(link.stopping,), daemon=True, name="closer").start()
        for frame in self.camera.source.frames():
            with link.busy():
                for claimed in self._walk.step(frame):
                    self._commit(claimed)
                if self._visits is not None:
                    self._visits.observe(frame, self._walk.latest_scene, self._walk.suspended)
                self._walk.finished_phases()
                self._tell_skipped()
        if self._visits is not None:
            self._visits.finish()

    def _is_station(self) -> bool:
        return StationWatch.is_asked_for(self._file.camera)

    def _reporter(self, outbox: VisitOutbox) -> VisitReporter:
        camera, is_live = self._file.camera, self.camera.is_live
        return VisitReporter(camera, outbox, open_plate_reader, self._counters, is_live=is_live)

    def _close_when(self, stopping: threading.Event) -> None:
        while not stopping.wait(LOOK_EVERY_S):
            if self._files.mark(self._file.camera.id) != self._mark:
                self.is_outdated = True
                break
        self.camera.source.close()

    def _commit(self, claimed: Claimed) -> None:
        begin_s = time.perf_counter()
        settings = self._walk.rulebook.settings_of(claimed.violation.rule, claimed.violation.track_id)
        is_new = self._outbox.commit(complete(claimed, self._file, self._weights, settings))
        took_ms = 1000 * (time.perf_counter() - begin_s)
        self._counters.add("claims", claimed.violation.rule if is_new else "known_already")
        self._counters.put("claim_commit_ms", round(took_ms))
        _log.info("claim", extra={"claim": claimed.id, "rule": claimed.violation.rule, "took_ms": round(took_ms, 1)})

    def _tell_skipped(self) -> None:
        for reason, count in self._walk.skipped.items():
            self._counters.put("frames_not_walked", count, reason)
        for reason in SUSPENSION_REASONS:
            self._counters.put("suspended", int(reason in self._walk.suspended), reason)
        for reason, count in self._walk.passed_over.items():
            self._counters.put("claims_passed_over", count, reason)

    def _rate_hz(self) -> float | None:
        shape = self.camera.shape()
        return shape.rate_hz if shape is not None else None


def camera_entry(task: CameraTask, link: Link) -> None:
    """A camera as a child of the supervisor."""
    process = CameraProcess(task, link.counters)
    link.watch(process.camera.pulse)
    process.run(link)
    if process.is_outdated:
        _log.info("another camera file is in force", extra={"camera": task.camera_id})
        sys.exit(EXIT_RELOAD)
