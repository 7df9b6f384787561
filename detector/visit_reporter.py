"""A live station camera's visits: plates read beside the frames, reports committed as time passes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress

from detector.station import StationWatch
from detector.track_plates import TrackCrops
from detector.vision.plates import PlateReader
from detector.vision.plates.voting import TrackPlate, unread
from detector.visit_outbox import VisitOutbox
from models.domain.camera import Camera
from models.domain.frame import Frame
from models.domain.scene import Scene
from streams.counters import Counters

REPORT_EVERY_US = 30_000_000
"""Also when nobody came: a camera that is silent has a gap."""
READ_ALL_S = 30.0
"""So long the end waits for plates that were asked for."""
MOST_WAITING = 16
"""Tracks that wait for the reader; a further one is left unread: busy."""


class VisitReporter:
    """No frame waits for a plate. `finish` waits for those that are being read."""

    def __init__(
        self,
        camera: Camera,
        outbox: VisitOutbox,
        open_reader: Callable[[], PlateReader],
        counters: Counters,
        *,
        is_live: bool,
    ) -> None:
        self._camera_id, self._outbox, self._open_reader, self._counters = camera.id, outbox, open_reader, counters
        self._is_live = is_live
        self._watch = StationWatch(camera, self._read)
        self._reader: PlateReader | None = None
        self._reported_us = 0
        self._asked: queue.Queue[TrackCrops | None] = queue.Queue(MOST_WAITING)
        self._answers: queue.Queue[tuple[tuple[int, int], TrackPlate]] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="visits", daemon=True)
        if is_live:
            self._thread.start()

    def observe(self, frame: Frame, scene: Scene | None, reasons: tuple[str, ...]) -> None:
        """One frame that was walked."""
        self._take_answers()
        self._watch.observe(frame, scene, reasons)
        now_us = self._watch.now_us
        if now_us - self._reported_us >= REPORT_EVERY_US:
            self._reported_us = now_us
            self._commit(is_over=False)

    def finish(self) -> None:
        """The source is over."""
        self._watch.finish()
        if self._is_live:
            self._end_reader()
        self._take_answers()
        self._commit(is_over=True)
        self._outbox.close()

    def _end_reader(self) -> None:
        if self._thread.is_alive():
            with suppress(queue.Full):
                self._asked.put(None, timeout=READ_ALL_S)
            self._thread.join(READ_ALL_S)

    def _commit(self, *, is_over: bool) -> None:
        batches = self._watch.take(is_over=is_over)
        if batches:
            made = self._outbox.commit(self._camera_id, batches)
            self._counters.add("visit_reports", "made", made)
            self._counters.add("visits", "told", sum(len(batch.visits) for batch in batches))
        for reason, count in self._watch.unread.items():
            self._counters.put("visits_unread", count, reason)

    def _read(self, track: TrackCrops) -> TrackPlate | None:
        if not self._is_live:
            return self._read_now(track)
        try:
            self._asked.put_nowait(track)
        except queue.Full:
            return unread("busy", track.seen)
        return None

    def _read_now(self, track: TrackCrops) -> TrackPlate:
        if self._reader is None:
            self._reader = self._open_reader()
        return track.read(self._reader)[0]

    def _work(self) -> None:
        """A reader that fails ends this: whose plates were asked for stay open, and their time becomes a gap."""
        while (track := self._asked.get()) is not None:
            self._answers.put(((track.connection, track.track_id), self._read_now(track)))

    def _take_answers(self) -> None:
        while not self._answers.empty():
            self._watch.answer(*self._answers.get())
