"""Who truly stood past SUMO's stop line on red: its drivers brake late, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from phatnguoi.bench.scoring import Act, NearMiss
from phatnguoi.bench.sumo.view import Placed

STANDS_M_S = 0.3
OVER_M, SURELY_OVER_M = 0.1, 1.0
"""Front past the line: below the first it stands before it, between the two no picture tells."""
STOOD_S, SURELY_STOOD_S = 1.5, 3.0
"""Shorter is no stop; between the two a rule that asks for 2 s may or may not have seen them."""
BEFORE_S = 1.0
"""It must have been before the line for so long into red that two pictures show it."""
FORGOTTEN_S = 60.0


@dataclass(slots=True)
class _Waiting:
    """One vehicle of ours in one red. `over_m`: of its front; `rear_m`: of its rear axle, where it stands."""

    t_s: float
    before_s: float | None = None
    from_s: float | None = None
    over_m: float = 0.0
    rear_m: float = 0.0
    is_hidden: bool = False


@dataclass(slots=True)
class Stops:
    """Follows every vehicle that stands at the line while it is red.

    Attributes:
        stop_y_m: of the stop line; our vehicles drive towards greater y.
    """

    stop_y_m: float
    acts: list[Act] = field(default_factory=list)
    near_misses: list[NearMiss] = field(default_factory=list)
    _waiting: dict[int, _Waiting] = field(default_factory=dict)

    def see(self, placed: Sequence[Placed], t_s: float, red_s: float | None) -> None:
        """One instant.

        Args:
            red_s: time into red; None while the lamp shows another colour.
        """
        for one in placed:
            known = self._waiting.get(one.mover.mover_id)
            if known is not None and (red_s is None or one.driven.speed_m_s >= STANDS_M_S):
                self._end(one, known, t_s)
            if red_s is not None and (known is not None or one.driven.lane.startswith("ours")):
                self._follow(one, t_s, red_s)
        if red_s is None:
            self._waiting.clear()
        self._waiting = {key: one for key, one in self._waiting.items() if t_s - one.t_s < FORGOTTEN_S}

    def _follow(self, one: Placed, t_s: float, red_s: float) -> None:
        known = self._waiting.setdefault(one.mover.mover_id, _Waiting(t_s))
        front_m, known.t_s = one.driven.y_m - self.stop_y_m, t_s
        if front_m < 0:
            known.before_s = red_s
        if one.driven.speed_m_s < STANDS_M_S:
            if known.from_s is None:
                known.from_s, known.over_m, known.rear_m = t_s, front_m, one.rear_m[1] - self.stop_y_m
            known.is_hidden |= one.mover.box is None or one.mover.uncovered < 0.5

    def _end(self, one: Placed, known: _Waiting, t_s: float) -> None:
        """It drives on, or the red is over."""
        from_s, stood_s = known.from_s, 0.0 if known.from_s is None else t_s - known.from_s
        known.from_s = None
        if from_s is None or stood_s < STOOD_S or known.before_s is None:
            return
        if known.over_m < OVER_M:
            if known.over_m > -1.0:
                self.near_misses.append(NearMiss("stands_before_line", "stop_line", one.mover.mover_id, from_s))
            return
        is_sure = known.over_m >= SURELY_OVER_M and stood_s >= SURELY_STOOD_S and known.before_s >= BEFORE_S
        is_borderline = not is_sure or known.rear_m > 0.0 or known.is_hidden
        kind = f"{one.driven.kind} stands"
        self.acts.append(Act("stop_line", one.mover.mover_id, from_s, t_s, from_s, kind, is_borderline))
