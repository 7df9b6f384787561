"""Places of the crossing that rules speak of, as rectangles in metres; truth and camera file share them."""

from __future__ import annotations

from dataclasses import dataclass

from streams.simulated.layout import JUNCTION_FROM_M, ZEBRA_M, Layout

_EXIT_M = 5.5
_FROM_LEFT_M = 14.0


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle on the ground."""

    name: str
    x_m: tuple[float, float]
    y_m: tuple[float, float]

    def holds(self, x_m: float, y_m: float) -> bool:
        return self.x_m[0] <= x_m <= self.x_m[1] and self.y_m[0] <= y_m <= self.y_m[1]


def exit_left(layout: Layout) -> Place:
    """The half of the left arm that leads away."""
    left_m = -layout.oncoming_m
    return Place("exit-left", (left_m - _EXIT_M, left_m - 0.6), (layout.cross_centre_m, layout.junction_to_m))


def exit_right(layout: Layout) -> Place:
    """The half of the right arm that leads away."""
    right_m = layout.width_m
    return Place("exit-right", (right_m + 1.2, right_m + _EXIT_M), (JUNCTION_FROM_M, layout.cross_centre_m))


def box(layout: Layout) -> Place:
    """The junction itself, between the roads' edges."""
    return Place("box", (-layout.oncoming_m, layout.width_m), (JUNCTION_FROM_M, layout.junction_to_m))


def crosswalk(layout: Layout) -> Place:
    """The near crosswalk over the oncoming half: who turns out of the left arm drives over it."""
    return Place("crosswalk", (-layout.oncoming_m + 0.1, -0.1), ZEBRA_M)


def from_left(layout: Layout) -> Place:
    """Where vehicles come from the left arm, as far as the middle of the road."""
    left_m = -layout.oncoming_m
    return Place("from-left", (left_m - _FROM_LEFT_M, -0.5), (ZEBRA_M[1] + 1.0, layout.cross_centre_m))
