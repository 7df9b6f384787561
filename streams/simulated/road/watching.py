"""What each rule of the road would have to see: measured on the true movement, with a margin on both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from streams.simulated.movers import REAR_OVERHANG_M, Mover
from streams.simulated.places import Place
from streams.simulated.render import Drawn
from streams.simulated.road.plan import LANES_FROM_M, LIMIT_KMH, WATCHED_M, Plan
from streams.simulated.truth_lines import Line, Sight, is_in_view, sight, who

Verdict = Literal["violation", "borderline"]
SURE = 1.4
"""An act is longer than its threshold by this factor; one that is shorter, but not much, is borderline."""
HARDLY = 0.6
_CLEAR, _LEAST_PX, _EDGE_PX = 0.6, 28.0, 2.0
_GAP_S = 0.3
_STANDS = 0.1
_TWO_WHEELS = ("motorcycle", "bicycle")


class Keeper(Protocol):
    """Watches one rule's acts, frame by frame."""

    def follow(self, index: int, drawn: list[Drawn]) -> None: ...

    def lines(self, fps: float) -> list[Line]: ...


def told(verdict: Verdict, rule: str, mover: Mover, at: Sight, fps: float, **more: object) -> Line:
    """The line of an act, or of what is too near the threshold to be called one."""
    when = {"frame_index": at.frame_index, "t_s": round(at.frame_index / fps, 4),
            "point_px": [round(value, 2) for value in at.point_px]}  # fmt: skip
    return {"kind": verdict, "rule": rule, **who(mover), **when, **more}


def is_clear(one: Drawn, size_px: tuple[int, int]) -> bool:
    """Nearly all of it is seen, no edge of the picture cuts it, and it is not tiny."""
    x1, y1, x2, y2 = one.whole_px
    inside = x1 >= _EDGE_PX and x2 <= size_px[0] - _EDGE_PX and y2 <= size_px[1] - _EDGE_PX
    return inside and one.uncovered >= _CLEAR and y2 - y1 >= _LEAST_PX


def rear_y(one: Drawn) -> float:
    """y of the rear wheel of a vehicle that drives along the road."""
    back_m = one.mover.length_m / 2 - REAR_OVERHANG_M[one.mover.kind]
    return one.pose.y - back_m if abs(one.pose.yaw) < 1 else one.pose.y + back_m


@dataclass(slots=True)
class _Run:
    frame_from: int
    at: Sight
    y_from_m: float
    frame_to: int
    y_to_m: float
    speeds: list[float] = field(default_factory=list)

    @property
    def way_m(self) -> float:
        return abs(self.y_to_m - self.y_from_m)


@dataclass(slots=True)
class Drives:
    """Who drove along an area: its longest way in clear sight, and its longest way at all.

    Attributes:
        accuses: this vehicle may not drive here.
    """

    rule: str
    place: Place
    accuses: Callable[[Drawn], bool]
    least_m: float
    least_s: float
    size_px: tuple[int, int]
    fps: float
    least_m_s: float = 0.0
    _clear: dict[int, list[_Run]] = field(default_factory=dict)
    _any: dict[int, list[_Run]] = field(default_factory=dict)
    _movers: dict[int, Mover] = field(default_factory=dict)

    def follow(self, index: int, drawn: list[Drawn]) -> None:
        low_m, high_m = self.place.x_m
        for one in drawn:
            mover, x_m, y_m = one.mover, one.pose.x, rear_y(one)
            if mover.kind == "person" or not self.place.holds(x_m, y_m) or not self.accuses(one):
                continue
            if not is_in_view(one, self.size_px):
                continue
            self._movers[mover.mover_id] = mover
            half_m = 0.45 * mover.width_m
            self._extend(self._any, index, one)
            if low_m <= x_m - half_m and x_m + half_m <= high_m and is_clear(one, self.size_px):
                self._extend(self._clear, index, one)

    def _extend(self, runs: dict[int, list[_Run]], index: int, one: Drawn) -> None:
        known, y_m = runs.setdefault(one.mover.mover_id, []), rear_y(one)
        if not known or index - known[-1].frame_to > _GAP_S * self.fps + 1:
            known.append(_Run(index, sight(index, one), y_m, index, y_m))
        run = known[-1]
        run.frame_to, run.y_to_m = index, y_m
        run.speeds.append(one.pose.speed)
        if (index - run.frame_from) / self.fps <= self.least_s:
            run.at = sight(index, one)

    def lines(self, fps: float) -> list[Line]:
        made: list[Line] = []
        for mover_id, runs in self._any.items():
            mover, longest = self._movers[mover_id], max(runs, key=lambda run: run.way_m)
            sure = [run for run in self._clear.get(mover_id, []) if self._is_long(run, SURE)]
            if sure:  # one act, however often it was interrupted
                long = [run for run in runs if self._is_long(run, HARDLY)]
                span = {"frame_from": min(run.frame_from for run in [*long, *sure]),
                        "frame_to": max(run.frame_to for run in [*long, *sure])}  # fmt: skip
                more = {**_of(max(sure, key=lambda run: run.way_m)), **span}
                made.append(told("violation", self.rule, mover, sure[0].at, fps, **more))
            elif self._is_long(longest, HARDLY):
                made.append(told("borderline", self.rule, mover, longest.at, fps, **_of(longest)))
        return made

    def _is_long(self, run: _Run, factor: float) -> bool:
        lasted_s = (run.frame_to - run.frame_from) / self.fps
        is_fast = run.way_m >= factor * self.least_m_s * lasted_s
        return is_fast and run.way_m >= factor * self.least_m and lasted_s >= factor * self.least_s


