"""Movement on the road: car-following, and the errands of those who break a rule or nearly do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from streams.simulated.movers import Kind, Mover, Pose, make_mover
from streams.simulated.plates import draw_plate
from streams.simulated.road.errands import Errand, Errands
from streams.simulated.road.plan import FREE_LEFT_M, LANE_M, LANES_FROM_M, SIDEWALK_M, plan_of
from streams.simulated.settings import WorldSettings
from streams.simulated.surroundings import Surroundings
from streams.simulated.traffic import _JAM_GAP_M, TICK_S, _between, _follow

WARM_UP_S = 30.0
_FROM_M, _TO_M = -42.0, 120.0
_PER_HOUR: dict[Kind, float] = {"motorcycle": 1500, "car": 420, "bus": 50, "truck": 60}
_ONCOMING = 0.45
_WALKERS_PER_HOUR = 300
_SPEED: dict[Kind, tuple[float, float]] = {
    "motorcycle": (9.5, 12.0), "car": (10.0, 12.8), "bus": (8.5, 10.0), "truck": (8.5, 10.0), "bicycle": (3.5, 5.0),
    "person": (1.1, 1.5),
}  # fmt: skip
_BRAKE = 6.0
_MOST_WAITING = 12


@dataclass(slots=True)
class _Walk:
    """Where somebody on foot goes; who waits for a bus stays there until it leaves."""

    to: tuple[float, float]
    bus_id: int | None = None


class RoadTraffic:
    """The moving part of one road. `advance_to` never goes back."""

    def __init__(self, settings: WorldSettings) -> None:
        self.settings, self.plan = settings, plan_of(settings)
        self.movers: dict[int, Mover] = {}
        self.errands: dict[int, Errand] = {}
        self._planner = Errands(settings, self.plan)
        self._rng = np.random.default_rng([settings.seed, 34])
        self._waiting: list[tuple[Mover, Errand]] = []
        self._walks: dict[int, _Walk] = {}
        self._stood_s: dict[int, float] = {}
        self._next_id, self._tick = 1, round(-WARM_UP_S / TICK_S)
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
        self._arrive()
        vehicles = [mover for mover in self.movers.values() if mover.kind != "person"]
        gaps = Surroundings(list(self.movers.values()), vehicles)
        wishes = [self._wish(mover, gaps.ahead(row)) for row, mover in enumerate(vehicles)]
        for mover, wish in zip(vehicles, wishes, strict=True):
            self._move(mover, wish)
        self._walk()
        self._tick += 1
        for mover_id in [mover.mover_id for mover in self.movers.values() if self._is_gone(mover)]:
            for kept in (self.movers, self.errands, self._walks, self._stood_s):
                kept.pop(mover_id, None)

    def _arrive(self) -> None:
        rng, scale = self._rng, self.settings.density * TICK_S / 3600
        for kind, per_hour in _PER_HOUR.items():
            if kind == "truck" and "prohibited_road" in self.plan.acts:
                continue
            if rng.random() < per_hour * scale:
                self._waiting.append(self._usual(kind, is_oncoming=False))
            if self.plan.oncoming_lanes and rng.random() < per_hour * scale * _ONCOMING:
                self._waiting.append(self._usual(kind, is_oncoming=True))
        for kind, errand in self._planner.due(self.now_s):
            mover = self._new(kind)
            mover.wish_speed = errand.speed_m_s or mover.wish_speed
            mover.lateral_m = mover.lateral_wish_m = errand.lateral_m
            self._waiting.append((mover, errand))
        if rng.random() < _WALKERS_PER_HOUR * scale:
            self._enter_walker()
        later = []
        for mover, errand in self._waiting:
            mover.stream = "oncoming" if errand.is_against else "ours"
            mover.front_m = (_FROM_M if not errand.is_against else -70.0) + mover.length_m
            _place(mover, errand)
            if self._is_free(mover):
                mover.speed, mover.before = mover.wish_speed * 0.9, mover.pose
                self.movers[mover.mover_id], self.errands[mover.mover_id] = mover, errand
            else:
                later.append((mover, errand))
        self._waiting = later[-_MOST_WAITING:]

    def _is_free(self, mover: Mover) -> bool:
        x0, x1, y0, y1 = mover.extent()
        margin_m = 0.8 * mover.wish_speed
        return not any(
            a < x1 + 0.2 and b > x0 - 0.2 and c < y1 + margin_m and d > y0 - 4.0
            for a, b, c, d in (other.extent() for other in self.movers.values())
        )

    def _new(self, kind: Kind) -> Mover:
        mover = make_mover(self._rng, self._next_id, kind, "ours", self.settings.palette)
        self._next_id += 1
        mover.wish_speed = float(self._rng.uniform(*_SPEED[kind]))
        if kind not in ("person", "bicycle"):
            mover.plate = draw_plate(self._rng, kind, is_state=False)
        return mover

    def _usual(self, kind: Kind, *, is_oncoming: bool) -> tuple[Mover, Errand]:
        """Somebody lawful: buses in their lane, motorbikes where lane 1 is for cars in the others."""
        rng, plan, mover = self._rng, self.plan, self._new(kind)
        last = plan.lanes - 1 if "bus_lane" in plan.acts else plan.lanes
        lanes = list(range(1, last + 1))
        if kind == "motorcycle" and "wrong_lane" in plan.acts:
            lanes = lanes[1:]
        if kind == "bus":
            lanes = [plan.lanes]
        if is_oncoming:
            number = int(rng.integers(1, plan.oncoming_lanes + 1))
            aside_m = float(rng.uniform(-0.9, 0.9)) if kind == "motorcycle" else float(rng.normal(0, 0.1))
            return mover, Errand("", LANES_FROM_M + (number - 0.5) * LANE_M + aside_m, is_against=True)
        aside_m = float(rng.uniform(-0.95, 0.95)) if kind == "motorcycle" else float(rng.normal(0, 0.1))
        mover.lateral_m = mover.lateral_wish_m = plan.middle_m(int(rng.choice(lanes))) + aside_m
        return mover, Errand("", mover.lateral_m)

    def _enter_walker(self) -> None:
        side = 1.0 if self._rng.random() < 0.7 else -1.0
        edge_m = self.plan.kerb_m if side > 0 else -min(self.plan.left_m, FREE_LEFT_M)
        x_m = side * (edge_m + SIDEWALK_M - float(self._rng.uniform(0.6, 1.3)))
        ends = (-14.0, 60.0) if self._rng.random() < 0.5 else (60.0, -14.0)
        self._put_person((x_m, ends[0]), _Walk((x_m, ends[1])))

    def _put_person(self, at: tuple[float, float], walk: _Walk) -> None:
        person = self._new("person")
        person.stream, person.x, person.y = "on_foot", *at
        person.before = person.pose
        self.movers[person.mover_id], self._walks[person.mover_id] = person, walk

    def _wish(self, mover: Mover, ahead: tuple[float, float]) -> float:
        wish, errand = _follow(mover, *ahead), self.errands[mover.mover_id]
        stop_m = self._stop_within(mover, errand)
        if stop_m is not None:
            wish = min(wish, _follow(mover, stop_m + _JAM_GAP_M[mover.kind], 0.0))
        if errand.turn_at_m is not None and mover.front_m > errand.turn_at_m - 14 and mover.speed > 3.6:
            wish = min(wish, -2.0)
        return max(-_BRAKE, wish)

    def _stop_within(self, mover: Mover, errand: Errand) -> float | None:
        if errand.stand_at_m is not None and self._stood_s.get(mover.mover_id, 0.0) < errand.stand_s:
            return max(0.05, errand.stand_at_m - mover.front_m)
        if errand.turn_at_m is not None and mover.front_m < errand.turn_at_m + 1.5:
            comes = (m for m in self.movers.values() if self._is_usual_oncoming(m))
            if any(errand.turn_at_m - 6 < m.y < errand.turn_at_m + 34 for m in comes):
                return max(0.05, errand.turn_at_m - mover.front_m)
        return None

    def _is_usual_oncoming(self, mover: Mover) -> bool:
        return mover.kind != "person" and self.errands[mover.mover_id].is_against

    def _move(self, mover: Mover, wish: float) -> None:
        errand, mover.before = self.errands[mover.mover_id], mover.pose
        for at_m, lateral_m in errand.shifts:
            if mover.front_m >= at_m:
                mover.lateral_wish_m = lateral_m
        mover.braking = wish < -0.6 or mover.speed < 0.2
        speed = max(0.0, mover.speed + wish * TICK_S)
        mover.front_m += (mover.speed + speed) / 2 * TICK_S
        mover.speed = speed
        side_m = max(0.0, min(1.2, 0.3 * speed)) * TICK_S
        mover.lateral_m += max(-side_m, min(side_m, mover.lateral_wish_m - mover.lateral_m))
        mover.walk_m += speed * TICK_S
        if errand.stand_at_m is not None and speed < 0.1 and abs(mover.front_m - errand.stand_at_m) < 2.5:
            if errand.has_people and mover.mover_id not in self._stood_s:
                self._bring_people(mover)
            self._stood_s[mover.mover_id] = self._stood_s.get(mover.mover_id, 0.0) + TICK_S
        _place(mover, errand)

    def _bring_people(self, bus: Mover) -> None:
        """Three come over the sidewalk to the bus."""
        for k in range(3):
            y_m = bus.y - bus.length_m * 0.4 + 0.9 * k
            start = (self.plan.kerb_m + 2.6, y_m - 1.5)
            self._put_person(start, _Walk((self.plan.kerb_m + 0.35, y_m), bus.mover_id))

    def _walk(self) -> None:
        for mover_id, walk in self._walks.items():
            person = self.movers[mover_id]
            person.before = person.pose
            dx, dy = walk.to[0] - person.x, walk.to[1] - person.y
            left_m = math.hypot(dx, dy)
            person.speed = person.wish_speed if left_m > 0.1 else 0.0
            if person.speed:
                person.yaw, step_m = math.atan2(dx, dy), min(left_m, person.speed * TICK_S)
                person.x, person.y = person.x + dx / left_m * step_m, person.y + dy / left_m * step_m
                person.walk_m += step_m

    def _is_gone(self, mover: Mover) -> bool:
        if mover.kind != "person":
            return mover.front_m > _TO_M or mover.y < _FROM_M - 4 or abs(mover.x) > 40
        walk = self._walks[mover.mover_id]
        if walk.bus_id is None:
            return math.hypot(walk.to[0] - mover.x, walk.to[1] - mover.y) < 0.2
        bus = self.movers.get(walk.bus_id)
        return bus is None or bus.speed > 1.0


def _place(mover: Mover, errand: Errand) -> None:
    """Set x, y and yaw from the way along the road, or round the turn."""
    middle_m = mover.front_m - mover.length_m / 2
    if errand.is_against:
        lateral_m = errand.lateral_m
        mover.x, mover.y, mover.yaw = -lateral_m, -middle_m, math.pi
        return
    mover.x, mover.y, mover.yaw = mover.lateral_m, middle_m, 0.0
    if errand.turn_at_m is not None and middle_m > errand.turn_at_m:
        radius_m, whole = errand.radius_m, errand.turn_angle
        angle = min((middle_m - errand.turn_at_m) / radius_m, whole)
        rest_m = middle_m - errand.turn_at_m - radius_m * angle
        mover.yaw = -angle
        mover.x = mover.lateral_m - radius_m * (1 - math.cos(angle)) - rest_m * math.sin(angle)
        mover.y = errand.turn_at_m + radius_m * math.sin(angle) + rest_m * math.cos(angle)
