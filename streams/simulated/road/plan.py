"""The road in metres: x across (right is positive), y along our heading. Truth and camera file share these places.

x = 0 is the middle of the median; our lanes begin at LANES_FROM_M, then comes a strip at the kerb, then the sidewalk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streams.simulated.places import Place
from streams.simulated.settings import KERB_ACTS, ROAD_ACTS, Act, WorldSettings

LANE_M = 3.3
LANES_FROM_M = 0.7
STRIP_M = 2.9
SIDEWALK_M = 4.2
FREE_LEFT_M = -0.7
"""A one-way road has its left kerb here: a rider against the traffic keeps clear of it."""
WATCHED_M = (-1.0, 44.0)
LIMIT_KMH = 50.0
HOURS, OTHER_HOURS = "Mo-Fr 06:00-09:00,16:00-20:00; PH off", "Mo-Fr 16:00-20:00; PH off"
"""The worlds' clips begin on a Monday at 07:30: the first is in force then, the other is not."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the seed and the settings make of the road.

    Attributes:
        acts: what is broken here and has its place in this road.
        solid_m: from y to y the line between the first two lanes is solid, elsewhere dashed.
        gap_m: the gap in the median; a sign forbids to turn back there.
    """

    lanes: int
    oncoming_lanes: int
    acts: frozenset[Act]
    solid_m: tuple[float, float]
    gap_m: tuple[float, float]
    hours: str

    @property
    def lanes_to_m(self) -> float:
        return LANES_FROM_M + self.lanes * LANE_M

    @property
    def kerb_m(self) -> float:
        return self.lanes_to_m + STRIP_M

    @property
    def left_m(self) -> float:
        """The other kerb."""
        return -LANES_FROM_M - self.oncoming_lanes * LANE_M - 0.4 if self.oncoming_lanes else FREE_LEFT_M

    @property
    def line_m(self) -> float:
        """x of the line that is partly solid."""
        return LANES_FROM_M + LANE_M

    def lane_x(self, number: int) -> tuple[float, float]:
        """From x to x; lanes count from 1 at the median."""
        return LANES_FROM_M + (number - 1) * LANE_M, LANES_FROM_M + number * LANE_M

    def middle_m(self, number: int) -> float:
        return LANES_FROM_M + (number - 0.5) * LANE_M

    @property
    def has_shoulder(self) -> bool:
        return "emergency_lane" in self.acts

    def places(self) -> dict[str, Place]:
        """The zones that rules of this road speak of, by act."""
        strip, found = (self.lanes_to_m, self.kerb_m), {}
        if "sidewalk" in self.acts:
            found["sidewalk"] = Place("sidewalk", (self.kerb_m + 0.2, self.kerb_m + SIDEWALK_M), WATCHED_M)
        if "prohibited_road" in self.acts:
            found["prohibited_road"] = Place("road", (LANES_FROM_M, self.lanes_to_m), WATCHED_M)
        for act, y_m in (("illegal_stopping", (6.0, 18.0)), ("illegal_parking", (20.5, 35.0)),
                         ("coach_stop", (6.0, 24.0))):  # fmt: skip
            if act in self.acts:
                found[act] = Place(act.replace("_", "-"), strip, y_m)
        return found

    def lane_of(self, x_m: float) -> str | None:
        """`l1`… from the median to the kerb, `strip`, `o1`… on the other half; None elsewhere."""
        if LANES_FROM_M <= x_m < self.lanes_to_m:
            return f"l{1 + int((x_m - LANES_FROM_M) / LANE_M)}"
        if self.lanes_to_m <= x_m < self.kerb_m:
            return "strip"
        aside = (-x_m - LANES_FROM_M) / LANE_M
        return f"o{1 + int(aside)}" if 0 <= aside < self.oncoming_lanes else None


def plan_of(settings: WorldSettings) -> Plan:
    """The road that seed and settings draw. A roadside is either a shoulder or a kerb where vehicles may stand."""
    rng = np.random.default_rng([settings.seed, 31])
    is_one_way = settings.street == "one_way"
    acts = set(settings.acts) & set(ROAD_ACTS)
    acts -= {"u_turn"} if is_one_way else {"wrong_way"}
    kerb = acts & set(KERB_ACTS)
    if "emergency_lane" in acts and kerb:
        acts -= kerb if settings.seed % 2 else {"emergency_lane"}
    lanes = 3 if "bus_lane" in acts else int(rng.choice([2, 3]))
    start, gap = float(rng.uniform(1.0, 5.0)), float(rng.uniform(17.0, 22.0))
    hours = HOURS if rng.random() < 0.6 else OTHER_HOURS
    return Plan(lanes, 0 if is_one_way else 2, frozenset(acts), (start, start + 24.0), (gap, gap + 9.0), hours)
