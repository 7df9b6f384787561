"""Who enters the world, when and where: seeded Poisson arrivals, and the few who mean to break a rule."""

from __future__ import annotations

import math

import numpy as np

from streams.simulated.act_arrivals import ActArrivals
from streams.simulated.layout import GUTTER_M, LANE_WIDTH_M, ZEBRA_M, Layout
from streams.simulated.movers import Kind, Mover, Stream, make_mover
from streams.simulated.phases import Phases
from streams.simulated.plates import draw_plate
from streams.simulated.regime import bend, regime_of
from streams.simulated.settings import WorldSettings

_TICK_S = 0.05
_PER_HOUR: dict[Kind, float] = {"motorcycle": 900, "car": 330, "bus": 45, "truck": 60, "bicycle": 50}
_STREAM_SHARE: dict[Stream, float] = {"ours": 1.0, "oncoming": 0.8, "from_left": 0.3, "from_right": 0.3}
_START_M: dict[Stream, float] = {"ours": -48.0, "oncoming": -70.0, "from_left": -32.0, "from_right": -32.0}
_WALKERS_PER_HOUR = 420
_MOST_CROWDED = 1.5
_RUNS_RED: dict[Kind, float] = {"motorcycle": 0.07, "car": 0.05, "truck": 0.03}
_JUMPS_GREEN: dict[Kind, float] = {"motorcycle": 0.16, "bicycle": 0.05, "car": 0.04}
_WRONG_SIDE_PER_HOUR = 55
_AGAINST_PER_HOUR = 25
_ROOM_M = 3.0
_LONGEST_QUEUE = 24
"""So many wait at most outside the world for a free place."""


