"""The crossing in metres: x across the road (right is positive), y along our heading, z up. Vietnam drives right.

y = 0 is our stop line, x = 0 the centre line. Our carriageway is 0..width_m, the oncoming half is negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streams.simulated.settings import WorldSettings

LANE_WIDTH_M = 3.2
ZEBRA_M = (1.6, 4.8)
STOP_LINE_WIDTH_M = 0.35
JUNCTION_FROM_M = 7.0
KERB_RADIUS_M = 4.5
PAVEMENT_M = 4.2
GUTTER_M = 0.9
"""The strip at the kerb that lawful traffic leaves free."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes that differ from crossing to crossing."""

    lanes: int
    oncoming_lanes: int
    cross_lanes: int

    @property
    def width_m(self) -> float:
        return self.lanes * LANE_WIDTH_M + 0.4

    @property
    def oncoming_m(self) -> float:
        return self.oncoming_lanes * LANE_WIDTH_M + 0.4

    @property
    def cross_half_m(self) -> float:
        return self.cross_lanes * LANE_WIDTH_M

    @property
    def junction_to_m(self) -> float:
        return JUNCTION_FROM_M + 2 * self.cross_half_m

    @property
    def cross_centre_m(self) -> float:
        return JUNCTION_FROM_M + self.cross_half_m

    @property
    def far_stop_m(self) -> float:
        """y of the oncoming traffic's stop line."""
        return self.junction_to_m + JUNCTION_FROM_M


def layout_of(settings: WorldSettings) -> Layout:
    """The layout that the seed draws."""
    rng = np.random.default_rng([settings.seed, 1])
    return Layout(
        lanes=int(rng.choice([2, 2, 3])),
        oncoming_lanes=int(rng.choice([1, 2, 2])),
        cross_lanes=int(rng.choice([1, 2])),
    )
