"""Measures the noise of detector and tracker: the walk on rendered clips, its tracks laid beside the true boxes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from models.domain.geometry import BoxPx
from models.domain.scene import VEHICLE_CLASSES, Scene, Track
from phatnguoi.bench.eyes import LOST_S, MEASURED_FPS
from phatnguoi.bench.noise import (
    COVERS,
    HEIGHTS_PX,
    POOLS,
    QUANTILES,
    SAME_OVERLAP,
    FalseTrack,
    Noise,
    PoolNoise,
    is_clear,
    pool_of,
    step_of,
)
from phatnguoi.bench.video import Walked
from phatnguoi.bench.worlds import Mover

NOBODY_OVERLAP = 0.15
LEAST_COUNT = 30
"""A class of height and cover with fewer instants takes the share of its pool."""
LEAST_SWITCH_S = 30.0
"""A class that was seen for less takes the switches of its pool."""
MOST_FALSE_TRACKS = 150


@dataclass(slots=True)
class _Sighted:
    """One mover's history beside its tracks. `row`: (height class, cover class, was seen) an instant, in order.

    `waits`: the same, until it is seen first, and then.
    """

    kind: str
    waits: list[tuple[int, int, bool]] = field(default_factory=list)
    is_followed: bool = False
    last_row: int = 0
    rows: list[tuple[int, int, bool]] = field(default_factory=list)
    offs: list[tuple[int, int, list[float]]] = field(default_factory=list)
    track_ids: list[int] = field(default_factory=list)
    last_s: float = -1e9
    seen_s: Counter[tuple[int, int]] = field(default_factory=Counter)
    unknown_first: int = 0
    classes: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Stray:
    """A track's time without a mover."""

    boxes: list[tuple[float, BoxPx]] = field(default_factory=list)
    matched: int = 0
    vehicle: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Measuring:
    """Collects over clips; `noise` sums up."""

    fps: float = 0.0
    seconds: float = 0.0
    lamps: Counter[str] = field(default_factory=Counter)
    done: list[_Sighted] = field(default_factory=list)
    false_tracks: list[FalseTrack] = field(default_factory=list)
    new_ids: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    taken_ids: Counter[tuple[str, int, int]] = field(default_factory=Counter)

    def watch(self, walked: Iterable[Walked], fps: float, size_px: tuple[int, int]) -> None:
        """One clip."""
        self.fps = fps
        movers: dict[int, _Sighted] = {}
        strays: dict[int, _Stray] = defaultdict(_Stray)
        owners: dict[int, int] = {}
        for one in walked:
            self.seconds += 1 / fps
            self._note_lamps(one)
            seen = [mover for mover in one.truth.movers if mover.box is not None]
            pairs = _pairs(seen, one.scene)
            for mover in seen:
                known = movers.setdefault(mover.mover_id, _Sighted(mover.kind))
                self._note(known, mover, pairs.get(mover.mover_id), one.truth.t_s, owners)
            self._note_strays(one, seen, pairs, strays)
        self.done += movers.values()
        for stray in strays.values():
            self._keep_false(stray, size_px)

    def _note_lamps(self, one: Walked) -> None:
        for name, state in one.truth.lamps.items():
            reading = one.scene.signals.get(name)
            if reading is not None and state in ("red", "amber", "green"):
                raw = reading.raw
                self.lamps["right" if raw == state else "unknown" if raw in ("unknown", "off") else "wrong"] += 1

    def _note(self, known: _Sighted, mover: Mover, track: Track | None, t_s: float, owners: dict[int, int]) -> None:
        assert mover.box is not None
        place = step_of(mover.box.height, HEIGHTS_PX), step_of(mover.uncovered, COVERS)
        if not known.is_followed:
            known.waits.append((*place, track is not None))
            known.is_followed = track is not None
        if not known.is_followed:
            return
        known.rows.append((*place, track is not None))
        if track is None:
            return
        clear = is_clear(mover.uncovered)
        known.last_row = len(known.rows)
        known.seen_s[place[0], clear] += 1
        box, true, (width, height) = track.box, mover.box, mover.size_px
        off = [(box.x1 - true.x1) / width, (box.y1 - true.y1) / height, (box.x2 - true.x2) / width,
               (box.y2 - true.y2) / height]  # fmt: skip
        known.offs.append((len(known.rows), clear, off))
        known.classes[track.vehicle or "none"] += 1
        if track.vehicle is None and not any(known.classes[name] for name in VEHICLE_CLASSES):
            known.unknown_first += 1
        if track.track_id not in known.track_ids:
            if known.track_ids and t_s - known.last_s <= LOST_S:
                is_taken = owners.get(track.track_id, mover.mover_id) != mover.mover_id
                (self.taken_ids if is_taken else self.new_ids)[pool_of(mover.kind), place[0], clear] += 1
            known.track_ids.append(track.track_id)
        known.last_s = t_s
        owners[track.track_id] = mover.mover_id

    def _note_strays(self, one: Walked, seen: list[Mover], pairs: dict[int, Track], strays: dict[int, _Stray]) -> None:
        used = {track.track_id for track in pairs.values()}
        for track in one.scene.tracks:
            if track.track_id in used:
                strays[track.track_id].matched += 1
            elif all(track.box.iou(mover.box) < NOBODY_OVERLAP for mover in seen if mover.box is not None):
                stray = strays[track.track_id]
                stray.boxes.append((one.truth.t_s, track.box))
                stray.vehicle[track.vehicle or "none"] += 1

    def _keep_false(self, stray: _Stray, size_px: tuple[int, int]) -> None:
        """A track that was more often nobody than somebody."""
        if len(stray.boxes) < 2 or stray.matched >= len(stray.boxes):
            return
        (from_s, first), (to_s, last) = stray.boxes[0], stray.boxes[-1]
        vehicle = stray.vehicle.most_common(1)[0][0]
        self.false_tracks.append(
            FalseTrack(
                _shares(first, size_px), _shares(last, size_px), round(to_s - from_s + 1 / self.fps, 3),
                None if vehicle == "none" else vehicle,  # type: ignore[arg-type]
            )
        )  # fmt: skip

    def noise(self, measured: dict[str, Any]) -> Noise:
        """The model of what was watched so far."""
        lamps = max(1, self.lamps.total())
        pools: dict[str, PoolNoise] = {
            pool: self._pool(pool, [one for one in self.done if pool_of(one.kind) == pool]) for pool in POOLS
        }
        rng = np.random.default_rng(1)
        count = min(MOST_FALSE_TRACKS, len(self.false_tracks))
        chosen = sorted(rng.choice(len(self.false_tracks), count, replace=False).tolist()) if count else []
        return Noise(
            pools=pools,
            lamp_unknown=round(self.lamps["unknown"] / lamps, 5),
            lamp_wrong=round(self.lamps["wrong"] / lamps, 5),
            false_per_s=round(len(self.false_tracks) / max(1e-9, self.seconds), 5),
            false_tracks=[self.false_tracks[number] for number in chosen],
            measured=measured | {"seconds": round(self.seconds, 1), "movers": len(self.done),
                                 "false_tracks": len(self.false_tracks), "lamp_pictures": self.lamps.total()},
        )  # fmt: skip

    def _pool(self, pool: str, movers: list[_Sighted]) -> PoolNoise:
        seen = [one for one in movers if one.is_followed]
        classes: dict[str, Counter[str]] = defaultdict(Counter)
        for one in seen:
            classes[one.kind][one.classes.most_common(1)[0][0]] += 1
        return PoolNoise(
            miss=_misses(seen),
            start=_starts(movers, self.fps),
            edges=[[_quantiles(_offs(seen, edge, clear)) for edge in range(4)] for clear in (0, 1)],
            memory=[[_memory(seen, edge, clear, self.fps) for edge in range(4)] for clear in (0, 1)],
            new_id_per_minute=self._per_minute(self.new_ids, pool, seen),
            taken_id_per_minute=self._per_minute(self.taken_ids, pool, seen),
            unknown_first=_quantiles([float(one.unknown_first) for one in seen if one.classes.total() > 5]),
            classes={kind: {name: round(n / counts.total(), 4) for name, n in sorted(counts.items())}
                     for kind, counts in sorted(classes.items())},
        )  # fmt: skip

    def _per_minute(self, counts: Counter[tuple[str, int, int]], pool: str, seen: list[_Sighted]) -> list[list[float]]:
        """By height class, of covered and of clear movers; of a class seldom seen the rate of all heights."""
        made: list[list[float]] = []
        for height in range(len(HEIGHTS_PX) + 1):
            made.append([])
            for clear in (0, 1):
                instants = sum(one.seen_s[height, clear] for one in seen)
                heights = [height] if instants >= LEAST_SWITCH_S * self.fps else list(range(len(HEIGHTS_PX) + 1))
                minutes = sum(one.seen_s[h, clear] for one in seen for h in heights) / (60 * self.fps)
                made[-1].append(round(sum(counts[pool, h, clear] for h in heights) / max(1e-9, minutes), 4))
        return made


