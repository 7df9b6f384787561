"""Turned across a crosswalk without yielding to a person on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import ClassVar

from pydantic import Field

from detector.drawing import Area, Drawing, Way
from detector.drawing import Standing as DrawnStanding
from detector.geometry.zone import is_inside
from detector.rule import RuleSettings, Site
from detector.walkers import Walker, Walkers
from models.domain.geometry import PointPx
from models.domain.scene import Scene, Track
from models.domain.violation import Moment, Violation

SECOND_US = 1_000_000
UNSEEN_US = 700_000
FROM_KEPT_US = 20 * SECOND_US
"""The vehicle was in the lane no longer ago than this."""
WAY_US = 700_000
"""The vehicle's way is judged over so long."""
MOVES_HEIGHTS = 0.12
"""It drives: its ground contact went by so much in that time, in its own box heights."""
TURN_SINE = 0.34
"""It turned: its way over the crosswalk is 20° or more off the lane's heading."""
CLEAR_M = 1.5
"""A person who walks away from the vehicle's way and is further off than this has been let pass."""
BEHIND_M = 1.0
"""A person further behind the vehicle's ground contact than this is not before it."""
BEYOND_HEIGHTS = 0.3


class Settings(RuleSettings):
    """Settings of `yield_pedestrian`."""

    act_code: str | None = "YIELD_PED_TURN"
    zone: str = Field(description="The crosswalk: id of a zone.")
    from_lane: str = Field(alias="from", description="The lane that vehicles turn from: id of a lane.")
    near_m: float = Field(
        4.0,
        ge=0.5,
        le=15.0,
        description="A person nearer than this to the vehicle counts, metres; where the camera file has no ground "
        "points a person's box is 1.7 m high.",
    )
    on_crosswalk_s: float = Field(
        0.5, ge=0.1, le=10.0, description="The person was on the crosswalk so long before the vehicle came onto it."
    )


@dataclass(frozen=True, slots=True)
class _Turner:
    """One vehicle that was in the lane.

    Attributes:
        lane_us: stream time of the latest sighting in the lane.
        lane_count: sightings there.
        trail: (moment, ground contact) of the last `WAY_US`.
        entered: first sighting on the crosswalk.
        at: the instant at which it drove there with a person in or near its way; `distance_mm` to that person then.
    """

    lane_us: int
    lane_count: int
    trail: tuple[Moment, ...] = ()
    before: Moment | None = None
    entered: Moment | None = None
    at: Moment | None = None
    distance_mm: int = 0


