"""What a station camera tells the office, from the scenes of its walk: visits with plates, counts, coverage."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from detector.coverage import NOTICED_LATE_US, CoverageLedger
from detector.track_plates import CropGatherer, TrackCrops
from detector.vision.plates.voting import TrackPlate, unread
from detector.visits import Stay, StayBook
from models.domain.camera import Camera
from models.domain.frame import Frame
from models.domain.plate_forms import written
from models.domain.scene import Scene
from models.domain.visits import (
    SPANS_A_REPORT,
    VISITS_A_REPORT,
    CoverageSpan,
    PassingCount,
    VisitReport,
    ZoneVisit,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ReadTrack = Callable[[TrackCrops], TrackPlate | None]
"""Reads the crops of a track; None: the answer comes later, by `StationWatch.answer`."""


@dataclass(frozen=True, slots=True)
class VisitCut:
    """Where the pictures of a visit lie in the recording; µs of the stream's own time."""

    visit_id: str
    connection: int
    entered_us: int
    left_us: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one report will say.

    Attributes:
        until_us: of what the camera saw before it, all is said.
        cuts: of visits that a finding may have to show.
    """

    visits: tuple[ZoneVisit, ...]
    passing: tuple[PassingCount, ...]
    coverage: tuple[CoverageSpan, ...]
    until_us: int
    cuts: tuple[VisitCut, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.visits or self.passing or self.coverage)

    def report(self, camera_id: str, sequence: int) -> VisitReport:
        """The message; the same batch at the same place has the same id."""
        content = "".join(part.model_dump_json() for part in (*self.visits, *self.passing, *self.coverage))
        name = code_of(camera_id, sequence, content)
        return VisitReport(
            id=name, camera_id=camera_id, sequence=sequence, visits=self.visits, passing=self.passing,
            coverage=self.coverage,
        )  # fmt: skip


class StationWatch:
    """Follows one camera whose file names kinds of zones. The order of steps; pictures only to read plates."""

    def __init__(self, camera: Camera, read: ReadTrack) -> None:
        self._camera, self._read = camera, read
        self.book, self.ledger = StayBook(camera), CoverageLedger()
        self._gatherer = CropGatherer()
        self._connection = 0
        self.now_us = 0
        self._reading: set[tuple[int, int]] = set()
        self.unread: Counter[str] = Counter()

    @staticmethod
    def is_asked_for(camera: Camera) -> bool:
        """Whether the camera file has zones whose visits are told."""
        return any(zone.kind is not None for zone in camera.zones)

    def observe(self, frame: Frame, scene: Scene | None, reasons: tuple[str, ...]) -> None:
        """One frame that was walked; without a scene of its own (a corrupt frame) nothing was seen."""
        if frame.connection != self._connection:
            self._connection = frame.connection
            for track in self._gatherer.finish():
                self._take(track)
            self.book.end_connection()
            self._give_up({stay.track for stay in self.book.stays})
        if scene is None or scene.frame_index != frame.index:
            return
        now_us = (frame.captured_at - _EPOCH) // timedelta(microseconds=1)
        self.now_us = max(self.now_us, now_us)
        self.ledger.observe(now_us, reasons)
        self.book.observe(scene, now_us, frame.connection)
        inside = self.book.tracks_inside()
        wanted = tuple(track for track in scene.tracks if (frame.connection, track.track_id) in inside)
        size = self._camera.frame.width, self._camera.frame.height
        for ended in self._gatherer.observe(frame, replace(scene, tracks=wanted), size):
            self._take(ended)
        self._give_up({(frame.connection, track_id) for track_id in scene.ended})

    def finish(self) -> None:
        """The source is over: whoever is still there is lost, and read as far as was seen."""
        for track in self._gatherer.finish():
            self._take(track)
        self.book.end_connection()
        self._give_up({stay.track for stay in self.book.stays})

    def answer(self, track: tuple[int, int], plate: TrackPlate) -> None:
        """What a track's crops say."""
        self._reading.discard(track)
        text = re.sub(r"[^0-9A-Z]", "", written(plate.lines)) if plate.lines else None
        if text is None:
            self.unread[plate.reason or "no_plate"] += 1
        if plate.reason == "busy":
            for stay in self.book.stays:
                if stay.track == track:
                    self.ledger.busy(stay.entered_us, stay.left_us)
        self.book.read(track, text, plate.reason, plate.confidence)

    def take(self, *, is_over: bool = False) -> list[Batch]:
        """What can be told by now, in the order of time; with `is_over`, everything."""
        stays, mark_us = self.book.take_final(self.now_us + (10**12 if is_over else 0))
        until_us = self.now_us if is_over else min(mark_us, self.now_us - NOTICED_LATE_US)
        if not is_over:
            late = [stay for stay in stays if stay.entered_us >= until_us]
            self.book.stays += late
            stays = stays[: len(stays) - len(late)]
        batches = []
        while len(stays) > VISITS_A_REPORT:
            cut_us = stays[VISITS_A_REPORT].entered_us
            batches.append(self._batch(stays[:VISITS_A_REPORT], cut_us, last=False))
            stays = stays[VISITS_A_REPORT:]
        batches.append(self._batch(stays, until_us, last=True))
        return [batch for batch in batches if not batch.is_empty]

    def _batch(self, stays: list[Stay], until_us: int, *, last: bool) -> Batch:
        passing: tuple[PassingCount, ...] = ()
        if last:
            passing = tuple(
                PassingCount(zone=zone, vehicle=vehicle, hour_us=hour_us, count=count)
                for (zone, vehicle, hour_us), count in sorted(self.book.counts.items())
            )[:SPANS_A_REPORT]
            self.book.counts.clear()
        visits = tuple(visit_of(self._camera.id, stay) for stay in stays)
        spans = sorted(self.ledger.take(until_us), key=lambda span: span.state == "up")
        cuts = tuple(cut_of(visit, stay) for visit, stay in zip(visits, stays, strict=True) if is_shown(visit))
        return Batch(visits, passing, tuple(spans[:SPANS_A_REPORT]), until_us, cuts)

    def _take(self, track: TrackCrops) -> None:
        key = (track.connection, track.track_id)
        if not self.book.has_unread(key):
            return
        self._reading.add(key)
        plate = self._read(track) if track.crops else unread("too_small", track.seen)
        if plate is not None:
            self.answer(key, plate)

    def _give_up(self, tracks: set[tuple[int, int]]) -> None:
        """They ended without a picture that is being read: too small, or of a class that nobody asks for."""
        for track in sorted(tracks - self._reading):
            if self.book.has_unread(track):
                self.answer(track, unread("too_small"))


def visit_of(camera_id: str, stay: Stay) -> ZoneVisit:
    return ZoneVisit(
        id=code_of(camera_id, stay.zone, stay.entered_us, *stay.track),
        zone=stay.zone,
        kind=stay.kind,
        vehicle=stay.recorded_class or stay.vehicle,
        plate=stay.plate,
        unread_because=None if stay.plate else stay.unread_because or "no_plate",
        confidence_permille=round(1000 * stay.confidence) if stay.plate else 0,
        entered_at_us=stay.entered_us,
        left_at_us=stay.left_us,
    )


def is_shown(visit: ZoneVisit) -> bool:
    """Whether a finding may be about it: a coach with a plate that leaves (BX-1). The others are about absence."""
    return visit.kind == "gate_out" and visit.vehicle == "bus" and visit.plate is not None


def cut_of(visit: ZoneVisit, stay: Stay) -> VisitCut:
    return VisitCut(visit.id, stay.track[0], stay.entered_us - stay.offset_us, stay.left_us - stay.offset_us)


def code_of(*parts: object) -> str:
    """26 characters that no other parts give."""
    return hashlib.sha256("/".join(str(part) for part in parts).encode()).hexdigest()[:26]
