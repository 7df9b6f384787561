"""The camera file's geometry drawn on what the camera sees, so that a person can look."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from detector.camera_look import Look, middle_px
from detector.verdicts import Verdict
from models.domain.camera import Camera
from models.domain.frame import BGR
from models.domain.geometry import PointPx
from phatnguoi.errors import CommandError

Colour = tuple[int, int, int]
RED, AMBER, GREEN, BLUE, GREY = (60, 60, 230), (40, 170, 250), (90, 190, 70), (230, 150, 60), (150, 150, 150)
STATE_COLOURS: dict[str, Colour] = {"able": GREEN, "unsure": AMBER, "not_able": RED}
LEAST_WIDTH_PX = 960


def draw(camera: Camera, look: Look, found: list[Verdict], path: Path) -> None:
    """Writes the picture; its form is told by the path's ending.

    Raises:
        CommandError: it cannot be written.
    """
    assert look.snapshot is not None
    height, width = look.snapshot.shape[:2]
    scale = max(1.0, LEAST_WIDTH_PX / width)
    canvas = cv2.resize(look.snapshot, (round(width * scale), round(height * scale))).astype(np.uint8)
    pen = _Pen(canvas, canvas.shape[1] / camera.frame.width, canvas.shape[0] / camera.frame.height)
    for zone in camera.zones:
        pen.area(zone.polygon_px, GREY if zone.exclude else AMBER, zone.id)
    for lane in camera.lanes:
        pen.area(lane.polygon_px, BLUE, lane.id)
        pen.arrow(lane.heading_px[0], lane.heading_px[1], BLUE)
    for line in camera.lines:
        pen.path(line.points_px, RED if line.from_px else GREY, line.id)
        if line.from_px is not None:
            pen.arrow(line.from_px, middle_px(line.points_px), RED)
    states = {each.what: each.state for each in found}
    for head in camera.signals:
        if head.head_px is not None:
            pen.frame(head.head_px, STATE_COLOURS[states.get(f"signal {head.id}", "unsure")], head.id)
    if not cv2.imwrite(str(path), canvas):
        raise CommandError(f"--picture {path}: cannot be written, expected a name that ends in .jpg or .png")


class _Pen:
    """Draws points of the camera file's frame on a canvas of another size."""

    def __init__(self, canvas: BGR, scale_x: float, scale_y: float) -> None:
        self._canvas = canvas
        self._scale = np.array([scale_x, scale_y])

    def area(self, points: tuple[PointPx, ...], colour: Colour, name: str) -> None:
        corners = self._placed(points)
        wash = self._canvas.copy()
        cv2.fillPoly(wash, [corners], colour)
        cv2.addWeighted(wash, 0.18, self._canvas, 0.82, 0, dst=self._canvas)
        cv2.polylines(self._canvas, [corners], True, colour, 1, cv2.LINE_AA)
        self._name(middle_px(points), colour, name)

    def path(self, points: tuple[PointPx, ...], colour: Colour, name: str) -> None:
        cv2.polylines(self._canvas, [self._placed(points)], False, colour, 2, cv2.LINE_AA)
        self._name(points[0], colour, name)

    def arrow(self, start: PointPx, end: PointPx, colour: Colour) -> None:
        a, b = self._placed((start, end))
        cv2.arrowedLine(self._canvas, tuple(a), tuple(b), colour, 2, cv2.LINE_AA, tipLength=0.12)

    def frame(self, xyxy: tuple[float, float, float, float], colour: Colour, name: str) -> None:
        a, b = self._placed((PointPx(xyxy[0], xyxy[1]), PointPx(xyxy[2], xyxy[3])))
        cv2.rectangle(self._canvas, tuple(a), tuple(b), colour, 2)
        self._name(PointPx(xyxy[0], xyxy[1]), colour, name)

    def _placed(self, points: tuple[PointPx, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
        placed: np.ndarray[tuple[int, int], np.dtype[np.int32]] = np.round(np.array(points) * self._scale).astype(
            np.int32
        )
        return placed

    def _name(self, at: PointPx, colour: Colour, name: str) -> None:
        x, y = (int(value) for value in self._placed((at,))[0])
        for ink, thickness in (((0, 0, 0), 4), (colour, 1)):
            cv2.putText(self._canvas, name, (x + 4, y - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.55, ink, thickness, cv2.LINE_AA)
