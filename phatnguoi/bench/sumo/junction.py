"""A signalled junction driven by SUMO: three lanes of ours, a cross street, drivers of its own who run the lamp."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from models.camera_file import CameraFile
from models.domain.scene import SignalState
from phatnguoi.bench.scoring import Act, NearMiss
from phatnguoi.bench.sumo.process import Driven, Network, Program, drive
from phatnguoi.bench.sumo.sketch import Sketch
from phatnguoi.bench.sumo.stops import Stops
from phatnguoi.bench.sumo.view import SIZES_M, Placed, View
from phatnguoi.bench.worlds import Instant
from streams.simulated.camera import look_at

FPS = 5.0
WARM_UP_S = 112.0
"""Two cycles of the lamp: the clip begins where a cycle begins."""
PHASES_S = (34.0, 3.0, 2.0, 12.0, 3.0, 2.0)
SIZE_PX = (960, 540)
BEFORE_M, BEYOND_M, ASIDE_M = 15.0, 20.0, 13.0
LATERAL_M = 0.8
"""Resolution of SUMO's lateral movement: motorbikes pass between the lanes."""
GRACE_S, U_FRAMES = 0.3, 2.5
"""Red that has lasted for less than the grace time and the video's own uncertainty cannot be told: borderline."""
LAMP: dict[str, SignalState] = {"G": "green", "g": "green", "y": "amber", "r": "red"}
NETCONVERT = ("--tls.yellow.time", "3", "--tls.allred.time", "2", "--tls.layout", "opposites", "--no-turnarounds")


@dataclass(slots=True)
class _Approach:
    """One vehicle of ours on its way over the line."""

    front_m: float
    rear_m: float
    t_s: float
    front_at_red_m: float = -1.0


@dataclass(slots=True)
class JunctionTruth:
    """Who passed the stop line under which lamp, from SUMO's own states.

    Attributes:
        stop_y_m: of the stop line; our vehicles drive towards greater y.
    """

    stop_y_m: float
    program: Program
    acts: list[Act] = field(default_factory=list)
    near_misses: list[NearMiss] = field(default_factory=list)
    _ours: dict[int, _Approach] = field(default_factory=dict)
    _was_red: bool = False

    def see(self, placed: list[Placed], t_s: float) -> None:
        state, _ = self.program.at(t_s)
        is_red = state == "r"
        if is_red and not self._was_red:
            for approach in self._ours.values():
                approach.front_at_red_m = approach.front_m
        self._was_red = is_red
        for one in placed:
            self._follow(one, t_s)
        if len(self._ours) > 500:
            self._ours = {key: one for key, one in self._ours.items() if t_s - one.t_s < 60}

    def _follow(self, one: Placed, t_s: float) -> None:
        number, driven = one.mover.mover_id, one.driven
        front_m, rear_m = driven.y_m - self.stop_y_m, one.rear_m[1] - self.stop_y_m
        before = self._ours.get(number)
        if before is None:
            if driven.lane.startswith("ours"):
                self._ours[number] = _Approach(front_m, rear_m, t_s)
            return
        if before.rear_m < 0 <= rear_m:
            share = -before.rear_m / (rear_m - before.rear_m)
            self._cross(one, before, before.t_s + share * (t_s - before.t_s))
        before.front_m, before.rear_m, before.t_s = front_m, rear_m, t_s

    def _cross(self, one: Placed, before: _Approach, at_s: float) -> None:
        state, into_s = self.program.at(at_s)
        number, kind = one.mover.mover_id, f"{one.driven.kind} {one.driven.habit}".strip()
        if state == "y":
            self.near_misses.append(NearMiss("amber_pass", "red_light", number, at_s))
        if state != "r":
            return
        if before.front_at_red_m > 0.0 or into_s < GRACE_S:
            what = "over_line_at_onset" if before.front_at_red_m > 0.0 else "red_under_grace"
            self.near_misses.append(NearMiss(what, "red_light", number, at_s))
            return
        is_borderline = into_s < GRACE_S + U_FRAMES / FPS or one.mover.box is None or one.mover.uncovered < 0.2
        self.acts.append(Act("red_light", number, at_s, at_s, at_s, kind, is_borderline))


