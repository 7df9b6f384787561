"""What rules about standing vehicles have in common: zone × seconds × calendar, and what a queue is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import ClassVar

from pydantic import Field

from detector.calendar import CalendarSettings, Hours
from detector.drawing import ROAD, Area, Drawing, Way
from detector.drawing import Standing as DrawnStanding
from detector.geometry.zone import is_inside
from detector.rule import Site
from detector.sightings import shows_its_wheels
from detector.standing import SECOND_US, Standing, Stay, StayBook
from models.domain.camera import Lane
from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import VEHICLE_CLASSES, Scene, VehicleClass
from models.domain.violation import Moment, Violation

BEYOND_US = SECOND_US
"""It still stands there so long after the time was up: the third picture."""
DISCHARGE_US = 10 * SECOND_US
"""A queue needs so long after the lamp turned green until its last vehicle drives."""
LANE_REACH, OPEN_REACH = 1.5, 1.0
"""Neighbours in a queue are no further apart, in the largest side of their boxes: in a drawn lane, and where none is
drawn, so that cars parked side by side are told from cars one behind the other."""
QUEUE_STOOD_US = SECOND_US
"""Who stood for less is not in a queue, but driving."""
QUEUE_SEEN_US = 2 * SECOND_US
LEAST_CONFIDENCE = 0.4
"""Mean over the whole stay: what the network doubts so long is a part of the road, not a vehicle."""
WINDOW_SHARE, WINDOW_S = 2.0, 240.0
"""Time counts within the last `after_s` × 2 + 240 s: a stay that was interrupted for longer begins to count anew."""
BASE_SHARE = 0.25
DEPTH_SHARE = 0.1
"""The middle half of the box's lower edge, and the ground a tenth of its height deeper, stand for the wheels."""

STANDING_NEVER = (
    "a vehicle that creeps on, or only passes",
    "a vehicle whose wheels stand on the edge of the zone",
    "a vehicle that was seen to drive off before the time was up",
    "what the network takes for a vehicle with less than half its certainty (a manhole, a sign)",
    "a person",
)
QUEUE_NEVER = (
    "a vehicle that waits at a lamp: time counts only while its lamps are green, and not in the first 10 s of it",
    "a vehicle in a queue or a jam",
    *STANDING_NEVER,
)
QUEUE_SOURCES = {
    "hidden_s": "proposal of this project",
    "queue_vehicles": "proposal of this project, tried on crossroad_queue and lot_parked",
    "queue_signals": "proposal of this project, tried on redlight_hanoi, where two cars wait 30–38 s",
}
KERB = Drawing(
    (
        ROAD,
        Area(((240, 20), (300, 20), (300, 130), (240, 130)), "zone"),
        DrawnStanding((270, 75), "stands for the stated time", "claimed"),
        DrawnStanding((150, 60), "a queue", "silent"),
        DrawnStanding((150, 95), "", "silent"),
        DrawnStanding((150, 130), "", "silent"),
        Way(((270, 230), (270, 140)), "drives on", "silent"),
    )
)


class StandingSettings(CalendarSettings):
    """Settings that every rule about standing vehicles has."""

    zone: str = Field(description="Where nobody may stand: id of a zone. The vehicle's ground contact counts.")
    after_s: float = Field(gt=0.0, le=7200.0, description="Time that a vehicle must stand there, seconds.")
    classes: tuple[VehicleClass, ...] = Field(VEHICLE_CLASSES, description="Vehicle classes that the rule is about.")
    hidden_s: float = Field(
        20.0, ge=1.0, le=120.0, description="A vehicle that passing traffic hides for longer begins a new stay."
    )


class QueueSettings(StandingSettings):
    """… and the settings that tell a queue from a standing vehicle."""

    queue_signals: tuple[str, ...] | None = Field(
        None,
        description="Lamps that vehicles wait for here: ids of signals. Time counts only while all of them are green, "
        "and not in the first 10 s of it. Unset: every lamp that the camera file draws; []: nobody waits for a lamp.",
    )
    queue_vehicles: int = Field(
        2,
        ge=0,
        le=20,
        description="So many other vehicles that stand in one line with it, each close to the next, in the same lane "
        "where lanes are drawn, make a queue or a jam: no time counts. 0: nobody queues here (a sidewalk, a car park).",
    )


