"""Drove faster than allowed: speed over a stretch of the lane, with its uncertainty. Advisory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import sqrt
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from detector.calendar import CalendarSettings, Hours
from detector.drawing import Area, Drawing, Stroke, Way
from detector.geometry.speed import Position, SpeedFit, fit_speed
from detector.geometry.survey import Survey
from detector.geometry.zone import is_inside
from detector.rule import RuleSettings, SettingError, Site
from models.domain.geometry import PointPx
from models.domain.scene import Scene, Track, VehicleClass
from models.domain.violation import Moment, Violation

SECOND_US = 1_000_000
M_S_PER_KMH = 1 / 3.6
JITTER_PX = 0.5
"""Least error of a box's lower edge."""
POINT_PX = 0.5
"""Standard uncertainty with which a surveyed point is found in the picture."""
CLOCK_SHARE = 0.001
"""Standard uncertainty of the stream's own time, as a share."""
LEAST_SIGHTINGS = 8
MOST_SIGHTINGS = 256
UNSEEN_US = 500_000
"""A longer gap begins the stretch anew."""
HALVES_SHARE = 0.15
"""Both halves of the stretch give the same speed but for this share and four standard errors …"""
HEADING_COSINE = 0.7
"""… and the way goes along the lane, within 45°: else it is no steady drive, or a switched identity."""
HIGHEST_KMH = 200.0
"""What is measured beyond this is an error of measurement."""
NEIGHBOURS = 20
LEAST_NEIGHBOURS = 5
FAR_FROM_TRAFFIC = 1.5
"""A speed that is so many times the median of the last vehicles is flagged (`is_far_from_traffic`), not hidden."""
TIERS_KMH: tuple[tuple[float, str], ...] = (
    (35.0, "SPEED_35"),
    (20.0, "SPEED_20_35"),
    (10.0, "SPEED_10_20"),
    (5.0, "SPEED_05_10"),
)
"""Surely over the limit by 10 (inclusive), and by more than 20 and 35; by 5 or more. Below +5 there is no act."""
TWO_WHEELERS: tuple[VehicleClass, ...] = ("motorcycle", "bicycle")


