"""Ran a red light: wholly before the stop line while red, wholly past it later in the same red."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import ClassVar, Literal

from pydantic import Field

from detector.drawing import ROAD, Drawing, Lamp, Standing, Stroke, Way
from detector.geometry.footprint import Reach, reach, stands
from detector.geometry.line import crossing_share
from detector.geometry.vectors import distance
from detector.rule import RuleSettings, Site
from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import Scene, SignalReading, Track
from models.domain.violation import Moment, Violation

SECOND_US = 1_000_000
PROGRESS_HEIGHTS = 0.5
"""Clear progress: its rear is beyond the line by so many box heights. Who stops just past the line did not run it."""
CENTER_SHARE = 0.65
"""The middle of the box goes along by this share of the way. Where only its lower edge moves it is 0.5: a vehicle that
stands while another drives up and hides its lower half."""
TURN_HEIGHTS = 3.0
"""So many box heights beyond the line it can be told whether a vehicle turns …"""
TURN_SINE = 0.34
"""… by 20° or more off its way before the line."""
PAST_HEIGHTS = 0.2
"""Wholly past is who has driven on by so many box heights since its ground contact passed the line."""
LEAP_HEIGHTS, LEAP_US = 1.5, 200_000
"""A step at the line that is longer than so many box heights, and as much again for each 0.2 s in between, is a
switched identity."""
ALIKE_SHARE = 0.5
"""Past the line a box keeps its height by this share from sighting to sighting: else the track took over another."""
AFTER_RED_US = 700_000
"""The progress may be completed so shortly after the red is over; being wholly past may not."""
BEFORE_KEPT_US = 2_000_000
FRAME_INTERVALS_OF_U = 1.5
"""U = 1.5 frame intervals + lamp: an instant lies between frames, and the lamp may have changed between them."""


Movement = Literal["left_turn", "straight", "right_turn"]
MOVEMENTS: tuple[Movement, ...] = ("left_turn", "straight", "right_turn")


class Settings(RuleSettings):
    """Settings of `red_light`."""

    act_code: str | None = "RED_LIGHT"
    line: str = Field(description="The stop line: id of a directed line.")
    signal: str = Field(description="The lamp that governs this line: id of a signal.")
    permitted: tuple[Literal["left_turn", "right_turn"], ...] = Field(
        (), description="Turns that are allowed on red here; a vehicle that turns so is not claimed."
    )
    governs: tuple[Movement, ...] = Field(
        MOVEMENTS,
        min_length=1,
        description="The movements that this lamp governs: an arrow head governs its own alone. A vehicle that goes "
        "another way is not claimed.",
    )
    arrows: dict[Literal["left_turn", "right_turn"], str] = Field(
        {},
        description="Arrow heads beside the lamp: turn -> id of a signal. A turn is claimed only where its arrow was "
        "surely red or dark; a green arrow permits it, and so does one that cannot be read.",
    )
    grace_s: float = Field(0.3, ge=0.0, le=5.0, description="Time into red that is never claimed.")
    travel_heights: float = Field(
        1.5,
        ge=0.5,
        le=10.0,
        description="Least travel from before to beyond the line, in the vehicle's own box heights.",
    )
    travel_m: float = Field(
        3.0, ge=1.0, le=20.0, description="The same in metres, where the camera file has ground points."
    )
    unseen_s: float = Field(
        0.7, gt=0.0, le=2.0, description="A vehicle hidden for longer while it passes the line is not claimed."
    )


@dataclass(frozen=True, slots=True)
class _Passage:
    """One vehicle at the line, in one red.

    Attributes:
        red_us: the red (its `held_since_us`) that this passage belongs to.
        before: an instant at which it was wholly before the line, lamp red: the farthest of the last two
            seconds that the picture's lower edge does not cut.
        before_point, before_contact: its ground contact then, and the distance of that from the line, px.
        before_count: how often it was seen so.
        last_us, last_point, last_contact, last_rear: of the latest sighting.
        at: the instant at which its ground contact passed the line; None: not yet.
        cross_us: stream time of that instant, between frames.
        is_past: it was seen wholly past the line in the same red.
        left_red_us: stream time at which that red was over; None: it lasts.
        is_clear: everything is shown but which way it went.
        claimable: the movements that this red forbade when it passed the line.
    """

    red_us: int
    before: Moment
    before_point: PointPx
    before_contact: float
    before_count: int
    last_us: int
    last_point: PointPx
    last_contact: float
    last_rear: float
    last_height: float
    at: Moment | None = None
    cross_us: int = 0
    is_past: bool = False
    left_red_us: int | None = None
    is_clear: bool = False
    claimable: tuple[Movement, ...] = ()


class RedLight:
    """Vượt đèn đỏ: xe ở hẳn trước vạch dừng khi đèn đã đỏ, sau đó đi hẳn qua vạch trong cùng pha đỏ đó.

    Ran a red light: seen wholly before the stop line when the lamp was already red, and wholly past it in the same red.
    Never: a track that was first seen on or past the line, a lamp that is amber or cannot be read, a vehicle that was
    hidden while it passed the line, a passage within the grace time after the onset and its uncertainty.
    """

    code: ClassVar[str] = "red_light"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("RED_LIGHT",)
    never: ClassVar[tuple[str, ...]] = (
        "a lamp that is amber, dark, flashing or cannot be read",
        "a track first seen on or beyond the line",
        "a passage within the grace time after the onset of red and its uncertainty",
        "a vehicle that stops on the line or just past it",
        "a vehicle that was hidden while it passed the line",
        "a track that jumps over the line (a switched identity)",
        "a turn that is permitted on red here, or by an arrow that is green or cannot be read",
        "a movement that the lamp does not govern",
    )
    sources: ClassVar[Mapping[str, str]] = {
        "arrows": "proposal of this project: in doubt an arrow permits",
        "grace_s": "common practice of red-light cameras",
        "travel_m": "proposal of this project: two photos that prove movement",
        "travel_heights": "proposal of this project, for cameras without a ground plane",
        "unseen_s": "proposal of this project, tried on redlight_hanoi",
    }
    drawing: ClassVar[Drawing] = Drawing(
        (
            ROAD,
            Stroke(((100, 130), (300, 130)), "line", "stop"),
            Lamp((330, 60), "red"),
            Way(((180, 220), (180, 30)), "wholly before, then wholly past, in one red", "claimed"),
            Standing((250, 125), "stops on the line", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        self._settings = settings
        self._line = site.line("line", settings.line)
        self._signal_id = site.signal("signal", settings.signal).id
        self._arrows = {turn: site.signal("arrows", name).id for turn, name in settings.arrows.items()}
        self._ground = site.ground
        self._height_px = site.camera.frame.height
        self._passages: dict[int, _Passage] = {}
        self._claimed: set[int] = set()

    def observe(self, scene: Scene) -> Iterator[Violation]:
        signal = scene.signals.get(self._signal_id)
        if signal is None or not scene.timing_ok:
            self._passages.clear()
            return
        for track in scene.tracks:
            if track.is_seen and track.track_id not in self._claimed and stands(track.box, track.vehicle):
                claim = self._follow(track, scene, signal)
                if claim is not None:
                    self._claimed.add(track.track_id)
                    self._passages.pop(track.track_id, None)
                    yield claim

    def forget(self, track_id: int) -> None:
        self._passages.pop(track_id, None)
        self._claimed.discard(track_id)

    def _follow(self, track: Track, scene: Scene, signal: SignalReading) -> Violation | None:
        contact = track.ground_contact
        distances = reach(self._line.signed_distance(contact), self._line.normal(contact), track.box, track.vehicle)
        passage = self._passages.get(track.track_id)
        if signal.state == "red" and distances.front < 0:
            self._passages[track.track_id] = self._seen_before(passage, track, scene, signal, distances)
            return None
        if passage is None:
            return None
        passage = self._step(passage, track, scene, signal, distances)
        if passage is None:
            del self._passages[track.track_id]
            return None
        into_red_us, u_us = passage.cross_us - passage.red_us, self._uncertainty_us(scene, signal)
        passage = replace(
            passage, is_clear=passage.is_clear or self._is_clear(passage, track, scene, into_red_us - u_us)
        )
        self._passages[track.track_id] = passage
        if passage.at is None or not passage.is_clear or not self._went_on(passage, passage.at, track):
            return None
        return self._claim(passage, passage.at, track, scene, {"time_into_red_us": into_red_us, "uncertainty_us": u_us})

    def _seen_before(
        self, passage: _Passage | None, track: Track, scene: Scene, signal: SignalReading, distances: Reach
    ) -> _Passage:
        """Wholly before the line while red: this is where every claim begins, and begins anew."""
        is_same_red = passage is not None and passage.red_us == signal.held_since_us
        moment, point, count = Moment("before", scene.frame_index, scene.pts_us, track.box), track.ground_contact, 0
        if passage is not None and is_same_red:
            count = passage.before_count
            is_recent = scene.pts_us - passage.before.pts_us < BEFORE_KEPT_US
            is_farther = passage.before_contact <= distances.contact and self._is_whole(passage.before)
            if is_recent and is_farther:
                moment, point = passage.before, passage.before_point
        return _Passage(
            red_us=signal.held_since_us,
            before=moment,
            before_point=point,
            before_contact=self._line.signed_distance(point),
            before_count=count + 1,
            last_us=scene.pts_us,
            last_point=track.ground_contact,
            last_contact=distances.contact,
            last_rear=distances.rear,
            last_height=track.box.height,
        )

    def _is_whole(self, moment: Moment) -> bool:
        """The lower edge of the picture does not cut the box."""
        return moment.box.y2 < self._height_px - 1

    def _step(
        self, passage: _Passage, track: Track, scene: Scene, signal: SignalReading, distances: Reach
    ) -> _Passage | None:
        """The next sighting of a vehicle that was wholly before the line; None: nothing can be claimed of it."""
        in_red = signal.state == "red" and signal.held_since_us == passage.red_us
        gap_us = scene.pts_us - passage.last_us
        is_hidden = gap_us > self._settings.unseen_s * SECOND_US
        step_px = distance(passage.last_point, track.ground_contact)
        if step_px > LEAP_HEIGHTS * (1 + gap_us / LEAP_US) * track.box.height:
            return None
        at, cross_us, is_past, claimable = passage.at, passage.cross_us, passage.is_past, passage.claimable
        is_alike = passage.last_height * ALIKE_SHARE <= track.box.height <= passage.last_height / ALIKE_SHARE
        if at is not None and not is_past and (is_hidden or not is_alike):
            return None
        if distances.contact < 0:
            at, is_past = None, False
        elif at is None:
            if not in_red or is_hidden:
                return None
            if self._line.overhang(track.ground_contact) > track.box.width / 2:
                return None
            share = crossing_share(passage.last_contact, distances.contact)
            at = Moment("at", scene.frame_index, scene.pts_us, track.box)
            cross_us = passage.last_us + round(share * gap_us)
            claimable = self._claimable(scene)
        is_past = is_past or (passage.at is not None and in_red and self._is_driven_past(passage.at, track, distances))
        left_red_us = None if in_red else passage.left_red_us or scene.pts_us
        is_late = left_red_us is not None and scene.pts_us - left_red_us > AFTER_RED_US
        if not passage.is_clear and (is_late or (left_red_us is not None and not is_past)):
            return None
        return replace(
            passage,
            last_us=scene.pts_us,
            last_point=track.ground_contact,
            last_contact=distances.contact,
            last_rear=distances.rear,
            last_height=track.box.height,
            at=at,
            cross_us=cross_us,
            is_past=is_past,
            left_red_us=left_red_us,
            claimable=claimable,
        )

    def _claimable(self, scene: Scene) -> tuple[Movement, ...]:
        """The movements that are surely forbidden at this instant, while the lamp is red."""
        return tuple(
            m for m in self._settings.governs if m not in self._settings.permitted and self._is_barred(m, scene)
        )

    def _is_barred(self, movement: Movement, scene: Scene) -> bool:
        """No arrow permits this movement, and none did within the grace time."""
        name = None if movement == "straight" else self._arrows.get(movement)
        if name is None:
            return True
        arrow = scene.signals.get(name)
        if arrow is None or arrow.state not in ("red", "off"):
            return False
        surely_us = scene.pts_us - arrow.held_since_us - self._uncertainty_us(scene, arrow)
        return surely_us >= self._settings.grace_s * SECOND_US

    def _is_driven_past(self, at: Moment, track: Track, distances: Reach) -> bool:
        """It is wholly beyond the line, and drove on from there: nothing else hides the lower half of who stands."""
        way_px = distances.contact - self._line.signed_distance(at.box.ground_contact)
        is_on = way_px >= PAST_HEIGHTS * track.box.height and self._comes_along(at.box, track.box)
        return distances.rear > 0 and is_on

    def _comes_along(self, start: BoxPx, now: BoxPx) -> bool:
        way_px = self._line.signed_distance(now.ground_contact) - self._line.signed_distance(start.ground_contact)
        center_px = self._line.signed_distance(now.center) - self._line.signed_distance(start.center)
        return center_px >= CENTER_SHARE * way_px

    def _has_travelled(self, passage: _Passage, at: Moment, track: Track) -> bool:
        """The way from the "before" to here is a drive, not a jitter: in metres where the ground is known."""
        if not self._comes_along(passage.before.box, track.box):
            return False
        way_px = self._line.signed_distance(track.ground_contact) - passage.before_contact
        if self._ground is not None:
            return self._ground.distance_m(passage.before_point, track.ground_contact) >= self._settings.travel_m
        return way_px >= self._settings.travel_heights * at.box.height

    def _uncertainty_us(self, scene: Scene, signal: SignalReading) -> int:
        return round(FRAME_INTERVALS_OF_U * scene.interval_us) + signal.uncertainty_us

    def _is_clear(self, passage: _Passage, track: Track, scene: Scene, surely_into_red_us: int) -> bool:
        """Before, at and beyond are seen, in one red, after the grace time, and it is a drive."""
        if passage.at is None or not passage.is_past or passage.before_count < 2 or track.vehicle is None:
            return False
        if passage.at.frame_index == scene.frame_index or passage.last_rear < PROGRESS_HEIGHTS * track.box.height:
            return False
        is_in_grace = surely_into_red_us < self._settings.grace_s * SECOND_US
        return not is_in_grace and self._has_travelled(passage, passage.at, track)

    def _went_on(self, passage: _Passage, at: Moment, track: Track) -> bool:
        """It went a way that is forbidden. Where not every way is, this waits until the way can be judged."""
        if set(passage.claimable) == set(MOVEMENTS):
            return True
        before, crossed, now = passage.before_point, at.box.ground_contact, track.ground_contact
        way, onward = (crossed.x - before.x, crossed.y - before.y), (now.x - crossed.x, now.y - crossed.y)
        if _length(onward) < TURN_HEIGHTS * at.box.height or _length(way) == 0:
            return False
        sine = (way[0] * onward[1] - way[1] * onward[0]) / (_length(way) * _length(onward))
        turn: Movement = "right_turn" if sine > 0 else "left_turn"  # y points down: clockwise is to the right
        return (turn if abs(sine) >= TURN_SINE else "straight") in passage.claimable

    def _claim(
        self, passage: _Passage, at: Moment, track: Track, scene: Scene, measurements: dict[str, int]
    ) -> Violation | None:
        if track.vehicle is None:
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
            moments=(passage.before, at, Moment("beyond", scene.frame_index, scene.pts_us, track.box)),
            measurements=measurements,
            signal_id=self._signal_id,
        )


def _length(vector: tuple[float, float]) -> float:
    return sqrt(vector[0] * vector[0] + vector[1] * vector[1])
