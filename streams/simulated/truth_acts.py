"""Acts that are told frame by frame: turning, standing in the junction, not yielding on the crosswalk."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from streams.simulated.layout import Layout
from streams.simulated.movers import Mover, Pose
from streams.simulated.places import Place, box, crosswalk, exit_left, exit_right
from streams.simulated.regime import LaneTurn, Regime
from streams.simulated.render import Drawn
from streams.simulated.truth_lines import Line, Sight, act_line, is_in_view, lane_of, near_miss_line, sight

BOX_AFTER_S = 12.0
"""Who stands in the junction for so long blocks it. Lawful turners wait for a few seconds."""
_BOX_NEAR_MISS_S = 1.5
_CREEPS_S = 10.0
"""Who creeps on within the junction for no longer blocks it still: one act."""
_AHEAD_M, _ASIDE_M, _NEAR_M = 6.0, 2.5, 6.0
"""A person so far before a vehicle and so little aside of its way is in it; one who is near it, but not in its way, may
have been let pass."""
_STANDS = 0.3
_LATELY_S = 3.0
_BESIDE_M = 2.5


@dataclass(slots=True)
class _Turner:
    mover: Mover
    lane: str
    frame_from: int
    at: Sight | None = None
    turn: LaneTurn = "straight"
    frame_to: int = 0


@dataclass(slots=True)
class Turns:
    """Who left our road by a turn that a sign forbids, or that the lane does not have."""

    layout: Layout
    regime: Regime
    size_px: tuple[int, int]
    _turners: dict[int, _Turner] = field(default_factory=dict)

    def follow(self, index: int, drawn: list[Drawn]) -> None:
        exits: dict[LaneTurn, Place] = {"left": exit_left(self.layout), "right": exit_right(self.layout)}
        for one in drawn:
            mover, pose = one.mover, one.pose
            if mover.stream != "ours" or mover.turn == "none":
                continue
            seen = self._turners.get(mover.mover_id)
            lane = lane_of(pose, self.layout)
            if pose.y <= 0 and lane is not None and is_in_view(one, self.size_px):
                if seen is None or seen.lane != lane:
                    self._turners[mover.mover_id] = _Turner(mover, lane, index)
                continue
            for turn, place in exits.items():
                if seen is not None and place.holds(pose.x, pose.y) and is_in_view(one, self.size_px):
                    seen.turn, seen.frame_to = turn, index
                    seen.at = seen.at or sight(index, one)

    def lines(self, fps: float) -> list[Line]:
        made: list[Line] = []
        for seen in self._turners.values():
            if seen.at is None:
                continue
            number = int(seen.lane[1:]) - 1
            more = {"turn": seen.turn, "lane": seen.lane, "frame_from": seen.frame_from, "frame_to": seen.frame_to}
            if seen.turn == self.regime.forbidden:
                made.append(act_line("forbidden_turn", seen.mover, seen.at, fps, **more))
            elif seen.turn not in self.regime.turns[number]:
                made.append(act_line("wrong_lane", seen.mover, seen.at, fps, **more))
            else:
                made.append(near_miss_line("lawful_turn", "forbidden_turn", seen.mover, seen.at, fps, **more))
        return made


@dataclass(slots=True)
class _Stander:
    mover: Mover
    frame_from: int
    frame_to: int
    at: Sight


@dataclass(slots=True)
class Box:
    """Who stood in the junction, and for how long."""

    layout: Layout
    size_px: tuple[int, int]
    fps: float
    _standing: dict[int, _Stander] = field(default_factory=dict)
    _ended: list[_Stander] = field(default_factory=list)

    def follow(self, index: int, drawn: list[Drawn]) -> None:
        place = box(self.layout)
        for one in drawn:
            mover, pose = one.mover, one.pose
            if mover.kind == "person":
                continue
            stands = pose.speed < _STANDS and place.holds(pose.x, pose.y) and is_in_view(one, self.size_px)
            seen = self._standing.get(mover.mover_id)
            if not stands:
                if seen is not None and index - seen.frame_to > self.fps / 2:
                    self._ended.append(self._standing.pop(mover.mover_id))
                continue
            if seen is None:
                seen = self._standing[mover.mover_id] = _Stander(mover, index, index, sight(index, one))
            seen.frame_to = index
            if (index - seen.frame_from) / self.fps <= BOX_AFTER_S:
                seen.at = sight(index, one)

    def lines(self, fps: float) -> list[Line]:
        made: list[Line] = []
        for stretches in self._visits(fps):
            stood_s = [round((one.frame_to - one.frame_from) / fps, 2) for one in stretches]
            blocks = [one for one, s in zip(stretches, stood_s, strict=True) if s >= BOX_AFTER_S]
            seen = blocks[0] if blocks else stretches[0]
            more = {"stood_s": max(stood_s), "frame_from": seen.frame_from, "frame_to": stretches[-1].frame_to}
            if blocks:
                made.append(act_line("junction_blocking", seen.mover, seen.at, fps, **more))
            elif max(stood_s) >= _BOX_NEAR_MISS_S:
                made.append(near_miss_line("waits_in_box", "junction_blocking", seen.mover, seen.at, fps, **more))
        return made

    def _visits(self, fps: float) -> list[list[_Stander]]:
        """Every vehicle's stretches of standing, those together between which it only crept on."""
        visits: list[list[_Stander]] = []
        latest: dict[int, list[_Stander]] = {}
        for seen in sorted([*self._ended, *self._standing.values()], key=lambda one: one.frame_from):
            visit = latest.get(seen.mover.mover_id)
            if visit is None or seen.frame_from - visit[-1].frame_to > _CREEPS_S * fps:
                visit = latest[seen.mover.mover_id] = []
                visits.append(visit)
            visit.append(seen)
        return visits