class Instrument(BaseModel):
    """A measuring instrument and its certificate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=80)
    certificate_no: str = Field(min_length=1, max_length=80)
    valid_from: date
    valid_to: date

    @model_validator(mode="after")
    def _is_a_span(self) -> Instrument:
        if self.valid_to < self.valid_from:
            raise ValueError(f"got valid_to {self.valid_to} before valid_from {self.valid_from}")
        return self


class Settings(CalendarSettings):
    """Settings of `speeding`."""

    lane: str = Field(description="The lane that is measured: id of a lane. The camera file must have ground points.")
    limit_kmh: dict[VehicleClass, float] = Field(
        description="The limit by vehicle class, km/h. A class that is not named is not measured.", min_length=1
    )
    stretch_m: float = Field(20.0, ge=5.0, le=200.0, description="Length of the way over which a speed is measured.")
    survey_m: float = Field(
        0.02,
        ge=0.0,
        le=1.0,
        description="Standard uncertainty of a surveyed point's x and y, metres, at least; where more than four points "
        "fit worse than that, what they show counts.",
    )
    scale_percent: float = Field(
        1.0,
        ge=0.0,
        le=20.0,
        description="Standard uncertainty of the survey's scale: what is wrong with all points alike.",
    )
    contact_percent: float = Field(
        0.3,
        ge=0.0,
        le=20.0,
        description="Standard uncertainty of the speed because a box's lower edge is not quite on the road.",
    )
    instrument: Instrument | None = Field(
        None,
        description="A certified instrument at this place. Its feed is not built: the speed is that of the picture, "
        "and advisory, also where an instrument is named.",
    )


@dataclass(slots=True)
class _Stretch:
    """What one vehicle has driven of the stretch."""

    moments: list[Moment] = field(default_factory=list)
    points: list[PointPx] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Speed:
    """A measured speed, m/s."""

    speed_m_s: float
    u95_m_s: float
    length_m: float
    count: int


class Speeding:
    """Chạy quá tốc độ (giá trị tham khảo): tốc độ đo trên một đoạn làn đường, đã trừ độ không đảm bảo đo.

    Drove faster than allowed, as far as the picture tells: the speed over a stretch of the lane, less its uncertainty
    (95 %: survey, box, clock), is over the limit by 5 km/h or more. The value is advisory: it is no evidence before a
    certified instrument confirms it.
    """

    code: ClassVar[str] = "speeding"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("SPEED_05_10", "SPEED_10_20", "SPEED_20_35", "SPEED_35")
    never: ClassVar[tuple[str, ...]] = (
        "less than 5 km/h over the limit once the uncertainty is taken off",
        "a way that jumps, bends off the lane or changes its speed by half (a switched identity)",
        "a box that an edge of the picture cuts",
        "a stretch on which the vehicle was hidden for longer than 0.5 s",
        "a class without a limit, a person",
        "a camera without surveyed ground points",
    )
    sources: ClassVar[Mapping[str, str]] = {
        "TIERS_KMH": "the catalogue: the first act begins at +5 km/h; the test v − U95 − limit ≥ bound is practice",
        "JITTER_PX": "measured on motorway_day: 0.5 px for boxes of 20–40 px height, 0.9 px for 80–160 px",
        "scale_percent": "proposal of this project: a tape of 1 %",
        "survey_m": "proposal of this project",
        "contact_percent": "proposal of this project, not measured",
        "stretch_m": "proposal of this project",
    }
    drawing: ClassVar[Drawing] = Drawing(
        (
            Area(((140, 0), (260, 0), (260, 240), (140, 240)), "lane, surveyed", "lane"),
            Stroke(((140, 190), (260, 190)), "", "dashed"),
            Stroke(((140, 60), (260, 60)), "stretch_m", "dashed"),
            Way(((175, 220), (175, 30)), "v − U95 ≥ limit + 5 km/h", "claimed"),
            Way(((230, 220), (230, 30)), "within the uncertainty", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        self._settings = settings
        lane = site.lane("lane", settings.lane)
        ground = site.camera.ground
        if ground is None:
            raise SettingError("lane", "got a camera file without ground points, expected them: speed is in metres")
        self._polygon = lane.polygon_px
        self._survey = Survey.from_points(ground.points_px, ground.points_m, settings.survey_m, POINT_PX)
        a, b = (self._survey.ground.to_road(point) for point in lane.heading_px)
        length = sqrt((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y))
        self._heading = (b.x - a.x) / length, (b.y - a.y) / length
        self._frame_px = float(site.camera.frame.width), float(site.camera.frame.height)
        self._hours = Hours(settings, site.camera)
        self._stretches: dict[int, _Stretch] = {}
        self._claimed: set[int] = set()
        self._traffic: deque[float] = deque(maxlen=NEIGHBOURS)

    def observe(self, scene: Scene) -> Iterator[Violation]:
        if not scene.timing_ok:
            self._stretches.clear()
            return
        for track in scene.tracks:
            if track.is_seen and track.track_id not in self._claimed:
                claim = self._follow(track, scene)
                if claim is not None:
                    self._claimed.add(track.track_id)
                    self._stretches.pop(track.track_id, None)
                    yield claim

    def forget(self, track_id: int) -> None:
        self._stretches.pop(track_id, None)
        self._claimed.discard(track_id)

    def _follow(self, track: Track, scene: Scene) -> Violation | None:
        if not is_inside(self._polygon, track.ground_contact) or self._is_cut(track):
            self._stretches.pop(track.track_id, None)
            return None
        stretch = self._stretches.setdefault(track.track_id, _Stretch())
        is_gap = bool(stretch.moments) and scene.pts_us - stretch.moments[-1].pts_us > UNSEEN_US
        if is_gap or len(stretch.moments) >= MOST_SIGHTINGS:
            stretch = self._stretches[track.track_id] = _Stretch()
        stretch.moments.append(Moment("beyond", scene.frame_index, scene.pts_us, track.box))
        stretch.points.append(track.ground_contact)
        length_m = self._survey.ground.distance_m(stretch.points[0], track.ground_contact)
        if len(stretch.moments) < LEAST_SIGHTINGS or length_m < self._settings.stretch_m:
            return None
        del self._stretches[track.track_id]  # one stretch, one measurement; the next begins behind it
        speed = self._measure(stretch)
        if speed is None or track.vehicle is None or not self._hours.are_on(scene):
            return None
        return self._judge(track, track.vehicle, stretch, speed)

    def _is_cut(self, track: Track) -> bool:
        """An edge of the picture cuts the box: its lower edge is not where it stands."""
        width, height = self._frame_px
        return track.box.x1 < 1 or track.box.x2 > width - 1 or track.box.y2 > height - 1

    def _measure(self, stretch: _Stretch) -> _Speed | None:
        positions = [self._position(m, p) for m, p in zip(stretch.moments, stretch.points, strict=True)]
        fit = fit_speed(positions)
        if fit is None or not self._is_steady(fit, positions) or fit.speed_m_s > HIGHEST_KMH * M_S_PER_KMH:
            return None
        first, last = stretch.points[0], stretch.points[-1]
        length_m = self._survey.ground.distance_m(first, last)
        own = fit.coverage * fit.se_m_s
        scale, contact = self._settings.scale_percent / 100, self._settings.contact_percent / 100
        survey = self._survey.distance_u_m(first, last) / length_m
        shares = scale * scale + contact * contact + survey * survey + CLOCK_SHARE * CLOCK_SHARE
        systematic = 1.96 * fit.speed_m_s * sqrt(shares)
        return _Speed(fit.speed_m_s, sqrt(own * own + systematic * systematic), length_m, fit.count)

    def _position(self, moment: Moment, point: PointPx) -> Position:
        road = self._survey.ground.to_road(point)
        above, below = PointPx(point.x, point.y - 0.5), PointPx(point.x, point.y + 0.5)
        m_per_px = self._survey.ground.distance_m(above, below)
        return Position(moment.pts_us / SECOND_US, road.x, road.y, JITTER_PX * m_per_px)

    def _is_steady(self, fit: SpeedFit, positions: list[Position]) -> bool:
        """It drove along the lane, and both halves of the stretch tell the same speed."""
        along = fit.vx_m_s * self._heading[0] + fit.vy_m_s * self._heading[1]
        if fit.speed_m_s == 0 or along < HEADING_COSINE * fit.speed_m_s:
            return False
        half = len(positions) // 2
        halves = fit_speed(positions[:half], rounds=0), fit_speed(positions[half:], rounds=0)
        if halves[0] is None or halves[1] is None:
            return False
        errors = 4 * sqrt(halves[0].se_m_s * halves[0].se_m_s + halves[1].se_m_s * halves[1].se_m_s)
        apart = abs(halves[0].speed_m_s - halves[1].speed_m_s)
        return apart <= HALVES_SHARE * fit.speed_m_s + errors

    def _judge(self, track: Track, vehicle: VehicleClass, stretch: _Stretch, speed: _Speed) -> Violation | None:
        usual_m_s = sorted(self._traffic)[len(self._traffic) // 2] if len(self._traffic) >= LEAST_NEIGHBOURS else None
        self._traffic.append(speed.speed_m_s)
        limit_kmh = self._settings.limit_kmh.get(vehicle)
        if limit_kmh is None:
            return None
        surely_over_kmh = (speed.speed_m_s - speed.u95_m_s) / M_S_PER_KMH - limit_kmh
        tier = tier_of(surely_over_kmh, vehicle)
        if tier is None:
            return None
        measurements = {
            "speed_m_h": _m_h(speed.speed_m_s),
            "u95_m_h": _m_h(speed.u95_m_s),
            "limit_m_h": round(limit_kmh * 1000),
            "stretch_mm": round(speed.length_m * 1000),
            "sightings": speed.count,
            "advisory": 1,
        }
        if usual_m_s is not None:
            measurements["traffic_m_h"] = _m_h(usual_m_s)
            measurements["is_far_from_traffic"] = int(speed.speed_m_s > FAR_FROM_TRAFFIC * usual_m_s)
        return self._claim(track, vehicle, stretch, self._settings.act_code or tier, measurements)

    def _claim(
        self, track: Track, vehicle: VehicleClass, stretch: _Stretch, act_code: str, measurements: dict[str, int]
    ) -> Violation:
        first, middle, last = (stretch.moments[k] for k in (0, len(stretch.moments) // 2, -1))
        return Violation(
            rule=self.code,
            rule_version=self.version,
            act_code=act_code,
            track_id=track.track_id,
            vehicle=vehicle,
            frame_index=middle.frame_index,
            pts_us=middle.pts_us,
            point=middle.box.ground_contact,
            moments=(
                Moment("before", first.frame_index, first.pts_us, first.box),
                Moment("at", middle.frame_index, middle.pts_us, middle.box),
                last,
            ),
            measurements=measurements,
        )


def tier_of(surely_over_kmh: float, vehicle: VehicleClass) -> str | None:
    """The act of who drove so much over the limit; None: below +5 km/h there is none."""
    for bound_kmh, act_code in TIERS_KMH:
        is_over = surely_over_kmh >= bound_kmh if bound_kmh <= 10 else surely_over_kmh > bound_kmh
        if is_over and not (act_code == "SPEED_35" and vehicle in TWO_WHEELERS):
            return act_code
    return None


def _m_h(speed_m_s: float) -> int:
    return round(speed_m_s * 3600)
