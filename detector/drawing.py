"""What the page of a rule shows: its geometry from above, who is claimed there and who is not.

Points are on a sheet of 400 × 240, x to the right, y down. `phatnguoi rules` draws it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SHEET = (400.0, 240.0)
Spot = tuple[float, float]
Verdict = Literal["claimed", "silent"]


@dataclass(frozen=True, slots=True)
class Area:
    """A lane, a zone to be in, or one where nothing may be done."""

    corners: tuple[Spot, ...]
    label: str
    kind: Literal["road", "lane", "zone"] = "zone"


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line on the road."""

    points: tuple[Spot, ...]
    label: str = ""
    kind: Literal["stop", "solid", "dashed"] = "solid"


@dataclass(frozen=True, slots=True)
class Way:
    """How a vehicle drives, with an arrow at its end."""

    points: tuple[Spot, ...]
    label: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Standing:
    """A vehicle, or a person, that stands."""

    at: Spot
    label: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Lamp:
    """A lamp head and what it shows."""

    at: Spot
    state: Literal["red", "amber", "green"]


Mark = Area | Stroke | Way | Standing | Lamp


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks in the order in which they are painted."""

    marks: tuple[Mark, ...]


ROAD = Area(((100, 0), (300, 0), (300, 240), (100, 240)), "", "road")
"""A road that leads up the sheet."""
