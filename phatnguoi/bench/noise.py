"""The noise of detector and tracker, measured on rendered clips: what it is, how it is read and written."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from models.domain.scene import VehicleClass
from phatnguoi.errors import CommandError

Pool = Literal["two", "four", "person"]
POOLS: tuple[Pool, ...] = ("two", "four", "person")
HEIGHTS_PX = (16.0, 24.0, 36.0, 56.0, 90.0)
"""Bounds of the classes of visible height."""
COVERS = (0.35, 0.65, 0.9)
"""Bounds of the classes of the uncovered share."""
CLEAR = 0.9
"""From this uncovered share on a mover is clear, else covered."""
SAME_OVERLAP = 0.3
"""IoU of a track's box with the visible box of a mover that are of one vehicle: less is a miss."""
QUANTILES = (0.001, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.999)
NOISE_FILE = Path(__file__).with_name("noise.json")


def pool_of(kind: str) -> Pool:
    """Two-wheelers and four-wheelers are followed apart, and are seen differently well; so are persons."""
    if kind == "person":
        return "person"
    return "two" if kind in ("motorcycle", "bicycle") else "four"


def is_clear(uncovered: float) -> int:
    return int(uncovered >= CLEAR)


def step_of(value: float, bounds: tuple[float, ...]) -> int:
    return sum(value >= bound for bound in bounds)


@dataclass(frozen=True, slots=True)
class PoolNoise:
    """Noise of one pool.

    Attributes:
        miss: share of instants at which a followed mover has no box; by height and cover class, after an instant at
            which it had one, and after one at which it had none.
        start: share of instants at which a mover without a track gets its first box; by height and cover class, at 10
            frames a second.
        edges: of covered and of clear movers: quantiles of the error of each edge (left, top, right, bottom), in
            widths and heights of the whole mover.
        memory: correlation of an edge's error with that of 0.1 s before, of covered and of clear movers.
        new_id_per_minute, taken_id_per_minute: by height class, of covered and of clear movers: switches to an id never
            used before, and to an id that was another mover's.
        unknown_first: quantiles of the number of first sightings without a class.
        classes: share of tracks by true class and class seen; "none" for never any.
    """

    miss: list[list[tuple[float, float]]]
    start: list[list[float]]
    edges: list[list[list[float]]]
    memory: list[list[float]]
    new_id_per_minute: list[list[float]]
    taken_id_per_minute: list[list[float]]
    unknown_first: list[float]
    classes: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class FalseTrack:
    """A track behind which nobody stood: where it began and ended, in shares of the picture, and for how long."""

    box_from: tuple[float, float, float, float]
    box_to: tuple[float, float, float, float]
    lasted_s: float
    vehicle: VehicleClass | None


@dataclass(frozen=True, slots=True)
class Noise:
    """All of it, with what it was measured on.

    Attributes:
        lamp_unknown, lamp_wrong: share of pictures of a lit head that show no, or another colour.
        false_per_s: false tracks that begin in a second.
        measured: on which seeds, how much, with which versions and weights.
    """

    pools: dict[str, PoolNoise]
    lamp_unknown: float
    lamp_wrong: float
    false_per_s: float
    false_tracks: list[FalseTrack]
    measured: dict[str, Any] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_noise(path: Path = NOISE_FILE) -> Noise:
    """The noise model of a file.

    Raises:
        CommandError: it is missing or is none.
    """
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
        pools = {name: PoolNoise(**pool) for name, pool in made.pop("pools").items()}
        false_tracks = [FalseTrack(**one) for one in made.pop("false_tracks")]
        return Noise(pools=pools, false_tracks=false_tracks, **made)
    except FileNotFoundError:
        raise CommandError(
            f"{path}: no such file, expected a noise model; `phatnguoi bench noise` measures one"
        ) from None
    except (ValueError, TypeError, KeyError) as error:
        raise CommandError(f"{path}: got no noise model: {error}") from None