class SumoJunction:
    """A `World`: one stretch of SUMO's junction. Deterministic by seed."""

    fps = FPS

    def __init__(self, seed: int, duration_s: float) -> None:
        self.name = f"sumo://junction?seed={seed}&duration_s={duration_s:g}"
        self.frame_count = round(duration_s * FPS)
        self._seed, self._duration_s = seed, duration_s
        self._folder = tempfile.TemporaryDirectory(prefix="phatnguoi-sumo-")
        self._network = Network("junction", Path(self._folder.name), *NETCONVERT)
        self._network.set_phases(PHASES_S)
        lanes = self._network.lanes("ours")
        self._stop_y_m = lanes[0].shape_m[-1][1]
        self._right_m, self._left_m = lanes[0].shape_m[-1][0] + 1.6, lanes[-1].shape_m[-1][0] - 1.6
        self._truth = JunctionTruth(self._stop_y_m, self._network.program("ours"))
        self._stops = Stops(self._stop_y_m)
        self._view = View(self._pole(seed))
        self.file = self._camera_file()

    def instants(self) -> Iterator[Instant]:
        x_m = (self._left_m + self._right_m) / 2
        rectangle = (x_m - ASIDE_M, self._stop_y_m - BEFORE_M, x_m + ASIDE_M, self._stop_y_m + BEYOND_M)
        steps = drive(
            self._network, "junction", rectangle, seed=self._seed, step_s=1 / FPS,
            until_s=WARM_UP_S + self._duration_s, options=("--lateral-resolution", f"{LATERAL_M:g}"),
        )  # fmt: skip
        index = -1
        for sumo_s, driven in steps:
            if sumo_s < WARM_UP_S - 1e-6:
                continue
            index += 1
            yield self._instant(index, sumo_s, driven)
            if index + 1 == self.frame_count:
                break
        self._folder.cleanup()

    def acts(self) -> tuple[list[Act], list[NearMiss]]:
        return self._truth.acts + self._stops.acts, self._truth.near_misses + self._stops.near_misses

    def _instant(self, index: int, sumo_s: float, driven: list[Driven]) -> Instant:
        known = [one for one in driven if one.kind in SIZES_M]
        placed = self._view.place(known)
        t_s = index / FPS
        self._truth.see(placed, t_s)
        state, into_s = self._truth.program.at(t_s)
        self._stops.see(placed, t_s, into_s if state == "r" else None)
        return Instant(index, t_s, {"main": LAMP[state]}, [one.mover for one in placed])

    def _pole(self, seed: int) -> Any:
        """A camera 5–8 m high behind the line; drawn from the seed."""
        rng = np.random.default_rng([seed, 5])
        height_m, back_m = float(rng.uniform(5.0, 8.0)), float(rng.uniform(13.0, 17.0))
        middle_m = (self._left_m + self._right_m) / 2
        position = np.array([middle_m + float(rng.uniform(-2, 2)), self._stop_y_m - back_m, height_m])
        target = np.array([middle_m - 0.5, self._stop_y_m + 2.5, 0.0])
        focal_px = SIZE_PX[0] * float(np.hypot(height_m, back_m)) / float(rng.uniform(19.0, 23.0))
        return look_at(position, target, focal_px, SIZE_PX)

    def _camera_file(self) -> CameraFile:
        """The camera file as a road engineer would draw it."""
        left, right, sketch = self._left_m, self._right_m, Sketch(self._view.camera, self._stop_y_m)
        near_m = sketch.near_m()
        halves = [
            sketch.lane("ours", (left, right), (near_m, 1.2), is_away=True),
            sketch.lane("oncoming", (left - 6.4, left - 0.3), (near_m, 1.2), is_away=False),
            *(sketch.lane(f"l{n + 1}", (x, x + 3.2), (near_m, -0.2), is_away=True)
              for n, x in enumerate((left, left + 3.2, left + 6.4))),
        ]  # fmt: skip
        return sketch.camera_file(
            self.name,
            signals=[{"id": "main", "head_px": [900, 10, 930, 80]}],
            lines=[sketch.line("stop", [(left, 0.0), (right, 0.0)], (left + 4.0, -3.0))],
            lanes=halves,
            ground=sketch.ground((left, right), (near_m, 4.0)),
            zones=[
                {"id": "box", "polygon_px": sketch.area((left, right), (7.0, 12.0))},
                {"id": "exit-left", "polygon_px": sketch.area((left - 6.0, left - 1.0), (6.0, 14.0))},
            ],
            rules=[
                {"rule": "red_light", "line": "stop", "signal": "main"},
                {"rule": "stop_line", "line": "stop", "signal": "main"},
                {"rule": "wrong_way", "lane": "ours", "distance_m": 5.0},
                {"rule": "wrong_way", "lane": "oncoming", "distance_m": 5.0},
                {"rule": "forbidden_turn", "from": "l3", "to": "exit-left"},
                {"rule": "u_turn", "from": "ours", "to": "oncoming"},
                {"rule": "junction_blocking", "zone": "box", "after_s": 20},
            ],
        )  # fmt: skip