class Arrivals:
    """Draws new movers tick by tick; a mover whose place is taken comes later."""

    def __init__(self, settings: WorldSettings, layout: Layout, phases: Phases) -> None:
        self._settings = settings
        self._layout = layout
        self._phases = phases
        self._regime = regime_of(settings, layout)
        self._acts = ActArrivals(settings, layout, phases)
        self._rng = np.random.default_rng([settings.seed, 5])
        self._runs, self._strays = (
            settings.violators if act in settings.acts else 0.0 for act in ("red_light", "wrong_way")
        )
        crowd = 3.5 if "yield_pedestrian" in settings.acts else 1.0
        self._walkers_per_hour = _WALKERS_PER_HOUR * crowd * min(settings.density, _MOST_CROWDED)
        self._next_id = 1
        self._waiting: list[Mover] = []

    def due(self, t_s: float, present: list[Mover]) -> list[Mover]:
        """The movers who enter at this tick."""
        for stream, share in _STREAM_SHARE.items():
            for kind, per_hour in _PER_HOUR.items():
                if self._rng.random() < per_hour * share * self._settings.density * _TICK_S / 3600:
                    self._waiting.append(self._vehicle(kind, stream))
        self._draw_wrong_side(t_s)
        planned = self._acts.due(t_s, _TICK_S, self._next_id)
        self._next_id += len(planned)
        self._waiting += planned
        entering: list[Mover] = []
        later: list[Mover] = []
        taken = [mover.extent() for mover in present] if self._waiting else []
        for mover in self._waiting:
            mover.place(self._layout)
            if _is_taken(mover, taken):
                later.append(mover)
            else:
                entering.append(mover)
                taken.append(mover.extent())
        self._waiting = later[-_LONGEST_QUEUE:]
        if self._rng.random() < self._walkers_per_hour * _TICK_S / 3600:
            entering.append(self._walker())
        return entering

    def _new(self, kind: Kind, stream: Stream) -> Mover:
        mover = make_mover(self._rng, self._next_id, kind, stream, self._settings.palette)
        self._next_id += 1
        if kind not in ("person", "bicycle"):
            mover.plate = draw_plate(self._rng, kind, is_state=bool(self._rng.random() < 0.04))
        return mover

    def _vehicle(self, kind: Kind, stream: Stream) -> Mover:
        mover = self._new(kind, stream)
        rng = self._rng
        mover.front_m = _START_M[stream]
        mover.lateral_m = mover.lateral_wish_m = self._lateral(mover)
        mover.speed = mover.wish_speed * 0.8
        if stream == "ours":
            rightmost = mover.lateral_m > self._layout.width_m - LANE_WIDTH_M
            turns = bool(rightmost and rng.random() < 0.22) and kind not in ("bus", "truck")
            if turns and self._regime.forbidden != "right":
                bend(mover, "right", self._layout)
            draw, share = rng.random(), self._runs
            runs, jumps = _RUNS_RED.get(kind, 0) * share, _JUMPS_GREEN.get(kind, 0) * share
            mover.intent = "runs_red" if draw < runs else "jumps_green" if draw < runs + jumps else "lawful"
            self._acts.tempt(mover)
        return mover

    def _lateral(self, mover: Mover) -> float:
        layout, rng = self._layout, self._rng
        lanes, half_m = {
            "ours": (layout.lanes, layout.width_m),
            "oncoming": (layout.oncoming_lanes, layout.oncoming_m),
        }.get(mover.stream, (layout.cross_lanes, layout.cross_half_m))
        if mover.kind in ("motorcycle", "bicycle"):
            low_m = 0.6 if mover.kind == "motorcycle" else half_m - 2.2
            return float(low_m + (half_m - GUTTER_M - low_m) * math.sqrt(rng.random()))
        lane = lanes - 1 if mover.kind in ("bus", "truck") else int(rng.integers(lanes))
        return 0.2 + LANE_WIDTH_M * (lane + 0.5) - 0.15 + float(rng.normal(0, 0.08))

    def _draw_wrong_side(self, t_s: float) -> None:
        share = self._strays * _TICK_S / 3600
        if self._rng.random() < _WRONG_SIDE_PER_HOUR * share * 2.0 and self._phases.into_red_s(t_s) > 1.5:
            mover = self._new("motorcycle", "ours")
            mover.intent, mover.front_m = "wrong_side", -42.0
            mover.lateral_m = mover.lateral_wish_m = -float(self._rng.uniform(1.0, 1.7))
            mover.speed = mover.wish_speed = float(self._rng.uniform(3.6, 5.0))
            self._waiting.append(mover)
        if self._rng.random() < _AGAINST_PER_HOUR * share:
            mover = self._new("motorcycle", "oncoming")
            mover.intent, mover.front_m = "wrong_side", -45.0
            mover.lateral_m = mover.lateral_wish_m = -(self._layout.width_m - float(self._rng.uniform(0.5, 0.75)))
            mover.speed = mover.wish_speed = float(self._rng.uniform(3.0, 4.5))
            self._waiting.append(mover)

    def _walker(self) -> Mover:
        mover = self._new("person", "on_foot")
        rng, layout = self._rng, self._layout
        left_m, right_m = -layout.oncoming_m, layout.width_m
        on_right = bool(rng.random() < 0.6)
        if rng.random() < 0.45:
            mover.walk_to = (right_m, 0.0) if not on_right else (left_m, 0.0)
            mover.x = right_m + float(rng.uniform(0.4, 1.6)) if on_right else left_m - float(rng.uniform(0.4, 1.6))
            mover.y = float(rng.uniform(ZEBRA_M[0] + 0.3, ZEBRA_M[1] - 0.3))
            mover.yaw = -math.pi / 2 if on_right else math.pi / 2
            return mover
        away = bool(rng.random() < 0.5)
        mover.yaw = 0.0 if away else math.pi
        offset_m = float(rng.uniform(0.8, 3.4))
        mover.x = right_m + offset_m if on_right else left_m - offset_m
        mover.y = -25.0 if away else float(rng.uniform(1.0, 2.5))
        if not away and rng.random() < 0.5:
            mover.y = layout.far_stop_m + 30.0
        return mover


def _is_taken(mover: Mover, others: list[tuple[float, float, float, float]]) -> bool:
    x0, x1, y0, y1 = mover.extent()
    x0, x1, y0, y1 = x0 - 0.3, x1 + 0.3, y0 - _ROOM_M, y1 + _ROOM_M
    return any(a0 < x1 and a1 > x0 and b0 < y1 and b1 > y0 for a0, a1, b0, b1 in others)
