"""What a while of one camera shows, measured: stream, clock, picture, lamps, vehicles. No judgement here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from detector.vision.phases import Phase
from detector.vision.picture_watch import PictureWatch
from detector.worker import Walk
from models.domain.frame import BGR, ClockState, Frame
from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import SignalState
from streams.source import StreamShape

SNAPSHOT_EVERY = 50
"""Frames."""


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


class Looking:
    """Fills a `Look` from the frames of a walk, each after its step."""

    def __init__(self, *, has_weights: bool) -> None:
        self.look = Look(has_weights=has_weights)
        self.last: Frame | None = None
        self._watch = PictureWatch()
        self._intervals_us: list[int] = []

    def observe(self, frame: Frame, walk: Walk) -> None:
        look, last = self.look, self.last
        if last is not None and last.connection == frame.connection:
            self._intervals_us.append(frame.pts_us - last.pts_us)
            look.seconds += self._intervals_us[-1] / 1_000_000
        self.last = frame
        look.frames += 1
        look.lost += frame.lost_before
        look.corrupt += frame.is_corrupt
        look.snapshot = frame.image if look.frames % SNAPSHOT_EVERY == 1 else look.snapshot
        self._watch.observe(frame)
        _note_scene(walk, look)

    def finish(self, walk: Walk, shape: StreamShape | None) -> Look:
        """The look with what only its end tells."""
        look, intervals_us = self.look, sorted(self._intervals_us)
        if self.last is not None:
            look.size, look.clock, look.ailments = self.last.size, self.last.clock, self._watch.ailments
        look.rate_hz = 1_000_000 / intervals_us[len(intervals_us) // 2] if intervals_us else None
        look.shape = shape
        for name, phases in [*walk.finished_phases().items(), *((n, [p]) for n, p in walk.open_phases().items())]:
            look.phases.setdefault(name, []).extend(phases)
        return look


def _note_scene(walk: Walk, look: Look) -> None:
    scene = walk.latest_scene
    if scene is None:
        return
    for name, reading in scene.signals.items():
        look.raw.setdefault(name, Counter())[reading.raw] += 1
    for track in scene.tracks:
        if track.is_seen and track.vehicle is not None:
            look.boxes.setdefault(track.vehicle, []).append(track.box)


def middle_px(points: tuple[PointPx, ...]) -> PointPx:
    """The middle of the first and the last point, or of all corners of a polygon."""
    return PointPx(sum(point.x for point in points) / len(points), sum(point.y for point in points) / len(points))
