"""What rules about driving where a class may not drive have in common: polygon × class × way × time × calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from pydantic import Field

from detector.calendar import CalendarSettings, Hours
from detector.geometry.vectors import Vector, distance, dot, unit, way
from detector.rule import Site
from detector.sightings import is_surely_in, stands_on_ground
from models.domain.geometry import PointPx
from models.domain.scene import Scene, Track, VehicleClass
from models.domain.violation import Moment, Violation

SECOND_US = 1_000_000
LEAP_HEIGHTS = 1.0
"""A step that is longer by this than its pace so far is a switched identity, not a drive."""
STRAIGHTNESS = 0.6
"""Net way over the way driven, by the middles of boxes at least …"""
STRIDE_US = 400_000
"""… so long apart: what jitters or turns stays below it."""
CENTER_SHARE = 0.5
"""The middle of the box goes along by at least this share: a box of which only one edge moves is no drive."""
LEAST_HEIGHTS = 0.5
"""In metres or not, it must be seen to move by so many box heights: far away a metre is less than the box jitters."""
LONGEST_SHARE = 0.5
"""No single stride makes more than this share of the way."""
LONGEST_US = 60 * SECOND_US
"""A longer way begins anew: its beginning could not be shown any more."""
LEAST_CONFIDENCE = 0.3
"""Mean over the way: what the network doubts so long may be no vehicle."""
ALONG_COSINE = 0.5
"""Who drives in a lane goes within 60° of its heading; another rule tells who comes against it."""

DRIVING_NEVER = (
    "a vehicle whose class changes, is not sure, or is not known",
    "a vehicle that stands, or only crosses the area: the way and the time must be long enough",
    "a vehicle of which only the body hangs over the area, its wheels beside it",
    "a box whose lower edge is cut by the picture or hidden by another vehicle, or that is less than 24 px high",
    "a way that jumps (a switched identity), or was hidden for longer than `unseen_s`",
    "while the sign is not in force, within `calendar_grace_s` after that began, or while the time is not known",
)
DRIVING_SOURCES = {
    "duration_s": "proposal of this project, tried on lanes_kraten",
    "distance_m": "proposal of this project: more than crossing the area takes",
    "distance_heights": "proposal of this project, for cameras without a ground plane",
    "certainty": "proposal of this project: on lanes_kraten buses had 0.45 to 0.99 of their votes, vans 0.5 as trucks",
    "settled_s": "proposal of this project",
}


class DrivingSettings(CalendarSettings):
    """Settings that every rule about driving in an area has."""

    duration_s: float = Field(2.0, ge=0.2, le=60.0, description="Least time in the area, seconds.")
    distance_m: float = Field(
        8.0, ge=1.0, le=500.0, description="Least way in the area, where the camera file has ground points, metres."
    )
    distance_heights: float = Field(
        2.0, ge=0.5, le=50.0, description="The same in the vehicle's own box heights, where it has none."
    )
    certainty: float = Field(
        0.8, ge=0.5, le=1.0, description="Least share of a vehicle's class votes that its class must have."
    )
    settled_s: float = Field(1.0, ge=0.0, le=20.0, description="So long its class must have been the same.")
    unseen_s: float = Field(0.7, gt=0.0, le=3.0, description="A longer gap in the track begins the way anew.")


@dataclass(frozen=True, slots=True)
class Drive:
    """One vehicle's way in the area so far.

    Attributes:
        start, middle, last: the first sight there, the first after half of the least time, and the latest.
        mark: the sighting that the latest stride ended with.
        confidence: mean of the detections, 0..1.
        vehicle, since_us: its class, and stream time since which it is that.
    """

    start: Moment
    middle: Moment
    last: Moment
    mark: Moment
    vehicle: VehicleClass | None
    since_us: int
    driven_px: float = 0.0
    longest_px: float = 0.0
    sightings: int = 1
    confidence: float = 0.0

    @property
    def net_px(self) -> float:
        return distance(self.start.box.ground_contact, self.last.box.ground_contact)

    @property
    def lasted_us(self) -> int:
        return self.last.pts_us - self.start.pts_us


class DrivingRule:
    """A vehicle of a class that may not drive in an area drives in it. Subclasses say which area, and who."""

    code: ClassVar[str] = "driving"
    version: ClassVar[int] = 0

    def __init__(
        self,
        settings: DrivingSettings,
        site: Site,
        polygon: Sequence[PointPx],
        accused: frozenset[VehicleClass],
        heading: Vector | None = None,
    ) -> None:
        """Makes the rule ready.

        Args:
            settings: what every such rule has.
            site: the camera's geometry.
            polygon: the area.
            accused: classes that may not drive there.
            heading: of the lane, a unit vector; None: any direction.
        """
        self._driving = settings
        self._ground = site.ground
        self._frame = site.camera.frame
        self._hours = Hours(settings, site.camera)
        self._polygon = polygon
        self._accused = accused
        self._heading = heading
        self._drives: dict[int, Drive] = {}
        self._claimed: set[int] = set()

    def observe(self, scene: Scene) -> Iterator[Violation]:
        if not scene.timing_ok or not self._hours.are_on(scene):
            self._drives.clear()
            return
        for track in scene.tracks:
            if not track.is_seen or track.track_id in self._claimed:
                continue
            claim = self._follow(track, scene)
            if claim is not None:
                self._claimed.add(track.track_id)
                self._drives.pop(track.track_id, None)
                yield claim

    def forget(self, track_id: int) -> None:
        self._drives.pop(track_id, None)
        self._claimed.discard(track_id)

    def _is_fast_enough(self, drive: Drive) -> bool:
        """Subclasses may ask for more than a walk."""
        return True

    def _distance_m(self, drive: Drive) -> float | None:
        """Net way in metres; None without a ground plane."""
        if self._ground is None:
            return None
        return self._ground.distance_m(drive.start.box.ground_contact, drive.last.box.ground_contact)

    def _follow(self, track: Track, scene: Scene) -> Violation | None:
        drive = self._drives.get(track.track_id)
        if drive is not None and not self._goes_on(drive, track, scene):
            del self._drives[track.track_id]
            drive = None
        along = self._heading or _direction(drive, track)
        if not is_surely_in(self._polygon, track, along) or not stands_on_ground(track, scene.tracks, self._frame):
            return None  # a box that jitters over the edge comes back before `unseen_s` is over
        if drive is not None:
            drive = _extended(drive, track, scene, self._driving.duration_s * SECOND_US / 2)
            self._drives[track.track_id] = drive
            return self._claim(drive, track) if self._is_proven(drive, track) else None
        now = Moment("before", scene.frame_index, scene.pts_us, track.box)
        self._drives[track.track_id] = Drive(
            now, now, now, now, track.vehicle, scene.pts_us, confidence=track.confidence
        )
        return None

    def _goes_on(self, drive: Drive, track: Track, scene: Scene) -> bool:
        """The sighting belongs to the drive that was begun."""
        if scene.pts_us - drive.last.pts_us > self._driving.unseen_s * SECOND_US or drive.lasted_us > LONGEST_US:
            return False
        gap_us, step_px = scene.pts_us - drive.last.pts_us, distance(drive.last.box.center, track.box.center)
        expected_px = drive.net_px * gap_us / drive.lasted_us if drive.lasted_us else 0.0
        return step_px <= LEAP_HEIGHTS * track.box.height + expected_px

    def _is_proven(self, drive: Drive, track: Track) -> bool:
        settings = self._driving
        if drive.vehicle not in self._accused or track.vehicle_share < settings.certainty:
            return False
        if drive.last.pts_us - drive.since_us < settings.settled_s * SECOND_US:
            return False
        if drive.lasted_us < settings.duration_s * SECOND_US or drive.confidence < LEAST_CONFIDENCE:
            return False
        return self._is_a_drive(drive) and self._is_fast_enough(drive)

    def _is_a_drive(self, drive: Drive) -> bool:
        """Far enough, straight, steady, and by the whole box."""
        net_px, height = drive.net_px, max(drive.start.box.height, drive.last.box.height)
        way_m = self._distance_m(drive)
        is_far = net_px >= self._driving.distance_heights * height
        if way_m is not None:
            is_far = way_m >= self._driving.distance_m and net_px >= LEAST_HEIGHTS * height
        if not is_far or net_px < STRAIGHTNESS * drive.driven_px or drive.longest_px > LONGEST_SHARE * net_px:
            return False
        moved = way(drive.start.box.ground_contact, drive.last.box.ground_contact)
        center = way(drive.start.box.center, drive.last.box.center)
        if dot(center, moved) < CENTER_SHARE * net_px * net_px:
            return False
        return self._heading is None or dot(moved, self._heading) >= ALONG_COSINE * net_px

    def _claim(self, drive: Drive, track: Track) -> Violation | None:
        assert drive.vehicle is not None
        way_m = self._distance_m(drive)
        measured = {} if way_m is None else {"way_mm": round(1000 * way_m)}
        at = replace(drive.middle, name="at")
        return Violation(
            rule=self.code,
            rule_version=self.version,
            act_code=self._driving.act_code,
            track_id=track.track_id,
            vehicle=drive.vehicle,
            frame_index=at.frame_index,
            pts_us=at.pts_us,
            point=at.box.ground_contact,
            moments=(drive.start, at, replace(drive.last, name="beyond")),
            measurements={
                "duration_us": drive.lasted_us,
                "way_per_mille_of_height": round(1000 * drive.net_px / drive.last.box.height),
                "class_share_per_mille": round(1000 * track.vehicle_share),
                **measured,
            },
        )


def _direction(drive: Drive | None, track: Track) -> Vector:
    """Where the vehicle drives, as far as its way tells; straight away from the camera before."""
    if drive is None or distance(drive.start.box.ground_contact, track.ground_contact) < track.box.height / 4:
        return 0.0, -1.0
    return unit(drive.start.box.ground_contact, track.ground_contact)


def _extended(drive: Drive, track: Track, scene: Scene, half_us: float) -> Drive:
    now = Moment("before", scene.frame_index, scene.pts_us, track.box)
    is_settled = track.vehicle is not None and track.vehicle == drive.vehicle
    is_stride = now.pts_us - drive.mark.pts_us >= STRIDE_US
    stride_px = distance(drive.mark.box.center, now.box.center) if is_stride else 0.0
    is_halfway = drive.middle is drive.start and now.pts_us - drive.start.pts_us >= half_us
    return replace(
        drive,
        middle=now if is_halfway else drive.middle,
        last=now,
        mark=now if is_stride else drive.mark,
        vehicle=track.vehicle,
        since_us=drive.since_us if is_settled else scene.pts_us,
        driven_px=drive.driven_px + stride_px,
        longest_px=max(drive.longest_px, stride_px),
        sightings=drive.sightings + 1,
        confidence=drive.confidence + (track.confidence - drive.confidence) / (drive.sightings + 1),
    )
