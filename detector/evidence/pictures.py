"""The pictures of a package: whole frames as the camera gave them, the vehicle, and the one that a citizen may see."""

from __future__ import annotations

import cv2
import numpy as np

from detector.errors import PackageRefusedError
from models.domain.frame import BGR
from models.domain.geometry import BoxPx

JPEG_QUALITY = 90
CROP_MARGIN = 0.15
"""Of the box's own width and height, on every side."""
PIXEL_BLOCKS = 24
"""The hidden part of a picture is this many blocks high: a plate or a face is then less than two blocks."""
EDGE_PX = 2
"""A box this near to the picture's edge is cut off by it."""


def jpeg(image: BGR) -> bytes:
    """The same picture gives the same bytes."""
    done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise PackageRefusedError("picture_not_writable", f"got a picture of shape {image.shape}, expected (h, w, 3)")
    return encoded.tobytes()


def scaled_box(box: BoxPx, image: BGR, frame_size: tuple[int, int]) -> BoxPx:
    """A box of the camera file's frame (width, height), in px of a picture that may have another size."""
    height, width = image.shape[:2]
    x, y = width / frame_size[0], height / frame_size[1]
    return BoxPx(box.x1 * x, box.y1 * y, box.x2 * x, box.y2 * y)


def crop(image: BGR, box: BoxPx) -> BGR:
    """The vehicle with some of what is around it.

    Raises:
        PackageRefusedError: nothing of the box lies in the picture.
    """
    x_margin, y_margin = box.width * CROP_MARGIN, box.height * CROP_MARGIN
    x1, y1, x2, y2 = _bounds(image, BoxPx(box.x1 - x_margin, box.y1 - y_margin, box.x2 + x_margin, box.y2 + y_margin))
    return np.ascontiguousarray(image[y1:y2, x1:x2])


def hidden_but(image: BGR, box: BoxPx) -> BGR:
    """The picture with everything outside the box in coarse blocks.

    Raises:
        PackageRefusedError: nothing of the box lies in the picture.
    """
    height, width = image.shape[:2]
    rows = min(PIXEL_BLOCKS, height)
    columns = max(1, round(rows * width / height))
    x1, y1, x2, y2 = _bounds(image, box)
    coarse = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    hidden: BGR = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    hidden[y1:y2, x1:x2] = image[y1:y2, x1:x2]
    return hidden


def is_cut_off(image: BGR, box: BoxPx) -> bool:
    """The picture's edge cuts the box."""
    height, width = image.shape[:2]
    return box.x1 < EDGE_PX or box.y1 < EDGE_PX or box.x2 > width - EDGE_PX or box.y2 > height - EDGE_PX


def _bounds(image: BGR, box: BoxPx) -> tuple[int, int, int, int]:
    height, width = image.shape[:2]
    x1, y1 = max(0, int(box.x1)), max(0, int(box.y1))
    x2, y2 = min(width, -int(-box.x2 // 1)), min(height, -int(-box.y2 // 1))
    if x1 >= x2 or y1 >= y2:
        raise PackageRefusedError("vehicle_outside_picture", f"got the box {box} in a picture of {width}x{height}")
    return x1, y1, x2, y2
