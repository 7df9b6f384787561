"""`--plates all`: the best crops of every track, kept while it lasts, read and voted on when it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from detector.evidence.pictures import scaled_box
from detector.plates import MOST_FRAMES, is_large_enough, placed, vehicle_cut
from detector.vision.plates import PlateReader
from detector.vision.plates.voting import Seen, TrackPlate, unread, vote
from models.domain.frame import BGR, Frame
from models.domain.plate_reading import PlateReading
from models.domain.scene import Scene, Track, VehicleClass

MOST_TRACKS = 100
"""Followed at once; the others are counted."""


@dataclass(slots=True)
class _Crop:
    """A vehicle's picture, with where it stood."""

    frame_index: int
    image: BGR
    left_top_px: tuple[int, int]
    frame_size: tuple[int, int]
    worth: float

    def placed(self, reading: PlateReading) -> Seen:
        seen = Seen(self.frame_index, reading)
        return placed(seen, self.left_top_px, len(self.image), self.frame_size, self.frame_size)


@dataclass(slots=True)
class TrackCrops:
    """One track's best crops.

    Attributes:
        seen: frames in which the track was seen, large enough or not.
    """

    track_id: int
    connection: int
    vehicle: VehicleClass
    frame_from: int
    frame_to: int
    seen: int = 0
    crops: list[_Crop] = field(default_factory=list)

    def read(self, reader: PlateReader) -> tuple[TrackPlate, BGR | None]:
        """The voted plate, and the crop that shows it best."""
        if not self.crops:
            return unread("too_small" if self.seen else "no_plate", self.seen), None
        images = {crop.frame_index: crop.image for crop in self.crops}
        frames = [
            placed(
                Seen(crop.frame_index, reader.read(crop.image)),
                crop.left_top_px,
                len(crop.image),
                crop.frame_size,
                crop.frame_size,
            )
            for crop in sorted(self.crops, key=lambda crop: crop.frame_index)
        ]
        plate = vote(frames)
        return plate, None if plate.best is None else images[plate.best.frame_index]


class CropGatherer:
    """Gathers crops as frames pass; bounded in tracks, and in crops a track."""

    def __init__(self) -> None:
        self._tracks: dict[int, TrackCrops] = {}
        self.dropped: Counter[str] = Counter()
        self._connection = 0

    def observe(self, frame: Frame, scene: Scene, frame_size: tuple[int, int]) -> Iterator[TrackCrops]:
        """Takes what is new and gives the tracks that ended."""
        if frame.connection != self._connection:
            yield from self.finish()
            self._connection = frame.connection
        for track in scene.tracks:
            if track.vehicle is not None and track.is_seen:
                self._offer(frame, scene, track, frame_size)
        for track_id in scene.ended:
            ended = self._tracks.pop(track_id, None)
            if ended is not None:
                yield ended

    def finish(self) -> Iterator[TrackCrops]:
        """The source is over: every track that was still followed."""
        for track_id in sorted(self._tracks):
            yield self._tracks[track_id]
        self._tracks.clear()

    def _offer(self, frame: Frame, scene: Scene, track: Track, frame_size: tuple[int, int]) -> None:
        assert track.vehicle is not None
        if track.track_id not in self._tracks:
            if len(self._tracks) >= MOST_TRACKS:
                self.dropped["too_many_tracks"] += 1
                return
            made = TrackCrops(track.track_id, frame.connection, track.vehicle, frame.index, frame.index)
            self._tracks[track.track_id] = made
        kept = self._tracks[track.track_id]
        kept.vehicle, kept.frame_to, kept.seen = track.vehicle, frame.index, kept.seen + 1
        box = scaled_box(track.box, frame.image, frame_size)
        if not is_large_enough(track.vehicle, box):
            return
        cut, x_px, y_px = vehicle_cut(frame.image, box)
        worth = box.area * _steepness(cut)
        if len(kept.crops) == MOST_FRAMES:
            least = min(kept.crops, key=lambda crop: crop.worth)
            if least.worth >= worth:
                return
            kept.crops.remove(least)
        kept.crops.append(_Crop(frame.index, np.array(cut), (x_px, y_px), frame.size, worth))


def _steepness(cut: BGR) -> float:
    """Cheap: mean step between neighbouring pixels of the lower half, where plates are."""
    grey = cv2.cvtColor(cut[cut.shape[0] // 3 :], cv2.COLOR_BGR2GRAY)
    return 1.0 + float(np.abs(np.diff(grey[::2].astype(np.int16), axis=1)).mean()) if grey.shape[1] > 1 else 1.0
