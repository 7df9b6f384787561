"""Simulated plates for the benchmark: fonts, light and noise that no network was trained on by this project."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.domain.frame import BGR
from streams.simulated.plates import LONG_MM, MOTORCYCLE_MM, SHORT_MM, draw_plate

FONTS = ("DejaVuSans-Bold.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSans.ttf", "DejaVuSansMono.ttf")
"""Of matplotlib's own wheel; none is like a plate's."""
PAPERS = {"white": (236, 238, 235), "yellow": (40, 180, 228), "blue": (150, 70, 30)}
PX_A_MM = 2
EDGE_MM = 14


@dataclass(frozen=True, slots=True)
class DrawnPlate:
    """A picture of a plate with its truth; `lines` are letters and digits only."""

    image: BGR
    lines: tuple[str, ...]
    character_px: float


def draw(rng: np.random.Generator, line_count: int, character_px: float) -> DrawnPlate:
    """One plate, seen somewhat from the side, at this height of a character."""
    vehicle = "car" if line_count == 1 or rng.random() < 0.3 else "motorcycle"
    plate = draw_plate(rng, vehicle, is_state=rng.random() < 0.1)
    size_mm = LONG_MM if line_count == 1 else SHORT_MM if vehicle == "car" else MOTORCYCLE_MM
    rows = (f"{plate.top}-{plate.bottom}",) if line_count == 1 else (plate.top, plate.bottom)
    font = FONTS[int(rng.integers(len(FONTS)))]
    flat, character_mm = _flat(rows, size_mm, PAPERS[plate.colour], plate.colour == "blue", font)
    lines = (plate.normalised,) if line_count == 1 else tuple(_plain(row) for row in rows)
    return DrawnPlate(_spoilt(rng, flat, character_px / (character_mm * PX_A_MM)), lines, character_px)


def _plain(row: str) -> str:
    return "".join(character for character in row if character.isalnum())


@lru_cache(maxsize=8)
def _font(name: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name, 120)


def _flat(
    rows: tuple[str, ...], size_mm: tuple[int, int], paper: tuple[int, ...], is_dark: bool, font: str
) -> tuple[BGR, float]:
    """The plate from the front, and the height of its characters in mm."""
    width, height = (side * PX_A_MM for side in size_mm)
    image = Image.new("RGB", (width, height), paper)
    ink = (244, 244, 244) if is_dark else (24, 22, 22)
    painter = ImageDraw.Draw(image)
    painter.rounded_rectangle((4, 4, width - 5, height - 5), radius=16, outline=ink, width=5)
    edge = EDGE_MM * PX_A_MM
    each = (height - edge * (len(rows) + 1) * 0.85) / len(rows)
    for number, row in enumerate(rows):
        left, top, right, bottom = _font(font).getbbox(row, stroke_width=2)
        mask = Image.new("L", (int(right - left), int(bottom - top)))
        ImageDraw.Draw(mask).text((-left, -top), row, fill=255, font=_font(font), stroke_width=2)
        wide = width - 2 * edge if len(rows) == 1 or number else round((width - 2 * edge) * 0.8)
        y = round(edge * 0.85 * (number + 1) + each * number)
        painter.bitmap(((width - wide) // 2, y), mask.resize((wide, round(each)), Image.Resampling.LANCZOS), fill=ink)
    return np.asarray(image, np.uint8).copy(), each / PX_A_MM


def _spoilt(rng: np.random.Generator, flat: BGR, scale: float) -> BGR:
    """Perspective, background, light, blur, noise and JPEG, at the size at which it is seen."""
    height, width = flat.shape[:2]
    small = max(1.0, 1 / scale)
    soft = cv2.GaussianBlur(flat, (0, 0), 0.4 * small) if small > 1.3 else flat
    margin = 0.15 * height
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = (corners + margin + rng.normal(0, 0.035 * height, (4, 2)).astype(np.float32)) * np.float32(scale)
    size = round((width + 2 * margin) * scale), round((height + 2 * margin) * scale)
    ground = int(rng.integers(20, 120))
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    picture = cv2.warpPerspective(soft, matrix, size, borderValue=(ground, ground, ground)).astype(np.float32)
    left, right = (float(share) for share in rng.uniform(0.6, 1.1, 2))
    light = np.linspace(left, right, size[0])[None, :, None]
    noisy = picture * light + rng.normal(0, rng.uniform(1, 7), picture.shape)
    seen_soft = cv2.GaussianBlur(noisy, (0, 0), float(rng.uniform(0.3, 0.7)))
    plain = np.clip(seen_soft, 0, 255).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", plain, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 95))])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
