"""Crossed a solid line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from pydantic import Field

from detector.drawing import ROAD, Drawing, Stroke, Way
from detector.geometry.footprint import base
from detector.geometry.line import DirectedLine
from detector.geometry.vectors import distance
from detector.rule import RuleSettings, SettingError, Site
from detector.sightings import stands_on_ground
from models.domain.geometry import PointPx
from models.domain.scene import VEHICLE_CLASSES, Scene, Track, VehicleClass
from models.domain.violation import Moment, Violation

SECOND_US = 1_000_000
LEAST_OVER = 5
"""Sightings in a row with the wheels over the line …"""
LEAST_OVER_US = 200_000
"""… and the least time that they take."""
LEAST_BEFORE = 3
"""Sightings wholly on one side of the line, before."""
LEAST_WIDTH_SHARE = 0.25
"""Where the line is crossed in metres, it is also crossed by so much of the vehicle's width: boxes jitter."""
TALL_FACTOR = 1.5
"""Boxes of buses and trucks lean; they must be farther over the line."""
SHIFT_SHARE = 0.5
"""Both ends of the vehicle, and the middle of its box, go over by this share: a box that only grows has not crossed."""
LEAST_WAY_HEIGHTS = 0.5
LEAP_HEIGHTS, SIDE_WIDTHS = 1.0, 0.5
LEAP_US = 400_000
"""A longer step, or a longer one to the side, is a switched identity; twice as long after being hidden for 0.4 s."""
TWO_WHEELS = ("motorcycle", "bicycle")


class Settings(RuleSettings):
    """Settings of `solid_line`."""

    act_code: str | None = "SIGN_MARKING"
    line: str = Field(description="The line: id of a line with `solid: true`. A dashed line is an error.")
    direction: Literal["any", "left_to_right", "right_to_left"] = Field(
        "any",
        description="Which crossing is claimed, seen along the line from its first point to its last: from its left to "
        "its right side, the other way, or any. Where a dashed line runs beside the solid one, only one is forbidden.",
    )
    classes: tuple[VehicleClass, ...] = Field(VEHICLE_CLASSES, description="Vehicle classes that the rule is about.")
    over_m: float = Field(
        0.3, ge=0.1, le=3.0, description="Least way of the wheels over the line, with ground points, metres."
    )
    over_width: float = Field(
        0.3, ge=0.1, le=1.0, description="The same as a share of the vehicle's width, without ground points."
    )
    unseen_s: float = Field(0.7, gt=0.0, le=3.0, description="A vehicle hidden for longer at the line is not claimed.")


@dataclass(frozen=True, slots=True)
class _Span:
    """How far a vehicle lies to the right of the line, px; negative: left.

    Attributes:
        left, middle, right: the ends of its near edge and the middle between them.
        center: the middle of its box.
    """

    left: float
    middle: float
    right: float
    center: float

    def on_side(self, side: float) -> _Span:
        """Seen from one side: positive is over the line."""
        if side < 0:
            return self
        return _Span(-self.right, -self.middle, -self.left, -self.center)

    def wheels(self, vehicle: VehicleClass | None) -> float:
        """Where the foremost wheel is: in the middle of a two-wheeler."""
        return self.middle if vehicle in TWO_WHEELS else self.right


@dataclass(frozen=True, slots=True)
class _Crossing:
    """One vehicle at the line.

    Attributes:
        side: -1: it came from the left of the line; +1: from the right.
        before, span: when it was last wholly on that side, and how it lay then.
        before_count: how often it was.
        at: the first sighting over the line; None: not yet.
        over_count: sightings over the line in a row.
    """

    side: float
    before: Moment
    span: _Span
    last: Moment
    before_count: int = 1
    at: Moment | None = None
    over_count: int = 0