def _pairs(seen: list[Mover], scene: Scene) -> dict[int, Track]:
    """Which track is which mover: the best overlap first, each once."""
    tracks = [track for track in scene.tracks if track.is_seen]
    overlaps = [
        (-track.box.iou(mover.box), mover.mover_id, number)
        for mover in seen
        for number, track in enumerate(tracks)
        if mover.box is not None and track.box.iou(mover.box) >= SAME_OVERLAP
    ]
    pairs: dict[int, Track] = {}
    used: set[int] = set()
    for _, mover_id, number in sorted(overlaps):
        if mover_id not in pairs and number not in used:
            pairs[mover_id] = tracks[number]
            used.add(number)
    return pairs


def _misses(seen: list[_Sighted]) -> list[list[tuple[float, float]]]:
    """Share of missed instants between the first sighting and the last, after a seen and after a missed instant."""
    counts = np.zeros((len(HEIGHTS_PX) + 1, len(COVERS) + 1, 2, 2))
    for one in seen:
        rows = one.rows[: one.last_row]
        for (_, _, was_seen), (height, cover, is_seen) in pairwise(rows):
            counts[height, cover, int(not was_seen), int(not is_seen)] += 1
    pooled = counts.sum(axis=(0, 1))
    made: list[list[tuple[float, float]]] = []
    for height in range(counts.shape[0]):
        made.append([])
        for cover in range(counts.shape[1]):
            pair = []
            for before in range(2):
                own = counts[height, cover, before]
                if own.sum() < LEAST_COUNT:
                    own = counts[:, cover, before].sum(axis=0)
                if own.sum() < LEAST_COUNT:
                    own = pooled[before]
                pair.append(round(float(own[1] / own.sum()), 4) if own.sum() else 0.0)
            made[-1].append((pair[0], pair[1]))
    return made


