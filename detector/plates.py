"""The plate of a claim: the best frames of its track, decoded again from the packets, read and voted on.

It runs where packages are made, in a process of its own, so that no frame ever waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.evidence.claim import Claim
from detector.evidence.pictures import EDGE_PX, scaled_box
from detector.evidence.scene_lines import read_scene_lines
from detector.vision.plates import PlateReader
from detector.vision.plates.voting import Seen, TrackPlate, unread, vote
from models.domain.frame import BGR
from models.domain.geometry import PX_STEPS, BoxPx
from models.domain.manifest import SealedPlate
from models.domain.plate_forms import written
from models.domain.plate_reading import PlateReading
from models.domain.scene import Track, VehicleClass
from streams.cut import decode_at
from streams.packets import PacketWindow

MOST_FRAMES = 8
LEAST_STEP_US = 80_000
"""Between two frames that are read: neighbours repeat each other's errors."""
MARGIN = 0.04
HIGHEST_PLATE = 0.4
"""Of the vehicle's height, from above: no plate's middle is higher."""
LEAST_WIDTH_PX, LEAST_CYCLE_HEIGHT_PX = 100.0, 110.0
"""A smaller vehicle has characters of less than 5 px: 80 mm on a car 1.8 m wide, 50 mm under a rider of 1.7 m."""
READER_NAME = "ppocr-v4+v6"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One frame in which a vehicle was seen."""

    frame_index: int
    pts_us: int
    box: BoxPx


class PlateOfClaim:
    """Reads the plate of one claim at a time.

    Args:
        open_reader: called once, when the first vehicle large enough comes.
        budget_s: after so long no further frame is begun; None: every chosen frame is read, whatever it takes.
    """

    def __init__(self, open_reader: Callable[[], PlateReader], budget_s: float | None = None) -> None:
        self._open_reader = open_reader
        self._reader: PlateReader | None = None
        self._budget_s = budget_s

    def __call__(self, claim: Claim, window: PacketWindow) -> SealedPlate:
        return sealed_plate(self._read(claim, window))

    def _read(self, claim: Claim, window: PacketWindow) -> TrackPlate:
        begin_s = time.monotonic()
        kept_us = {packet.pts_us for packet in window.packets}
        sightings = [sighting for sighting in _sightings(claim) if sighting.pts_us in kept_us]
        chosen = best_sightings([one for one in sightings if is_large_enough(claim.violation.vehicle, one.box)])
        if not chosen:
            return unread("too_small" if sightings else "no_plate", len(sightings))
        images = decode_at(window, {one.pts_us for one in chosen})
        size = claim.camera.frame_width_px, claim.camera.frame_height_px
        seen: list[Seen] = []
        for sighting in chosen:
            if self._budget_s is not None and time.monotonic() - begin_s > self._budget_s:
                break
            image = images.get(sighting.pts_us)
            if image is not None:
                seen.append(read_at(self._opened(), image, sighting, size))
        if not seen:
            return unread("busy" if images else "no_plate")
        return vote(seen)

    def _opened(self) -> PlateReader:
        if self._reader is None:
            self._reader = self._open_reader()
        return self._reader


def read_at(reader: PlateReader, image: BGR, sighting: Sighting, frame_size: tuple[int, int]) -> Seen:
    """The plate in a vehicle's box of one frame; its corners are in px of the camera file's frame."""
    cut, x_px, y_px = vehicle_cut(image, scaled_box(sighting.box, image, frame_size))
    size = image.shape[1], image.shape[0]
    return placed(Seen(sighting.frame_index, reader.read(cut)), (x_px, y_px), len(cut), size, frame_size)


def placed(
    seen: Seen,
    left_top_px: tuple[int, int],
    crop_height_px: int,
    image_size: tuple[int, int],
    frame_size: tuple[int, int],
) -> Seen:
    """Corners moved from the crop to the frame. A plate that the picture's edge may cut is covered; text on the upper
    part of a vehicle (a taxi's roof, a bus's line) is none."""
    reading, (x_px, y_px) = seen.reading, left_top_px
    corners = reading.corners
    if corners is None:
        return seen
    if np.mean(corners, axis=0)[1] < HIGHEST_PLATE * crop_height_px:
        return Seen(seen.frame_index, PlateReading(reason="no_plate"))
    low, high = np.min(corners, axis=0) + left_top_px, np.max(corners, axis=0) + left_top_px
    if low.min() < EDGE_PX or high[0] > image_size[0] - EDGE_PX or high[1] > image_size[1] - EDGE_PX:
        reading = replace(reading, reason="covered", aside=None)
    x_scale, y_scale = frame_size[0] / image_size[0], frame_size[1] / image_size[1]
    moved = tuple(((x + x_px) * x_scale, (y + y_px) * y_scale) for x, y in corners)
    return Seen(seen.frame_index, reading.at(moved))  # type: ignore[arg-type]


def vehicle_cut(image: BGR, box: BoxPx) -> tuple[BGR, int, int]:
    """The box with a small margin, and its left and top in the picture."""
    x_margin, y_margin = box.width * MARGIN, box.height * MARGIN
    x1, y1 = max(0, int(box.x1 - x_margin)), max(0, int(box.y1 - y_margin))
    x2, y2 = int(box.x2 + x_margin) + 1, int(box.y2 + y_margin) + 1
    return image[y1:y2, x1:x2], x1, y1


def is_large_enough(vehicle: VehicleClass | None, box: BoxPx) -> bool:
    """The plate of a vehicle of this size could have legible characters."""
    if vehicle in ("motorcycle", "bicycle", None):
        return box.height >= LEAST_CYCLE_HEIGHT_PX
    return box.width >= LEAST_WIDTH_PX


def best_sightings(sightings: Sequence[Sighting]) -> list[Sighting]:
    """The largest, apart in time, in the order of time."""
    chosen: list[Sighting] = []
    for one in sorted(sightings, key=lambda sighting: (-sighting.box.area, sighting.pts_us)):
        if all(abs(one.pts_us - other.pts_us) >= LEAST_STEP_US for other in chosen):
            chosen.append(one)
        if len(chosen) == MOST_FRAMES:
            break
    return sorted(chosen, key=lambda sighting: sighting.pts_us)


def sealed_plate(plate: TrackPlate) -> SealedPlate:
    """In whole numbers and strings, as the manifest wants it."""
    best = plate.best
    corners = () if best is None or best.reading.corners is None else best.reading.corners
    return SealedPlate(
        text=written(plate.lines) if plate.lines else None,
        unread_because=plate.reason,
        characters_permille=tuple(round(1000 * share) for share in plate.characters),
        agreeing_frames=plate.agreeing,
        seen_frames=plate.seen,
        is_repaired=plate.is_repaired,
        is_obscured=plate.is_obscured,
        colour=plate.colour,
        aside=plate.aside,
        frame_index=None if best is None else best.frame_index,
        corners_px16=tuple(round(value * PX_STEPS) for corner in corners for value in corner),
        reader=READER_NAME,
    )


def _sightings(claim: Claim) -> list[Sighting]:
    found = []
    for scene in read_scene_lines(claim.scene):
        track: Track | None = next((one for one in scene.tracks if one.track_id == claim.violation.track_id), None)
        if track is not None and track.is_seen:
            found.append(Sighting(scene.frame_index, scene.pts_us, track.box))
    return found
