"""What a rule sees: the tracks and the signals at one instant, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from models.domain.geometry import BoxPx, PointPx

VehicleClass = Literal["motorcycle", "bicycle", "car", "bus", "truck"]
VEHICLE_CLASSES: tuple[VehicleClass, ...] = ("motorcycle", "bicycle", "car", "bus", "truck")
DetectionLabel = Literal["motorcycle", "bicycle", "car", "bus", "truck", "person"]
SignalState = Literal["red", "amber", "green", "off", "unknown"]


@dataclass(frozen=True, slots=True)
class Detection:
    """One box in one frame, in px of the camera file's frame; confidence 0..1."""

    box: BoxPx
    label: DetectionLabel
    confidence: float


@dataclass(frozen=True, slots=True)
class Track:
    """One vehicle, at one instant.

    Attributes:
        track_id: 1-based, never used again on the same connection.
        vehicle: class by the vote of all its detections so far; None: not (yet) known to be a vehicle, a person
            perhaps. A rule follows such a track, and never claims it.
        box: where it is, quantised to 1/16 px.
        confidence: of the detection behind `box`, 0..1.
        is_seen: a detection stands behind this box; False: the tracker only predicts it.
        people: persons merged into the vehicle (riders), 0 if none were seen apart.
        is_priority: beacons flash on it: a priority vehicle on duty, of which nothing is claimed.
        vehicle_share: share of the votes that `vehicle` has, 0..1: how far it is from being another class.
        bare_heads, helmets: heads without and with a helmet on a motorcycle, where weights that know them looked at it
            in this frame; else None.
    """

    track_id: int
    vehicle: VehicleClass | None
    box: BoxPx
    confidence: float
    is_seen: bool = True
    people: int = 0
    is_priority: bool = False
    vehicle_share: float = 1.0
    bare_heads: int | None = None
    helmets: int | None = None

    @property
    def ground_contact(self) -> PointPx:
        return self.box.ground_contact


@dataclass(frozen=True, slots=True)
class SignalReading:
    """What one lamp head shows.

    Attributes:
        state: smoothed over time; "unknown" whenever it cannot be told.
        held_since_us: pts since which this state is known to have lasted: its onset, or where that was not seen, the
            first sight of it.
        onset_us: pts of the instant at which this state began; None where its beginning was not seen.
        uncertainty_us: U of the onset: how far the true instant may lie from it.
        amber_us: length of the amber before this red; None: not seen, or cut off by the start of the recording.
        raw: the state of this frame's picture alone.
    """

    signal_id: str
    state: SignalState
    held_since_us: int
    onset_us: int | None
    uncertainty_us: int
    amber_us: int | None = None
    raw: SignalState = "unknown"


@dataclass(frozen=True, slots=True)
class Scene:
    """Tracks and signals at one instant.

    Attributes:
        frame_index: of the frame it was seen in.
        pts_us: stream time; the only source of durations.
        interval_us: the usual time between frames of this stream, for uncertainties.
        tracks: every live track, seen or predicted, by ascending id.
        signals: by signal id.
        timing_ok: False while the clock settles or the frame is corrupt: rules that measure time keep silent.
        people: boxes of persons who belong to no vehicle, as far as this frame tells.
        captured_us: capture time, µs since 1970 UTC; None while it cannot be trusted: calendars are unknown then.
        captured_uncertainty_us: how far the true capture time may lie from it.
        ended: ids of the tracks that ended with this frame: every rule forgets them.
    """

    frame_index: int
    pts_us: int
    interval_us: int
    tracks: tuple[Track, ...]
    signals: Mapping[str, SignalReading] = field(default_factory=dict)
    timing_ok: bool = True
    people: tuple[BoxPx, ...] = ()
    ended: tuple[int, ...] = ()
    captured_us: int | None = None
    captured_uncertainty_us: int = 0
