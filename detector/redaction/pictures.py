"""One picture redacted: everything in blocks, then what must be seen laid open again. It errs to too much.

Nothing has to be found to be hidden: a face or a plate that no network saw lies in blocks like everything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from models.domain.camera import Camera
from models.domain.frame import BGR
from models.domain.geometry import BoxPx
from models.domain.scene import VehicleClass

FINE_ROWS = 54
"""The picture is this many blocks high: 20 px of 1080, 10 px of 540. A plate is then one or two blocks high …"""
COARSE_ROWS = 24
"""… and where other people or vehicles were seen, one block or less."""
SMALLEST_BLOCK_PX = 8
SAME_VEHICLE_OVERLAP = 0.6
"""A box that overlaps (IoU) the accused's by more is the accused, seen twice."""
HEAD_SHARE: dict[VehicleClass, float] = {"motorcycle": 0.35, "bicycle": 0.35, "car": 0.5, "bus": 0.6, "truck": 0.5}
"""The upper part of the accused vehicle, where faces are: riders' heads, windows. Its plate is below."""
SHOWS_HEADS = frozenset({"no_helmet", "too_many_riders"})
"""These rules are about the riders themselves: without them there is nothing to see."""
LINE_BGR = (0, 215, 255)


@dataclass(frozen=True, slots=True)
class Sight:
    """Where somebody is in one picture, in px of the camera file's frame.

    Attributes:
        accused: None where it is not known: then nothing of the vehicle is laid open.
        others: other vehicles and people.
    """

    accused: BoxPx | None
    others: tuple[BoxPx, ...] = ()


def redacted(image: BGR, sight: Sight, camera: Camera, vehicle: VehicleClass, *, rule: str) -> BGR:
    """The picture with the accused vehicle, the lamps and the drawn lines, and nothing else that can be read."""
    height = image.shape[0]
    fine = mosaic(image, min(FINE_ROWS, max(1, height // SMALLEST_BLOCK_PX)))
    coarse = mosaic(image, min(COARSE_ROWS, max(1, height // SMALLEST_BLOCK_PX)))
    scale = image.shape[1] / camera.frame.width, height / camera.frame.height
    shown = fine.copy()
    if sight.accused is not None:
        _lay(shown, image, _below_heads(sight.accused, vehicle, rule), scale)
    for box in _hidden(sight):
        _lay(shown, coarse, box, scale)
    for head in camera.signals:
        if head.head_px is not None:
            _lay(shown, image, BoxPx(*head.head_px), scale)
    _draw_lines(shown, camera, scale)
    return shown


def mosaic(image: BGR, rows: int) -> BGR:
    """The picture in that many rows of blocks, each the mean of what it hides."""
    height, width = image.shape[:2]
    size = max(1, round(rows * width / height)), rows
    blocks = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    hidden: BGR = cv2.resize(blocks, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    return hidden


def _below_heads(box: BoxPx, vehicle: VehicleClass, rule: str) -> BoxPx:
    share = 0.0 if rule in SHOWS_HEADS else HEAD_SHARE[vehicle]
    return BoxPx(box.x1, box.y1 + share * box.height, box.x2, box.y2)


def _hidden(sight: Sight) -> Iterable[BoxPx]:
    for box in sight.others:
        if sight.accused is None or box.iou(sight.accused) <= SAME_VEHICLE_OVERLAP:
            yield box


def _lay(target: BGR, source: BGR, box: BoxPx, scale: tuple[float, float]) -> None:
    height, width = target.shape[:2]
    x1, y1 = max(0, int(box.x1 * scale[0])), max(0, int(box.y1 * scale[1]))
    x2, y2 = min(width, -int(-box.x2 * scale[0] // 1)), min(height, -int(-box.y2 * scale[1] // 1))
    if x1 < x2 and y1 < y2:
        target[y1:y2, x1:x2] = source[y1:y2, x1:x2]


def _draw_lines(image: BGR, camera: Camera, scale: tuple[float, float]) -> None:
    for line in camera.lines:
        points = np.array([[round(p.x * scale[0]), round(p.y * scale[1])] for p in line.points_px], dtype=np.int32)
        cv2.polylines(image, [points], isClosed=False, color=LINE_BGR, thickness=max(1, image.shape[0] // 360))
