"""People on foot in a zone, followed from frame to frame by where their feet are."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import sqrt

from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import Scene

PERSON_M = 1.7
"""Height of a person: the measure where the camera file has no ground points."""
STEP_HEIGHTS = 0.5
"""Feet that are so far from the last sighting, in the person's own height, are somebody else's."""
LOST_US = 1_000_000
MOST_WALKERS = 64
TRAIL_US = 1_000_000
INSIDE_SHARE = 0.7
"""A person of whom so much lies in a vehicle's box, with the feet above its lower edge, sits in it."""
FASTEST_M_S = 3.0
"""Who is faster does not walk: a rider whose vehicle was not seen."""
SHORTEST_US = 400_000


@dataclass(slots=True)
class Walker:
    """One person on foot.

    Attributes:
        box: as last seen.
        trail: (stream time, feet) of the last second.
        since_us: stream time since which the feet are in the zone; None: they are not.
        stepped_on: where they came into it.
    """

    box: BoxPx
    trail: deque[tuple[int, PointPx]] = field(default_factory=lambda: deque(maxlen=64))
    since_us: int | None = None
    stepped_on: PointPx | None = None

    @property
    def seen_us(self) -> int:
        return self.trail[-1][0]

    @property
    def feet(self) -> PointPx:
        return self.box.ground_contact

    @property
    def feet_then(self) -> PointPx:
        """The feet about a second ago, or at the first sight."""
        return self.trail[0][1]

    @property
    def px_per_m(self) -> float:
        return self.box.height / PERSON_M

    def walks(self) -> bool:
        """Seen long enough, and no faster than people are."""
        lasted_us = self.seen_us - self.trail[0][0]
        way_m = _distance(self.feet, self.feet_then) / self.px_per_m
        return lasted_us >= SHORTEST_US and way_m <= FASTEST_M_S * lasted_us / 1_000_000


class Walkers:
    """Everybody on foot near a zone; bounded, and forgotten a second after the last sight."""

    def __init__(self, is_in_zone: Callable[[PointPx], bool]) -> None:
        self._is_in_zone = is_in_zone
        self._walkers: list[Walker] = []

    def observe(self, scene: Scene) -> list[Walker]:
        """Those who are seen in this scene."""
        self._walkers = [walker for walker in self._walkers if scene.pts_us - walker.seen_us <= LOST_US]
        free = list(self._walkers)
        seen = []
        for box in people_on_foot(scene):
            walker = min(free, key=lambda w: _distance(w.feet, box.ground_contact), default=None)
            if walker is None or _distance(walker.feet, box.ground_contact) > STEP_HEIGHTS * box.height:
                if len(self._walkers) >= MOST_WALKERS:
                    continue
                walker = Walker(box)
                self._walkers.append(walker)
            else:
                free.remove(walker)
            self._note(walker, box, scene.pts_us)
            seen.append(walker)
        return seen

    def clear(self) -> None:
        self._walkers.clear()

    def __len__(self) -> int:
        return len(self._walkers)

    def _note(self, walker: Walker, box: BoxPx, pts_us: int) -> None:
        walker.box = box
        walker.trail.append((pts_us, box.ground_contact))
        while pts_us - walker.trail[0][0] > TRAIL_US:
            walker.trail.popleft()
        if not self._is_in_zone(box.ground_contact):
            walker.since_us = None
        elif walker.since_us is None:
            walker.since_us, walker.stepped_on = pts_us, box.ground_contact


def people_on_foot(scene: Scene) -> Iterator[BoxPx]:
    """Persons of nobody's vehicle, but for those who sit in a car. A track of no class is none: it may be a rider."""
    vehicles = [track.box for track in scene.tracks if track.vehicle in ("car", "bus", "truck")]
    for box in scene.people:
        if not any(_sits_in(box, vehicle) for vehicle in vehicles):
            yield box


def _sits_in(person: BoxPx, vehicle: BoxPx) -> bool:
    is_within = person.intersection(vehicle) >= INSIDE_SHARE * person.area
    return is_within and person.y2 < vehicle.y2 - 0.03 * vehicle.height


def _distance(a: PointPx, b: PointPx) -> float:
    return sqrt((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y))
