"""What `phatnguoi run` does about plates: one reader for all, and with `--plates all` a line for each track."""

from __future__ import annotations

import json
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

from detector.evidence.pictures import jpeg
from detector.plates import PlateOfClaim, sealed_plate
from detector.track_plates import CropGatherer, TrackCrops
from detector.vision.plates import PlateReader, open_plate_reader
from detector.vision.plates.voting import TrackPlate, unread
from models.domain.camera import FrameSize
from models.domain.frame import BGR, Frame
from models.domain.scene import Scene

MOST_WAITING = 16
"""Tracks of a live source that wait for the reader; a further one is left unread: busy."""


class AllPlates:
    """Every track's plate into `plates.jsonl`, its best crop into `plates/`.

    A recording is read in step, so that two runs write the same bytes. A live source is never kept waiting: its tracks
    go to a thread through a short queue.
    """

    def __init__(
        self,
        out: Path,
        lines: IO[str],
        frame_size: tuple[int, int],
        open_reader: Callable[[], PlateReader],
        *,
        is_live: bool,
    ) -> None:
        self._out, self._lines, self._frame_size, self._open = out, lines, frame_size, open_reader
        self.gatherer = CropGatherer()
        self.counts: Counter[str] = Counter()
        self._queue: queue.Queue[TrackCrops | None] | None = queue.Queue(MOST_WAITING) if is_live else None
        self._thread = threading.Thread(target=self._work, name="plates", daemon=True)
        if is_live:
            self._thread.start()

    def observe(self, frame: Frame, scene: Scene) -> None:
        for ended in self.gatherer.observe(frame, scene, self._frame_size):
            self._take(ended)

    def finish(self) -> None:
        for ended in self.gatherer.finish():
            self._take(ended)
        if self._queue is not None:
            self._queue.put(None)
            self._thread.join()

    def _take(self, track: TrackCrops) -> None:
        if self._queue is None:
            self._read(track)
            return
        try:
            self._queue.put_nowait(track)
        except queue.Full:
            self._write(track, unread("busy", track.seen), None)

    def _work(self) -> None:
        assert self._queue is not None
        while (track := self._queue.get()) is not None:
            self._read(track)

    def _read(self, track: TrackCrops) -> None:
        plate, crop = track.read(self._open()) if track.crops else (unread("too_small", track.seen), None)
        self._write(track, plate, crop)

    def _write(self, track: TrackCrops, plate: TrackPlate, crop: BGR | None) -> None:
        self.counts[plate.reason or "read"] += 1
        name = None
        if plate.reason is None and crop is not None:
            name = f"plates/{track.connection}-{track.track_id}.jpg"
            (self._out / "plates").mkdir(exist_ok=True)
            (self._out / name).write_bytes(jpeg(crop))
        self._lines.write(json.dumps(plate_line(track, plate, name), ensure_ascii=False) + "\n")


@dataclass(slots=True)
class RunPlates:
    """The plates of one run.

    Attributes:
        read_plate: for `make_package`; None: no plates are read.
        every: with `--plates all`.
        counts: plates of claims that were read, and why others were not.
    """

    read_plate: PlateOfClaim | None
    every: AllPlates | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def count(self, reason: str | None) -> None:
        self.counts[reason or "read"] += 1

    def observe(self, frame: Frame, scene: Scene | None) -> None:
        if self.every is not None and scene is not None and scene.frame_index == frame.index:
            self.every.observe(frame, scene)

    def as_dict(self) -> dict[str, Any]:
        not_read = {reason: count for reason, count in sorted(self.counts.items()) if reason != "read"}
        claimed = {"read": self.counts["read"], "not_read": not_read}
        if self.every is None:
            return claimed
        return claimed | {"all": dict(sorted((self.every.counts + self.every.gatherer.dropped).items()))}


@contextmanager
def run_plates(which: str, out: Path, frame: FrameSize, *, is_live: bool) -> Iterator[RunPlates]:
    """`which` is claimed, all or off; with all, `plates.jsonl` is whole when this is left."""
    reader = cache(open_plate_reader)
    claimed = None if which == "off" else PlateOfClaim(reader)
    if which != "all":
        yield RunPlates(claimed)
        return
    with (out / "plates.jsonl").open("w", encoding="utf-8") as lines:
        every = AllPlates(out, lines, (frame.width, frame.height), reader, is_live=is_live)
        try:
            yield RunPlates(claimed, every)
        finally:
            every.finish()


def plate_line(track: TrackCrops, plate: TrackPlate, crop: str | None) -> dict[str, Any]:
    sealed = sealed_plate(plate)
    return {
        "connection": track.connection,
        "track_id": track.track_id,
        "vehicle": track.vehicle,
        "frame_from": track.frame_from,
        "frame_to": track.frame_to,
        "plate": sealed.text,
        "reason": sealed.unread_because,
        "confidence": plate.confidence,
        "characters": list(plate.characters),
        "agreeing_frames": plate.agreeing,
        "seen_frames": plate.seen,
        "colour": plate.colour,
        "is_repaired": plate.is_repaired,
        "aside": plate.aside,
        "suspicion": "PLATE_OBSCURED" if plate.is_obscured else None,
        "best_frame": sealed.frame_index,
        "crop": crop,
    }
