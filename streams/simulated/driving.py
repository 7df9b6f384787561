"""What a driver decides: where the lamp, people on the crosswalk, oncoming traffic or a blocked box make them stop."""

from __future__ import annotations

import math

from streams.simulated.layout import ZEBRA_M, Layout
from streams.simulated.movers import Mover
from streams.simulated.phases import AMBER_S, Phases
from streams.simulated.regime import way_to_right
from streams.simulated.settings import WorldSettings
from streams.simulated.surroundings import Surroundings

AMBER_BRAKE = 3.0
NOSE_M, CREEP = 0.8, 1.0
"""Who creeps (m/s) with no more than the nose (m) past the line still stops."""
_PUSHED_S = 5.5
"""So long before red a pushed vehicle finds the road ahead full."""
_CREEPS_AFTER_S, _BEFORE_LINE_M = 1.0, 0.6
"""Who stops past the line does so when red has lasted so long; until then it stays so far before the line."""
_ZEBRA_GAP_M = 0.6
_ABOUT_TO_STEP_M = 1.6
_TURN_WAIT_ANGLE = 0.3
"""A left turner waits after so much of its turn (radians)."""


class Drivers:
    """Decisions of one world; knows the lamps and the layout."""

    def __init__(self, settings: WorldSettings, layout: Layout, phases: Phases) -> None:
        self._right_on_red = settings.right_on_red
        self._layout = layout
        self._phases = phases

    def stop_within(self, mover: Mover, gaps: Surroundings, t_s: float) -> float | None:
        """Metres to the nearest place where this vehicle must stop, None where there is none."""
        places = (
            self._at_line(mover, gaps, t_s), self._at_crosswalk(mover, gaps), self._in_box(mover, gaps),
            self._before_box(mover, gaps),
        )  # fmt: skip
        return min((place for place in places if place is not None), default=None)

    def _at_line(self, mover: Mover, gaps: Surroundings, t_s: float) -> float | None:
        """The lamp."""
        to_line_m = -mover.front_m
        over_m = max(0.0, -mover.stop_gap_m)
        if to_line_m < -over_m - (NOSE_M if mover.speed < CREEP else 0.0):
            return None
        main = mover.stream in ("ours", "oncoming")
        lamp = self._phases.main(t_s) if main else self._phases.cross(t_s)
        if mover.intent == "pushed":
            return self._pushed(mover, t_s)
        if lamp == "green" and not (gaps.has_priority and not main):
            return None
        if lamp != "red" and mover.speed**2 / (2 * max(to_line_m + over_m, 0.1)) > AMBER_BRAKE:
            return None
        if lamp == "red" and self._dares(mover, gaps, t_s):
            return None
        if mover.intent == "over_line" and self._phases.into_red_s(t_s) < _CREEPS_AFTER_S:
            return to_line_m - _BEFORE_LINE_M
        return to_line_m - mover.stop_gap_m

    def _pushed(self, mover: Mover, t_s: float) -> float | None:
        """Goes over the line shortly before red and finds the road ahead full; who comes too late stops before it."""
        to_red_s = self._phases.green_s + AMBER_S - self._phases.place_s(t_s)
        if to_red_s > _PUSHED_S:
            return None
        is_over = mover.front_m > 0 or to_red_s > 0.8
        return -mover.front_m - (mover.stop_gap_m if is_over else _BEFORE_LINE_M)

    def _dares(self, mover: Mover, gaps: Surroundings, t_s: float) -> bool:
        if mover.stream != "ours":
            return False
        if mover.turn == "right" and self._right_on_red:
            return self.is_way_free(mover, gaps, t_s)
        if mover.intent == "on_duty":
            return self.is_way_free(mover, gaps, t_s)
        if mover.intent not in ("runs_red", "jumps_green"):
            return False
        if mover.intent == "jumps_green" and self._phases.to_green_s(t_s) > mover.jump_lead_s:
            return False
        return self._phases.into_red_s(t_s) > 0.8 and self.is_way_free(mover, gaps, t_s)

    def is_way_free(self, mover: Mover, gaps: Surroundings, t_s: float) -> bool:
        """No cross traffic will meet this vehicle before it is through."""
        if self._phases.cross(t_s) == "red" and self._phases.to_green_s(t_s) > 6.0:
            return False
        return not any(self._is_in_the_way(mover, other, t_s) for other in gaps.everybody)

    def _is_in_the_way(self, mover: Mover, other: Mover, t_s: float) -> bool:
        if other.kind == "person":
            return other.walk_to is not None and other.y < self._layout.junction_to_m and abs(other.x - mover.x) < 1.6
        if other.stream not in ("from_left", "from_right"):
            return False
        needs_s = (other.y + 2.0 - mover.front_m) / max(4.5, mover.speed + 2.0)
        ahead_m = (other.x - mover.x) * -math.sin(other.yaw)
        reach_m = other.speed * needs_s + (6.0 if self._cross_may_start(other, t_s) else 0.0)
        return -other.length_m / 2 - 0.8 < ahead_m < reach_m + other.length_m / 2 + 1.0

    def _cross_may_start(self, other: Mover, t_s: float) -> bool:
        return other.front_m < 1.0 and self._phases.cross(t_s) == "green"

    def _at_crosswalk(self, mover: Mover, gaps: Surroundings) -> float | None:
        """A turner from the cross street lets people on the near crosswalk pass."""
        if mover.stream != "from_left" or mover.turn != "right" or mover.intent == "does_not_yield":
            return None
        stop_m = way_to_right(mover, self._layout.cross_centre_m - ZEBRA_M[1] - _ZEBRA_GAP_M)
        if mover.front_m > stop_m + 0.6:
            return None
        left_m = -self._layout.oncoming_m
        for other in gaps.everybody:
            on_zebra = other.kind == "person" and other.walk_to is not None and other.y < ZEBRA_M[1] + 0.5
            if on_zebra and left_m - 0.4 < other.x < _ABOUT_TO_STEP_M and self._stays(other):
                return stop_m - mover.front_m
        return None

    def _stays(self, person: Mover) -> bool:
        """The person is on the oncoming half, or about to be."""
        walks_right = math.sin(person.yaw) > 0
        is_leaving = not walks_right and person.x < -self._layout.oncoming_m + 0.1
        is_past = walks_right and person.x > 0.3
        return person.speed > 0 and not is_leaving and not is_past

    def _in_box(self, mover: Mover, gaps: Surroundings) -> float | None:
        """Stands in the junction: of its own will, or for some seconds until oncoming traffic lets it turn."""
        if mover.stream != "ours" or mover.hold_s <= 0 or mover.front_m <= 0:
            return None
        if mover.intent == "stands_in_box":
            stop_m = self._layout.cross_centre_m + mover.length_m / 2
        elif mover.turn == "left" and self._is_oncoming(gaps):
            stop_m = mover.turn_from_m + mover.turn_radius_m * _TURN_WAIT_ANGLE + mover.length_m / 2
        else:
            return None
        return stop_m - mover.front_m if mover.front_m < stop_m + 0.5 else None

    def _is_oncoming(self, gaps: Surroundings) -> bool:
        """Somebody comes the other way who would reach the turn within three seconds."""
        turn_y_m = self._layout.cross_centre_m
        return any(
            other.stream == "oncoming" and other.intent == "lawful"
            and -4.0 < other.y - turn_y_m < 4.0 + other.speed * 3.0
            for other in gaps.everybody
        )  # fmt: skip

    def _before_box(self, mover: Mover, gaps: Surroundings) -> float | None:
        """Nobody enters the junction where somebody stands in it on their way."""
        if mover.front_m > 0.0 or mover.front_m < -20.0:
            return None
        along = mover.stream in ("ours", "oncoming")
        x0, x1, y0, y1 = mover.extent()
        for other in gaps.standing_in(-3.0, self._layout.junction_to_m + 1.0, mover.mover_id):
            a0, a1, b0, b1 = other.extent()
            meets = (a0 < x1 + 0.3 and a1 > x0 - 0.3) if along else (b0 < y1 + 0.3 and b1 > y0 - 0.3)
            if meets:
                return -mover.front_m - max(0.4, mover.stop_gap_m)
        return None
