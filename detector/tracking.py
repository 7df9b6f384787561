"""Detections to tracks: one id, one vehicle, from the first sight of it to the last.

ByteTrack of the library `trackers` does the matching (docs/decisions/0007); here are the two pools (two-wheelers with
persons, and four-wheelers, which never take each other's identity), the vote on the class, and the ground contact of a
rider whose bike was not seen in this frame.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import hypot
from typing import NamedTuple

import numpy as np
import supervision as sv
from trackers import ByteTrackTracker, DIoU

from detector.vision.riders import Sighting, join_riders
from models.domain.geometry import BoxPx
from models.domain.scene import Detection, Track, VehicleClass

LOST_S = 1.2
"""A track that is not seen for longer has ended."""
START_CONFIDENCE = 0.30
STRONG_CONFIDENCE = 0.30
SIMILARITY_SLOW, SIMILARITY_FAST = -0.15, 0.1
"""Least DIoU of the predicted box with the detection, at 8 frames a second and fewer, and at 16 and more: a slow stream
needs the slack to follow a fast two-wheeler, a fast one would only swap identities with it."""
WHEEL_SIGHTINGS = 3
WHEEL_SHARE = 0.15
"""A person is a rider once a bike was seen with him in so many frames, and in this share of them …"""
PACE_HEIGHTS = 1.4
"""… or, where the bike is hardly seen, once he goes on by so many of his own heights a second: nobody walks so."""
PACE_US = 1_800_000
TRAIL_STEP_US = 200_000


@dataclass(slots=True)
class _History:
    """What one track gathered so far."""

    track_id: int
    votes: Counter[VehicleClass] = field(default_factory=Counter)
    sightings: int = 0
    wheel_sightings: int = 0
    drop: float = 0.0
    """How far the bike reaches below its rider, in rider's heights."""
    people: int = 0
    drives: bool = False
    _trail: deque[tuple[int, BoxPx]] = field(default_factory=lambda: deque(maxlen=PACE_US // TRAIL_STEP_US + 1))

    def note(self, sighting: Sighting, pts_us: int) -> BoxPx:
        """Counts one sighting and gives its box, completed downwards where only the rider was seen."""
        self._measure_pace(sighting.box, pts_us)
        self.sightings += 1
        self.people = max(self.people, sighting.people)
        if sighting.label == "person":
            box = sighting.box
            return BoxPx(box.x1, box.y1, box.x2, box.y2 + self.drop * box.height).quantised()
        self.votes[sighting.label] += round(sighting.confidence * 1000)
        if sighting.label in ("motorcycle", "bicycle"):
            self.wheel_sightings += 1
            if sighting.rider_box is not None:
                seen = max(0.0, (sighting.box.y2 - sighting.rider_box.y2) / sighting.rider_box.height)
                self.drop = seen if self.drop == 0.0 else 0.7 * self.drop + 0.3 * seen
        return sighting.box.quantised()

    @property
    def vehicle(self) -> VehicleClass | None:
        if not self.votes:
            return None
        is_often = self.wheel_sightings >= WHEEL_SHARE * self.sightings
        is_rider = self.wheel_sightings >= WHEEL_SIGHTINGS and (is_often or self.drives)
        best = max(sorted(self.votes), key=lambda name: self.votes[name])
        return best if best in ("car", "bus", "truck") or is_rider else None

    @property
    def vehicle_share(self) -> float:
        """Share of the votes that `vehicle` has, whole per mille."""
        total = sum(self.votes.values())
        return round(1000 * max(self.votes.values()) / total) / 1000 if total else 0.0

    def _measure_pace(self, box: BoxPx, pts_us: int) -> None:
        """Boxes as they were seen, not completed: a completed one is taller, and its pace would be less."""
        if self._trail and pts_us - self._trail[-1][0] < TRAIL_STEP_US:
            return
        self._trail.append((pts_us, box))
        since_us, first = self._trail[0]
        if pts_us - since_us >= PACE_US:
            way = hypot(box.center.x - first.center.x, box.center.y - first.center.y)
            height = (box.height + first.height) / 2
            self.drives = self.drives or way >= PACE_HEIGHTS * height * (pts_us - since_us) / 1_000_000


class _Pool:
    """One ByteTrack and the histories of its tracks."""

    def __init__(self, rate_hz: float) -> None:
        self._tracker = ByteTrackTracker(
            lost_track_buffer=round(LOST_S * 30),
            frame_rate=rate_hz,
            track_activation_threshold=START_CONFIDENCE,
            minimum_consecutive_frames=2,
            minimum_iou_threshold=SIMILARITY_FAST,
            high_conf_det_threshold=STRONG_CONFIDENCE,
            iou=DIoU(),
        )
        self.histories: dict[int, _History] = {}
        self._seen_us: dict[int, int] = {}

    def update(self, sightings: Sequence[Sighting], pts_us: int, rate_hz: float, next_id: list[int]) -> list[Track]:
        self._tracker.minimum_iou_threshold = _least_similarity(rate_hz)
        matched = self._tracker.update(_as_detections(sightings), timestamp=pts_us / 1_000_000)
        tracks = []
        numbers, ids = matched.data.get("number", np.array([], dtype=int)), matched.tracker_id
        for number, tracker_id in zip(numbers, ids if ids is not None else [], strict=True):
            if tracker_id < 0:
                continue
            history = self.histories.get(int(tracker_id))
            if history is None:
                history = self.histories[int(tracker_id)] = _History(next_id[0])
                next_id[0] += 1
            sighting = sightings[int(number)]
            box = history.note(sighting, pts_us)
            self._seen_us[int(tracker_id)] = pts_us
            tracks.append(
                Track(
                    history.track_id,
                    history.vehicle,
                    box,
                    sighting.confidence,
                    people=history.people,
                    vehicle_share=history.vehicle_share,
                )
            )
        return tracks

    def end(self, pts_us: int) -> list[int]:
        """Ids of the tracks that are lost for good."""
        lost = [key for key, seen_us in self._seen_us.items() if pts_us - seen_us > LOST_S * 1_000_000]
        for key in lost:
            del self._seen_us[key]
        return [self.histories.pop(key).track_id for key in lost]


class Followed(NamedTuple):
    """One instant of the tracker.

    Attributes:
        tracks: seen at this instant, by ascending id.
        ended: ids of the tracks that ended.
        people: boxes of the persons who sit on nothing that was seen, from left to right.
    """

    tracks: tuple[Track, ...]
    ended: tuple[int, ...]
    people: tuple[BoxPx, ...]


class VehicleTracker:
    """Follows the vehicles of one connection of one camera, by the frames' own times.

    Args:
        rate_hz: the stream's usual rate: the motion model's unit of time.
    """

    def __init__(self, rate_hz: float) -> None:
        self._two_wheelers = _Pool(rate_hz)
        self._four_wheelers = _Pool(rate_hz)
        self._next_id = [1]

    def update(self, detections: Sequence[Detection], pts_us: int, interval_us: int) -> Followed:
        """Matches the detections of one instant to the vehicles that are followed.

        Args:
            detections: of this frame.
            pts_us: stream time of this frame.
            interval_us: the usual time between frames that are looked at.
        """
        rate_hz = 1_000_000 / max(1, interval_us)
        sightings = join_riders(detections)
        four = [s for s in sightings if s.label in ("car", "bus", "truck")]
        two = [s for s in sightings if s.label not in ("car", "bus", "truck")]
        tracks = self._two_wheelers.update(two, pts_us, rate_hz, self._next_id)
        tracks += self._four_wheelers.update(four, pts_us, rate_hz, self._next_id)
        ended = self._two_wheelers.end(pts_us) + self._four_wheelers.end(pts_us)
        people = sorted((s.box.quantised() for s in two if s.label == "person"), key=lambda box: (box.x1, box.y1))
        return Followed(tuple(sorted(tracks, key=lambda t: t.track_id)), tuple(sorted(ended)), tuple(people))


def _least_similarity(rate_hz: float) -> float:
    share = min(max((rate_hz - 8.0) / 8.0, 0.0), 1.0)
    return SIMILARITY_SLOW + share * (SIMILARITY_FAST - SIMILARITY_SLOW)


def _as_detections(sightings: Sequence[Sighting]) -> sv.Detections:
    if not sightings:
        empty = sv.Detections.empty()
        empty.data["number"] = np.array([], dtype=int)
        return empty
    return sv.Detections(
        xyxy=np.array([[s.box.x1, s.box.y1, s.box.x2, s.box.y2] for s in sightings], dtype=np.float64),
        confidence=np.array([s.confidence for s in sightings], dtype=np.float64),
        data={"number": np.arange(len(sightings))},
    )
