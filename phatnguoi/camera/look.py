"""A minute of one camera, measured: stream, clock, picture, lamps, vehicles. No judgement here."""

from __future__ import annotations

import itertools
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from detector.camera_look import Look, Looking
from detector.rule import SettingError
from detector.vision.regions import region_of_interest
from detector.vision.vehicles import WeightsUnusableError
from detector.vision.weights import open_weights
from detector.worker import Walk
from models.camera_file import CameraFile, CameraFileError
from models.domain.frame import BGR, Frame
from phatnguoi.errors import CommandError, SourceNotOpenedError
from streams.errors import PacketsGoneError, StreamError
from streams.open import NO_START, Camera, open_source
from streams.ring_settings import RingSettings

RING_BYTES, RING_SECONDS = 256 * 1024 * 1024, 120.0
PATIENCE_S = 30.0
"""Beyond the time of looking: a live camera that sends nothing is given up."""


def look_at(file: CameraFile, source: str | None, weights: Path | None, seconds: float) -> Look:
    """Reads `seconds` of the camera.

    Raises:
        CommandError: the file asks for what cannot be, or the weights are none (2); no source, or no frame of it (3).
    """
    looking = Looking(has_weights=weights is not None)
    try:
        walk = _walk(file, weights)
        with tempfile.TemporaryDirectory(prefix="phatnguoi-check-") as ring:
            camera = open_source(
                source or file.source(),
                starts_at=file.camera.starts_at or NO_START,
                ring=RingSettings(Path(ring), RING_BYTES, RING_SECONDS),
            )
            last = _read(camera, walk, looking, seconds)
            look = looking.finish(walk, camera.shape())
            look.is_live = camera.is_live
            look.key_frame_s = _longest_key_interval_s(camera, last, seconds)
    except (CameraFileError, WeightsUnusableError, SettingError) as error:
        raise CommandError(str(error)) from None
    except StreamError as error:
        raise SourceNotOpenedError(str(error)) from None
    return look


class _NoVehicles:
    """Stands where no weights were given: sees nobody."""

    def detect(self, pictures: list[BGR]) -> list[list[object]]:
        return [[] for _ in pictures]


def _walk(file: CameraFile, weights: Path | None) -> Walk:
    region = region_of_interest(file.camera)
    vehicles = _NoVehicles() if weights is None else open_weights(weights, region.input_px).detector
    return Walk(file, vehicles, is_recording=True)  # type: ignore[arg-type]  # an empty list is a list of detections


def _read(camera: Camera, walk: Walk, looking: Looking, seconds: float) -> Frame:
    for frame in _frames(camera, seconds):
        walk.step(frame)
        looking.observe(frame, walk)
    if looking.last is None:
        raise SourceNotOpenedError(f"the source gave no frame within {seconds + PATIENCE_S:g} s")
    return looking.last


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


def _longest_key_interval_s(camera: Camera, last: Frame, seconds: float) -> float | None:
    if camera.packets is None:
        return None
    try:
        window = camera.packets.window(last.connection, last.pts_us - round(seconds * 1_000_000), last.pts_us)
    except PacketsGoneError:
        return None
    keys_us = [packet.pts_us for packet in window.packets if packet.is_key] + [window.ends_us]
    return max((b - a for a, b in itertools.pairwise(keys_us)), default=0) / 1_000_000