class YieldPedestrian:
    """Chuyển hướng không nhường người đi bộ: rẽ qua vạch đi bộ khi có người đang đi trên vạch, ở gần hướng xe đi.

    Turned across a crosswalk without yielding: drove onto it while a person who had been on it before stood or walked
    in or near its way. Never: a person who has passed its way or walks away from it, or who stepped onto the crosswalk
    later; a vehicle that stands there, or that drives straight on.
    """

    code: ClassVar[str] = "yield_pedestrian"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("YIELD_PED_TURN",)
    never: ClassVar[tuple[str, ...]] = (
        "a person who has passed the vehicle's way, or walks away and is clear of it",
        "a person who stepped onto the crosswalk after the vehicle, or who is off it",
        "somebody too fast to be on foot, or who sits in a vehicle",
        "a vehicle that stands on the crosswalk",
        "a vehicle that drives straight on, or does not come from the lane",
        "a vehicle that was hidden on the crosswalk for longer than 0.7 s",
    )
    sources: ClassVar[Mapping[str, str]] = {
        "near_m": "proposal of this project",
        "on_crosswalk_s": "proposal of this project",
        "CLEAR_M": "proposal of this project",
        "TURN_SINE": "as for permitted turns of red_light",
    }
    drawing: ClassVar[Drawing] = Drawing(
        (
            Area(((140, 0), (260, 0), (260, 240), (140, 240)), "", "road"),
            Area(((0, 70), (400, 70), (400, 150), (0, 150)), "", "road"),
            Area(((290, 70), (320, 70), (320, 150), (290, 150)), "crosswalk"),
            Way(((235, 230), (235, 130), (380, 130)), "a person near its way", "claimed"),
            DrawnStanding((305, 115), "a person", "claimed"),
            Way(((210, 230), (210, 20)), "straight on", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        self._settings = settings
        self._zone = site.zone("zone", settings.zone).polygon_px
        lane = site.lane("from", settings.from_lane)
        self._lane = lane.polygon_px
        self._ground = site.ground
        self._heading = _unit(self._plane(lane.heading_px[0]), self._plane(lane.heading_px[1]))
        self._walkers = Walkers(lambda point: is_inside(self._zone, point))
        self._turners: dict[int, _Turner] = {}
        self._claimed: set[int] = set()

    def observe(self, scene: Scene) -> Iterator[Violation]:
        if not scene.timing_ok:
            self._turners.clear()
            self._walkers.clear()
            return
        walkers = [walker for walker in self._walkers.observe(scene) if walker.since_us is not None and walker.walks()]
        for track in scene.tracks:
            if track.is_seen and track.vehicle is not None and track.track_id not in self._claimed:
                claim = self._follow(track, scene, walkers)
                if claim is not None:
                    self._claimed.add(track.track_id)
                    self._turners.pop(track.track_id, None)
                    yield claim

    def forget(self, track_id: int) -> None:
        self._turners.pop(track_id, None)
        self._claimed.discard(track_id)

    def _follow(self, track: Track, scene: Scene, walkers: list[Walker]) -> Violation | None:
        turner = self._turners.get(track.track_id)
        if is_inside(self._lane, track.ground_contact):
            count = 1 if turner is None else turner.lane_count + 1
            turner = replace(turner or _Turner(0, 0), lane_us=scene.pts_us, lane_count=count)
        if turner is None:
            return None
        is_hidden = bool(turner.trail) and scene.pts_us - turner.trail[-1].pts_us > UNSEEN_US
        if scene.pts_us - turner.lane_us > FROM_KEPT_US or (is_hidden and turner.entered is not None):
            del self._turners[track.track_id]
            return None
        turner = self._turners[track.track_id] = self._step(turner, track, scene, walkers)
        return self._claim(turner, track, scene)

    def _step(self, turner: _Turner, track: Track, scene: Scene, walkers: list[Walker]) -> _Turner:
        now = Moment("at", scene.frame_index, scene.pts_us, track.box)
        trail = (*(m for m in turner.trail if scene.pts_us - m.pts_us <= WAY_US), now)
        turner = replace(turner, trail=trail)
        if not is_inside(self._zone, track.ground_contact):
            return turner if turner.entered is not None else replace(turner, before=replace(now, name="before"))
        if turner.entered is None:
            turner = replace(turner, entered=now)
        if turner.at is not None or turner.lane_count < 2 or not self._turns(trail):
            return turner
        near = [self._distance_m(walker, track) for walker in walkers if self._is_in_way(walker, turner, trail)]
        near = [distance for distance in near if distance <= self._settings.near_m]
        return replace(turner, at=now, distance_mm=round(1000 * min(near))) if near else turner

    def _turns(self, trail: tuple[Moment, ...]) -> bool:
        """It drives, and not in the direction of the lane."""
        first, last = trail[0].box.ground_contact, trail[-1].box.ground_contact
        if _length(first, last) < MOVES_HEIGHTS * trail[-1].box.height:
            return False
        way = _unit(self._plane(first), self._plane(last))
        cosine = way[0] * self._heading[0] + way[1] * self._heading[1]
        sine = way[0] * self._heading[1] - way[1] * self._heading[0]
        return cosine < 0 or abs(sine) >= TURN_SINE

    def _is_in_way(self, walker: Walker, turner: _Turner, trail: tuple[Moment, ...]) -> bool:
        """A person who was on the crosswalk before the vehicle, and has not been let pass."""
        assert turner.entered is not None
        was_there_us = turner.entered.pts_us - self._settings.on_crosswalk_s * SECOND_US
        if walker.since_us is None or walker.since_us > was_there_us:
            return False
        here = self._plane(trail[-1].box.ground_contact)
        way = _unit(self._plane(trail[0].box.ground_contact), here)
        unit = 1.0 if self._ground is not None else walker.px_per_m
        first, then, now = (
            self._offset(p, here, way) for p in (walker.stepped_on or walker.feet, walker.feet_then, walker.feet)
        )
        is_clear = abs(now[1]) > CLEAR_M * unit
        walks_away, has_crossed = abs(now[1]) > abs(then[1]), first[1] * now[1] < 0
        return now[0] >= -BEHIND_M * unit and not (is_clear and (walks_away or has_crossed))

    def _offset(self, point: PointPx, here: tuple[float, float], way: tuple[float, float]) -> tuple[float, float]:
        """How far ahead of the vehicle, and how far aside of its way (signed)."""
        x, y = self._plane(point)
        dx, dy = x - here[0], y - here[1]
        return dx * way[0] + dy * way[1], dx * way[1] - dy * way[0]

    def _distance_m(self, walker: Walker, track: Track) -> float:
        contact = track.ground_contact
        if self._ground is not None:
            return self._ground.distance_m(walker.feet, contact)
        return _length(walker.feet, contact) / walker.px_per_m

    def _plane(self, point: PointPx) -> tuple[float, float]:
        """On the road in metres, or in the picture where there are no ground points."""
        if self._ground is None:
            return point.x, point.y
        on_road = self._ground.to_road(point)
        return on_road.x, on_road.y

    def _claim(self, turner: _Turner, track: Track, scene: Scene) -> Violation | None:
        at, before = turner.at, turner.before
        if at is None or before is None or track.vehicle is None or is_inside(self._zone, track.ground_contact):
            return None
        if _length(at.box.ground_contact, track.ground_contact) < BEYOND_HEIGHTS * at.box.height:
            return None
        return Violation(
            rule=self.code,
            rule_version=self.version,
            act_code=self._settings.act_code,
            track_id=track.track_id,
            vehicle=track.vehicle,
            frame_index=at.frame_index,
            pts_us=at.pts_us,
            point=at.box.ground_contact,
            moments=(before, at, Moment("beyond", scene.frame_index, scene.pts_us, track.box)),
            measurements={"person_distance_mm": turner.distance_mm},
        )


def _length(a: PointPx, b: PointPx) -> float:
    return sqrt((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y))


def _unit(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    length = sqrt((b[0] - a[0]) * (b[0] - a[0]) + (b[1] - a[1]) * (b[1] - a[1]))
    return ((b[0] - a[0]) / length, (b[1] - a[1]) / length) if length > 0 else (0.0, 0.0)
