"""Who means to break a rule, or nearly does: for each act its violators and its near-misses, drawn from the seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from streams.simulated.movers import Kind
from streams.simulated.road.plan import LIMIT_KMH, Plan
from streams.simulated.settings import Act, WorldSettings

STOP_AFTER_S, PARK_AFTER_S, COACH_AFTER_S = 10.0, 20.0, 8.0
_EVERY_S = 26.0
"""An act has its next try after about so long."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody is about to do. Metres are of the front along the road.

    Attributes:
        lateral_m: x where it enters; for those against the heading: distance to the left of the middle.
        shifts: from that front on it rides at that x.
        turn_at_m: its middle's way at which it turns left, by `turn_angle`.
        has_people: three persons come to it where it stands.
    """

    what: str
    lateral_m: float
    shifts: tuple[tuple[float, float], ...] = ()
    stand_at_m: float | None = None
    stand_s: float = 0.0
    speed_m_s: float | None = None
    turn_at_m: float | None = None
    turn_angle: float = math.pi
    radius_m: float = 3.5
    is_against: bool = False
    has_people: bool = False


Draw = Callable[[bool], tuple[Kind, Errand]]


class Errands:
    """Plans the errands of one road: of each act about every 26 s one, half of them near-misses."""

    def __init__(self, settings: WorldSettings, plan: Plan) -> None:
        self._plan, self._rate = plan, settings.violators
        self._rng = np.random.default_rng([settings.seed, 35])
        draws: dict[Act, Draw] = {
            "solid_line": self._solid_line, "wrong_lane": self._wrong_lane, "bus_lane": self._bus_lane,
            "u_turn": self._u_turn, "prohibited_road": self._truck, "wrong_way": self._wrong_way,
            "sidewalk": self._sidewalk, "emergency_lane": self._shoulder, "illegal_stopping": self._stops,
            "illegal_parking": self._parks, "coach_stop": self._coach, "speeding": self._speeds,
        }  # fmt: skip
        self._draws = {act: draw for act, draw in draws.items() if act in plan.acts}
        self._next_s = {act: -28.0 + float(self._rng.uniform(0, _EVERY_S)) for act in self._draws}
        self._is_act = {act: bool(self._rng.random() < 0.5) for act in self._draws}

    def due(self, t_s: float) -> list[tuple[Kind, Errand]]:
        """Who sets out at this tick."""
        made = []
        for act, draw in self._draws.items():
            if self._rate > 0 and t_s >= self._next_s[act]:
                self._next_s[act] = t_s + _EVERY_S / self._rate * float(self._rng.uniform(0.7, 1.3))
                made.append(draw(self._is_act[act]))
                self._is_act[act] = not self._is_act[act]
        return made

    def _between(self, low: float, high: float) -> float:
        return float(self._rng.uniform(low, high))

    def _solid_line(self, is_act: bool) -> tuple[Kind, Errand]:
        """Over the solid part; or over the dashed part behind it, or with a wheel 10 cm on it."""
        plan, start = self._plan, self._between(6.0, 11.0)
        one, two = plan.middle_m(1), plan.middle_m(2)
        if is_act:
            return "car", Errand("over_solid", one, ((plan.solid_m[0] + start, two),), speed_m_s=9.0)
        if self._rng.random() < 0.5:
            return "car", Errand("over_dashed", one, ((plan.solid_m[1] + 6.0, two),), speed_m_s=9.0)
        touch_m = plan.line_m + 0.1 - 0.9
        back = ((plan.solid_m[0] + start, touch_m), (plan.solid_m[0] + start + 10, one))
        return "car", Errand("touches_line", one, back, speed_m_s=9.0)

    def _wrong_lane(self, is_act: bool) -> tuple[Kind, Errand]:
        plan = self._plan
        if is_act:
            return "motorcycle", Errand("in_car_lane", plan.middle_m(1) + self._between(-0.4, 0.4), speed_m_s=9.5)
        beside, inside = plan.middle_m(2) - 0.9, plan.middle_m(1) + 1.0
        return "motorcycle", Errand("overtakes", beside, ((34.0, inside), (38.0, beside)), speed_m_s=10.5)

    def _bus_lane(self, is_act: bool) -> tuple[Kind, Errand]:
        plan = self._plan
        kind: Kind = "car" if self._rng.random() < 0.5 else "motorcycle"
        if is_act:
            return kind, Errand("in_bus_lane", plan.middle_m(plan.lanes), speed_m_s=9.0)
        beside, inside = plan.middle_m(plan.lanes - 1) + 0.6, plan.middle_m(plan.lanes) - 1.0
        return "motorcycle", Errand("short_entry", beside, ((16.0, inside), (20.0, beside)), speed_m_s=10.0)

    def _u_turn(self, is_act: bool) -> tuple[Kind, Errand]:
        plan = self._plan
        kind: Kind = "motorcycle" if self._rng.random() < 0.6 else "car"
        lateral_m, at_m = plan.middle_m(1), plan.gap_m[0] + 1.2
        to_m = plan.middle_m(1) if kind == "motorcycle" else plan.middle_m(2)
        angle, radius_m = (math.pi, (lateral_m + to_m) / 2) if is_act else (math.pi / 2, 4.5)
        what = "turns_back" if is_act else "turns_left_out"
        return kind, Errand(what, lateral_m, turn_at_m=at_m, turn_angle=angle, radius_m=radius_m, speed_m_s=8.0)

    def _truck(self, is_act: bool) -> tuple[Kind, Errand]:
        kind: Kind = "truck" if is_act or self._rng.random() < 0.5 else "car"
        return kind, Errand("truck_hours", self._plan.middle_m(2 if self._plan.lanes > 2 else 1))

    def _wrong_way(self, is_act: bool) -> tuple[Kind, Errand]:
        """Down the free strip at the left kerb; the near-miss rides there with the traffic."""
        speed_m_s = self._between(5.0, 7.0)
        if is_act:
            return "motorcycle", Errand("against", -0.1, is_against=True, speed_m_s=speed_m_s)
        return "motorcycle", Errand("with_the_traffic", 0.1, speed_m_s=speed_m_s)

    def _sidewalk(self, is_act: bool) -> tuple[Kind, Errand]:
        kerb_m = self._plan.kerb_m
        if is_act:
            return "motorcycle", Errand("on_sidewalk", kerb_m + self._between(1.1, 1.7), speed_m_s=5.5)
        return "motorcycle", Errand("beside_kerb", kerb_m - self._between(0.9, 1.2), speed_m_s=6.5)

    def _shoulder(self, is_act: bool) -> tuple[Kind, Errand]:
        plan = self._plan
        middle_m = (plan.lanes_to_m + plan.kerb_m) / 2
        if is_act:
            kind: Kind = "car" if self._rng.random() < 0.5 else "motorcycle"
            return kind, Errand("on_shoulder", middle_m, speed_m_s=9.5)
        lane_m = plan.middle_m(plan.lanes)
        at_m = self._between(14.0, 22.0)
        stands = Errand("broken_down", lane_m, ((at_m - 12, middle_m), (at_m + 2, lane_m)), at_m, 14.0, speed_m_s=8.0)
        return "car", stands

    def _stands(self, what: str, at_m: float, stand_s: float, kind: Kind, *, has_people: bool = False) -> Errand:
        """Comes along the strip at the kerb, stands there, goes on."""
        aside_m = {"bus": 1.35, "truck": 1.2}.get(kind, 1.1)
        lateral_m = self._plan.kerb_m - aside_m - 0.1
        return Errand(what, lateral_m, (), at_m, stand_s, speed_m_s=7.0, has_people=has_people)

    def _stops(self, is_act: bool) -> tuple[Kind, Errand]:
        kind: Kind = "car" if self._rng.random() < 0.7 else "motorcycle"
        stand_s = STOP_AFTER_S * (self._between(1.5, 1.9) if is_act else self._between(0.6, 0.75))
        return kind, self._stands("stops" if is_act else "short_stop", self._between(12.5, 15.0), stand_s, kind)

    def _parks(self, is_act: bool) -> tuple[Kind, Errand]:
        if not is_act and self._rng.random() < 0.4:
            return "car", self._stands("outside_zone", 46.0, PARK_AFTER_S * 1.4, "car")
        stand_s = PARK_AFTER_S * (self._between(1.3, 1.5) if is_act else self._between(0.6, 0.75))
        return "car", self._stands("parks" if is_act else "short_park", self._between(28.0, 32.0), stand_s, "car")

    def _coach(self, is_act: bool) -> tuple[Kind, Errand]:
        if is_act:
            return "bus", self._stands("picks_up", self._between(17.5, 21.0), self._between(14, 17), "bus",
                                       has_people=True)  # fmt: skip
        if self._rng.random() < 0.5:
            return "bus", self._stands("at_the_stop", 42.0, 14.0, "bus", has_people=True)
        return "bus", self._stands("nobody_beside", self._between(17.5, 21.0), 14.0, "bus")

    def _speeds(self, is_act: bool) -> tuple[Kind, Errand]:
        kmh = LIMIT_KMH + (self._between(14, 30) if is_act else self._between(2.0, 2.6))
        return "car", Errand("speeds" if is_act else "just_above", self._plan.middle_m(1), speed_m_s=kmh / 3.6)
