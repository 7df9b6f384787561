"""Noisy eyes: from who is truly where to the scene that a detector and a tracker would have given."""

from __future__ import annotations

import math
from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from detector.vision.phases import PhaseReader
from detector.vision.signals import Glimpse
from models.domain.geometry import BoxPx
from models.domain.scene import Scene, SignalReading, SignalState, Track, VehicleClass
from phatnguoi.bench.noise import (
    COVERS,
    HEIGHTS_PX,
    QUANTILES,
    SAME_OVERLAP,
    FalseTrack,
    Noise,
    PoolNoise,
    is_clear,
    pool_of,
    step_of,
)
from phatnguoi.bench.worlds import Instant, Mover

LOST_S = 1.2
MEASURED_FPS = 10.0
LIT = Glimpse("unknown", 120.0, 90.0)
_GRID = (-3.0902, -2.3263, -1.96, -1.6449, -1.2816, -0.8416, -0.5244, -0.2533, 0.0,
                  0.2533, 0.5244, 0.8416, 1.2816, 1.6449, 1.96, 2.3263, 3.0902)  # fmt: skip
"""Standard normal quantiles of `QUANTILES`."""
_OTHERS: dict[SignalState, SignalState] = {"red": "amber", "amber": "red", "green": "amber"}


@dataclass(slots=True)
class _Followed:
    """One mover as the tracker follows it."""

    track_id: int
    vehicle: VehicleClass | None
    unknown_first: int
    errors: list[float]
    seen_s: float
    sightings: int = 0
    is_missed: bool = False
    box: BoxPx | None = None


@dataclass(slots=True)
class _Ghost:
    track: FalseTrack
    track_id: int
    from_s: float