class StandingRule:
    """A vehicle that stands in a zone for longer than is allowed. Subclasses say what else must hold."""

    code: ClassVar[str]
    version: ClassVar[int]
    every_s: ClassVar[float] = 0.25
    least_on_wheels: ClassVar[int] = 0

    def __init__(self, settings: StandingSettings, site: Site) -> None:
        self._standing = settings
        self._polygon = site.zone("zone", settings.zone).polygon_px
        self._frame = site.camera.frame
        window_s = WINDOW_SHARE * settings.after_s + WINDOW_S
        self.warm_up_s = window_s + settings.hidden_s
        self._stays = StayBook(settings.hidden_s, window_s)
        self._hours = Hours(settings, site.camera)
        self._claimed: set[int] = set()

    def observe(self, scene: Scene) -> Iterator[Violation]:
        if not scene.timing_ok:
            self._stays.clear()
            return
        for standing in self._stays.observe(scene):
            claim = self._judge(standing, scene)
            if claim is not None:
                standing.stay.is_claimed = True
                self._claimed.add(claim.track_id)
                yield claim

    def forget(self, track_id: int) -> None:
        self._stays.forget(track_id)
        self._claimed.discard(track_id)

    def _counts(self, standing: Standing, scene: Scene) -> bool:
        """The time since the vehicle was seen before counts."""
        raise NotImplementedError

    def _is_shown(self, stay: Stay) -> bool:
        """What the rule asks for besides the time."""
        return True

    def _measurements(self, stay: Stay) -> dict[str, int]:
        counted_us = stay.counted.total_us
        return {"stood_us": stay.stood_us, "counted_us": counted_us, "longest_unseen_us": stay.hidden_us}

    def _judge(self, standing: Standing, scene: Scene) -> Violation | None:
        stay, track = standing.stay, standing.track
        stay.on_wheels += shows_its_wheels(track, scene.tracks, self._frame)
        if stay.is_claimed or track.track_id in self._claimed or track.vehicle not in self._standing.classes:
            return None
        is_there = stay.confidence >= LEAST_CONFIDENCE and stands_inside(self._polygon, stay.anchor)
        if not is_there or not self._hours.are_on(scene) or not self._counts(standing, scene):
            return None
        stay.counted.add(scene.pts_us, standing.gap_us)
        if stay.due is None and stay.counted.total_us >= self._standing.after_s * SECOND_US:
            stay.due = Moment("at", scene.frame_index, scene.pts_us, track.box)
        if stay.due is None or scene.pts_us - stay.due.pts_us < BEYOND_US or not self._is_shown(stay):
            return None
        if stay.on_wheels < self.least_on_wheels:
            return None
        return self._claim(stay, stay.due, track.track_id, track.vehicle, scene)

    def _claim(self, stay: Stay, at: Moment, track_id: int, vehicle: VehicleClass, scene: Scene) -> Violation:
        return Violation(
            rule=self.code,
            rule_version=self.version,
            act_code=self._standing.act_code,
            track_id=track_id,
            vehicle=vehicle,
            frame_index=at.frame_index,
            pts_us=at.pts_us,
            point=at.box.ground_contact,
            moments=(stay.before(at.pts_us), at, Moment("beyond", scene.frame_index, scene.pts_us, stay.latest)),
            measurements=self._measurements(stay),
        )


class QueueCheck:
    """Is a standing vehicle one of a queue, at a lamp or in a jam?"""

    def __init__(self, settings: QueueSettings, site: Site, stays: StayBook) -> None:
        drawn = tuple(signal.id for signal in site.camera.signals)
        named = drawn if settings.queue_signals is None else settings.queue_signals
        self._signals = tuple(site.signal("queue_signals", name).id for name in named)
        self._vehicles = settings.queue_vehicles
        self._lanes: Sequence[Lane] = site.camera.lanes
        self._stays = stays
        self._seen_at: tuple[int, dict[int, int]] = (-1, {})

    def is_queue(self, stay: Stay, scene: Scene) -> bool:
        """True also where it cannot be told: a lamp that cannot be read may be red."""
        if not all(_is_free(scene, name) for name in self._signals):
            return True
        return self._vehicles > 0 and self._others(stay, scene) >= self._vehicles

    def _others(self, stay: Stay, scene: Scene) -> int:
        """How many other vehicles stand in one line with it."""
        if self._seen_at[0] != scene.frame_index:
            self._seen_at = scene.frame_index, self._line_sizes(scene)
        return self._seen_at[1].get(id(stay), 1) - 1

    def _line_sizes(self, scene: Scene) -> dict[int, int]:
        """How many vehicles stand in each stay's line: each close to the next, in one lane where one is drawn."""
        rest = [(stay, self._lane_of(stay.contact)) for stay in self._stays.stays() if _waits(stay, scene)]
        sizes: dict[int, int] = {}
        while rest:
            line = [rest.pop()]
            for stay, lane in line:  # grows while it is read
                near = [other for other in rest if other[1] == lane and _is_close(stay, other[0], lane)]
                line += near
                rest = [other for other in rest if other not in near]
            sizes |= {id(stay): len(line) for stay, _ in line}
        return sizes

    def _lane_of(self, point: PointPx) -> str | None:
        return next((lane.id for lane in self._lanes if is_inside(lane.polygon_px, point)), None)


def _waits(stay: Stay, scene: Scene) -> bool:
    is_seen = scene.pts_us - stay.seen_us <= QUEUE_SEEN_US
    return stay.vehicle is not None and stay.stood_us >= QUEUE_STOOD_US and is_seen


def _is_close(stay: Stay, other: Stay, lane: str | None) -> bool:
    size = max(stay.anchor.width, stay.anchor.height, other.anchor.width, other.anchor.height)
    return _distance(stay.contact, other.contact) <= (OPEN_REACH if lane is None else LANE_REACH) * size


def stands_inside(polygon: Sequence[PointPx], box: BoxPx) -> bool:
    """It stands in the zone, not on its edge."""
    contact, half, depth = box.ground_contact, BASE_SHARE * box.width, DEPTH_SHARE * box.height
    wheels = ((-half, 0.0), (half, 0.0), (0.0, 0.0), (0.0, -depth))
    return all(is_inside(polygon, PointPx(contact.x + x, contact.y + y)) for x, y in wheels)


def _is_free(scene: Scene, signal_id: str) -> bool:
    """The lamp has been green for so long that nobody waits for it any more."""
    reading = scene.signals.get(signal_id)
    return reading is not None and reading.state == "green" and scene.pts_us - reading.held_since_us >= DISCHARGE_US


def _distance(a: PointPx, b: PointPx) -> float:
    return sqrt((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y))
