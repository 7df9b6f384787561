"""Those who come to break one of the crossing's other rules, and the lawful ones who look like them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streams.simulated.layout import Layout
from streams.simulated.movers import Intent, Kind, Mover, Stream, Turn, make_mover
from streams.simulated.phases import AMBER_S, Phases
from streams.simulated.plates import draw_plate
from streams.simulated.regime import Regime, bend, lane_middle_m, regime_of
from streams.simulated.settings import Act, WorldSettings

_AMBULANCE_M = (5.3, 1.95, 2.35)
_START_M: dict[Stream, float] = {"ours": -48.0, "from_left": -32.0}
_OVER_LINE_SHARE, _OVER_LINE_MOST = 0.14, 0.5
"""Share of our vehicles that stop past the line, for `violators=1` and at most."""
_WHOLE_CYCLE = (-1e9, 1e9)


@dataclass(frozen=True, slots=True)
class Plan:
    """Somebody who comes at a certain time of the signal's cycle.

    Attributes:
        per_cycle: how many come in one cycle, on the average.
        window_s: they enter so many seconds after the main road's red begins (negative: before).
        breaks: the usual share is multiplied by `violators`.
    """

    act: Act
    intent: Intent
    per_cycle: float
    window_s: tuple[float, float]
    turn: Turn = "none"
    breaks: bool = True
    stream: Stream = "ours"


PLANS = (
    Plan("stop_line", "pushed", 0.7, (-11.0, -8.0), breaks=False),
    Plan("forbidden_turn", "forbidden_turn", 0.6, _WHOLE_CYCLE),
    Plan("wrong_lane", "wrong_lane", 0.6, _WHOLE_CYCLE),
    Plan("wrong_lane", "lawful", 0.8, _WHOLE_CYCLE, turn="left", breaks=False),
    Plan("junction_blocking", "stands_in_box", 0.35, (-15.0, -10.0)),
    Plan("junction_blocking", "lawful", 0.8, (-20.0, -8.0), turn="left", breaks=False),
    Plan("yield_pedestrian", "does_not_yield", 1.5, (-2.0, 10.0), "right", stream="from_left"),
    Plan("yield_pedestrian", "lawful", 1.2, (-2.0, 10.0), "right", breaks=False, stream="from_left"),
    Plan("red_light", "on_duty", 0.7, (-6.0, 4.0), breaks=False),
)


class ActArrivals:
    """Draws them tick by tick, from a sequence of its own: the usual traffic is the same with and without them."""

    def __init__(self, settings: WorldSettings, layout: Layout, phases: Phases) -> None:
        self._settings = settings
        self._layout = layout
        self._phases = phases
        self._regime: Regime = regime_of(settings, layout)
        self._rng = np.random.default_rng([settings.seed, 13])
        self._plans = [plan for plan in PLANS if self._is_wanted(plan)]

    def _is_wanted(self, plan: Plan) -> bool:
        if plan.intent == "on_duty":
            return self._settings.has_ambulances
        if plan.act not in self._settings.acts:
            return False
        return not (plan.intent == "lawful" and plan.turn == "left" and not self._regime.lanes_with("left"))

    def due(self, t_s: float, tick_s: float, next_id: int) -> list[Mover]:
        """Those who come at this tick; ids from `next_id` on."""
        made: list[Mover] = []
        place_s = self._phases.place_s(t_s)
        red_at_s = self._phases.green_s + AMBER_S
        for plan in self._plans:
            low_s, high_s = max(plan.window_s[0], -red_at_s), min(plan.window_s[1], self._phases.cycle_s - red_at_s)
            share = self._settings.violators if plan.breaks else 1.0
            chance = plan.per_cycle * share * tick_s / (high_s - low_s)
            if low_s <= place_s - red_at_s < high_s and self._rng.random() < chance:
                made.append(self._mover(plan, next_id + len(made)))
        return made

    def tempt(self, mover: Mover) -> None:
        """One of the usual vehicles on our road may mean to stop past the line."""
        if "stop_line" not in self._settings.acts or mover.intent != "lawful":
            return
        if self._rng.random() < min(_OVER_LINE_MOST, _OVER_LINE_SHARE * self._settings.violators):
            mover.intent = "over_line"
            self._temper(mover)

    def _mover(self, plan: Plan, mover_id: int) -> Mover:
        rng = self._rng
        kind: Kind = "motorcycle" if rng.random() < 0.55 else "car"
        if plan.intent in ("stands_in_box", "on_duty"):
            kind = "car" if plan.intent == "on_duty" or rng.random() < 0.75 else "truck"
        mover = make_mover(rng, mover_id, kind, plan.stream, self._settings.palette)
        mover.intent = plan.intent
        mover.plate = draw_plate(rng, kind)
        mover.front_m = _START_M[plan.stream]
        mover.speed = mover.wish_speed * 0.8
        turn, lane = self._turn_and_lane(plan)
        spread_m = 0.5 if kind == "motorcycle" else 0.1
        middle_m = lane_middle_m(lane) if plan.stream == "ours" else self._layout.cross_half_m - 1.6
        mover.lateral_m = mover.lateral_wish_m = middle_m - 0.1 + float(rng.uniform(-spread_m, spread_m))
        if turn != "none":
            bend(mover, turn, self._layout)
        self._temper(mover)
        return mover

    def _turn_and_lane(self, plan: Plan) -> tuple[Turn, int]:
        rng, regime, lanes = self._rng, self._regime, self._layout.lanes
        if plan.intent == "forbidden_turn":
            return regime.forbidden, 0 if regime.forbidden == "left" else lanes - 1
        if plan.intent == "wrong_lane":
            return ("right", 0) if regime.lanes_with("right") else ("left", lanes - 1)
        if plan.intent in ("stands_in_box", "pushed", "on_duty"):
            return "none", int(rng.integers(lanes))
        return plan.turn, 0

    def _temper(self, mover: Mover) -> None:
        """What the intent needs: where to stop, how long to stand, an ambulance's size."""
        rng = self._rng
        past_m = (0.8, 1.6) if mover.kind == "motorcycle" else (0.8, 1.5)
        if mover.intent in ("over_line", "pushed"):
            mover.stop_gap_m = -float(rng.uniform(*past_m))
        elif mover.intent == "stands_in_box":
            mover.hold_s = float(rng.uniform(20.0, 32.0))
        elif mover.intent == "on_duty":
            mover.priority = True
            mover.length_m, mover.width_m, mover.height_m = _AMBULANCE_M
            mover.wish_speed = 11.0
        elif mover.turn == "left":
            mover.hold_s = float(rng.uniform(2.5, 5.5))
