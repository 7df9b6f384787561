"""What the benchmark asks of a world: who is where at each instant, what the lamps show; afterwards, what happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from models.camera_file import CameraFile
from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import SignalState
from phatnguoi.bench.scoring import Act, NearMiss

Line = dict[str, Any]


class Mover(NamedTuple):
    """Somebody at one instant.

    Attributes:
        kind: vehicle class, or "person".
        box: of what can be seen of it, px; None where nothing can be seen.
        uncovered: the seen share of the part that lies inside the picture, 0..1.
        contact: where its rear wheel stands on the road, px.
        size_px: width and height of all of it, hidden or not: the measure of its noise, for it does not leap.
        is_priority: its beacons flash.
    """

    mover_id: int
    kind: str
    box: BoxPx | None
    uncovered: float
    contact: PointPx
    speed_m_s: float
    size_px: tuple[float, float]
    is_priority: bool = False


class Instant(NamedTuple):
    """One frame of the truth."""

    frame_index: int
    t_s: float
    lamps: Mapping[str, SignalState]
    movers: Sequence[Mover]


class World(Protocol):
    """One clip of a world. `acts` may be asked after the last instant."""

    name: str
    file: CameraFile
    fps: float
    frame_count: int

    def instants(self) -> Iterator[Instant]: ...

    def acts(self) -> tuple[list[Act], list[NearMiss]]: ...


def instant_of(line: Line, heads: Iterable[str]) -> Instant:
    """A `frame` line of docs/simulated-world.md. A world with one lamp says its state in `signal`, else by head id."""
    shown: dict[str, SignalState] | SignalState = line["signal"]
    lamps = shown if isinstance(shown, dict) else dict.fromkeys(heads, shown)
    return Instant(line["frame_index"], line["t_s"], lamps, [_mover(mover) for mover in line["movers"]])


def _mover(mover: Line) -> Mover:
    box, whole = mover["visible_px"], BoxPx(*mover["box_px"])
    return Mover(
        mover["track_id"], mover["class"], BoxPx(*box) if box else None, mover["uncovered"],
        PointPx(*mover["contact_px"]), mover["speed_m_s"], (whole.width, whole.height),
        bool(mover.get("priority")),
    )  # fmt: skip


def acts_of(lines: Iterable[Line], fps: float) -> tuple[list[Act], list[NearMiss]]:
    """The `violation` and `near_miss` lines of docs/simulated-world.md."""
    acts, near_misses = [], []
    for line in lines:
        at_s = float(line["t_s"]) if "t_s" in line else line["frame_index"] / fps
        if line["kind"] == "near_miss":
            near_misses.append(NearMiss(line["what"], line.get("rule") or "", line["track_id"], at_s))
        if line["kind"] not in ("violation", "borderline"):
            continue
        frames = [line[name] if name in line else line["frame_index"] for name in ("frame_from", "frame_to")]
        is_borderline = line["kind"] == "borderline" or bool(line.get("borderline"))
        kind = str(line.get("intent") or line.get("what") or line.get("class") or "")
        from_s, to_s = min(frames[0] / fps, at_s), max(frames[1] / fps, at_s)
        acts.append(Act(line["rule"], line["track_id"], from_s, to_s, at_s, kind, is_borderline))
    return acts, near_misses