@dataclass(slots=True)
class _Crossover:
    mover: Mover
    frame_from: int
    at: Sight
    frame_to: int
    with_person: Sight | None = None
    in_way: Sight | None = None
    person_lately: bool = False
    waited_frames: int = 0
    entered: bool = False


@dataclass(slots=True)
class Crosswalk:
    """Who turned over the near crosswalk, with and without a person on that half of it."""

    layout: Layout
    size_px: tuple[int, int]
    fps: float
    _turners: dict[int, _Crossover] = field(default_factory=dict)
    _last_person: int = -(10**9)

    def follow(self, index: int, drawn: list[Drawn]) -> None:
        place = crosswalk(self.layout)
        people = [one.pose for one in drawn if one.mover.kind == "person" and one.mover.walk_to is not None]
        is_person_on = any(place.holds(person.x, person.y) for person in people)
        if is_person_on:
            self._last_person = index
        for one in drawn:
            if one.mover.stream != "from_left" or one.mover.turn != "right" or not is_in_view(one, self.size_px):
                continue
            seen = self._turners.setdefault(
                one.mover.mover_id, _Crossover(one.mover, index, sight(index, one), index)
            )  # fmt: skip
            if any(place.holds(*point) for point in _axis(one)):
                seen.at = seen.at if seen.entered else sight(index, one)
                seen.entered, seen.frame_to = True, index
                seen.person_lately |= index - self._last_person < _LATELY_S * self.fps
                on_it = [person for person in people if place.holds(person.x, person.y)]
                if one.pose.speed > _STANDS:
                    if seen.with_person is None and any(_is_near(one, person) for person in on_it):
                        seen.with_person = sight(index, one)
                    if seen.in_way is None and any(_is_in_way(one, person) for person in on_it):
                        seen.in_way = sight(index, one)
            elif not seen.entered and one.pose.speed < _STANDS and is_person_on:
                seen.waited_frames += 1

    def lines(self, fps: float) -> list[Line]:
        made: list[Line] = []
        for seen in self._turners.values():
            more = {"frame_from": seen.frame_from, "frame_to": seen.frame_to}
            if seen.in_way is not None:
                made.append(act_line("yield_pedestrian", seen.mover, seen.in_way, fps, **more))
            elif seen.with_person is not None:
                line = act_line("yield_pedestrian", seen.mover, seen.with_person, fps, **more)
                made.append({**line, "kind": "borderline", "what": "person_aside"})
            elif seen.entered and seen.waited_frames / fps >= 0.5:
                what, more = "waited_for_person", {**more, "waited_frames": seen.waited_frames}
                made.append(near_miss_line(what, "yield_pedestrian", seen.mover, seen.at, fps, **more))
            elif seen.entered:
                what = "person_already_off" if seen.person_lately else "no_person"
                made.append(near_miss_line(what, "yield_pedestrian", seen.mover, seen.at, fps, **more))
        return made


def _axis(one: Drawn) -> list[tuple[float, float]]:
    """Front, middle and rear of a vehicle, metres."""
    pose, half_m = one.pose, one.mover.length_m / 2
    dx, dy = math.sin(pose.yaw) * half_m, math.cos(pose.yaw) * half_m
    return [(pose.x + dx, pose.y + dy), (pose.x, pose.y), (pose.x - dx, pose.y - dy)]


def _is_near(one: Drawn, person: Pose) -> bool:
    return min(math.dist(point, (person.x, person.y)) for point in _axis(one)) <= _NEAR_M


def _is_in_way(one: Drawn, person: Pose) -> bool:
    """Ahead of its front, within the breadth of its way."""
    front, sine, cosine = _axis(one)[0], math.sin(one.pose.yaw), math.cos(one.pose.yaw)
    dx, dy = person.x - front[0], person.y - front[1]
    return -0.5 <= dx * sine + dy * cosine <= _AHEAD_M and abs(dx * cosine - dy * sine) <= _ASIDE_M
