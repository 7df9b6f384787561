"""Drove against the heading of a lane: a one-way street, or the oncoming half of a two-way road."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import sqrt
from typing import ClassVar

from pydantic import Field

from detector.drawing import Area, Drawing, Way
from detector.geometry.footprint import shape, stands
from detector.geometry.zone import is_inside
from detector.rule import RuleSettings, Site
from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import Scene, Track
from models.domain.violation import Moment, Violation

SECOND_US = 1_000_000
AGAINST_COSINE = -0.5
"""Cosine of 120°: the least heading error, on the road where it is surveyed: in a slanting picture who crosses the road
seems to drive along it."""
STRAIGHTNESS = 0.5
"""Net way over the way driven: what jitters or turns around stays below it."""
LEAP_HEIGHTS = 1.0
"""A step longer than this is a switched identity, not a drive."""
STANDS_US = 500_000
STANDS_HEIGHTS = 0.1
"""Who has come along by less than this in that time stands."""
PACE_US = 500_000
PACE_HEIGHTS = 0.05
"""It drives while it comes along by so much within `PACE_US`; steps while it waits are its box's jitter, and are not
counted …"""
LEAP_SHARE = 0.75
"""… nor is a drive of which one step makes more than this share: the track changed its vehicle."""
DRIVING_SHARE = 0.5
"""It drives for so much of the least time at least; a far box jitters too much to tell its pace all the time."""
LONGEST_US = 60 * SECOND_US
"""A longer way begins anew: its beginning could not be shown any more."""
LEAST_STEPS = 4
STEADY_SHARE = 0.65
"""Share of the steps that go against the heading: a drive is steady, a track that hops from car to car is not."""
LONGEST_SHARE = 0.4
"""No single step makes more than this share of the way."""
TWO_WHEELERS = ("motorcycle", "bicycle")
SHAPE_SHARE = 0.6
"""Height over width of a two-wheeler's box stays alike along the way: who is being hidden from below, or comes out,
moves only the lower edge of his box, and that is no drive."""
CENTER_SHARE = 0.4
"""The middle of the box goes along by at least this share: a box of which only one edge moves is no drive."""


class Settings(RuleSettings):
    """Settings of `wrong_way`."""

    lane: str = Field(description="The lane whose heading counts: id of a lane. Its `street` decides the act.")
    distance_heights: float = Field(
        0.7, ge=0.3, le=20.0, description="Least way against the heading, in the vehicle's own box heights."
    )
    distance_m: float = Field(
        15.0, ge=2.0, le=500.0, description="The same in metres, where the camera file has ground points."
    )
    duration_s: float = Field(1.0, ge=0.2, le=20.0, description="Least time against the heading.")
    unseen_s: float = Field(0.7, gt=0.0, le=3.0, description="A longer gap in the track begins the way anew.")


@dataclass(frozen=True, slots=True)
class _Way:
    """One vehicle's way against the heading so far.

    Attributes:
        trail: (stream time, ground contact) of the last `PACE_US`.
        counted_us: stream time up to which its steps are counted.
        driving_us: time in which it drove against the heading; the rest of the way it waited.
    """

    start: Moment
    start_point: PointPx
    middle: Moment
    last_us: int
    last_point: PointPx
    driven_px: float = 0.0
    steps: int = 0
    against_steps: int = 0
    longest_px: float = 0.0
    height_px: float = 0.0
    trail: tuple[tuple[int, PointPx], ...] = ()
    counted_us: int = 0
    driving_us: int = 0


class WrongWay:
    """Đi ngược chiều: xe chạy ngược hướng quy định của làn trên một quãng đường và thời gian đủ dài.

    Drove against the lane's heading over a stated way and time. On a one-way street this is WRONG_WAY; on the oncoming
    half of a two-way road it is WRONG_LANE. Never: a way that jumps (a switched identity), turns around, or was hidden.
    """

    code: ClassVar[str] = "wrong_way"
    version: ClassVar[int] = 2
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("WRONG_WAY", "WRONG_LANE")
    never: ClassVar[tuple[str, ...]] = (
        "a way that jumps from vehicle to vehicle (a switched identity)",
        "a box that jitters, or of which only one edge moves",
        "a vehicle that turns around or rolls back a little",
        "a way that was hidden for longer than `unseen_s`",
        "a way outside the lane, or across it",
    )
    sources: ClassVar[Mapping[str, str]] = {
        "distance_m": "proposal of this project: more than 15 m",
        "duration_s": "proposal of this project, tried on redlight_hanoi",
        "distance_heights": "proposal of this project, for cameras without a ground plane",
        "AGAINST_COSINE": "proposal of this project: heading error above 120°",
    }
    drawing: ClassVar[Drawing] = Drawing(
        (
            Area(((100, 0), (200, 0), (200, 240), (100, 240)), "lane, heading up", "lane"),
            Area(((200, 0), (300, 0), (300, 240), (200, 240)), "", "road"),
            Way(((150, 30), (150, 210)), "against the heading, far and long enough", "claimed"),
            Way(((125, 210), (125, 120)), "with the heading", "silent"),
            Way(((250, 30), (250, 210)), "outside the lane", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        self._settings = settings
        lane = site.lane("lane", settings.lane)
        self._ground = site.ground
        self._polygon = lane.polygon_px
        self._heading = _unit(lane.heading_px[0], lane.heading_px[1])
        self._heading_px = lane.heading_px
        self._act_code = settings.act_code or ("WRONG_WAY" if lane.street == "one_way" else "WRONG_LANE")
        self._ways: dict[int, _Way] = {}
        self._claimed: set[int] = set()

    def observe(self, scene: Scene) -> Iterator[Violation]:
        if not scene.timing_ok:
            self._ways.clear()
            return
        for track in scene.tracks:
            if track.is_seen and track.track_id not in self._claimed and stands(track.box, track.vehicle):
                claim = self._follow(track, scene)
                if claim is not None:
                    self._claimed.add(track.track_id)
                    self._ways.pop(track.track_id, None)
                    yield claim

    def forget(self, track_id: int) -> None:
        self._ways.pop(track_id, None)
        self._claimed.discard(track_id)

    def _follow(self, track: Track, scene: Scene) -> Violation | None:
        point = track.ground_contact
        if not is_inside(self._polygon, point):
            return None  # a box that jitters over the edge comes back before `unseen_s` is over
        way = self._ways.get(track.track_id)
        if way is None or scene.pts_us - way.last_us > self._settings.unseen_s * SECOND_US:
            self._ways[track.track_id] = self._begun(track, scene)
            return None
        step_px = _distance(way.last_point, point)
        if step_px > LEAP_HEIGHTS * track.box.height or self._along(way.last_point, point) > 0.25 * track.box.height:
            self._ways[track.track_id] = self._begun(track, scene)
            return None
        if self._stood(way, track, scene) or scene.pts_us - way.start.pts_us > LONGEST_US:
            self._ways[track.track_id] = self._begun(track, scene)
            return None
        way = self._ways[track.track_id] = self._extended(way, track, scene, step_px)
        return self._claim(way, track, scene)

    def _stood(self, way: _Way, track: Track, scene: Scene) -> bool:
        """It has not set off yet: who waits on the wrong half drives against it only from then on."""
        net_px = abs(self._along(way.start_point, track.ground_contact))
        return scene.pts_us - way.start.pts_us >= STANDS_US and net_px < STANDS_HEIGHTS * track.box.height

    def _begun(self, track: Track, scene: Scene) -> _Way:
        moment = Moment("before", scene.frame_index, scene.pts_us, track.box)
        return _Way(
            moment, track.ground_contact, moment, scene.pts_us, track.ground_contact, height_px=track.box.height,
            trail=((scene.pts_us, track.ground_contact),),
        )  # fmt: skip

    def _extended(self, way: _Way, track: Track, scene: Scene, step_px: float) -> _Way:
        net_px = -self._along(way.start_point, track.ground_contact)
        is_halfway = way.middle is way.start and net_px >= self._settings.distance_heights * track.box.height / 2
        moment = Moment("at", scene.frame_index, scene.pts_us, track.box) if is_halfway else way.middle
        now = (scene.pts_us, track.ground_contact)
        trail = (*(one for one in way.trail if scene.pts_us - one[0] <= PACE_US), now)
        pace_px = self._pace(trail, track.box.height)
        fresh = [step for step in pairwise(trail) if pace_px and step[0][0] >= way.counted_us]
        return replace(
            way,
            middle=moment,
            last_us=scene.pts_us,
            last_point=track.ground_contact,
            driven_px=way.driven_px + sum(_distance(a, b) for (_, a), (_, b) in fresh),
            steps=way.steps + len(fresh),
            against_steps=way.against_steps + sum(self._along(a, b) < 0 for (_, a), (_, b) in fresh),
            longest_px=max(way.longest_px, step_px),
            height_px=max(way.height_px, track.box.height),
            trail=trail,
            counted_us=scene.pts_us if pace_px else way.counted_us,
            driving_us=way.driving_us + (pace_px < 0) * sum(b_us - a_us for (a_us, _), (b_us, _) in fresh),
        )

    def _pace(self, trail: tuple[tuple[int, PointPx], ...], height_px: float) -> float:
        """Way along the heading within the trail, px; 0 while it waits, or where one step makes nearly all of it."""
        if len(trail) < 3:
            return 0.0
        way_px = self._along(trail[0][1], trail[-1][1])
        longest_px = max(abs(self._along(a, b)) for (_, a), (_, b) in pairwise(trail))
        is_pace = abs(way_px) >= PACE_HEIGHTS * height_px and longest_px <= LEAP_SHARE * abs(way_px)
        return way_px if is_pace else 0.0

    def _along(self, a: PointPx, b: PointPx) -> float:
        """Way from a to b along the heading, px; negative against it."""
        return (b.x - a.x) * self._heading[0] + (b.y - a.y) * self._heading[1]

    def _cosine(self, way: _Way, against_px: float, net_px: float) -> float:
        """Of the angle between the way and the heading; on the road where it is surveyed."""
        if self._ground is None:
            return -against_px / net_px
        start, last, tail, head = (
            PointPx(*self._ground.to_road(point)) for point in (way.start_point, way.last_point, *self._heading_px)
        )  # metres, as any plane
        if start == last:
            return 1.0
        (x, y), (along_x, along_y) = _unit(start, last), _unit(tail, head)
        return x * along_x + y * along_y

    def _is_far(self, way: _Way, against_px: float) -> bool:
        """The way is long enough: in metres where the ground is known, else in the vehicle's own box heights."""
        if self._ground is not None:
            return self._ground.distance_m(way.start_point, way.last_point) >= self._settings.distance_m
        return against_px >= self._settings.distance_heights * way.height_px

    def _claim(self, way: _Way, track: Track, scene: Scene) -> Violation | None:
        if track.vehicle is None or way.steps < LEAST_STEPS:
            return None
        net_px, against_px = _distance(way.start_point, way.last_point), -self._along(way.start_point, way.last_point)
        duration_us = scene.pts_us - way.start.pts_us
        if not self._is_far(way, against_px):
            return None
        least_us = self._settings.duration_s * SECOND_US
        if duration_us < least_us or way.driving_us < DRIVING_SHARE * least_us:
            return None
        if -self._along(way.start.box.center, track.box.center) < CENTER_SHARE * against_px:
            return None
        if way.against_steps < STEADY_SHARE * way.steps or way.longest_px > LONGEST_SHARE * against_px:
            return None
        if self._cosine(way, against_px, net_px) > AGAINST_COSINE or net_px < STRAIGHTNESS * way.driven_px:
            return None
        if track.vehicle in TWO_WHEELERS and not _keeps_its_shape(way.start.box, way.middle.box, track.box):
            return None
        middle = way.middle if way.middle is not way.start else Moment("at", scene.frame_index, scene.pts_us, track.box)
        return Violation(
            rule=self.code,
            rule_version=self.version,
            act_code=self._act_code,
            track_id=track.track_id,
            vehicle=track.vehicle,
            frame_index=scene.frame_index,
            pts_us=scene.pts_us,
            point=track.ground_contact,
            moments=(
                way.start,
                replace(middle, name="at"),
                Moment("beyond", scene.frame_index, scene.pts_us, track.box),
            ),
            measurements={
                "duration_us": duration_us,
                "driving_us": way.driving_us,
                "way_per_mille_of_height": round(1000 * against_px / way.height_px),
            },
        )


def _keeps_its_shape(*boxes: BoxPx) -> bool:
    shapes = [shape(box) for box in boxes]
    return min(shapes) >= SHAPE_SHARE * max(shapes)


def _distance(a: PointPx, b: PointPx) -> float:
    return sqrt((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y))


def _unit(a: PointPx, b: PointPx) -> tuple[float, float]:
    length = _distance(a, b)
    return (b.x - a.x) / length, (b.y - a.y) / length
