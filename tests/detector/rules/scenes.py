"""Scenes made of a few numbers: a road that leads away from the camera, a stop line at y = 300, a lamp."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from detector.rule import Rule, Site
from models.domain.camera import Camera
from models.domain.geometry import BoxPx
from models.domain.scene import Scene, SignalReading, SignalState, Track, VehicleClass
from models.domain.violation import Violation

INTERVAL_US = 100_000
LINE_Y = 300.0

CAMERA = Camera.model_validate(
    {
        "schema": 1,
        "id": "test-road",
        "name": "Đường thử",
        "source": "clip.mp4",
        "frame": {"width": 640, "height": 480},
        "signals": [{"id": "main", "head_px": [600, 10, 620, 60]}],
        "lines": [{"id": "stop", "points_px": [[100, LINE_Y], [500, LINE_Y]], "from_px": [300, 450]}],
        "lanes": [
            {
                "id": "ours",
                "polygon_px": [[100, 100], [500, 100], [500, 479], [100, 479]],
                "heading_px": [[300, 470], [300, 110]],
                "street": "one_way",
            }
        ],
    }
)
SITE = Site(CAMERA)


def box_at(x: float, y: float, height: float = 60.0, width: float = 30.0) -> BoxPx:
    """A box whose ground contact is at (x, y)."""
    return BoxPx(x - width / 2, y - height, x + width / 2, y)


def lamp(state: SignalState, since_us: int = -10_000_000, u_us: int = 0) -> SignalReading:
    return SignalReading("main", state, since_us, since_us, u_us)


def drive(
    ys: Iterable[float | None],
    signals: Sequence[SignalReading] | SignalReading | None = None,
    *,
    x: float = 300.0,
    vehicle: VehicleClass | None = "motorcycle",
    track_id: int = 1,
) -> list[Scene]:
    """One vehicle along x, its ground contact at each y in turn; None: not seen in that frame."""
    scenes = []
    for number, y in enumerate(ys):
        signal = signals[number] if isinstance(signals, Sequence) else signals or lamp("red")
        tracks = () if y is None else (Track(track_id, vehicle, box_at(x, y), 0.9),)
        scenes.append(Scene(number, number * INTERVAL_US, INTERVAL_US, tracks, {"main": signal}))
    return scenes


def shown_to(rule: Rule, scenes: Iterable[Scene]) -> list[Violation]:
    return [violation for scene in scenes for violation in rule.observe(scene)]


def without_timing(scenes: Iterable[Scene]) -> list[Scene]:
    return [replace(scene, timing_ok=False) for scene in scenes]
