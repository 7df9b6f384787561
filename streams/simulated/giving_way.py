"""Those who meet a rider on the wrong half make room for each other, or brake."""

from __future__ import annotations

import math
from collections.abc import Iterable

from streams.simulated.layout import Layout
from streams.simulated.movers import Mover

_SEEN_AHEAD_M = 22.0
_MARGIN_M = 0.3
_BRAKE_AHEAD_M = 7.0
_RIDER_BRAKES_AHEAD_M = 3.0
_FROM_CENTRE_M, _FROM_KERB_M = 0.85, 0.45
"""The rider keeps so close to the centre line or to the kerb while somebody comes."""


def give_way(movers: Iterable[Mover], layout: Layout) -> set[int]:
    """Set where everybody wants to ride while they meet; gives the ids of those who must brake."""
    everybody = list(movers)
    riders = [mover for mover in everybody if mover.intent == "wrong_side" and mover.turn == "none"]
    braking: set[int] = set()
    for rider in riders:
        meets = [other for other in everybody if _comes_at(rider, other)]
        if not meets:
            continue
        _keep_to_the_edge(rider, layout)
        for other in meets:
            missing_m = _overlap_m(rider, other)
            if missing_m <= 0:
                continue
            _make_room(rider, other, missing_m, layout)
            gap_m = abs(other.y - rider.y) - (other.length_m + rider.length_m) / 2
            if missing_m > 0.35 and gap_m < _BRAKE_AHEAD_M:
                braking.add(other.mover_id)
            if missing_m > 0.35 and gap_m < _RIDER_BRAKES_AHEAD_M:
                braking.add(rider.mover_id)
    return braking


def _comes_at(rider: Mover, other: Mover) -> bool:
    """They head for each other on the same road, and have not met yet."""
    if other.kind == "person" or other.intent == "wrong_side" or math.cos(other.yaw - rider.yaw) > -0.9:
        return False
    ahead_m = (other.y - rider.y) * math.cos(rider.yaw)
    return -(other.length_m + rider.length_m) / 2 < ahead_m < _SEEN_AHEAD_M and abs(other.x - rider.x) < 4.0


def _overlap_m(rider: Mover, other: Mover) -> float:
    """How much room across the road is missing between them."""
    return (rider.width_m + other.width_m) / 2 + _MARGIN_M - abs(rider.x - other.x)


def _keep_to_the_edge(rider: Mover, layout: Layout) -> None:
    edge_m = -_FROM_CENTRE_M if rider.stream == "ours" else -(layout.width_m - _FROM_KERB_M)
    rider.lateral_wish_m = edge_m


def _make_room(rider: Mover, other: Mover, missing_m: float, layout: Layout) -> None:
    """The other one goes aside, to the kerb from a rider at the centre line, to the middle from one at the kerb."""
    half_m = layout.width_m if other.stream == "ours" else layout.oncoming_m
    away = 1.0 if rider.stream == "ours" else -1.0
    low_m, high_m = other.width_m / 2 + 0.1, half_m - other.width_m / 2 - 0.2
    other.lateral_wish_m = max(low_m, min(high_m, other.lateral_m + away * missing_m))
