"""Movement at the gate: vehicles come, stand at the barrier or in the bay, drive on, and coaches come back out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from streams.simulated.movers import Kind, Mover, Pose, make_mover
from streams.simulated.plates import draw_plate
from streams.simulated.settings import WorldSettings
from streams.simulated.station.plan import FROM_M, LANE_OF, LANES, TO_M, GateLane
from streams.simulated.traffic import _JAM_GAP_M, TICK_S, _between, _follow

WARM_UP_S = 25.0
_PER_HOUR: dict[str, dict[Kind, float]] = {
    "gate-in": {"bus": 130, "car": 70, "truck": 12}, "gate-out": {"bus": 70, "car": 50, "truck": 12},
    "inspection": {"car": 70, "truck": 20, "bus": 20}, "passing": {"motorcycle": 260, "car": 90},
}  # fmt: skip
_STAND_S = {"gate-in": (2.5, 8.0), "gate-out": (2.5, 8.0), "inspection": (14.0, 30.0), "passing": (0.0, 0.0)}
_IN_YARD_S = (12.0, 40.0)
"""Far shorter than at a real station: a clip is to hold both visits of a coach."""
_SPEED_M_S = (3.6, 5.4)
_PASSING_M_S = (7.0, 10.0)
_MOST_WAITING = 6


@dataclass(slots=True)
class Errand:
    """One vehicle's way through a lane."""

    lane: GateLane
    stand_s: float
    stood_s: float = 0.0
    comes_back: bool = False

    @property
    def is_served(self) -> bool:
        return self.stood_s >= self.stand_s


class StationTraffic:
    """The moving part of one gate. `advance_to` never goes back."""

    def __init__(self, settings: WorldSettings) -> None:
        self.settings = settings
        self.movers: dict[int, Mover] = {}
        self.errands: dict[int, Errand] = {}
        self._rng = np.random.default_rng([settings.seed, 41])
        self._waiting: list[tuple[Mover, Errand]] = []
        self._in_yard: list[tuple[float, Mover]] = []
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
        for lane in LANES:
            queue = [mover for mover_id, mover in self.movers.items() if self.errands[mover_id].lane is lane]
            queue.sort(key=lambda mover: -mover.front_m)
            leader: Mover | None = None
            for mover in queue:
                self._move(mover, leader)
                leader = mover
        self._tick += 1
        for mover_id in [mover.mover_id for mover in self.movers.values() if mover.front_m > TO_M - FROM_M]:
            self._leave(mover_id)

    def _arrive(self) -> None:
        rng, scale = self._rng, self.settings.density * TICK_S / 3600
        for lane in LANES:
            for kind, per_hour in _PER_HOUR[lane.name].items():
                if rng.random() < per_hour * scale:
                    self._waiting.append((self._new(kind, lane), self._errand(lane, kind)))
        back = [one for one in self._in_yard if one[0] <= self.now_s]
        self._in_yard = [one for one in self._in_yard if one[0] > self.now_s]
        self._waiting += [(mover, self._errand(LANE_OF["gate-out"], mover.kind)) for _, mover in back]
        later = []
        for mover, errand in self._waiting:
            mover.front_m = mover.length_m
            if self._is_free(mover, errand):
                mover.stream = "oncoming" if errand.lane.is_out else "ours"
                mover.speed = mover.wish_speed * 0.9
                _place(mover, errand)
                mover.before = mover.pose
                self.movers[mover.mover_id], self.errands[mover.mover_id] = mover, errand
            else:
                later.append((mover, errand))
        self._waiting = later[-_MOST_WAITING:]

    def _is_free(self, mover: Mover, errand: Errand) -> bool:
        lane = errand.lane
        others = (self.movers[number] for number, one in self.errands.items() if one.lane is lane)
        return all(other.front_m - other.length_m > mover.front_m + 6.0 for other in others)

    def _new(self, kind: Kind, lane: GateLane) -> Mover:
        mover = make_mover(self._rng, self._next_id, kind, "ours", self.settings.palette)
        self._next_id += 1
        mover.wish_speed = float(self._rng.uniform(*(_PASSING_M_S if lane.kind is None else _SPEED_M_S)))
        mover.lateral_m = lane.middle_m + float(self._rng.normal(0, 0.12))
        mover.plate = draw_plate(self._rng, kind)
        return mover

    def _errand(self, lane: GateLane, kind: Kind) -> Errand:
        comes_back = lane.kind == "gate_in" and (kind == "bus" or bool(self._rng.random() < 0.4))
        return Errand(lane, float(self._rng.uniform(*_STAND_S[lane.name])), comes_back=comes_back)

    def _move(self, mover: Mover, leader: Mover | None) -> None:
        errand, mover.before = self.errands[mover.mover_id], mover.pose
        gap_m = math.inf if leader is None else leader.front_m - leader.length_m - mover.front_m
        wish = _follow(mover, gap_m, 0.0 if leader is None else leader.speed)
        stop_m = _way_of_stop(errand.lane)
        if stop_m is not None and not errand.is_served:
            wish = min(wish, _follow(mover, max(0.05, stop_m - mover.front_m) + _JAM_GAP_M[mover.kind], 0.0))
            if mover.speed < 0.1 and abs(stop_m - mover.front_m) < 2.5:
                errand.stood_s += TICK_S
        wish = max(-5.0, wish)
        mover.braking = wish < -0.6 or mover.speed < 0.2
        speed = max(0.0, mover.speed + wish * TICK_S)
        mover.front_m += (mover.speed + speed) / 2 * TICK_S
        mover.speed = speed
        mover.walk_m += speed * TICK_S
        _place(mover, errand)

    def _leave(self, mover_id: int) -> None:
        mover, errand = self.movers.pop(mover_id), self.errands.pop(mover_id)
        if errand.comes_back:
            out = LANE_OF["gate-out"]
            mover.lateral_m = out.middle_m + float(self._rng.normal(0, 0.12))
            self._in_yard.append((self.now_s + float(self._rng.uniform(*_IN_YARD_S)), mover))


def _way_of_stop(lane: GateLane) -> float | None:
    """Way of the front from where vehicles come in, at which they stand."""
    if lane.stop_m is None:
        return None
    return TO_M - lane.stop_m if lane.is_out else lane.stop_m - FROM_M


def _place(mover: Mover, errand: Errand) -> None:
    """Set x, y and yaw from the way along the lane."""
    middle_m = mover.front_m - mover.length_m / 2
    mover.x = mover.lateral_m
    mover.y, mover.yaw = (TO_M - middle_m, math.pi) if errand.lane.is_out else (FROM_M + middle_m, 0.0)
