"""Who tells the truth of a world, by the world's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from streams.simulated.phases import Lamp
from streams.simulated.render import Drawn, Renderer
from streams.simulated.road.truth import RoadTruth
from streams.simulated.station.truth import StationTruth
from streams.simulated.truth import TruthKeeper
from streams.simulated.truth_lines import Line


class Truth(Protocol):
    """Collects the truth while frames are drawn, in order."""

    def world(self) -> Line: ...

    def frame(self, index: int, drawn: list[Drawn], lamp: Lamp) -> Line: ...

    def acts(self) -> list[Line]: ...


TRUTHS: Mapping[str, Callable[[Renderer], Truth]] = {
    "crossing": TruthKeeper,
    "road": RoadTruth,
    "station": StationTruth,
}


def truth_of(renderer: Renderer) -> Truth:
    """The truth of the renderer's world."""
    return TRUTHS[renderer.settings.world](renderer)
