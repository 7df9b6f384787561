"""Who stands where, and since when: kept by place, so that a standing vehicle survives being hidden.

A stay is bound to the track that stands there. When that track is lost, the stay waits for a track that is born at the
same place; a vehicle that is seen to drive in is another one, and one that is seen to drive off has ended its stay.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import sqrt

from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import Scene, Track, VehicleClass
from models.domain.violation import Moment

SECOND_US = 1_000_000
FIT_SHARE = 0.25
"""The ground contact of a standing vehicle stays within this share of its box's width and height …"""
FIT_OVERLAP = 0.55
"""… and its box overlaps (IoU) the first by more: what jitters less stands, what creeps further has moved."""
PART_SHARE = 0.85
"""A box inside the first by this share is hidden in part; one that holds so much of it is merged with another."""
NEAR_OVERLAP = 0.3
"""A box that overlaps (IoU) the first by so much may have jumped, and comes back."""
ANCHOR_SIGHTINGS = 8
"""The place of a stay is the mean of so many first sightings."""
LEAP_SHARE = 0.6
LEAP_US = 600_000
"""A box that is so far off, in its own size, within this time has changed its vehicle, not its place."""
REMEMBERED_US = 600 * SECOND_US
"""So long a claimed place is known: the vehicle there is not claimed again when its track is lost and born anew."""
WORTH_US = SECOND_US
"""A shorter stay is not kept when its track is lost."""
MOST_STAYS = 512
CHECKPOINT_US = 30 * SECOND_US
EVIDENCE_US = 240 * SECOND_US
"""The first picture of the evidence is no older than this: what the ring keeps."""


class Recent:
    """Time that counts, within a window that moves along: what lies before it no longer decides."""

    def __init__(self, window_us: int) -> None:
        self._window_us = window_us
        self._parts: deque[tuple[int, int]] = deque()
        self.total_us = 0

    def add(self, pts_us: int, part_us: int) -> None:
        self._parts.append((pts_us, part_us))
        self.total_us += part_us
        while pts_us - self._parts[0][0] > self._window_us:
            self.total_us -= self._parts.popleft()[1]


