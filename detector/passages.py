"""From a lane to a place: who was seen in the one, then on the way, then in the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from detector.geometry.vectors import Vector, distance, dot, unit, way
from detector.geometry.zone import is_inside
from detector.pace import Trail, followed, is_a_leap
from detector.rule import Site
from detector.sightings import is_surely_in, stands_on_ground
from models.domain.camera import Lane
from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import Scene, Track
from models.domain.violation import Moment

SECOND_US = 1_000_000
LEAST_SIGHTINGS = 3
"""It was seen so often in the lane, and so often in the place where it went."""
LEAST_TIME_US = 300_000
LONGEST_US = 60 * SECOND_US
"""Who takes longer from the lane to the place is not followed: its beginning could not be shown any more."""
LEAP_HEIGHTS = 1.0
LEAP_US = 400_000
"""A step longer than its own height, and as much again for each 0.4 s that it was hidden, is a switched identity …"""
SIZE_RATIO = 1.7
"""… and so is a box that grows or shrinks by more from one sighting to the next."""
END_SHARE = 0.5
"""It left the lane in the part of it that lies in driving direction: who leaves by the side has only changed lanes."""
SAME_WAY_COSINE = 0.5
EDGE_SHARE = 0.25
"""The middle half of the lower edge must be in the place."""

PASSAGE_NEVER = (
    "a vehicle that was not seen in the lane before",
    "a vehicle that was seen in another lane of the same heading in between",
    "a vehicle that leaves the lane by its side, in its first half",
    "a track that jumps, leaves its pace or changes its size at once, or was hidden for longer than `unseen_s` (a "
    "switched identity)",
    "a vehicle that only cuts the edge of the place",
    "a box whose lower edge is cut by the picture or hidden by another vehicle, or that is less than 24 px high",
)


@dataclass(frozen=True, slots=True)
class Passage:
    """One vehicle's way from the lane.

    Attributes:
        first, left: the first and the last sighting surely in the lane.
        in_lane: number of sightings in the lane.
        last: the latest sighting that could be judged.
        name: of the place that it is in; None: of none yet.
        entered: the first sighting in that place.
        in_place: number of sightings there.
        trail: its last boxes, that tell its pace.
    """

    first: Moment
    left: Moment
    last: Moment
    in_lane: int = 1
    name: str | None = None
    entered: Moment | None = None
    in_place: int = 0
    trail: Trail = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """A vehicle that was seen in the lane and has come to a place.

    Attributes:
        name: of the place.
        before, at, beyond: last in the lane, first in the place, now.
        first: first in the lane.
    """

    name: str
    first: Moment
    before: Moment
    at: Moment
    beyond: Moment


class Passages:
    """Follows every vehicle from one lane to any of some places."""

    def __init__(
        self,
        site: Site,
        lane: Lane,
        places: Mapping[str, Sequence[PointPx]],
        *,
        unseen_s: float,
        drops_leaps: bool = True,
    ) -> None:
        """Makes ready.

        Args:
            site: the camera's geometry.
            lane: where the way begins.
            places: polygons by name, where it may end.
            unseen_s: a longer gap in the track ends the way.
            drops_leaps: so does a box where the pace of the track cannot have brought it.
        """
        self._frame = site.camera.frame
        self._lane = lane
        self._heading = unit(*lane.heading_px)
        self._places = places
        self._others = [other for other in site.camera.lanes if other.id != lane.id and self._is_beside(other)]
        self._unseen_us = round(unseen_s * SECOND_US)
        reach = [dot(way(lane.heading_px[0], corner), self._heading) for corner in lane.polygon_px]
        self._end_px = min(reach) + END_SHARE * (max(reach) - min(reach))
        self._drops_leaps = drops_leaps
        self._ways: dict[int, Passage] = {}

    def clear(self) -> None:
        self._ways.clear()

    def forget(self, track_id: int) -> None:
        self._ways.pop(track_id, None)

    def step(self, track: Track, scene: Scene) -> Passed | None:
        """The next sighting of one vehicle; gives the way once it has surely come to a place."""
        now = Moment("before", scene.frame_index, scene.pts_us, track.box)
        known = self._ways.get(track.track_id)
        if known is not None and not self._goes_on(known, now):
            known = None
        if stands_on_ground(track, scene.tracks, self._frame):
            following = self._next(known, track, now)
        else:  # it is still the same vehicle, but where its wheels are cannot be told
            following = None if known is None else replace(known, last=now)
        if following is None:
            self._ways.pop(track.track_id, None)
            return None
        trail = followed(() if known is None else known.trail, track.box, scene.pts_us)
        following = self._ways[track.track_id] = replace(following, trail=trail)
        return self._passed(following) if following.entered is not None else None

    def _next(self, known: Passage | None, track: Track, now: Moment) -> Passage | None:
        if is_surely_in(self._lane.polygon_px, track, self._heading):
            if known is None or known.name is not None:
                return Passage(now, now, now)
            return replace(known, left=now, last=now, in_lane=known.in_lane + 1)
        if known is None or any(is_surely_in(o.polygon_px, track, unit(*o.heading_px)) for o in self._others):
            return None
        name = next((name for name, polygon in self._places.items() if stands_in(polygon, track.box)), None)
        if name is None:
            return replace(known, last=now)
        if name != known.name:
            return replace(known, last=now, name=name, entered=now, in_place=1)
        return replace(known, last=now, in_place=known.in_place + 1)

    def _goes_on(self, known: Passage, now: Moment) -> bool:
        before, after = known.last.box, now.box
        if now.pts_us - known.last.pts_us > self._unseen_us or now.pts_us - known.left.pts_us > LONGEST_US:
            return False
        if self._drops_leaps and is_a_leap(known.trail, after, now.pts_us):
            return False
        step_px = distance(before.center, after.center)
        reach = LEAP_HEIGHTS * (1 + (now.pts_us - known.last.pts_us) / LEAP_US)
        if step_px > reach * max(before.height, after.height):
            return False
        return max(before.height, after.height) <= SIZE_RATIO * min(before.height, after.height)

    def _passed(self, passage: Passage) -> Passed | None:
        if passage.name is None or passage.entered is None:
            return None
        if passage.in_lane < LEAST_SIGHTINGS or passage.left.pts_us - passage.first.pts_us < LEAST_TIME_US:
            return None
        if passage.in_place < LEAST_SIGHTINGS or passage.last.pts_us - passage.entered.pts_us < LEAST_TIME_US:
            return None
        left_at = dot(way(self._lane.heading_px[0], passage.left.box.ground_contact), self._heading)
        if left_at < self._end_px:
            return None
        at, beyond = replace(passage.entered, name="at"), replace(passage.last, name="beyond")
        return Passed(passage.name, passage.first, passage.left, at, beyond)

    def _is_beside(self, other: Lane) -> bool:
        """Another lane of the same heading; not one that is drawn over this one, for another rule."""
        if dot(unit(*other.heading_px), self._heading) < SAME_WAY_COSINE:
            return False
        own, its = self._lane.polygon_px, other.polygon_px
        return not is_inside(its, _middle(own)) and not is_inside(own, _middle(its))


def _middle(polygon: Sequence[PointPx]) -> PointPx:
    return PointPx(sum(p.x for p in polygon) / len(polygon), sum(p.y for p in polygon) / len(polygon))


def stands_in(polygon: Sequence[PointPx], box: BoxPx) -> bool:
    """The middle half of the box's lower edge lies in the polygon, whichever way the vehicle turns."""
    contact, half = box.ground_contact, EDGE_SHARE * box.width
    return all(is_inside(polygon, PointPx(contact.x + x, contact.y)) for x in (-half, 0.0, half))


def has_gone(a: Moment, b: Moment, heading: Vector, least_heights: float) -> bool:
    """From one sighting to the other it drove along a heading, by so many of its box heights."""
    moved = way(a.box.ground_contact, b.box.ground_contact)
    size = distance(a.box.ground_contact, b.box.ground_contact)
    is_far = size >= least_heights * max(a.box.height, b.box.height)
    return is_far and dot(moved, heading) >= SAME_WAY_COSINE * size