@dataclass(slots=True)
class NoisyEyes:
    """Draws one clip's noise. `claims` of what it gives are still about the movers that the truth knows."""

    noise: Noise
    seed: int
    size_px: tuple[int, int]
    fps: float
    captured_from_us: int | None = None
    faults: Counter[str] = field(default_factory=Counter)
    """What was put in, by kind: missed and seen boxes, switches, ghosts."""
    _followed: dict[int, _Followed] = field(default_factory=dict)
    _orphans: dict[int, float] = field(default_factory=dict)
    _ghosts: list[_Ghost] = field(default_factory=list)
    _readers: dict[str, PhaseReader] = field(default_factory=dict)
    _next_id: int = 1
    _rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng([self.seed, 77])

    def look(self, instant: Instant) -> Scene:
        """The scene of one instant; instants come in order."""
        t_s = instant.t_s
        pts_us = round(t_s * 1_000_000)
        movers = [mover for mover in instant.movers if mover.box is not None]
        tracks, people = self._see(movers, t_s)
        tracks += self._ghost_tracks(t_s)
        captured_us = None if self.captured_from_us is None else self.captured_from_us + pts_us
        return Scene(
            frame_index=instant.frame_index,
            pts_us=pts_us,
            interval_us=round(1_000_000 / self.fps),
            tracks=tuple(sorted(tracks, key=lambda track: track.track_id)),
            signals={name: self._read(name, state, instant, pts_us) for name, state in instant.lamps.items()},
            people=tuple(people),
            captured_us=captured_us,
            ended=self._end(t_s),
        )

    def _see(self, movers: Sequence[Mover], t_s: float) -> tuple[list[Track], list[BoxPx]]:
        chances, normals = self._rng.random((len(movers), 3)).tolist(), self._rng.standard_normal((len(movers), 4))
        for mover, chance in zip(movers, chances, strict=True):  # before anybody is seen: one id is one box
            pool = self.noise.pools[pool_of(mover.kind)]
            followed = self._followed.get(mover.mover_id) or self._meet(mover, pool, chance[2], t_s)
            if followed is not None:
                self._switch(mover, followed, pool, chance[0], t_s)
        tracks: list[Track] = []
        people: list[BoxPx] = []
        for mover, chance, normal in zip(movers, chances, normals.tolist(), strict=True):
            followed, pool = self._followed.get(mover.mover_id), self.noise.pools[pool_of(mover.kind)]
            if followed is None or self._misses(mover, followed, pool, chance[1]):
                continue
            box = self._blur(mover, followed, pool, normal)
            if box is None:
                continue
            followed.sightings, followed.seen_s, followed.box = followed.sightings + 1, t_s, box
            if mover.kind == "person":
                people.append(box)
            vehicle = followed.vehicle if followed.sightings > followed.unknown_first else None
            tracks.append(Track(followed.track_id, vehicle, box, 0.8, is_priority=mover.is_priority))
        return tracks, people

    def _meet(self, mover: Mover, pool: PoolNoise, chance: float, t_s: float) -> _Followed | None:
        """Somebody without a track may get one now."""
        assert mover.box is not None
        share = pool.start[step_of(mover.box.height, HEIGHTS_PX)][step_of(mover.uncovered, COVERS)]
        if chance >= 1 - (1 - share) ** (MEASURED_FPS / self.fps):
            return None
        vehicle = self._class_of(mover, pool)
        unknown_first = round(_drawn(pool.unknown_first, self._rng))
        made = _Followed(self._new_id(), vehicle, unknown_first, self._rng.standard_normal(4).tolist(), t_s)
        self._followed[mover.mover_id] = made
        return made

    def _class_of(self, mover: Mover, pool: PoolNoise) -> VehicleClass | None:
        shares = pool.classes.get(mover.kind) or {mover.kind: 1.0}
        names = sorted(shares)
        drawn = str(self._rng.choice(names, p=np.array([shares[n] for n in names]) / sum(shares.values())))
        return None if drawn in ("none", "person") else drawn  # type: ignore[return-value]

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _switch(self, mover: Mover, followed: _Followed, pool: PoolNoise, chance: float, t_s: float) -> None:
        """A mover gets a fresh id, or takes the id of its nearest neighbour, who then gets a fresh one."""
        assert mover.box is not None
        height, clear = step_of(mover.box.height, HEIGHTS_PX), is_clear(mover.uncovered)
        new_id, taken_id = (
            rates[height][clear] / (60 * self.fps) for rates in (pool.new_id_per_minute, pool.taken_id_per_minute)
        )
        if chance < new_id:
            self._orphans[followed.track_id] = followed.seen_s
            followed.track_id, followed.sightings = self._new_id(), 0
            self.faults["new_id"] += 1
        elif chance < new_id + taken_id:
            victim = self._nearest(mover, followed, t_s)
            if victim is not None:
                self._orphans[followed.track_id] = followed.seen_s
                followed.track_id, victim.track_id = victim.track_id, self._new_id()
                followed.vehicle, followed.sightings, victim.sightings = victim.vehicle, victim.sightings, 0
                self.faults["taken_id"] += 1

    def _nearest(self, mover: Mover, own: _Followed, t_s: float) -> _Followed | None:
        """Who was seen lately nearest to this mover, within one and a half of its heights."""
        assert mover.box is not None
        centre, best, found = mover.box.center, 1.5 * mover.box.height, None
        for other in self._followed.values():
            if other is own or other.box is None or t_s - other.seen_s > LOST_S:
                continue
            at = other.box.center
            distance = math.hypot(at.x - centre.x, at.y - centre.y)
            if distance < best:
                best, found = distance, other
        return found

    def _misses(self, mover: Mover, followed: _Followed, pool: PoolNoise, chance: float) -> bool:
        assert mover.box is not None
        after = pool.miss[step_of(mover.box.height, HEIGHTS_PX)][step_of(mover.uncovered, COVERS)]
        followed.is_missed = chance < after[followed.is_missed]
        self.faults["missed" if followed.is_missed else "seen"] += 1
        return followed.is_missed

    def _blur(self, mover: Mover, followed: _Followed, pool: PoolNoise, normal: list[float]) -> BoxPx | None:
        assert mover.box is not None
        clear = is_clear(mover.uncovered)
        keep = [memory ** (10 / self.fps) for memory in pool.memory[clear]]
        errors = [k * e + math.sqrt(1 - k * k) * n for k, e, n in zip(keep, followed.errors, normal, strict=True)]
        followed.errors = errors
        off = [_at(e, q) for e, q in zip(errors, pool.edges[clear], strict=True)]
        box, (width, height) = mover.box, mover.size_px
        x1, x2 = max(0.0, box.x1 + off[0] * width), min(float(self.size_px[0]), box.x2 + off[2] * width)
        y1, y2 = max(0.0, box.y1 + off[1] * height), min(float(self.size_px[1]), box.y2 + off[3] * height)
        seen = BoxPx(x1, y1, x2, y2).quantised()
        return seen if x2 - x1 > 2 and y2 - y1 > 2 and seen.iou(box) >= SAME_OVERLAP else None

    def _ghost_tracks(self, t_s: float) -> list[Track]:
        """False tracks: each a measured one, where and how it was."""
        if self.noise.false_tracks and self._rng.random() < self.noise.false_per_s / self.fps:
            drawn = self.noise.false_tracks[int(self._rng.integers(len(self.noise.false_tracks)))]
            self._ghosts.append(_Ghost(drawn, self._new_id(), t_s))
            self.faults["ghost"] += 1
        tracks, staying = [], []
        for ghost in self._ghosts:
            share = (t_s - ghost.from_s) / max(ghost.track.lasted_s, 1e-6)
            if share > 1:
                self._orphans[ghost.track_id] = t_s
                continue
            staying.append(ghost)
            pairs = zip(ghost.track.box_from, ghost.track.box_to, self.size_px * 2, strict=True)
            box = BoxPx(*((a + (b - a) * share) * size for a, b, size in pairs)).quantised()
            tracks.append(Track(ghost.track_id, ghost.track.vehicle, box, 0.4))
        self._ghosts = staying
        return tracks

    def _read(self, name: str, state: SignalState, instant: Instant, pts_us: int) -> SignalReading:
        reader = self._readers.setdefault(name, PhaseReader(name))
        chance = float(self._rng.random())
        shown: SignalState = state if state in _OTHERS else "unknown"
        if chance < self.noise.lamp_wrong:
            shown = _OTHERS.get(state, "unknown")
        elif chance < self.noise.lamp_wrong + self.noise.lamp_unknown:
            shown = "unknown"
        strength = 0.0 if state == "off" else LIT.strength
        reader.finished.clear()
        return reader.observe(Glimpse(shown, strength, 90.0), instant.frame_index, pts_us, round(1_000_000 / self.fps))

    def _end(self, t_s: float) -> tuple[int, ...]:
        """Ids that nobody has carried for as long as the tracker waits."""
        ended = [track_id for track_id, seen_s in self._orphans.items() if t_s - seen_s > LOST_S]
        for track_id in ended:
            del self._orphans[track_id]
        lost = [key for key, one in self._followed.items() if t_s - one.seen_s > LOST_S]
        ended += [self._followed.pop(mover_id).track_id for mover_id in lost]
        return tuple(sorted(ended))


