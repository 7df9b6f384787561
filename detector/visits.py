"""Visits to the zones of a station: stays of tracks, put together by plate and by place.

A stay is one track in one zone. Two stays are one visit where both were read and their plates are the same, or where
one was lost inside the zone and the other appeared there soon after. Two different plates are never one visit.
Pure: no pictures, no storage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from detector.geometry.zone import is_inside
from models.domain.audits import ZoneKind
from models.domain.camera import Camera, Zone
from models.domain.geometry import BoxPx
from models.domain.scene import Scene, Track, VehicleClass

COACHES: frozenset[VehicleClass] = frozenset({"bus", "truck"})
"""What a coach may be taken for."""
RECORDED: dict[ZoneKind, frozenset[VehicleClass]] = {
    "gate_in": COACHES, "gate_out": COACHES, "inspection_lane": COACHES | {"car"},
}  # fmt: skip
"""Whom records speak of there: all others are only counted, and their plates never read."""
MAY_BE, SURELY_IS = 0.2, 0.8
"""Shares of its boxes: from the first on a vehicle may be of a recorded class and is told; from the second on it is a
bus. A coach in doubt is told as a truck: of a truck no record rule claims anything, and it may still be the coach."""
LEFT_AFTER_US = 1_000_000
"""So long outside of the zone, and a vehicle has left it."""
LEAST_STAY_US, LEAST_SEEN = 600_000, 3
SAME_PLATE_US: dict[ZoneKind, int] = {
    "gate_in": 30_000_000, "gate_out": 30_000_000, "inspection_lane": 120_000_000,
}  # fmt: skip
"""The same plate in the same zone again within this gap is the same visit."""
LOST_US = 6_000_000
"""Lost and found again at the same place within this gap: the same vehicle, where plates do not differ."""
SAME_PLACE = 0.5
"""Of the box's height: how far it may appear from where it was lost."""
SAME_GROUND = 0.15
"""Of the larger box's height: two boxes at one time whose lower edges are so near stand on the same ground, which two
vehicles cannot."""
MOST_SAMPLES, SAMPLE_US = 120, 1_000_000
"""Boxes kept of a stay, one a second at most; of a longer one the first."""
LONGEST_STAY_US = 2 * 3600 * 1_000_000
"""A stay is ended then, so that a parked vehicle never holds back what is known of all others."""
MOST_STAYS = 400


@dataclass(slots=True)
class Stay:
    """One track in one zone; after merging, several.

    Attributes:
        is_over: it left, or its track ended.
        is_read: its plate was asked for; before that it is no visit.
        is_lost: its track ended inside the zone.
        offset_us: capture time less stream time, on the connection where it began (`track[0]`).
    """

    track: tuple[int, int]
    zone: str
    kind: ZoneKind
    vehicle: VehicleClass
    entered_us: int
    left_us: int
    first_box: BoxPx
    last_box: BoxPx
    seen: int = 1
    is_over: bool = False
    is_read: bool = False
    is_lost: bool = False
    plate: str | None = None
    unread_because: str | None = None
    confidence: float = 0.0
    classes: Counter[VehicleClass] = field(default_factory=Counter)
    tracks: int = 1
    samples: list[tuple[int, BoxPx]] = field(default_factory=list)
    offset_us: int = 0

    @property
    def recorded_class(self) -> VehicleClass | None:
        """The class that records may know it by; None: none of them speaks of such a vehicle there."""
        known = {name: count for name, count in self.classes.items() if name in RECORDED[self.kind]}
        if not known or sum(known.values()) < MAY_BE * self.seen:
            return None
        likeliest = max(sorted(known), key=lambda name: known[name])
        return "truck" if likeliest == "bus" and known["bus"] < SURELY_IS * self.seen else likeliest

    @property
    def is_final(self) -> bool:
        return self.is_over and self.is_read


