"""One camera's process: reads its stream, walks every frame, and commits what its rules claim to the outbox.

A watchdog outside this process kills it when it stands still; everything that must outlive that is in the outbox and in
the ring before the next frame is taken.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from detector.claims import complete
from detector.folders import WorkerFolders
from detector.outbox import Outbox
from detector.vision.regions import region_of_interest
from detector.vision.weights import Weights, open_weights
from detector.worker import Claimed, Walk
from models.camera_file import CameraFile, load_camera_file
from streams.counters import Counters
from streams.open import Camera, open_source
from streams.pulse import PulseReading
from streams.ring_settings import RingSettings

_log = logging.getLogger("phatnguoi.camera")


@dataclass(frozen=True, slots=True)
class CameraJob:
    """What a camera process is told; it can be pickled."""

    camera_file: Path
    weights: Path
    worker_folder: Path
    ring_bytes: int
    ring_seconds: float
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life.

    Attributes:
        pulse: of the stream's reader.
        walk_age_s: since the walk last took a frame or looked for one; it stands still when the network hangs.
        frames, claims: so far.
        commit_ms: of the last claim's commit, from the rule's word to the disk.
        counts: (name, reason, count) of this process.
    """

    pulse: PulseReading
    walk_age_s: float
    frames: int
    claims: int
    commit_ms: float | None
    counts: tuple[tuple[str, str, int], ...]


class CameraProcess:
    """The walk of one camera, from its stream to the outbox."""

    def __init__(self, job: CameraJob, counters: Counters | None = None) -> None:
        """Opens file, weights, outbox and camera; contacts the camera only in `run`.

        Raises:
            models.camera_file.CameraFileError, detector.vision.vehicles.WeightsUnusableError,
            detector.errors.OutboxUnusableError, streams.errors.StreamError: a person must act.
        """
        self._counters = counters or Counters()
        folders = WorkerFolders(job.worker_folder)
        self._file: CameraFile = load_camera_file(job.camera_file)
        self._weights: Weights = open_weights(job.weights, region_of_interest(self._file.camera).input_px, job.threads)
        self._outbox = Outbox(folders.outbox)
        ring = RingSettings(folders.ring(self._file.camera.id), job.ring_bytes, job.ring_seconds)
        self._camera: Camera = open_source(
            self._file.source(), starts_at=self._file.camera.starts_at, ring=ring, counters=self._counters
        )
        self._walk = Walk(
            self._file, self._weights.detector, is_recording=not self._camera.is_live, rate_hz=self._rate_hz
        )
        self._walked_s = time.monotonic()
        self._claims = 0
        self._commit_ms: float | None = None

    def run(self) -> None:
        """Works until the recording ends or `close` is called."""
        for frame in self._camera.source.frames():
            self._walked_s = time.monotonic()
            for claimed in self._walk.step(frame):
                self._commit(claimed)
            self._walk.finished_phases()
            self._walked_s = time.monotonic()

    def close(self) -> None:
        """Stops soon, from any thread."""
        self._camera.source.close()

    def sign(self) -> Sign:
        """How it is; from any thread."""
        pulse = self._camera.pulse.reading()
        waits_for_camera = pulse.state in ("connecting", "waiting", "refused") or pulse.frame_age_s is None
        walk_age_s = 0.0 if waits_for_camera else time.monotonic() - self._walked_s
        return Sign(
            pulse, walk_age_s, self._walk.profile.frames, self._claims, self._commit_ms, tuple(self._counters.rows())
        )

    def _commit(self, claimed: Claimed) -> None:
        begin_s = time.perf_counter()
        settings = self._walk.rulebook.settings_of(claimed.violation.rule)
        is_new = self._outbox.commit(complete(claimed, self._file, self._weights, settings))
        self._commit_ms = 1000 * (time.perf_counter() - begin_s)
        self._claims += is_new
        self._counters.add("claims", claimed.violation.rule if is_new else "known_already")
        _log.info("claim", extra={"claim": claimed.id, "rule": claimed.violation.rule, "ms": round(self._commit_ms, 1)})

    def _rate_hz(self) -> float | None:
        shape = self._camera.shape()
        return shape.rate_hz if shape is not None else None


def send_signs(
    process: CameraProcess, send: Callable[[Sign], None], stop: threading.Event, every_s: float = 0.5
) -> None:
    """Sends a sign of life now and then, until `stop`; run it in a thread of its own."""
    while not stop.wait(every_s):
        send(process.sign())