def _at(normal: float, quantiles: list[float]) -> float:
    """The value at a standard normal deviate, by `_GRID`."""
    place = bisect(_GRID, normal)
    if place == 0 or place == len(_GRID):
        return quantiles[0 if place == 0 else -1]
    share = (normal - _GRID[place - 1]) / (_GRID[place] - _GRID[place - 1])
    return quantiles[place - 1] + share * (quantiles[place] - quantiles[place - 1])


def _drawn(quantiles: list[float], rng: np.random.Generator) -> float:
    return float(np.interp(rng.random(), QUANTILES, quantiles))


PERFECT = Noise(
    pools={
        name: PoolNoise(
            miss=[[(0.0, 0.0)] * (len(COVERS) + 1) for _ in range(len(HEIGHTS_PX) + 1)],
            start=[[1.0] * (len(COVERS) + 1)] * (len(HEIGHTS_PX) + 1),
            edges=[[[0.0] * len(QUANTILES)] * 4] * 2,
            memory=[[0.0] * 4] * 2,
            new_id_per_minute=[[0.0, 0.0]] * (len(HEIGHTS_PX) + 1),
            taken_id_per_minute=[[0.0, 0.0]] * (len(HEIGHTS_PX) + 1),
            unknown_first=[0.0] * len(QUANTILES),
            classes={},
        )
        for name in ("two", "four", "person")
    },
    lamp_unknown=0.0,
    lamp_wrong=0.0,
    false_per_s=0.0,
    false_tracks=[],
)  # fmt: skip
"""Eyes that see everything as it is: for telling a rule's own errors from those of its eyes."""
