"""A minute of one camera, measured: stream, clock, picture, lamps, vehicles. No judgement here."""

from __future__ import annotations

import itertools
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from detector.rule import SettingError
from detector.vision.phases import Phase
from detector.vision.picture_watch import PictureWatch
from detector.vision.regions import region_of_interest
from detector.vision.vehicles import WeightsUnusableError
from detector.vision.weights import open_weights
from detector.worker import Walk
from models.camera_file import CameraFile, CameraFileError
from models.domain.frame import BGR, ClockState, Frame
from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import SignalState
from phatnguoi.errors import CommandError, SourceNotOpenedError
from streams.errors import PacketsGoneError, StreamError
from streams.open import NO_START, Camera, open_source
from streams.ring_settings import RingSettings
from streams.source import StreamShape

RING_BYTES, RING_SECONDS = 256 * 1024 * 1024, 120.0
PATIENCE_S = 30.0
"""Beyond the time of looking: a live camera that sends nothing is given up."""


@dataclass(slots=True)
class Look:
    """What was measured.

    Attributes:
        seconds: of stream time.
        rate_hz: median rate of the frames that came.
        key_frame_s: longest time between two key frames; None where not even two were seen.
        ailments: of the picture, as the picture watch names them.
        raw: what each lamp head's picture showed, frame by frame.
        boxes: of vehicles by class, at the lines and in the lanes alike, in px of the camera file's frame.
    """

    frames: int = 0
    corrupt: int = 0
    lost: int = 0
    seconds: float = 0.0
    rate_hz: float | None = None
    shape: StreamShape | None = None
    is_live: bool = False
    size: tuple[int, int] = (0, 0)
    key_frame_s: float | None = None
    clock: ClockState | None = None
    ailments: tuple[str, ...] = ()
    raw: dict[str, Counter[SignalState]] = field(default_factory=dict)
    phases: dict[str, list[Phase]] = field(default_factory=dict)
    has_weights: bool = False
    boxes: dict[str, list[BoxPx]] = field(default_factory=dict)
    snapshot: BGR | None = None


def look_at(file: CameraFile, source: str | None, weights: Path | None, seconds: float) -> Look:
    """Reads `seconds` of the camera.

    Raises:
        CommandError: the file asks for what cannot be, or the weights are none (2); no source, or no frame of it (3).
    """
    look = Look(has_weights=weights is not None)
    try:
        walk = _walk(file, weights)
        with tempfile.TemporaryDirectory(prefix="phatnguoi-check-") as ring:
            camera = open_source(
                source or file.source(),
                starts_at=file.camera.starts_at or NO_START,
                ring=RingSettings(Path(ring), RING_BYTES, RING_SECONDS),
            )
            look.is_live = camera.is_live
            last = _read(camera, walk, look, seconds)
            look.key_frame_s = _longest_key_interval_s(camera, last, seconds)
    except (CameraFileError, WeightsUnusableError, SettingError) as error:
        raise CommandError(str(error)) from None
    except StreamError as error:
        raise SourceNotOpenedError(str(error)) from None
    for name, phases in [*walk.finished_phases().items(), *((n, [p]) for n, p in walk.open_phases().items())]:
        look.phases.setdefault(name, []).extend(phases)
    return look


class _NoVehicles:
    """Stands where no weights were given: sees nobody."""

    def detect(self, pictures: list[BGR]) -> list[list[object]]:
        return [[] for _ in pictures]


def _walk(file: CameraFile, weights: Path | None) -> Walk:
    region = region_of_interest(file.camera)
    vehicles = _NoVehicles() if weights is None else open_weights(weights, region.input_px).detector
    return Walk(file, vehicles, is_recording=True)  # type: ignore[arg-type]  # an empty list is a list of detections


def _read(camera: Camera, walk: Walk, look: Look, seconds: float) -> Frame:
    watch, intervals_us, last = PictureWatch(), [], None
    for frame in _frames(camera, seconds):
        if last is not None and last.connection == frame.connection:
            intervals_us.append(frame.pts_us - last.pts_us)
            look.seconds += intervals_us[-1] / 1_000_000
        last = frame
        look.frames += 1
        look.lost += frame.lost_before
        look.corrupt += frame.is_corrupt
        look.snapshot = frame.image if look.frames % 50 == 1 else look.snapshot
        watch.observe(frame)
        walk.step(frame)
        _note_scene(walk, look)
    if last is None:
        raise SourceNotOpenedError(f"the source gave no frame within {seconds + PATIENCE_S:g} s")
    look.size, look.clock, look.ailments = last.size, last.clock, watch.ailments
    look.rate_hz = 1_000_000 / sorted(intervals_us)[len(intervals_us) // 2] if intervals_us else None
    look.shape = camera.shape()
    return last


def _frames(camera: Camera, seconds: float) -> Iterator[Frame]:
    """The frames of so many seconds of stream time; a live camera is closed when it takes much longer."""
    timer = threading.Timer(seconds + PATIENCE_S, camera.source.close)
    timer.daemon = True
    if camera.is_live:
        timer.start()
    first_us: dict[int, int] = {}
    looked_s = 0.0
    with tqdm(total=round(seconds), unit="s", desc="looking", disable=None, file=sys.stderr) as bar:
        for frame in camera.source.frames():
            yield frame
            begin_us = first_us.setdefault(frame.connection, frame.pts_us)
            looked_s = max(looked_s, (frame.pts_us - begin_us) / 1_000_000)
            bar.n = min(round(looked_s), round(seconds))
            bar.refresh()
            if looked_s >= seconds:
                break
    timer.cancel()
    camera.source.close()


def _note_scene(walk: Walk, look: Look) -> None:
    scene = walk.latest_scene
    if scene is None:
        return
    for name, reading in scene.signals.items():
        look.raw.setdefault(name, Counter())[reading.raw] += 1
    for track in scene.tracks:
        if track.is_seen and track.vehicle is not None:
            look.boxes.setdefault(track.vehicle, []).append(track.box)


def _longest_key_interval_s(camera: Camera, last: Frame, seconds: float) -> float | None:
    if camera.packets is None:
        return None
    try:
        window = camera.packets.window(last.connection, last.pts_us - round(seconds * 1_000_000), last.pts_us)
    except PacketsGoneError:
        return None
    keys_us = [packet.pts_us for packet in window.packets if packet.is_key] + [window.ends_us]
    return max((b - a for a, b in itertools.pairwise(keys_us)), default=0) / 1_000_000


def middle_px(points: tuple[PointPx, ...]) -> PointPx:
    """The middle of the first and the last point, or of all corners of a polygon."""
    return PointPx(sum(point.x for point in points) / len(points), sum(point.y for point in points) / len(points))
