"""Vietnamese plates: numbers by the grammar, and their pictures (sizes of QCVN 08:2024/BCA, in mm)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

PlateColour = Literal["white", "yellow", "blue"]
Picture = npt.NDArray[np.uint8]

NEVER_ISSUED = frozenset({10, 13, 42, 44, 45, 46, 87, 91, 96})
CODES = tuple(code for code in range(11, 100) if code not in NEVER_ISSUED)
LETTERS = "ABCDEFGHKLMNPSTUVXYZ"
SECOND_LETTERS = "ABCDEFHKLMNPRSTUVXYZ"
STATE_LETTERS = "ABCDEFGHKLM"
LONG_MM, SHORT_MM, MOTORCYCLE_MM = (520, 110), (330, 165), (190, 140)
_COLOURS: dict[PlateColour, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "white": ((242, 243, 240), (22, 22, 24)),
    "yellow": ((236, 186, 30), (20, 20, 20)),
    "blue": ((28, 74, 168), (245, 245, 245)),
}


@dataclass(frozen=True, slots=True)
class Plate:
    """One registration. `top` and `bottom` are the lines of the short form; the long form joins them with `-`."""

    top: str
    bottom: str
    colour: PlateColour

    @property
    def text(self) -> str:
        """As written on one line: `75A-123.45`, `75-AA 123.45`."""
        return f"{self.top} {self.bottom}" if "-" in self.top else f"{self.top}-{self.bottom}"

    @property
    def normalised(self) -> str:
        """Only digits and capital letters, the form that plates are compared in."""
        return (self.top + self.bottom).replace("-", "").replace(".", "")


def _number(rng: np.random.Generator) -> str:
    digits = f"{int(rng.integers(1, 99_999)):05d}"
    return f"{digits[:3]}.{digits[3:]}"


def draw_plate(rng: np.random.Generator, vehicle: str, is_state: bool = False) -> Plate:
    """A plate for a vehicle class; 75 (Huế) is the most common code."""
    code = 75 if rng.random() < 0.6 else int(rng.choice(CODES))
    letters = STATE_LETTERS if is_state else LETTERS
    first = letters[int(rng.integers(len(letters)))]
    if vehicle == "motorcycle":
        if rng.random() < 0.35 and not is_state:
            second = SECOND_LETTERS[int(rng.integers(len(SECOND_LETTERS)))]
        else:
            second = str(int(rng.integers(1, 10)))
        return Plate(f"{code}-{first}{second}", _number(rng), "blue" if is_state else "white")
    commercial = {"bus": 0.95, "truck": 0.85}.get(vehicle, 0.3)
    colour: PlateColour = "blue" if is_state else "yellow" if rng.random() < commercial else "white"
    return Plate(f"{code}{first}", _number(rng), colour)


@lru_cache(maxsize=8)
def _font(height_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(height_px)


def _line(draw: ImageDraw.ImageDraw, text: str, box: tuple[int, int, int, int], ink: tuple[int, int, int]) -> None:
    """Write `text` so that it fills `box` (xyxy)."""
    font = _font(96)
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    mask = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8), 0)
    ImageDraw.Draw(mask).text((4 - left, 4 - top), text, fill=255, font=font, stroke_width=3)
    size = (box[2] - box[0], box[3] - box[1])
    draw.bitmap((box[0], box[1]), mask.resize(size, Image.Resampling.LANCZOS), fill=ink)


def plate_picture(plate: Plate, size_mm: tuple[int, int]) -> Picture:
    """The plate as BGR, 1 px a mm; two lines where the form is short."""
    width, height = size_mm
    paper, ink = _COLOURS[plate.colour]
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((2, 2, width - 3, height - 3), radius=8, outline=ink, width=3)
    edge = max(9, width // 22)
    if width / height > 3:
        _line(draw, f"{plate.top}-{plate.bottom}", (edge, 16, width - edge, height - 16), ink)
    else:
        middle = height // 2
        inset = width // 7
        _line(draw, plate.top, (inset, 12, width - inset, middle - 4), ink)
        _line(draw, plate.bottom, (edge, middle + 4, width - edge, height - 12), ink)
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])


def plate_levels(plate: Plate, size_mm: tuple[int, int]) -> tuple[Picture, ...]:
    """The picture and its halves, largest first, so that a far plate is averaged and not sampled."""
    levels = [plate_picture(plate, size_mm)]
    while levels[-1].shape[1] > 16:
        last = levels[-1]
        levels.append(
            cv2.resize(last, (max(2, last.shape[1] // 2), max(2, last.shape[0] // 2)), interpolation=cv2.INTER_AREA)  # type: ignore[arg-type]
        )
    return tuple(levels)