class StayBook:
    """Follows who is in which zone of one camera. A new connection begins new track numbers."""

    def __init__(self, camera: Camera) -> None:
        zones = [zone for zone in camera.zones if zone.kind is not None]
        self._zones: Sequence[Zone] = [zone for zone in zones if zone.kind != "passing"]
        self._passing: Sequence[Zone] = [zone for zone in zones if zone.kind == "passing"]
        self.stays: list[Stay] = []
        self._passed: dict[tuple[str, tuple[int, int]], tuple[int, int, VehicleClass]] = {}
        self.counts: Counter[tuple[str, VehicleClass, int]] = Counter()
        """(zone, class, µs of its hour): who passed, and is no visit."""
        self.dropped: Counter[str] = Counter()

    def observe(self, scene: Scene, now_us: int, connection: int = 0) -> None:
        """One scene, at capture time `now_us`."""
        for track in scene.tracks:
            if track.vehicle is None or not track.is_seen:
                continue
            for zone in self._zones:
                if is_inside(zone.polygon_px, track.ground_contact):
                    self._in_zone(zone, track, (now_us, now_us - scene.pts_us), connection)
            for zone in self._passing:
                if is_inside(zone.polygon_px, track.ground_contact):
                    self._note_passing(zone.id, (connection, track.track_id), track.vehicle, now_us)
        ended = {(connection, track_id) for track_id in scene.ended}
        for stay in self.stays:
            if not stay.is_over:
                stay.is_lost = stay.track in ended and now_us - stay.left_us < LEFT_AFTER_US * 4
                is_long = now_us - stay.entered_us > LONGEST_STAY_US
                stay.is_over = stay.track in ended or now_us - stay.left_us > LEFT_AFTER_US or is_long
                if is_long:
                    stay.is_read, stay.unread_because = True, "still_there"
        self._count_passed(ended, now_us)

    def end_connection(self) -> None:
        """Whoever was followed is lost."""
        for stay in self.stays:
            stay.is_lost = stay.is_lost or not stay.is_over
            stay.is_over = True
        self._count_passed({key for _, key in self._passed}, 0)

    def tracks_inside(self) -> set[tuple[int, int]]:
        """Tracks with a stay that has not ended: whose plates may be asked for."""
        return {stay.track for stay in self.stays if not stay.is_over and stay.recorded_class}

    def has_unread(self, track: tuple[int, int]) -> bool:
        return any(stay.track == track and not stay.is_read for stay in self.stays)

    def read(self, track: tuple[int, int], plate: str | None, unread_because: str | None, confidence: float) -> None:
        """The track ended, and its plate was read or not.

        A track that was in two zones may have taken over another vehicle: nobody's plate is given to anybody.
        """
        if len({stay.zone for stay in self.stays if stay.track == track}) > 1:
            plate, unread_because, confidence = None, "two_zones", 0.0
        for stay in self.stays:
            if stay.track == track and not stay.is_read:
                stay.is_read, stay.plate, stay.confidence = True, plate, confidence
                stay.unread_because = None if plate else unread_because or "no_plate"

    def take_final(self, now_us: int) -> tuple[list[Stay], int]:
        """Finished visits in the order in which they began, and the instant up to which nothing else can come.

        Every visit that begins before that instant has been given, now or before: only for that time a camera may be
        said to have been up.
        """
        self._merge()
        final: list[Stay] = []
        waiting: list[Stay] = []
        for stay in self.stays:
            (final if stay.is_final and not self._may_go_on(stay, now_us) else waiting).append(stay)
        mark_us = min((stay.entered_us for stay in waiting), default=now_us)
        given = sorted((stay for stay in final if stay.entered_us < mark_us), key=lambda s: (s.entered_us, s.track))
        gone = {id(stay) for stay in given}
        self.stays = [stay for stay in self.stays if id(stay) not in gone]
        return [stay for stay in given if self._is_visit(stay)], mark_us

    def _in_zone(self, zone: Zone, track: Track, now: tuple[int, int], connection: int) -> None:
        assert track.vehicle is not None
        vehicle, (now_us, offset_us) = track.vehicle, now
        key = (connection, track.track_id)
        stay = next((s for s in self.stays if s.track == key and s.zone == zone.id and not s.is_over), None)
        if stay is None:
            if len(self.stays) >= MOST_STAYS:
                self.dropped["too_many_stays"] += 1
                return
            assert zone.kind is not None and zone.kind != "passing"
            stay = Stay(
                key, zone.id, zone.kind, vehicle, now_us, now_us, track.box, track.box, seen=0, offset_us=offset_us
            )
            self.stays.append(stay)
        stay.left_us, stay.last_box, stay.seen = max(stay.left_us, now_us), track.box, stay.seen + 1
        stay.classes[vehicle] += 1
        if len(stay.samples) < MOST_SAMPLES and (not stay.samples or now_us - stay.samples[-1][0] >= SAMPLE_US):
            stay.samples.append((now_us, track.box))
        stay.vehicle = stay.classes.most_common(1)[0][0]

    def _note_passing(self, zone: str, track: tuple[int, int], vehicle: VehicleClass, now_us: int) -> None:
        _, seen, _ = self._passed.get((zone, track), (now_us, 0, vehicle))
        self._passed[zone, track] = (now_us, seen + 1, vehicle)

    def _count_passed(self, ended: Iterable[tuple[int, int]], now_us: int) -> None:
        gone = set(ended)
        for zone, track in [key for key in self._passed if key[1] in gone]:
            last_us, seen, vehicle = self._passed.pop((zone, track))
            if seen >= LEAST_SEEN:
                self._count(zone, vehicle, last_us)

    def _count(self, zone: str, vehicle: VehicleClass, at_us: int) -> None:
        self.counts[zone, vehicle, at_us // 3_600_000_000 * 3_600_000_000] += 1

    def _is_visit(self, stay: Stay) -> bool:
        """Too short is nothing; a class that no record speaks of is counted."""
        if stay.seen < LEAST_SEEN or stay.left_us - stay.entered_us < LEAST_STAY_US:
            self.dropped["too_short"] += 1
            return False
        if stay.recorded_class is None:
            self._count(stay.zone, stay.vehicle, stay.entered_us)
            return False
        return True

    def _may_go_on(self, stay: Stay, now_us: int) -> bool:
        """Whether a later stay may still turn out to be the same visit."""
        gap_us = SAME_PLATE_US[stay.kind] if stay.plate else LOST_US
        if now_us - stay.left_us <= gap_us:
            return True
        later = (s for s in self.stays if s is not stay and s.zone == stay.zone and not s.is_final)
        return any(s.entered_us <= stay.left_us + gap_us for s in later)

    def _merge(self) -> None:
        """Puts together what is one visit, earliest first."""
        done = sorted((s for s in self.stays if s.is_final), key=lambda s: (s.entered_us, s.track))
        for place, first in enumerate(done):
            if first not in self.stays:
                continue
            for later in done[place + 1 :]:
                if any(one is later for one in self.stays) and is_same_visit(first, later):
                    _join(first, later)
                    self.stays = [one for one in self.stays if one is not later]


def is_same_visit(first: Stay, later: Stay) -> bool:
    """Whether a stay goes on in one that began later, both being final."""
    if first.zone != later.zone or (first.plate and later.plate and first.plate != later.plate):
        return False
    gap_us = later.entered_us - first.left_us
    if first.plate is not None and first.plate == later.plate:
        return gap_us <= SAME_PLATE_US[first.kind]
    if gap_us < 0:
        return is_same_vehicle(first, later)
    return gap_us <= LOST_US and first.is_lost and _is_same_place(first.last_box, later.first_box)


def is_same_vehicle(first: Stay, later: Stay) -> bool:
    """Whether two stays of one time are two boxes of one vehicle: wherever both were seen, on the same ground."""
    pairs = [
        (box, other)
        for at_us, box in later.samples
        for other_us, other in first.samples
        if abs(at_us - other_us) <= SAMPLE_US // 2
    ]
    return bool(pairs) and sum(_is_same_ground(a, b) for a, b in pairs) * 5 >= len(pairs) * 4


def _is_same_ground(one: BoxPx, other: BoxPx) -> bool:
    larger, smaller = (one, other) if one.area >= other.area else (other, one)
    x, y = smaller.ground_contact.x, smaller.ground_contact.y
    return larger.x1 <= x <= larger.x2 and abs(larger.y2 - y) <= SAME_GROUND * larger.height


def _is_same_place(lost: BoxPx, found: BoxPx) -> bool:
    reach_px = SAME_PLACE * min(lost.height, found.height)
    before, after = lost.ground_contact, found.ground_contact
    return abs(before.x - after.x) <= reach_px and abs(before.y - after.y) <= reach_px


def _join(first: Stay, later: Stay) -> None:
    if later.left_us >= first.left_us:
        first.left_us, first.last_box, first.is_lost = later.left_us, later.last_box, later.is_lost
    first.seen, first.tracks = first.seen + later.seen, first.tracks + later.tracks
    if later.entered_us > first.samples[-1][0]:
        first.samples = (first.samples + later.samples)[:MOST_SAMPLES]
    first.classes.update(later.classes)
    first.vehicle = first.classes.most_common(1)[0][0]
    if first.plate is None or later.confidence > first.confidence:
        first.plate, first.confidence = later.plate or first.plate, max(later.confidence, first.confidence)
        first.unread_because = None if first.plate else first.unread_because