def _starts(movers: list[_Sighted], fps: float) -> list[list[float]]:
    """Share of the instants without a track after which the next is the first with one, at `MEASURED_FPS`."""
    counts = np.zeros((len(HEIGHTS_PX) + 1, len(COVERS) + 1, 2))
    for one in movers:
        for height, cover, is_first in one.waits:
            counts[height, cover, int(is_first)] += 1
    made: list[list[float]] = []
    for height in range(counts.shape[0]):
        made.append([])
        for cover in range(counts.shape[1]):
            own = counts[height, cover]
            if own.sum() < LEAST_COUNT:
                own = counts[height:, cover].sum(axis=0) if counts[height:, cover].sum() else counts.sum(axis=(0, 1))
            share = float(own[1] / own.sum()) if own.sum() else 1.0
            made[-1].append(round(1 - (1 - share) ** (fps / MEASURED_FPS), 4))
    return made


def _quantiles(values: list[float]) -> list[float]:
    if not values:
        return [0.0] * len(QUANTILES)
    return [round(float(value), 4) for value in np.quantile(values, QUANTILES)]


def _offs(seen: list[_Sighted], edge: int, clear: int) -> list[float]:
    return [off[edge] for one in seen for _, was_clear, off in one.offs if was_clear == clear]


def _memory(seen: list[_Sighted], edge: int, clear: int, fps: float) -> float:
    """Correlation of an edge's error over 0.1 s."""
    before, after = [], []
    for one in seen:
        for (row, _, off), (next_row, next_clear, next_off) in pairwise(one.offs):
            if next_row == row + 1 and next_clear == clear:
                before.append(off[edge])
                after.append(next_off[edge])
    if len(before) < LEAST_COUNT:
        return 0.0
    step = float(np.corrcoef(before, after)[0, 1])
    return float(round(max(0.0, min(0.995, step)) ** (fps / 10), 4))


def _shares(box: BoxPx, size_px: tuple[int, int]) -> tuple[float, float, float, float]:
    width, height = size_px
    return round(box.x1 / width, 4), round(box.y1 / height, 4), round(box.x2 / width, 4), round(box.y2 / height, 4)
