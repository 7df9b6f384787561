"""Stopped past the stop line on red, without running the light."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from pydantic import Field

from detector.drawing import ROAD, Area, Drawing, Lamp, Standing, Stroke
from detector.geometry.footprint import Reach, reach
from detector.geometry.vectors import distance
from detector.rule import RuleSettings, Site
from detector.sightings import shows_its_wheels
from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import Scene, SignalReading, Track, VehicleClass
from models.domain.violation import Moment, Violation

SECOND_US = 1_000_000
FRAME_INTERVALS_OF_U = 1.5
"""U = 1.5 frame intervals + lamp."""
LEAST_BEFORE = 2
"""Sightings wholly before the line, in the same red."""
STILL_HEIGHTS = 0.12
"""Who stands stays within so many of its box heights."""
RAN_HEIGHTS = 0.5
"""Whose rear is so many box heights beyond the line ran the light: another rule."""
CENTER_SHARE = 0.65
"""The middle of the box went along by this share: else another vehicle only hides its lower half."""
LEAST_STANDING = 3
SHORTEST_M: Mapping[VehicleClass | None, float] = {
    None: 1.5,
    "motorcycle": 1.6,
    "bicycle": 1.5,
    "car": 3.3,
    "truck": 4.5,
    "bus": 6.0,
}
"""Nobody of its class is shorter: so far is its front at least beyond its rear wheels."""
SURE_DEPTH = 0.5
"""Without ground points: its front is at least beyond its rear by this share of the depth that its box may have."""


class Settings(RuleSettings):
    """Settings of `stop_line`."""

    act_code: str | None = "SIGN_MARKING"
    line: str = Field(description="The stop line: id of a directed line.")
    signal: str = Field(description="The lamp that governs this line: id of a signal.")
    stand_s: float = Field(2.0, ge=0.5, le=30.0, description="Least time that it stands past the line on red, seconds.")
    over_m: float = Field(
        0.5, ge=0.1, le=5.0, description="Least way of its front past the line, with ground points, metres."
    )
    over_heights: float = Field(
        0.1, ge=0.0, le=2.0, description="The same in the vehicle's own box heights, without ground points."
    )
    grace_s: float = Field(0.3, ge=0.0, le=5.0, description="Time into red that is never claimed.")
    unseen_s: float = Field(1.0, gt=0.0, le=5.0, description="A vehicle hidden for longer is not claimed.")


@dataclass(frozen=True, slots=True)
class _Stop:
    """One vehicle at the line, in one red.

    Attributes:
        red_us: the red (its `held_since_us`).
        before, before_contact: when it was last wholly before the line in that red, and its distance then, px.
        stood: the first sighting at the place past the line where it stands; None: it drives, or is not past.
    """

    red_us: int
    before: Moment
    before_contact: float
    last: Moment
    before_count: int = 1
    stood: Moment | None = None
    standing: int = 0


class StopLine:
    """Dừng xe quá vạch dừng khi đèn đỏ: xe đến sau khi đèn đã đỏ và dừng lại khi đầu xe đã qua vạch dừng.

    Stopped past the stop line on red: seen wholly before the line when the lamp was already red, then standing with its
    front past the line in the same red, and not gone on. Never: a vehicle that was past the line before red (in a
    queue, for example), that stops before the line, or that runs the light; never while the lamp cannot be read.
    """

    code: ClassVar[str] = "stop_line"
    version: ClassVar[int] = 2
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("SIGN_MARKING",)
    never: ClassVar[tuple[str, ...]] = (
        "a lamp that is amber, dark, flashing or cannot be read",
        "a vehicle that was not seen wholly before the line in the same red: one that a queue pushed past it before",
        "a vehicle that stops before the line, or whose front may still be before it",
        "a vehicle that goes on and runs the light (another rule)",
        "a standing vehicle whose lower half another vehicle hides",
    )
    sources: ClassVar[Mapping[str, str]] = {
        "stand_s": "proposal of this project",
        "over_m": "proposal of this project: less is hard to tell",
        "grace_s": "common practice of red-light cameras",
        "SHORTEST_M": "proposal of this project: shorter than the shortest common vehicles",
    }
    drawing: ClassVar[Drawing] = Drawing(
        (
            Area(((0, 20), (400, 20), (400, 90), (0, 90)), "", "road"),
            ROAD,
            Stroke(((100, 150), (300, 150)), "line", "stop"),
            Lamp((330, 60), "red"),
            Standing((130, 130), "came on red, stands past it", "claimed"),
            Standing((230, 185), "stands before it", "silent"),
            Standing((270, 130), "was there before red", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        self._settings = settings
        self._line = site.line("line", settings.line)
        self._signal_id = site.signal("signal", settings.signal).id
        self._ground = site.ground
        self._frame = site.camera.frame
        self._stops: dict[int, _Stop] = {}
        self._claimed: set[int] = set()

    def observe(self, scene: Scene) -> Iterator[Violation]:
        signal = scene.signals.get(self._signal_id)
        if signal is None or signal.state != "red" or not scene.timing_ok:
            self._stops.clear()
            return
        uncertainty_us = round(FRAME_INTERVALS_OF_U * scene.interval_us) + signal.uncertainty_us
        if scene.pts_us - signal.held_since_us - uncertainty_us < self._settings.grace_s * SECOND_US:
            return
        for track in scene.tracks:
            is_usable = track.is_seen and track.track_id not in self._claimed
            if not is_usable or not shows_its_wheels(track, scene.tracks, self._frame):
                continue
            claim = self._follow(track, scene, signal)
            if claim is not None:
                self._claimed.add(track.track_id)
                self._stops.pop(track.track_id, None)
                yield claim

    def forget(self, track_id: int) -> None:
        self._stops.pop(track_id, None)
        self._claimed.discard(track_id)

    def _follow(self, track: Track, scene: Scene, signal: SignalReading) -> Violation | None:
        contact = self._line.signed_distance(track.ground_contact)
        distances = reach(contact, self._line.normal(track.ground_contact), track.box, track.vehicle)
        now = Moment("before", scene.frame_index, scene.pts_us, track.box)
        known = self._stops.pop(track.track_id, None)
        if known is not None and not self._goes_on(known, now, signal):
            known = None
        if distances.front < 0:
            count = 1 if known is None else known.before_count + 1
            self._stops[track.track_id] = _Stop(signal.held_since_us, now, contact, now, count)
            return None
        if known is None or self._line.overhang(track.ground_contact) > track.box.width / 2:
            return None
        if distances.rear >= RAN_HEIGHTS * track.box.height:
            return None
        known = self._stood(known, track, now, contact)
        self._stops[track.track_id] = known
        return self._claim(known, track, distances)

    def _goes_on(self, known: _Stop, now: Moment, signal: SignalReading) -> bool:
        is_seen = now.pts_us - known.last.pts_us <= self._settings.unseen_s * SECOND_US
        step_px = distance(known.last.box.ground_contact, now.box.ground_contact)
        return is_seen and known.red_us == signal.held_since_us and step_px <= now.box.height

    def _stood(self, known: _Stop, track: Track, now: Moment, contact: float) -> _Stop:
        if not self._is_surely_past(track, contact):
            return replace(known, last=now, stood=None, standing=0)
        is_still = known.stood is not None and (
            distance(known.stood.box.ground_contact, track.ground_contact) <= STILL_HEIGHTS * track.box.height
        )
        if is_still:
            return replace(known, last=now, standing=known.standing + 1)
        return replace(known, last=now, stood=now, standing=1)

    def _is_surely_past(self, track: Track, contact: float) -> bool:
        """Its front is past the line even if it is as short as any of its class."""
        point, normal = track.ground_contact, self._line.normal(track.ground_contact)
        is_away = normal[1] <= 0  # the lower edge is its rear
        if self._ground is None:
            spread = reach(0.0, normal, track.box, track.vehicle)
            front = contact + (SURE_DEPTH * spread.front if is_away else 0.0)
            return front >= self._settings.over_heights * track.box.height
        foot = PointPx(point.x - contact * normal[0], point.y - contact * normal[1])
        contact_m = self._ground.distance_m(foot, point) * (1 if contact >= 0 else -1)
        return contact_m + (SHORTEST_M[track.vehicle] if is_away else 0.0) >= self._settings.over_m

    def _came_along(self, before: BoxPx, box: BoxPx) -> bool:
        way_px = self._line.signed_distance(box.ground_contact) - self._line.signed_distance(before.ground_contact)
        center_px = self._line.signed_distance(box.center) - self._line.signed_distance(before.center)
        return way_px > 0 and center_px >= CENTER_SHARE * way_px

    def _claim(self, stop: _Stop, track: Track, distances: Reach) -> Violation | None:
        if stop.stood is None or track.vehicle is None or stop.before_count < LEAST_BEFORE:
            return None
        stood_us = stop.last.pts_us - stop.stood.pts_us
        if stood_us < self._settings.stand_s * SECOND_US or stop.standing < LEAST_STANDING:
            return None
        if not all(self._came_along(stop.before.box, box) for box in (stop.stood.box, stop.last.box)):
            return None
        return Violation(
            rule=self.code,
            rule_version=self.version,
            act_code=self._settings.act_code,
            track_id=track.track_id,
            vehicle=track.vehicle,
            frame_index=stop.stood.frame_index,
            pts_us=stop.stood.pts_us,
            point=stop.stood.box.ground_contact,
            moments=(stop.before, replace(stop.stood, name="at"), replace(stop.last, name="beyond")),
            measurements={
                "stood_us": stood_us,
                "time_into_red_us": stop.stood.pts_us - stop.red_us,
                "front_per_mille_of_height": round(1000 * distances.front / track.box.height),
            },
            signal_id=self._signal_id,
        )
