"""A road that leads away from the camera, with lanes side by side, a sidewalk, and a side street to the left.

x   60-160   160-260   260-380   380-460
    back     left      bus       kerb        y 120 to 440; the side street crosses at y 40 to 110
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from detector.rule import Rule, Site
from models.domain.camera import Camera
from models.domain.geometry import BoxPx
from models.domain.scene import Scene
from models.domain.violation import Violation
from tests.detector.rules.places import Steps
from tests.detector.rules.scenes import box_at


def _block(x1: float, y1: float, x2: float, y2: float) -> list[list[float]]:
    return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]


DRAWN: dict[str, Any] = {
    "schema": 1,
    "id": "test-lanes",
    "name": "Đường thử có nhiều làn",
    "source": "clip.mp4",
    "frame": {"width": 640, "height": 480},
    "signals": [{"id": "main", "head_px": [600, 10, 620, 60]}],
    "lines": [
        {"id": "stop", "points_px": [[60, 300], [460, 300]], "from_px": [300, 450]},
        {"id": "solid", "points_px": [[260, 440], [260, 120]], "solid": True},
        {"id": "dashed", "points_px": [[160, 440], [160, 120]]},
    ],
    "zones": [
        {"id": "kerb", "polygon_px": _block(380, 120, 460, 440)},
        {"id": "exit-left", "polygon_px": _block(0, 40, 70, 110)},
        {"id": "road", "polygon_px": _block(160, 120, 380, 440)},
    ],
    "lanes": [
        {"id": "back", "polygon_px": _block(60, 120, 160, 440), "heading_px": [[110, 120], [110, 440]]},
        {
            "id": "left",
            "polygon_px": _block(160, 120, 260, 440),
            "heading_px": [[210, 440], [210, 120]],
            "turns": ["straight"],
        },
        {
            "id": "bus",
            "polygon_px": _block(260, 120, 380, 440),
            "heading_px": [[320, 440], [320, 120]],
            "classes": ["bus"],
            "turns": ["straight"],
        },
    ],
}
SITE = Site(Camera.model_validate(DRAWN))
GROUND = {"points_px": _block(60, 120, 380, 440), "points_m": [[0, 32], [16, 32], [16, 0], [0, 0]]}
"""20 px a metre across, 10 px a metre along."""
SITE_M = Site(Camera.model_validate(DRAWN | {"ground": GROUND}))


def along(points: Sequence[tuple[float, float]], steps: int, *, height: float = 40, width: float = 40) -> list[BoxPx]:
    """A box whose ground contact goes along points, at an even pace."""
    made = []
    for step in range(steps):
        at = step / (steps - 1) * (len(points) - 1)
        k = min(int(at), len(points) - 2)
        (x1, y1), (x2, y2) = points[k], points[k + 1]
        made.append(box_at(x1 + (x2 - x1) * (at - k), y1 + (y2 - y1) * (at - k), height, width).quantised())
    return made


def hiding(steps: Steps, first: int, count: int) -> Steps:
    """The same with some steps unseen."""
    return [None if first <= number < first + count else box for number, box in enumerate(steps)]


def at_time(scenes: Iterable[Scene], captured_us: int | None) -> list[Scene]:
    """The same scenes, captured from that time on."""
    return [replace(scene, captured_us=None if captured_us is None else captured_us + scene.pts_us) for scene in scenes]


def unsure(scenes: Iterable[Scene], share: float) -> list[Scene]:
    """The same, but the class of every track has only this share of its votes."""
    return [
        replace(scene, tracks=tuple(replace(track, vehicle_share=share) for track in scene.tracks)) for scene in scenes
    ]


def reclassed(scenes: Sequence[Scene], vehicle: Any, steps: range) -> list[Scene]:
    """The same, but in some steps every track is of another class."""
    return [
        replace(scene, tracks=tuple(replace(track, vehicle=vehicle) for track in scene.tracks))
        if number in steps
        else scene
        for number, scene in enumerate(scenes)
    ]


def assert_evidence(claim: Violation) -> None:
    """Three different instants, in order, the act at the middle one."""
    before, at, beyond = claim.moments
    assert (before.name, at.name, beyond.name) == ("before", "at", "beyond")
    assert before.pts_us < at.pts_us < beyond.pts_us
    assert (claim.pts_us, claim.frame_index, claim.point) == (at.pts_us, at.frame_index, at.box.ground_contact)
    assert all(isinstance(value, int) for value in claim.measurements.values())


def assert_forgets(rule: Rule) -> None:
    """Nothing is kept once every track has ended."""
    for value in vars(rule).values():
        if isinstance(value, dict | set):
            assert not value
