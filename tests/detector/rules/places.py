"""Scenes of vehicles that stand and people who walk, each written as the box it has at every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.domain.geometry import BoxPx
from models.domain.scene import Scene, SignalReading, Track, VehicleClass
from tests.detector.rules.scenes import INTERVAL_US, box_at

Steps = Sequence[BoxPx | None]


def stand(x: float, y: float, steps: int, *, height: float = 60.0, width: float = 60.0) -> list[BoxPx | None]:
    """A box that stands with its ground contact at (x, y)."""
    return [box_at(x, y, height, width)] * steps


def hidden(steps: int) -> list[BoxPx | None]:
    return [None] * steps


def drive_from(x1: float, y1: float, x2: float, y2: float, steps: int, height: float = 60.0) -> list[BoxPx | None]:
    """A box that drives from one ground contact to another."""
    shares = [step / max(1, steps - 1) for step in range(steps)]
    return [box_at(x1 + (x2 - x1) * s, y1 + (y2 - y1) * s, height, 60.0) for s in shares]


def scenes_of(
    tracks: Mapping[int, Steps],
    *,
    classes: Mapping[int, VehicleClass | None] | None = None,
    signals: Sequence[SignalReading] | SignalReading | None = None,
    confidence: float = 0.9,
    interval_us: int = INTERVAL_US,
) -> list[Scene]:
    """All tracks side by side; a track ends 1.2 s after it was last seen, as the tracker has it."""
    count = max(len(steps) for steps in tracks.values())
    lost_steps = 1_200_000 // interval_us + 1
    scenes = []
    for step in range(count):
        seen = tuple(
            Track(track_id, (classes or {}).get(track_id, "car"), box, confidence)
            for track_id, steps in sorted(tracks.items())
            if (box := _at(steps, step)) is not None
        )
        ended = tuple(i for i, steps in sorted(tracks.items()) if _last_step(steps, step) == step - lost_steps)
        signal = signals[min(step, len(signals) - 1)] if isinstance(signals, Sequence) else signals
        readings = {} if signal is None else {"main": signal}
        scenes.append(Scene(step, step * interval_us, interval_us, seen, readings, ended=ended))
    return scenes


def _at(steps: Steps, step: int) -> BoxPx | None:
    return steps[step] if step < len(steps) else None


def _last_step(steps: Steps, now: int) -> int | None:
    return next((step for step in range(min(now, len(steps) - 1), -1, -1) if steps[step] is not None), None)
