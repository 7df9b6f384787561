"""Signal phases of the crossing: a fixed cycle, amber always 3 s."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from streams.simulated.settings import LampState, WorldSettings

Lamp = Literal["red", "amber", "green", "off"]
AMBER_S = 3.0
ALL_RED_S = 1.8
FLASH_ON_S = 0.5
LOOP_GREEN_S = 4.0
"""A looped clip begins so long before amber."""


@dataclass(frozen=True, slots=True)
class Phases:
    """The cycle begins with green for the main road; `offset_s` is the place in the cycle at t = 0."""

    green_s: float
    cross_green_s: float
    offset_s: float

    @property
    def cycle_s(self) -> float:
        return self.green_s + self.cross_green_s + 2 * (AMBER_S + ALL_RED_S)

    def place_s(self, t_s: float) -> float:
        """Seconds since the main road's last green began."""
        return (t_s + self.offset_s) % self.cycle_s

    def main(self, t_s: float) -> Lamp:
        """Lamp of the main road (both headings)."""
        place_s = (t_s + self.offset_s) % self.cycle_s
        if place_s < self.green_s:
            return "green"
        return "amber" if place_s < self.green_s + AMBER_S else "red"

    def cross(self, t_s: float) -> Lamp:
        """Lamp of the cross street."""
        place_s = (t_s + self.offset_s) % self.cycle_s - (self.green_s + AMBER_S + ALL_RED_S)
        if not 0 <= place_s < self.cross_green_s + AMBER_S:
            return "red"
        return "green" if place_s < self.cross_green_s else "amber"

    def into_red_s(self, t_s: float) -> float:
        """Seconds since the main road's red began; negative while it is not red."""
        place_s = (t_s + self.offset_s) % self.cycle_s
        return place_s - (self.green_s + AMBER_S) if self.main(t_s) == "red" else -1.0

    def to_green_s(self, t_s: float) -> float:
        """Seconds until the main road's next green."""
        return self.cycle_s - (t_s + self.offset_s) % self.cycle_s


def phases_of(settings: WorldSettings) -> Phases:
    """The cycle that the seed draws; most reds are longer than 30 s, so that lawful vehicles stand that long."""
    rng = np.random.default_rng([settings.seed, 3])
    green_s, cross_green_s = float(rng.uniform(12, 20)), float(rng.uniform(18, 30))
    whole_s = green_s + cross_green_s + 2 * (AMBER_S + ALL_RED_S)
    offset_s = float(rng.uniform(0, whole_s))
    return Phases(green_s, cross_green_s, offset_s=green_s - LOOP_GREEN_S if settings.is_loop else offset_s)


def shown_lamp(state: LampState, phases: Phases, t_s: float) -> Lamp:
    """What the main road's head shows: its phase, nothing, or a flashing amber (once a second)."""
    if state == "ok":
        return phases.main(t_s)
    return "amber" if state == "flashing" and t_s % 1.0 < FLASH_ON_S else "off"


def frames_of(settings: WorldSettings) -> int:
    """Number of frames of a clip; a loop lasts whole cycles."""
    if not settings.is_loop:
        return settings.frame_count
    cycle_s = phases_of(settings).cycle_s
    return round(math.ceil(settings.duration_s / cycle_s) * cycle_s * settings.fps)
