"""What a camera has just shown, for a person who draws on it: from its ring, else from camera or recording itself."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detector.evidence.claim import time_of, time_us
from models.camera_file import CameraFile
from models.domain.frame import BGR, Frame
from streams.cut import decode_at, write_clip
from streams.errors import PacketsGoneError
from streams.open import NO_START, Camera, open_source
from streams.packets import PacketWindow
from streams.ring_reader import Segment, scan, window_of
from streams.ring_settings import RingSettings

PATIENCE_S = 20.0
"""Beyond the time of looking: a live camera that sends nothing is given up."""
PICTURES = 9
"""So many pictures of the last minute make the picture of the road; whoever is in fewer than half of them is gone."""
SPREAD_S = 60.0
REACH_US = 1_000_000
"""So far after an instant a frame is looked for."""
GLANCE_S = 8.0
"""So long a camera without a ring is looked at for a picture."""
RING_BYTES, RING_SECONDS = 256 * 1024 * 1024, 120.0


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One picture and its capture time, µs since 1970 UTC."""

    captured_at_us: int
    image: BGR


def kept(ring: Path) -> list[Segment]:
    """The segments of the newest connection; empty where the camera keeps nothing."""
    segments = scan(ring)
    return [segment for segment in segments if segment.connection == segments[-1].connection] if segments else []


def glimpses(segments: list[Segment]) -> list[Glimpse]:
    """Some pictures of the last minute, the newest last.

    Raises:
        PacketsGoneError: not one of them decodes.
    """
    connection, newest_us = segments[-1].connection, segments[-1].last_us
    oldest_us = max(segments[0].first_us, newest_us - round(SPREAD_S * 1_000_000))
    found = {}
    for place in range(PICTURES):
        at_us = oldest_us + (newest_us - oldest_us) * place // PICTURES
        window = window_of(segments, connection, at_us, min(at_us + REACH_US, newest_us), is_live=False)
        found[window.starts_us] = _picture(window, window.starts_us)
    last = window_of(segments, connection, newest_us, newest_us, is_live=False)
    found[last.ends_us] = _picture(last, last.ends_us)
    seen = [glimpse for _, glimpse in sorted(found.items()) if glimpse is not None]
    if not seen:
        raise PacketsGoneError("ring: got no picture that decodes, expected one")
    return seen


def _picture(window: PacketWindow, pts_us: int) -> Glimpse | None:
    image = decode_at(window, [pts_us]).get(pts_us)
    captured = next(packet.captured_at_us for packet in window.packets if packet.pts_us == pts_us)
    return None if image is None else Glimpse(captured, image)


def as_recording(segments: list[Segment], seconds: float, scratch: Path) -> Camera:
    """The last seconds of a ring, to be read like a file.

    Raises:
        PacketsGoneError, streams.errors.StreamError
    """
    connection, newest_us = segments[-1].connection, segments[-1].last_us
    window = window_of(segments, connection, newest_us - round(seconds * 1_000_000), newest_us, is_live=False)
    clip = scratch / "recent.mp4"
    write_clip(window, clip)
    return open_source(str(clip), starts_at=time_of(window.times_us[0]))


def directly(file: CameraFile, scratch: Path) -> Camera:
    """The camera itself, or its recording.

    Raises:
        streams.errors.StreamError
    """
    ring = RingSettings(scratch / "ring", RING_BYTES, RING_SECONDS)
    return open_source(file.source(), starts_at=file.camera.starts_at or NO_START, ring=ring)


def frames_of(camera: Camera, seconds: float) -> Iterator[Frame]:
    """The frames of so many seconds of stream time; a live camera is closed when it takes much longer."""
    timer = threading.Timer(seconds + PATIENCE_S, camera.source.close)
    timer.daemon = True
    if camera.is_live:
        timer.start()
    first_us: dict[int, int] = {}
    try:
        for frame in camera.source.frames():
            yield frame
            if frame.pts_us - first_us.setdefault(frame.connection, frame.pts_us) >= seconds * 1_000_000:
                break
    finally:
        timer.cancel()
        camera.source.close()


def glances(camera: Camera) -> list[Glimpse]:
    """Some pictures of the next seconds, the newest last; empty where none came."""
    step_us, seen = round(GLANCE_S * 1_000_000 / PICTURES), list[Glimpse]()
    due = itertools.count(0, step_us)
    next_us, last = next(due), None
    for frame in frames_of(camera, GLANCE_S):
        last = frame
        if not frame.is_corrupt and frame.pts_us >= next_us:
            seen.append(Glimpse(time_us(frame.captured_at), frame.image))
            next_us = next(due)
    if last is not None and not last.is_corrupt:
        seen.append(Glimpse(time_us(last.captured_at), last.image))
    return seen
