"""Movement: car-following, obeying the lamp or not, weaving motorbikes; the same seed gives the same traffic.

The world ticks every 50 ms whatever the frame rate, so frames of any rate see the same traffic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from models.domain.geometry import PointM
from streams.simulated.arrivals import Arrivals
from streams.simulated.driving import Drivers
from streams.simulated.giving_way import give_way
from streams.simulated.layout import GUTTER_M, ZEBRA_M, Layout, layout_of
from streams.simulated.movers import TURN_FROM_M, Mover, Pose
from streams.simulated.phases import Phases, phases_of
from streams.simulated.settings import WorldSettings
from streams.simulated.surroundings import Surroundings

TICK_S = 0.05
WARM_UP_S = 45.0
RED_GRACE_S = 0.3
_SEEN_TO_M = 140.0
_HARD_BRAKE = 6.0
_JAM_GAP_M: dict[str, float] = {"motorcycle": 0.7, "bicycle": 0.8, "car": 1.4, "bus": 1.8, "truck": 1.8, "person": 0.5}


@dataclass(frozen=True, slots=True)
class Crossing:
    """A vehicle's rear wheel passed our stop line.

    Attributes:
        into_red_s: seconds since red began; negative when the lamp was not red.
        was_before_line: the whole vehicle was before the line when red began.
        past_in_red: its whole length was past the line in the same red; None: the world ended before.
        is_permitted: a turn on red that is permitted here, a vehicle on duty, or a lamp that governs nobody.
    """

    mover_id: int
    at_s: float
    lamp: str
    into_red_s: float
    was_before_line: bool
    intent: str
    turns_right: bool
    point: PointM
    past_in_red: bool | None = None
    is_permitted: bool = False

    @property
    def is_red_light(self) -> bool:
        in_red = self.lamp == "red" and self.was_before_line and self.into_red_s >= RED_GRACE_S
        return in_red and self.past_in_red is True and not self.is_permitted


class Traffic:
    """The moving part of one world. `advance_to` never goes back."""

    def __init__(self, settings: WorldSettings) -> None:
        self.settings = settings
        self.layout: Layout = layout_of(settings)
        self.phases: Phases = phases_of(settings)
        self.movers: dict[int, Mover] = {}
        self.crossings: list[Crossing] = []
        self._rng = np.random.default_rng([settings.seed, 4])
        self._arrivals = Arrivals(settings, self.layout, self.phases)
        self._drivers = Drivers(settings, self.layout, self.phases)
        self._braking: set[int] = set()
        self._tick = round(-WARM_UP_S / TICK_S)
        self._front_at_red: dict[int, float] = {}
        self._half_past: dict[int, int] = {}
        self._was_red = False
        self.advance_to(0.0)

    @property
    def now_s(self) -> float:
        return self._tick * TICK_S

    def advance_to(self, t_s: float) -> None:
        """Tick until the world's time has reached `t_s`."""
        while self.now_s < t_s - 1e-9:
            self._step()

    def poses_at(self, t_s: float) -> list[tuple[Mover, Pose]]:
        """Everybody at `t_s`, which must lie within the last tick; by ascending id."""
        part = 1.0 - min(1.0, max(0.0, (self.now_s - t_s) / TICK_S))
        return [(mover, _between(mover.before, mover.pose, part)) for _, mover in sorted(self.movers.items())]

    def _step(self) -> None:
        t_s = self.now_s
        for mover in self._arrivals.due(t_s, list(self.movers.values())):
            mover.place(self.layout)
            mover.before = mover.pose
            self.movers[mover.mover_id] = mover
        self._note_red_onset(t_s)
        vehicles = [mover for mover in self.movers.values() if mover.kind != "person"]
        gaps = Surroundings(list(self.movers.values()), vehicles)
        self._braking = give_way(vehicles, self.layout)
        wishes = [self._acceleration(mover, row, gaps, t_s) for row, mover in enumerate(vehicles)]
        for row, (mover, wish) in enumerate(zip(vehicles, wishes, strict=True)):
            self._weave(mover, row, gaps)
            self._move(mover, wish, t_s)
        self._walk(t_s)
        self._tick += 1
        for mover_id in [m.mover_id for m in self.movers.values() if self._is_gone(m)]:
            del self.movers[mover_id]
            self._half_past.pop(mover_id, None)

    def front_at_red(self, mover_id: int) -> float:
        """Where the vehicle's front was when the last red began; far before the line if it was not there yet."""
        return self._front_at_red.get(mover_id, -1000.0)

    def _note_red_onset(self, t_s: float) -> None:
        is_red = self.phases.main(t_s) == "red"
        if is_red and not self._was_red:
            self._front_at_red = {m.mover_id: m.front_m for m in self.movers.values() if m.stream == "ours"}
        self._was_red = is_red

    def _acceleration(self, mover: Mover, row: int, gaps: Surroundings, t_s: float) -> float:
        gap_m, leader_speed = gaps.ahead(row)
        wish = _follow(mover, gap_m, leader_speed)
        stop_m = self._drivers.stop_within(mover, gaps, t_s)
        if stop_m is not None:
            wish = min(wish, _follow(mover, stop_m + _JAM_GAP_M[mover.kind], 0.0))
        if mover.mover_id in self._braking:
            wish = min(wish, -3.0 if mover.speed > 1.0 else 0.0)
        if mover.turn != "none" and -6 < mover.front_m - mover.turn_from_m + TURN_FROM_M < 14 and mover.speed > 4.0:
            wish = min(wish, -1.5)
        return max(-_HARD_BRAKE, wish)

    def _weave(self, mover: Mover, row: int, gaps: Surroundings) -> None:
        """Motorbikes look for room beside a slower vehicle, twice a second; who is to turn stays in its lane."""
        if (
            mover.kind != "motorcycle"
            or mover.intent == "wrong_side"
            or mover.turn != "none"
            or (self._tick + mover.mover_id) % 10
        ):
            return
        gap_m, leader_speed = gaps.ahead(row)
        if mover.front_m > -1.0 or gap_m > 5.0 + mover.speed or leader_speed > mover.wish_speed - 1.0:
            return
        half = self.layout.width_m if mover.stream == "ours" else self.layout.oncoming_m
        if mover.stream in ("from_left", "from_right"):
            half = self.layout.cross_half_m
        for step_m in (0.5, -0.5, 1.0, -1.0, 1.6, -1.6):
            lateral_m = mover.lateral_m + step_m
            if 0.5 <= lateral_m <= half - GUTTER_M and gaps.has_room(row, step_m, gap_m + 1.5):
                mover.lateral_wish_m = lateral_m
                return

    def _move(self, mover: Mover, wish: float, t_s: float) -> None:
        mover.before = mover.pose
        if mover.stream == "ours" and mover.intent == "wrong_side" and mover.front_m > 6.5:
            mover.lateral_wish_m = max(mover.lateral_wish_m, 1.4)
        mover.braking = wish < -0.6 or mover.speed < 0.2
        speed = max(0.0, mover.speed + wish * TICK_S)
        rear_m = mover.rear_wheel_m
        mover.front_m += (mover.speed + speed) / 2 * TICK_S
        mover.speed = speed
        side_m = max(0.0, min(1.1, 0.3 * speed)) * TICK_S
        mover.lateral_m += max(-side_m, min(side_m, mover.lateral_wish_m - mover.lateral_m))
        mover.walk_m += speed * TICK_S
        if mover.hold_s > 0 and speed < 0.1 and mover.front_m > 1.0:
            mover.hold_s -= TICK_S
        mover.place(self.layout)
        if mover.stream == "ours" and rear_m < 0 <= mover.rear_wheel_m:
            self._note_crossing(mover, t_s + TICK_S * (-rear_m / max(1e-9, mover.rear_wheel_m - rear_m)))
        if mover.mover_id in self._half_past and mover.front_m >= mover.length_m:
            self._note_wholly_past(mover, t_s + TICK_S)

    def _note_crossing(self, mover: Mover, at_s: float) -> None:
        front_m = self._front_at_red.get(mover.mover_id, -1.0)
        settings = self.settings
        permitted = mover.priority or settings.lamp != "ok" or (mover.turns_right and settings.right_on_red)
        self._half_past[mover.mover_id] = len(self.crossings)
        self.crossings.append(
            Crossing(
                mover.mover_id, at_s, self.phases.main(at_s), self.phases.into_red_s(at_s), front_m <= 0.0,
                mover.intent, mover.turns_right, PointM(mover.x, 0.0), is_permitted=permitted,
            )
        )  # fmt: skip

    def _note_wholly_past(self, mover: Mover, t_s: float) -> None:
        """It is past with all its length: still in the red in which it passed the line?"""
        place = self._half_past.pop(mover.mover_id)
        crossing = self.crossings[place]
        into_red_s = self.phases.into_red_s(t_s)
        same_red = into_red_s >= t_s - crossing.at_s
        self.crossings[place] = replace(crossing, past_in_red=same_red)

    def _walk(self, t_s: float) -> None:
        for mover in self.movers.values():
            if mover.kind != "person":
                continue
            mover.before = mover.pose
            waits = mover.walk_to is not None and mover.walk_m == 0.0 and not self._may_walk(t_s)
            waits = waits or self._is_cut_off(mover)
            mover.speed = 0.0 if waits else mover.wish_speed
            mover.x += math.sin(mover.yaw) * mover.speed * TICK_S
            mover.y += math.cos(mover.yaw) * mover.speed * TICK_S
            mover.walk_m += mover.speed * TICK_S

    def _is_cut_off(self, person: Mover) -> bool:
        """Somebody turns over the near crosswalk just before this person would step onto that half."""
        if person.walk_to is None or person.y > ZEBRA_M[1] + 0.5:
            return False
        walks_right = math.sin(person.yaw) > 0
        edge_m = -self.layout.oncoming_m if walks_right else 0.0
        to_edge_m = (edge_m - person.x) * (1 if walks_right else -1)
        if not 0 <= to_edge_m < 0.9:
            return False
        turners = (m for m in self.movers.values() if m.stream == "from_left" and m.turn == "right")
        return any(-0.5 < m.y - m.length_m / 2 < ZEBRA_M[1] + 0.8 and m.speed > 0.5 for m in turners)

    def _may_walk(self, t_s: float) -> bool:
        crossing_s = (self.layout.width_m + self.layout.oncoming_m + 2) / 1.2
        return self.phases.into_red_s(t_s) > 1.0 and self.phases.to_green_s(t_s) > crossing_s

    def _is_gone(self, mover: Mover) -> bool:
        if mover.kind == "person":
            reach_m = self.layout.width_m + 6
            return abs(mover.y) > 60 or not -self.layout.oncoming_m - 6 < mover.x < reach_m or mover.walk_m > 120
        return mover.front_m > (_SEEN_TO_M if mover.stream == "ours" and mover.turn == "none" else 75.0)


def _between(a: Pose, b: Pose, part: float) -> Pose:
    turn = (b.yaw - a.yaw + math.pi) % (2 * math.pi) - math.pi
    return Pose(
        a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part, a.yaw + turn * part, a.speed + (b.speed - a.speed) * part
    )


def _follow(mover: Mover, gap_m: float, leader_speed: float) -> float:
    """Intelligent driver model (Treiber, Hennecke, Helbing 2000), m/s²."""
    jam_m = _JAM_GAP_M[mover.kind]
    closing = mover.speed - leader_speed
    root = 2 * math.sqrt(mover.acceleration * 2.2)
    wish_m = jam_m + max(0.0, mover.speed * mover.headway_s + mover.speed * closing / root)
    free = 1 - (mover.speed / mover.wish_speed) ** 4
    return mover.acceleration * (free - (wish_m / max(gap_m, 0.15)) ** 2)