@dataclass(slots=True)
class Stay:
    """One vehicle at one place.

    Attributes:
        anchor: its box there: the mean of the first sightings.
        track_id: the track that stands there; None: it is lost, and awaited.
        vehicle: as the track says; None: not known to be a vehicle.
        since_us: stream time of the first sight of it there.
        seen_us: of the latest sighting that fits.
        latest: its box then.
        counted, people: time that counts by the rule's own conditions, and with persons at its side.
        hidden_us: the longest time between two sightings that fit.
        due: the instant at which the time was up; None: not yet.
        is_claimed: a claim was made of it.
        former: the stay before it, nearly at the same place: what is seen now may be a part of that vehicle.
        confidence, sightings: mean confidence of the sightings that fit, 0..1, and their number.
        on_wheels: the number of those in which no other vehicle hid its wheels.
    """

    anchor: BoxPx
    track_id: int | None
    vehicle: VehicleClass | None
    since_us: int
    seen_us: int
    latest: BoxPx
    counted: Recent
    people: Recent
    hidden_us: int = 0
    due: Moment | None = None
    is_claimed: bool = False
    confidence: float = 0.0
    sightings: int = 0
    on_wheels: int = 0
    former: Stay | None = None
    _checkpoints: deque[Moment] = field(default_factory=lambda: deque(maxlen=EVIDENCE_US // CHECKPOINT_US + 1))

    @property
    def contact(self) -> PointPx:
        """Where it stands; not moved by what hides a part of it."""
        return self.anchor.ground_contact

    @property
    def stood_us(self) -> int:
        return self.seen_us - self.since_us

    def before(self, at_us: int) -> Moment:
        """The first sight of it, or the earliest that the evidence can still show."""
        return next((m for m in self._checkpoints if at_us - m.pts_us <= EVIDENCE_US), self._checkpoints[-1])

    def note(self, track: Track, scene: Scene) -> None:
        """The latest sighting, which fits."""
        self.track_id, self.vehicle = track.track_id, track.vehicle
        self.hidden_us = max(self.hidden_us, scene.pts_us - self.seen_us)
        self.seen_us = scene.pts_us
        self.latest = track.box
        self.sightings += 1
        if 1 < self.sightings <= ANCHOR_SIGHTINGS:
            self.anchor = _moved_towards(self.anchor, track.box, 1.0 / self.sightings)
        self.confidence += (track.confidence - self.confidence) / self.sightings
        if not self._checkpoints or scene.pts_us - self._checkpoints[-1].pts_us >= CHECKPOINT_US:
            self._checkpoints.append(Moment("before", scene.frame_index, scene.pts_us, track.box))


@dataclass(frozen=True, slots=True)
class Standing:
    """One stay that was seen in this scene.

    Attributes:
        gap_us: time since it was seen before.
    """

    stay: Stay
    track: Track
    gap_us: int


class StayBook:
    """Follows every vehicle's stay; bounded by `MOST_STAYS`, and in time.

    Args:
        hidden_s: so long a lost track, or one that is hidden in part, is awaited at its place.
        window_s: time counts within the last so many seconds.
    """

    def __init__(self, hidden_s: float, window_s: float) -> None:
        self._window_us = round(window_s * SECOND_US)
        self._hidden_us = round(hidden_s * SECOND_US)
        self._of_track: dict[int, Stay] = {}
        self._awaited: list[Stay] = []

    def observe(self, scene: Scene) -> list[Standing]:
        """The stays that this scene shows, by track id."""
        self._awaited = [stay for stay in self._awaited if scene.pts_us - stay.seen_us <= self._patience_us(stay)]
        found = (self._follow(track, scene) for track in scene.tracks if track.is_seen)
        return [standing for standing in found if standing is not None]

    def stays(self) -> Iterator[Stay]:
        """Every stay of a track that lives."""
        yield from self._of_track.values()

    def forget(self, track_id: int) -> None:
        """The track has ended; its stay is awaited for a while."""
        stay = self._of_track.pop(track_id, None)
        if stay is not None:
            self._await(stay)

    def clear(self) -> None:
        """The clock began anew."""
        self._of_track.clear()
        self._awaited.clear()

    def __len__(self) -> int:
        return len(self._of_track) + len(self._awaited)

    def _follow(self, track: Track, scene: Scene) -> Standing | None:
        stay = self._of_track.get(track.track_id)
        if stay is None:
            stay = self._taken_over(track, scene)
            if stay is None:
                return self._begin(track, scene, None)
        else:
            stay = self._of_track[track.track_id] = self._uncovered(stay, track, scene) or stay
            if not fits(stay.anchor, track.box):
                return self._misfit(stay, track, scene)
        gap_us = scene.pts_us - stay.seen_us
        stay.note(track, scene)
        return Standing(stay, track, gap_us)

    def _uncovered(self, stay: Stay, track: Track, scene: Scene) -> Stay | None:
        """The stay before this one, where the vehicle is seen there again: it was hidden in part, or its box jumped."""
        former = stay.former
        if former is None or scene.pts_us - former.seen_us > self._hidden_us or not fits(former.anchor, track.box):
            return None
        return former

    def _misfit(self, stay: Stay, track: Track, scene: Scene) -> Standing | None:
        """It moved, or a part of it is hidden, or its track leapt to another vehicle."""
        former = stay if stay.stood_us >= WORTH_US or stay.former is None else stay.former
        if scene.pts_us - stay.seen_us <= LEAP_US and _is_leap(stay.latest, track.box):
            self._await(former)
            return self._begin(track, scene, None)
        return self._begin(track, scene, former if _is_nearly_there(former.anchor, track.box) else None)

    def _begin(self, track: Track, scene: Scene, former: Stay | None) -> Standing:
        now = scene.pts_us
        counted, people = Recent(self._window_us), Recent(self._window_us)
        stay = Stay(track.box, track.track_id, track.vehicle, now, now, track.box, counted, people)
        if former is not None:
            stay.former, stay.is_claimed, former.former = former, former.is_claimed, None
        stay.note(track, scene)
        if len(self) >= MOST_STAYS:
            self._drop_oldest()
        self._of_track[track.track_id] = stay
        return Standing(stay, track, 0)

    def _taken_over(self, track: Track, scene: Scene) -> Stay | None:
        """The stay that waits where this new track is born."""
        for place, stay in enumerate(self._awaited):
            if stay.anchor.iou(track.box) > FIT_OVERLAP and _is_kind(stay.vehicle, track.vehicle):
                del self._awaited[place]
                self._of_track[track.track_id] = stay
                return stay
        return None

    def _await(self, stay: Stay) -> None:
        if stay.stood_us < WORTH_US and not stay.is_claimed:
            return
        stay.track_id = None
        self._awaited.append(stay)
        if len(self) > MOST_STAYS:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        if self._awaited:
            del self._awaited[0]
        else:
            del self._of_track[next(iter(self._of_track))]

    def _patience_us(self, stay: Stay) -> int:
        return REMEMBERED_US if stay.is_claimed else self._hidden_us


def fits(anchor: BoxPx, box: BoxPx) -> bool:
    """The box stands where the anchor stands, but for jitter."""
    a, b = anchor.ground_contact, box.ground_contact
    is_near = abs(a.x - b.x) <= FIT_SHARE * anchor.width and abs(a.y - b.y) <= FIT_SHARE * anchor.height
    return is_near and anchor.iou(box) > FIT_OVERLAP


def _moved_towards(box: BoxPx, other: BoxPx, share: float) -> BoxPx:
    pairs = ((box.x1, other.x1), (box.y1, other.y1), (box.x2, other.x2), (box.y2, other.y2))
    x1, y1, x2, y2 = (a + (b - a) * share for a, b in pairs)
    return BoxPx(x1, y1, x2, y2)


def _is_nearly_there(anchor: BoxPx, box: BoxPx) -> bool:
    """A part of the vehicle, or the vehicle with another, or a box that jumped: it may be back at the anchor soon."""
    shared = anchor.intersection(box)
    return shared >= PART_SHARE * min(anchor.area, box.area) or anchor.iou(box) > NEAR_OVERLAP


def _is_leap(before: BoxPx, after: BoxPx) -> bool:
    a, b = before.center, after.center
    way = sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y))
    return way > LEAP_SHARE * sqrt(min(before.area, after.area))


def _is_kind(kept: VehicleClass | None, new: VehicleClass | None) -> bool:
    """A newborn track may not have its class yet; two- and four-wheelers never take each other's place."""
    two = ("motorcycle", "bicycle")
    return kept is None or new is None or (kept in two) == (new in two)