def _of(run: _Run) -> dict[str, object]:
    return {"frame_from": run.frame_from, "frame_to": run.frame_to, "way_m": round(run.way_m, 2)}


class Speeds(Drives):
    """Who drove too fast along one lane, by its true speed."""

    def lines(self, fps: float) -> list[Line]:
        made: list[Line] = []
        for mover_id, runs in self._any.items():
            run = max(self._clear.get(mover_id, runs), key=lambda run: run.way_m)
            mean, mover = sum(run.speeds) / len(run.speeds), self._movers[mover_id]
            over_kmh, most_kmh = 3.6 * mean - LIMIT_KMH, 3.6 * max(run.speeds) - LIMIT_KMH
            is_steady = max(run.speeds) - min(run.speeds) <= 0.08 * mean
            more = {**_of(run), "speed_kmh": round(3.6 * mean, 2), "limit_kmh": LIMIT_KMH}
            if mover_id in self._clear and is_steady and run.way_m >= SURE * self.least_m and over_kmh >= 9.0:
                made.append(told("violation", self.rule, mover, run.at, fps, **more))
            elif most_kmh >= 3.5:
                made.append(told("borderline", self.rule, mover, run.at, fps, **more))
        return made


@dataclass(slots=True)
class _Stay:
    mover: Mover
    frame_from: int
    frame_to: int
    at: Sight
    hidden: int = 0
    with_people: int = 0
    in_queue: int = 0


@dataclass(slots=True)
class Stands:
    """Who stood in a zone, and for how long; of a bus also whether people were at its side."""

    rule: str
    place: Place
    after_s: float
    size_px: tuple[int, int]
    fps: float
    only_with_people: bool = False
    _stays: dict[int, _Stay] = field(default_factory=dict)

    def follow(self, index: int, drawn: list[Drawn]) -> None:
        standing = [one for one in drawn if one.pose.speed < _STANDS]
        for one in standing:
            mover = one.mover
            if mover.kind == "person" or (self.only_with_people and mover.kind != "bus"):
                continue
            width, height = self.size_px
            x, y = one.contact_px
            if not self.place.holds(one.pose.x, rear_y(one)) or not (0 <= x < width and 0 <= y < height):
                continue
            stay = self._stays.setdefault(mover.mover_id, _Stay(mover, index, index, sight(index, one)))
            stay.frame_to = index
            stay.hidden += one.uncovered < _CLEAR
            stay.with_people += _has_people(one, standing)
            stay.in_queue += sum(_is_vehicle_near(one, other) for other in standing) >= 2
            if (index - stay.frame_from) / self.fps <= self.after_s:
                stay.at = sight(index, one)

    def lines(self, fps: float) -> list[Line]:
        made: list[Line] = []
        for stay in self._stays.values():
            frames = stay.frame_to - stay.frame_from + 1
            stood_s = frames / fps
            if stood_s < 0.85 * self.after_s or (self.only_with_people and stay.with_people == 0):
                continue
            doubts = stay.hidden > 0.25 * frames or stay.in_queue > 0 or stood_s < self.after_s + 2.5
            doubts = doubts or (self.only_with_people and stay.with_people < 6.0 * fps)
            more = {"stood_s": round(stood_s, 2), "frame_from": stay.frame_from, "frame_to": stay.frame_to}
            made.append(told("borderline" if doubts else "violation", self.rule, stay.mover, stay.at, fps, **more))
        return made


