"""The walk of one frame: the only file that knows the order of the steps."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from detector.rulebook import Rulebook, as_listed
from detector.suspension import Suspension
from detector.tracking import Followed, VehicleTracker
from detector.vision.beacons import BeaconWatch
from detector.vision.helmets import HelmetReader
from detector.vision.phases import Phase, PhaseReader
from detector.vision.regions import Region, region_of_interest
from detector.vision.signals import read_lamp
from detector.vision.vehicles import VehicleDetector
from models.camera_file import CameraFile
from models.domain.camera import RuleEntry, RuleMode
from models.domain.frame import BGR, Frame
from models.domain.geometry import BoxPx
from models.domain.scene import Detection, Scene, SignalReading, Track
from models.domain.violation import Violation, claim_id

SCENES_KEPT = 3000
CONFIDENCE_STEPS = 1000
"""Confidences are kept per mille, as coordinates are in 1/16 px: a rule sees what the evidence will hold."""
USUAL_INTERVAL_US = 66_667
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim as the walk hands it over, with everything that evidence needs to be made from it.

    Attributes:
        scenes: what decided, to the frame that completed the claim (`detector.evidence.excerpt`).
        entry: of the camera file, of the rule that claims.
        captured_at: capture time of the act, aware UTC.
        frame: the frame that completed the claim; its clock speaks for all of the claim's times.
        amber_us: length of the amber before the red, where it was seen.
    """

    id: str
    violation: Violation
    mode: RuleMode
    captured_at: datetime
    frame: Frame
    scenes: tuple[Scene, ...]
    signal: SignalReading | None
    entry: RuleEntry

    def captured(self, pts_us: int) -> datetime:
        """Capture time of another frame of the same connection."""
        return self.captured_at + timedelta(microseconds=pts_us - self.violation.pts_us)


