"""Which turns our lanes have, and which one a sign forbids; and how a vehicle's way bends when it turns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from streams.simulated.layout import LANE_WIDTH_M, Layout
from streams.simulated.movers import CROSS_SETBACK_M, TURN_FROM_M, TURN_RADIUS_M, Mover, Turn
from streams.simulated.settings import WorldSettings

LaneTurn = Literal["left", "straight", "right"]
_LEFT_RADIUS_M = 6.5
_EXIT_M = 1.6
"""A turn ends so far from the middle of the cross street, or from the kerb."""
_RIGHT_FROM_CROSS_M = 5.0


@dataclass(frozen=True, slots=True)
class Regime:
    """Turns of each of our lanes, from the middle to the kerb, and the turn that the sign forbids here."""

    turns: tuple[tuple[LaneTurn, ...], ...]
    forbidden: Turn = "none"

    def lanes_with(self, turn: LaneTurn) -> list[int]:
        """Numbers (0 at the middle) of the lanes that have this turn."""
        return [number for number, turns in enumerate(self.turns) if turn in turns]

    def lanes_without(self, turn: LaneTurn) -> list[int]:
        return [number for number, turns in enumerate(self.turns) if turn not in turns]


def regime_of(settings: WorldSettings, layout: Layout) -> Regime:
    """Where turns are judged the seed draws the sign; elsewhere only the kerb lane turns, to the right."""
    turns: list[tuple[LaneTurn, ...]] = [("straight",)] * layout.lanes
    forbidden = forbidden_turn_of(settings)
    if forbidden != "right":
        turns[-1] = ("straight", "right")
    if forbidden != "left" and turns_are_judged(settings):
        turns[0] = ("left", "straight")
    return Regime(tuple(turns), forbidden)


def forbidden_turn_of(settings: WorldSettings) -> Turn:
    """The turn that the sign at the stop line forbids."""
    if "forbidden_turn" not in settings.acts:
        return "none"
    return "left" if np.random.default_rng([settings.seed, 14]).random() < 0.6 else "right"


def turns_are_judged(settings: WorldSettings) -> bool:
    """Vehicles turn left here too."""
    return bool({"forbidden_turn", "wrong_lane", "junction_blocking"} & set(settings.acts))


def lane_middle_m(number: int) -> float:
    """Distance of our lane's middle from the centre line."""
    return 0.2 + LANE_WIDTH_M * (number + 0.5)


def bend(mover: Mover, turn: Turn, layout: Layout) -> None:
    """Let the mover turn out of its stream; from the cross street only to the right, into the road with the camera."""
    mover.turn = turn
    if mover.stream == "from_left":
        mover.turn_radius_m = _RIGHT_FROM_CROSS_M
        mover.turn_from_m = CROSS_SETBACK_M + _EXIT_M - _RIGHT_FROM_CROSS_M
    elif turn == "left":
        mover.turn_radius_m = _LEFT_RADIUS_M
        mover.turn_from_m = layout.cross_centre_m + _EXIT_M - _LEFT_RADIUS_M
    else:
        mover.turn_radius_m, mover.turn_from_m = TURN_RADIUS_M, TURN_FROM_M


def way_to_right(mover: Mover, right_m: float) -> float:
    """Way at which a point of a right turn's path lies `right_m` to the right of the stream's middle."""
    cosine = 1 - (right_m - mover.lateral_m) / mover.turn_radius_m
    if cosine >= 1:
        return mover.turn_from_m
    if cosine <= 0:
        rest_m = right_m - mover.lateral_m - mover.turn_radius_m
        return mover.turn_from_m + mover.turn_radius_m * math.pi / 2 + rest_m
    return mover.turn_from_m + mover.turn_radius_m * math.acos(cosine)