def _has_people(bus: Drawn, standing: list[Drawn]) -> bool:
    side_m = bus.pose.x + bus.mover.width_m / 2
    return any(
        one.mover.kind == "person" and 0 <= one.pose.x - side_m < 2.0
        and abs(one.pose.y - bus.pose.y) < bus.mover.length_m / 2
        for one in standing
    )  # fmt: skip


def _is_vehicle_near(one: Drawn, other: Drawn) -> bool:
    if other.mover.kind == "person" or other.mover.mover_id == one.mover.mover_id:
        return False
    return abs(other.pose.x - one.pose.x) < 1.5 and abs(other.pose.y - one.pose.y) < 25.0


@dataclass(slots=True)
class _AtLine:
    mover: Mover
    side: float
    before: int = 0
    over: int = 0
    most_m: float = 0.0
    at: Sight | None = None
    frame_to: int = 0


@dataclass(slots=True)
class OverLine:
    """Whose wheels came over the solid part of the line, and how far."""

    plan: Plan
    size_px: tuple[int, int]
    fps: float
    over_m: float = 0.3
    _seen: dict[int, _AtLine] = field(default_factory=dict)

    def follow(self, index: int, drawn: list[Drawn]) -> None:
        low_m, high_m = self.plan.solid_m
        for one in drawn:
            mover = one.mover
            if mover.kind == "person" or abs(one.pose.yaw) > 0.3 or not low_m < rear_y(one) < high_m:
                continue
            half_m = 0.0 if mover.kind in _TWO_WHEELS else 0.45 * mover.width_m
            aside_m, body_m = one.pose.x - self.plan.line_m, 0.55 * mover.width_m
            seen = self._seen.setdefault(mover.mover_id, _AtLine(mover, 1.0 if aside_m > 0 else -1.0))
            over_m, clear = half_m - seen.side * aside_m, is_clear(one, self.size_px)
            seen.before += clear and seen.over == 0 and seen.side * aside_m > body_m
            if over_m > seen.most_m and is_in_view(one, self.size_px):
                seen.most_m = over_m
            if clear and over_m >= self.over_m + 0.2:
                seen.over, seen.at, seen.frame_to = seen.over + 1, seen.at or sight(index, one), index

    def lines(self, fps: float) -> list[Line]:
        made: list[Line] = []
        for seen in self._seen.values():
            if seen.most_m <= self.over_m / 2:
                continue
            is_act = seen.before >= 5 and seen.over >= max(8, 0.4 * fps) and seen.at is not None
            at = seen.at or Sight(seen.frame_to, (0.0, 0.0))
            more = {"over_m": round(seen.most_m, 2), "frame_from": at.frame_index, "frame_to": seen.frame_to}
            made.append(told("violation" if is_act else "borderline", "solid_line", seen.mover, at, fps, **more))
        return made


@dataclass(slots=True)
class TurnsBack:
    """Who drove along the first lane, and then down the other half."""

    size_px: tuple[int, int]
    fps: float
    _there: dict[int, int] = field(default_factory=dict)
    _back: dict[int, list[Sight]] = field(default_factory=dict)
    _movers: dict[int, Mover] = field(default_factory=dict)

    def follow(self, index: int, drawn: list[Drawn]) -> None:
        for one in drawn:
            mover, pose = one.mover, one.pose
            if mover.stream != "ours" or mover.kind == "person" or not is_clear(one, self.size_px):
                continue
            if abs(pose.yaw) < 0.1 and WATCHED_M[0] < rear_y(one):
                self._there[mover.mover_id] = self._there.get(mover.mover_id, 0) + 1
            elif abs(pose.yaw) > 3.0 and pose.x < -LANES_FROM_M:
                self._movers[mover.mover_id] = mover
                self._back.setdefault(mover.mover_id, []).append(sight(index, one))

    def lines(self, fps: float) -> list[Line]:
        made: list[Line] = []
        for mover_id, seen in self._back.items():
            is_sure = self._there.get(mover_id, 0) >= fps and len(seen) >= fps
            more = {"frame_from": seen[0].frame_index - round(4 * fps), "frame_to": seen[-1].frame_index}
            verdict: Verdict = "violation" if is_sure else "borderline"
            made.append(told(verdict, "u_turn", self._movers[mover_id], seen[0], fps, **more))
        return made