class Profile:
    """Milliseconds for each step of the walk."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.frames = 0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - start  # type: ignore[assignment]

    def ms_a_frame(self) -> dict[str, float]:
        return {name: round(1000 * spent / max(1, self.frames), 3) for name, spent in sorted(self.seconds.items())}


@dataclass(slots=True)
class _Connection:
    """What is followed within one connection of the camera, and dropped with it."""

    tracker: VehicleTracker | None
    rulebook: Rulebook
    scenes: deque[Scene] = field(default_factory=lambda: deque(maxlen=SCENES_KEPT))
    intervals_us: deque[int] = field(default_factory=lambda: deque(maxlen=50))
    last_us: int | None = None
    beacons: BeaconWatch = field(default_factory=BeaconWatch)


class Walk:
    """Takes the frames of one camera in turn, and gives the claims that each completes."""

    def __init__(
        self,
        file: CameraFile,
        vehicles: VehicleDetector,
        *,
        is_recording: bool,
        rate_hz: Callable[[], float | None] = lambda: None,
        suspension: Suspension | None = None,
        helmets: HelmetReader | None = None,
    ) -> None:
        """Makes rules, tracker and lamp readers ready.

        Args:
            file: the camera file.
            vehicles: the network.
            rate_hz: the stream's usual rate once it is known, else None; asked at the first frame of a connection.
            is_recording: the source is a recorded file.
            suspension: says when the camera may not claim; None makes one without a kept reference.
            helmets: looks at the heads of riders; None: nobody does.

        Raises:
            models.camera_file.CameraFileError: a rule that this camera cannot serve.
        """
        self._file = file
        self._vehicles = vehicles
        self._is_recording = is_recording
        self._rate_hz = rate_hz
        self._helmets = helmets
        self._suspension = suspension or Suspension(file.camera.id)
        self._region = region_of_interest(file.camera)
        self._phases = {head.id: PhaseReader(head.id) for head in file.camera.signals if head.head_px is not None}
        self._connection_number = 0
        self._connection = self._begin()
        self.profile = Profile()
        self.skipped: Counter[str] = Counter()
        """Frames that were not looked at, by reason."""
        self._passed_over: Counter[str] = Counter()

    def step(self, frame: Frame) -> list[Claimed]:
        """One frame, one walk."""
        self.profile.frames += 1
        if frame.connection != self._connection_number:
            self._connection_number = frame.connection
            self._passed_over += self._connection.rulebook.passed_over
            self._connection = self._begin()
        if frame.is_corrupt:
            self.skipped["corrupt"] += 1
            return []
        with self.profile.step("detect"):
            detections = self._detect(frame)
        with self.profile.step("signals"):
            signals = self._read_signals(frame)
        with self.profile.step("track"):
            scene = self._follow(frame, detections, signals)
        with self.profile.step("picture watch"):
            reasons = self._suspension.observe(frame)
        with self.profile.step("rules"):
            claimed = [self._claim(v, mode, frame) for v, mode in self._connection.rulebook.observe(scene)]
        if not reasons:
            return claimed
        self._passed_over.update(f"{one.violation.rule}: {reasons[0]}" for one in claimed)
        return []

    @property
    def rulebook(self) -> Rulebook:
        return self._connection.rulebook

    @property
    def passed_over(self) -> Counter[str]:
        """Claims that were not made, by reason."""
        return self._passed_over + self._connection.rulebook.passed_over

    @property
    def suspended(self) -> tuple[str, ...]:
        """Why the camera may not claim now; empty when it may."""
        return self._suspension.reasons

    @property
    def latest_scene(self) -> Scene | None:
        return self._connection.scenes[-1] if self._connection.scenes else None

    def finished_phases(self) -> dict[str, list[Phase]]:
        """Lamp phases that ended since the last call, by signal."""
        return {signal_id: reader.drain() for signal_id, reader in self._phases.items()}

    def open_phases(self) -> dict[str, Phase]:
        """The phase that each lamp is in."""
        return {signal_id: reader.phases[-1] for signal_id, reader in self._phases.items() if reader.phases}

    def _begin(self) -> _Connection:
        for signal_id in self._phases:
            finished = self._phases[signal_id].finished + list(self._phases[signal_id].phases)[-1:]
            self._phases[signal_id] = PhaseReader(signal_id, finished=finished)
        return _Connection(None, Rulebook(self._file, is_recording=self._is_recording))

    def _detect(self, frame: Frame) -> list[Detection]:
        cut, x_px, y_px, scale_x, scale_y = _cut(frame.image, self._region, self._file)
        found = self._vehicles.detect([cut])[0]
        return [_placed(detection, x_px, y_px, scale_x, scale_y) for detection in found]

    def _read_signals(self, frame: Frame) -> Mapping[str, SignalReading]:
        width, height = frame.size
        scale_x, scale_y = width / self._file.camera.frame.width, height / self._file.camera.frame.height
        interval_us = self._interval_us()
        readings = {}
        for head in self._file.camera.signals:
            if head.head_px is not None:
                x1, y1, x2, y2 = head.head_px
                cut = frame.image[round(y1 * scale_y) : round(y2 * scale_y), round(x1 * scale_x) : round(x2 * scale_x)]
                glimpse = read_lamp(cut, head.layout)
                readings[head.id] = self._phases[head.id].observe(glimpse, frame.index, frame.pts_us, interval_us)
        return readings

    def _follow(self, frame: Frame, detections: list[Detection], signals: Mapping[str, SignalReading]) -> Scene:
        connection = self._connection
        if connection.last_us is not None:
            connection.intervals_us.append(frame.pts_us - connection.last_us)
        connection.last_us = frame.pts_us
        if connection.tracker is None:
            connection.tracker = VehicleTracker(self._rate_hz() or 1_000_000 / self._interval_us())
        followed = connection.tracker.update(detections, frame.pts_us, self._interval_us())
        scene = Scene(
            frame_index=frame.index,
            pts_us=frame.pts_us,
            interval_us=self._interval_us(),
            tracks=self._with_looks(frame, followed),
            signals=signals,
            timing_ok=not frame.clock.settling,
            people=followed.people,
            ended=followed.ended,
            captured_us=self._captured_us(frame),
            captured_uncertainty_us=frame.clock.uncertainty_us,
        )
        connection.scenes.append(scene)
        return scene

    def _with_looks(self, frame: Frame, followed: Followed) -> tuple[Track, ...]:
        """The tracks with what a look at their pictures tells: who is on duty, and the heads of riders."""
        beacons, (width, height) = self._connection.beacons, frame.size
        scale = width / self._file.camera.frame.width, height / self._file.camera.frame.height
        on_duty = beacons.observe(frame.image, followed.tracks, frame.pts_us, scale)
        beacons.forget(followed.ended)
        heads = {} if self._helmets is None else self._helmets.look(frame.image, followed.tracks, scale)
        tracks = []
        for track in followed.tracks:
            bare, helmets = heads.get(track.track_id, (None, None))
            is_priority = track.track_id in on_duty
            tracks.append(replace(track, is_priority=is_priority, bare_heads=bare, helmets=helmets))
        return tuple(tracks)

    def _captured_us(self, frame: Frame) -> int | None:
        """Wall-clock time, for calendars: unknown while the clock settles, and for a recording that does not say it."""
        if frame.clock.settling or (self._is_recording and self._file.camera.starts_at is None):
            return None
        return (frame.captured_at - EPOCH) // timedelta(microseconds=1)

    def _interval_us(self) -> int:
        intervals = sorted(self._connection.intervals_us)
        return intervals[len(intervals) // 2] if intervals else USUAL_INTERVAL_US

    def _claim(self, violation: Violation, mode: RuleMode, frame: Frame) -> Claimed:
        captured_at = frame.captured_at - timedelta(microseconds=frame.pts_us - violation.pts_us)
        violation = as_listed(violation, self._file.camera, captured_at)
        scenes, rulebook = self._connection.scenes, self._connection.rulebook
        signal = _signal_at(violation, scenes)
        name = claim_id(self._file.camera.id, violation.rule, self._file.sha256, captured_at, violation.point)
        kept = rulebook.deciding_scenes(violation, scenes)
        return Claimed(name, violation, mode, captured_at, frame, kept, signal, rulebook.entry_of(violation))


def _signal_at(violation: Violation, scenes: deque[Scene]) -> SignalReading | None:
    if violation.signal_id is None:
        return None
    at_act = (scene for scene in reversed(scenes) if scene.frame_index == violation.frame_index)
    return next((scene.signals[violation.signal_id] for scene in at_act), None)


def _cut(image: BGR, region: Region, file: CameraFile) -> tuple[BGR, int, int, float, float]:
    """The region out of the picture; its left and top in px of the picture; and px of the file's frame a px of it."""
    height, width = image.shape[:2]
    frame = file.camera.frame
    scale_x, scale_y = frame.width / width, frame.height / height
    x1, y1 = int(region.x1 / scale_x), int(region.y1 / scale_y)
    x2, y2 = min(width, -int(-region.x2 / scale_x)), min(height, -int(-region.y2 / scale_y))
    return image[y1:y2, x1:x2], x1, y1, scale_x, scale_y


def _placed(detection: Detection, x_px: int, y_px: int, scale_x: float, scale_y: float) -> Detection:
    box = detection.box
    placed = BoxPx(
        (box.x1 + x_px) * scale_x, (box.y1 + y_px) * scale_y, (box.x2 + x_px) * scale_x, (box.y2 + y_px) * scale_y
    )
    confidence = round(detection.confidence * CONFIDENCE_STEPS) / CONFIDENCE_STEPS
    return Detection(placed.quantised(), detection.label, confidence)
