"""Plates drawn onto their vehicles: a picture of the plate, warped to the four corners that the camera sees."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from streams.simulated.plates import Picture, Plate, plate_levels

Array = npt.NDArray[np.float64]
SUBPIXEL_BITS = 4
SUBPIXEL = 1 << SUBPIXEL_BITS
_LEAST_AREA_PX2 = 12.0
_KEPT = 300


class PlatePainter:
    """Keeps the pictures of the plates that it has drawn."""

    def __init__(self) -> None:
        self._pictures: dict[tuple[Plate, tuple[int, int]], tuple[Picture, ...]] = {}

    def paint(self, image: Picture, plate: Plate, size_mm: tuple[int, int], corners_px: Array, lit: Array) -> None:
        """Draw one plate; one that is seen from behind or as a speck is left out.

        Args:
            corners_px: top left, top right, bottom right, bottom left, shape (4, 2).
            lit: BGR factors of the light on it.
        """
        across, down = corners_px[1] - corners_px[0], corners_px[3] - corners_px[0]
        if float(across[0] * down[1] - across[1] * down[0]) < _LEAST_AREA_PX2:
            return
        x0, y0 = (max(0, int(value) - 2) for value in corners_px.min(axis=0))
        x1, y1 = (min(e, math.ceil(v) + 2) for v, e in zip(corners_px.max(axis=0), image.shape[1::-1], strict=True))
        if x1 <= x0 or y1 <= y0:
            return
        picture = self._level(plate, size_mm, float(np.linalg.norm(across)))
        h, w = picture.shape[:2]
        source = np.array([(0, 0), (w, 0), (w, h), (0, h)], dtype=np.float32) - np.float32(0.5)
        matrix = cv2.getPerspectiveTransform(source, (corners_px - (x0, y0) - 0.5).astype(np.float32))
        size = (x1 - x0, y1 - y0)
        drawn = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        mask = np.zeros((size[1], size[0]), dtype=np.uint8)
        points = np.round((corners_px - (x0, y0)) * SUBPIXEL).astype(np.int32)
        cv2.fillConvexPoly(mask, points, 255, cv2.LINE_AA, SUBPIXEL_BITS)
        part = mask[..., None].astype(np.float32) / 255
        region = image[y0:y1, x0:x1]
        region[:] = np.clip(region * (1 - part) + drawn * np.minimum(1.0, lit) * part, 0, 255)

    def _level(self, plate: Plate, size_mm: tuple[int, int], seen_px: float) -> Picture:
        """The picture whose size is nearest to the size at which it is seen."""
        key = (plate, size_mm)
        if key not in self._pictures:
            if len(self._pictures) > _KEPT:
                self._pictures.clear()
            self._pictures[key] = plate_levels(plate, size_mm)
        levels = self._pictures[key]
        return min(levels, key=lambda level: abs(math.log(level.shape[1] / max(1.0, seen_px * 1.3))))