class SolidLine:
    """Đè vạch liền, vượt qua vạch liền: bánh xe lấn qua vạch liền nét trong thời gian đủ dài để thấy rõ.

    Crossed a solid line: seen wholly on one side of it, then with its wheels over it by the stated way, for five
    sightings in a row. Never: a dashed line, a vehicle first seen on the line, a box that leans or grows over it, or a
    vehicle whose wheels are hidden.
    """

    code: ClassVar[str] = "solid_line"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("SIGN_MARKING",)
    never: ClassVar[tuple[str, ...]] = (
        "a dashed line, or beyond the drawn ends of the line",
        "a vehicle first seen on the line",
        "a crossing in the direction that is allowed here, or by a class that is not named",
        "a box that only grows or leans over the line while the other end of the vehicle stays where it was",
        "a box whose lower edge is cut by the picture or hidden by another vehicle, or that is less than 24 px high",
        "a track that jumps (a switched identity), or was hidden for longer than `unseen_s`",
    )
    sources: ClassVar[Mapping[str, str]] = {
        "over_m": "proposal of this project: more than 0.3 m",
        "over_width": "proposal of this project, for cameras without a ground plane",
        "LEAST_OVER": "proposal of this project: 5 frames",
    }
    drawing: ClassVar[Drawing] = Drawing(
        (
            ROAD,
            Stroke(((200, 0), (200, 150)), "line", "solid"),
            Stroke(((200, 150), (200, 240)), "", "dashed"),
            Way(((150, 130), (165, 100), (245, 30)), "over the solid line", "claimed"),
            Way(((150, 235), (165, 210), (240, 160)), "over the dashed line", "silent"),
            Way(((120, 225), (120, 30)), "beside it", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        line = site.drawn_line("line", settings.line)
        if not line.solid:
            raise SettingError("line", f"got the dashed line {line.id!r}, expected one with solid: true")
        self._settings = settings
        self._line = DirectedLine(line.points_px, 1.0)
        self._ground = site.ground
        self._frame = site.camera.frame
        self._crossings: dict[int, _Crossing] = {}
        self._claimed: set[int] = set()

    def observe(self, scene: Scene) -> Iterator[Violation]:
        if not scene.timing_ok:
            self._crossings.clear()
            return
        for track in scene.tracks:
            is_usable = track.is_seen and track.track_id not in self._claimed
            if not is_usable or not stands_on_ground(track, scene.tracks, self._frame):
                continue
            claim = self._follow(track, scene)
            if claim is not None:
                self._claimed.add(track.track_id)
                self._crossings.pop(track.track_id, None)
                yield claim

    def forget(self, track_id: int) -> None:
        self._crossings.pop(track_id, None)
        self._claimed.discard(track_id)

    def _follow(self, track: Track, scene: Scene) -> Violation | None:
        now = Moment("before", scene.frame_index, scene.pts_us, track.box)
        spans = self._spans(track)
        known = self._crossings.pop(track.track_id, None)
        if self._line.overhang(track.ground_contact) > 0:
            return None
        if known is not None and self._goes_on(known, now):
            over = [span.on_side(known.side) for span in spans]
            if min(span.wheels(track.vehicle) for span in over) >= self._least_over_px(track):
                known = replace(known, at=known.at or now, over_count=known.over_count + 1, last=now)
                self._crossings[track.track_id] = known
                return self._claim(known, over[0], track)
        side = _side(spans)
        if side is None:
            if known is not None and self._goes_on(known, now):
                self._crossings[track.track_id] = replace(known, at=None, over_count=0, last=now)
            return None
        count = known.before_count + 1 if known is not None and known.side == side else 1
        self._crossings[track.track_id] = _Crossing(side, now, spans[0], now, count)
        return None

    def _goes_on(self, known: _Crossing, now: Moment) -> bool:
        gap_us, last = now.pts_us - known.last.pts_us, known.last.box
        if gap_us > self._settings.unseen_s * SECOND_US:
            return False
        step_px = distance(last.ground_contact, now.box.ground_contact)
        side_px = abs(self._line.signed_distance(now.box.center) - self._line.signed_distance(last.center))
        reach = 1 + gap_us / LEAP_US
        is_near = step_px <= reach * LEAP_HEIGHTS * max(now.box.height, last.height)
        return is_near and side_px <= reach * SIDE_WIDTHS * max(now.box.width, last.width)

    def _spans(self, track: Track) -> tuple[_Span, _Span]:
        """The vehicle across the line, taken to be long and taken to be short."""
        normal = self._line.normal(track.ground_contact)
        center = self._line.signed_distance(track.box.center)
        found = []
        for factor in (1.0, 0.5):
            foot = base(track.box, track.vehicle, (normal[1], -normal[0]), factor)
            a, b = self._line.signed_distance(foot.left), self._line.signed_distance(foot.right)
            found.append(_Span(min(a, b), self._line.signed_distance(foot.middle), max(a, b), center))
        return found[0], found[1]

    def _least_over_px(self, track: Track) -> float:
        """How far the far end must be over the line, px."""
        contact = track.ground_contact
        normal = self._line.normal(contact)
        width = base(track.box, track.vehicle, (normal[1], -normal[0])).width
        factor = TALL_FACTOR if track.vehicle in ("bus", "truck") else 1.0
        if self._ground is None:
            return factor * self._settings.over_width * width
        beside = PointPx(contact.x + normal[0], contact.y + normal[1])
        px_per_m = 1.0 / max(self._ground.distance_m(contact, beside), 1e-9)
        return factor * max(self._settings.over_m * px_per_m, LEAST_WIDTH_SHARE * width)

    def _claim(self, crossing: _Crossing, span: _Span, track: Track) -> Violation | None:
        if crossing.at is None or track.vehicle not in self._settings.classes or not self._is_forbidden(crossing.side):
            return None
        lasted_us = crossing.last.pts_us - crossing.at.pts_us
        if crossing.before_count < LEAST_BEFORE or crossing.over_count < LEAST_OVER or lasted_us < LEAST_OVER_US:
            return None
        if not _has_shifted(crossing.span.on_side(crossing.side), span) or not _has_driven(crossing):
            return None
        return Violation(
            rule=self.code,
            rule_version=self.version,
            act_code=self._settings.act_code,
            track_id=track.track_id,
            vehicle=track.vehicle,
            frame_index=crossing.at.frame_index,
            pts_us=crossing.at.pts_us,
            point=crossing.at.box.ground_contact,
            moments=(
                crossing.before,
                replace(crossing.at, name="at"),
                replace(crossing.last, name="beyond"),
            ),
            measurements={
                "over_line_us": lasted_us,
                "over_line_per_mille_of_width": round(
                    1000 * span.wheels(track.vehicle) / max(1.0, span.right - span.left)
                ),
            },
        )

    def _is_forbidden(self, side: float) -> bool:
        return self._settings.direction in ("any", "left_to_right" if side < 0 else "right_to_left")


def _side(spans: tuple[_Span, ...]) -> float | None:
    """-1: wholly on the left of the line, +1: wholly on the right, None: on it, or it cannot be told."""
    if all(span.right < 0 for span in spans):
        return -1.0
    return 1.0 if all(span.left > 0 for span in spans) else None


def _has_shifted(before: _Span, now: _Span) -> bool:
    least = SHIFT_SHARE * (now.right - before.right)
    return now.left - before.left >= least and now.center - before.center >= least


def _has_driven(crossing: _Crossing) -> bool:
    before, after = crossing.before.box, crossing.last.box
    way_px = distance(before.ground_contact, after.ground_contact)
    return way_px >= LEAST_WAY_HEIGHTS * max(before.height, after.height)
