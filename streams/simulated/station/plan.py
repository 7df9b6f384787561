"""The gate in metres: x across (right is positive), y into the yard. Truth and camera file share these places.

From left to right: the street's last lane, where others pass; the exit lane, towards the camera; an island; the entry
lane, into the yard; the inspection lane.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.domain.audits import ZoneKind
from streams.simulated.places import Place

LANE_M = 3.2
ISLAND_M = 0.7
PASSING_M = (-7.4, -4.4)
"""The lane of those who only pass."""
LEFT_M, RIGHT_M = -7.9, 8.1
FROM_M, TO_M = -40.0, 62.0
"""Where vehicles come from and where the yard begins."""


@dataclass(frozen=True, slots=True)
class GateLane:
    """One lane.

    Attributes:
        kind: of its zone; None: only counted.
        is_out: driven towards the camera.
        stop_m: way along y at which the front stands.
    """

    name: str
    kind: ZoneKind | None
    x_m: tuple[float, float]
    y_m: tuple[float, float]
    is_out: bool
    stop_m: float | None

    @property
    def middle_m(self) -> float:
        return sum(self.x_m) / 2

    @property
    def place(self) -> Place:
        return Place(self.name, self.x_m, self.y_m)


LANES: tuple[GateLane, ...] = (
    GateLane("gate-in", "gate_in", (ISLAND_M, ISLAND_M + LANE_M), (6.0, 20.0), False, 16.0),
    GateLane("gate-out", "gate_out", (-ISLAND_M - LANE_M, -ISLAND_M), (6.0, 20.0), True, 8.0),
    GateLane("inspection", "inspection_lane", (4.3, 4.3 + LANE_M), (6.0, 22.0), False, 17.0),
    GateLane("passing", None, PASSING_M, (13.0, 25.0), True, None),
)
LANE_OF: dict[str, GateLane] = {lane.name: lane for lane in LANES}
