"""Houses along the road: walls with windows, balconies, awnings and Vietnamese signs. Colours are BGR."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from streams.simulated.camera import Camera
from streams.simulated.layout import JUNCTION_FROM_M, PAVEMENT_M, Layout
from streams.simulated.light import Light

Array = npt.NDArray[np.float64]
Picture = npt.NDArray[np.float32]
_WALLS = (
    (176, 206, 222), (196, 208, 214), (150, 190, 222), (168, 186, 168), (204, 196, 178), (156, 160, 206),
    (136, 178, 206), (210, 214, 216), (150, 156, 160), (178, 200, 186),
)  # fmt: skip
_SIGNS = (
    "PHO BO", "CAFE", "NHA THUOC", "SUA XE", "COM TAM", "TAP HOA", "BANH MI", "BUN BO HUE", "DIEN MAY", "THOI TRANG",
    "HOA TUOI", "NHA SACH", "TRA SUA", "RUA XE", "CAT TOC",
)  # fmt: skip
"""Without diacritics: the font that comes with Pillow has not got them all."""
_SIGN_COLOURS = ((40, 40, 190), (150, 80, 20), (40, 120, 40), (30, 170, 230), (90, 30, 110), (60, 60, 60))
_PX_PER_M = 36


@dataclass(frozen=True, slots=True)
class Style:
    """How walls are painted and lit.

    Attributes:
        glow: how much brighter than its wall a lit window is; 0 by day.
        palette: 0 or 1: every other colour.
    """

    glow: float = 0.0
    palette: int = 0


@dataclass(frozen=True, slots=True)
class Facade:
    """One wall: corners top left, top right, bottom right, bottom left, as seen from outside, shape (4, 3)."""

    corners_m: Array
    seed: int
    light: float
    has_shops: bool
    style: Style = Style()

    def distance_m(self, camera: Camera) -> float:
        """Depth of its nearest corner."""
        return float(camera.project(self.corners_m)[1].mean())

    def picture(self, width_px: int) -> Picture:
        """The wall, about `width_px` wide."""
        width_m = float(np.linalg.norm(self.corners_m[1] - self.corners_m[0]))
        height_m = float(self.corners_m[0, 2] - self.corners_m[3, 2])
        image = _wall(np.random.default_rng(self.seed), (width_m, height_m), self.has_shops, self.style)
        height_px = max(8, round(width_px * height_m / width_m))
        small = cv2.resize(image, (width_px, height_px), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(small, dtype=np.float32) * np.float32(self.light)


def facades_of(rng: np.random.Generator, layout: Layout, light: Light, palette: int = 0) -> list[Facade]:
    """Rows of houses on both sides, near and far of the cross street, and along the cross street."""
    made: list[Facade] = []
    for side in (-1.0, 1.0):
        edge = (layout.width_m if side > 0 else layout.oncoming_m) + PAVEMENT_M + 0.6
        for start, end in ((-12.0, JUNCTION_FROM_M - PAVEMENT_M), (layout.junction_to_m + PAVEMENT_M, 150.0)):
            made += _row(rng, light, side, edge, (start, end))
    return [replace(facade, style=Style(0.85 / facade.light if light.is_night else 0.0, palette)) for facade in made]


def _row(rng: np.random.Generator, light: Light, side: float, edge: float, y: tuple[float, float]) -> list[Facade]:
    made: list[Facade] = []
    at = y[0]
    while at < y[1] - 2:
        width = min(float(rng.uniform(4.2, 8.5)), y[1] - at)
        if y[1] - at - width < 2.5:
            width = y[1] - at
        height = float(rng.uniform(6, 16))
        x = side * (edge + float(rng.uniform(0, 0.5)))
        depth = side * float(rng.uniform(9, 14))
        lit = _lit(light, (-side, 0.0))
        seed = int(rng.integers(2**31))
        made.append(_facade((x, at, x, at + width) if side < 0 else (x, at + width, x, at), height, seed, lit, True))
        ends_row = at == y[0] or at + width >= y[1] - 0.01
        front = (x, at, x + depth, at) if side > 0 else (x + depth, at, x, at)
        made.append(_facade(front, height, seed + 1, _lit(light, (0.0, -1.0)), ends_row and y[0] > 0))
        back = (x + depth, at + width, x, at + width) if side > 0 else (x, at + width, x + depth, at + width)
        made.append(_facade(back, height, seed + 2, _lit(light, (0.0, 1.0)), ends_row))
        at += width
    return [facade for facade in made if facade.corners_m[:, 1].mean() > -12]


def _facade(line: tuple[float, float, float, float], height: float, seed: int, lit: float, shops: bool) -> Facade:
    x0, y0, x1, y1 = line
    corners = np.array([(x0, y0, height), (x1, y1, height), (x1, y1, 0.0), (x0, y0, 0.0)])
    return Facade(corners, seed, lit, shops)


def _lit(light: Light, normal: tuple[float, float]) -> float:
    turned = max(0.0, normal[0] * float(light.to_sun[0]) + normal[1] * float(light.to_sun[1]))
    return float(light.ambient.mean() + light.sun.mean() * turned * 0.8 + 0.3 * sum(light.lamp_colour) / 3)


def _pick(rng: np.random.Generator, colours: tuple[tuple[int, int, int], ...], style: Style) -> npt.NDArray[np.float32]:
    mine = colours[style.palette :: 2]
    return np.array(mine[int(rng.integers(len(mine)))], dtype=np.float32)


def _wall(rng: np.random.Generator, size_m: tuple[float, float], has_shops: bool, style: Style) -> Picture:
    """Bare wall, windows, shops; width and height in metres."""
    w, h = round(size_m[0] * _PX_PER_M), round(size_m[1] * _PX_PER_M)
    base = np.array(_WALLS[int(rng.integers(len(_WALLS)))], dtype=np.float32) * float(rng.uniform(0.78, 1.02))
    image = np.ones((h, w, 3), dtype=np.float32) * base
    stains = cv2.resize(rng.standard_normal((9, 12)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    image *= (1 + 0.05 * stains)[..., None]
    storey = round(float(rng.uniform(3.0, 3.7)) * _PX_PER_M)
    columns = max(1, int(size_m[0] / float(rng.uniform(1.6, 2.6))))
    for top in range(h - storey, -storey, -storey):
        if top >= h - storey and has_shops:
            _shop(image, rng, (0, top, w, h), style)
            continue
        for k in range(columns):
            _window(image, rng, (k * w // columns, top, (k + 1) * w // columns, top + storey), base, style.glow)
        cv2.rectangle(image, (0, top + storey - 5), (w, top + storey), (base * 0.8).tolist(), -1)
    return image


def _window(
    image: Picture, rng: np.random.Generator, cell: tuple[int, int, int, int], wall: npt.NDArray[np.float32],
    glow: float,
) -> None:  # fmt: skip
    x0, y0, x1, y1 = cell
    px, py = (x1 - x0) // 5, (y1 - y0) // 4
    frame, glass = (wall * 0.62).tolist(), (np.array([70, 60, 52]) * float(rng.uniform(0.6, 1.5))).tolist()
    if glow and rng.random() < 0.3:
        glass = (np.array([130, 195, 235]) * glow * float(rng.uniform(0.4, 0.9))).tolist()
    if rng.random() < 0.12:
        return
    cv2.rectangle(image, (x0 + px - 3, y0 + py - 3), (x1 - px + 3, y1 - py + 3), frame, -1)
    cv2.rectangle(image, (x0 + px, y0 + py), (x1 - px, y1 - py), glass, -1)
    middle = (x0 + x1) // 2
    cv2.line(image, (middle, y0 + py), (middle, y1 - py), frame, 2)
    if rng.random() < 0.35:
        rail = (wall * float(rng.uniform(0.35, 0.7))).tolist()
        cv2.rectangle(image, (x0 + 2, y1 - py - 14), (x1 - 2, y1 - py + 12), rail, 2)
        for x in range(x0 + 4, x1 - 3, 6):
            cv2.line(image, (x, y1 - py - 14), (x, y1 - py + 12), rail, 1)
    elif rng.random() < 0.3:
        cv2.rectangle(image, (x1 - px - 16, y1 - py + 4), (x1 - px + 10, y1 - py + 20), (205, 208, 208), -1)


def _shop(image: Picture, rng: np.random.Generator, cell: tuple[int, int, int, int], style: Style) -> None:
    x0, y0, x1, y1 = cell
    dark = (np.array([48, 46, 46]) * float(rng.uniform(0.7, 1.6))).tolist()
    sign_h = max(18, (y1 - y0) // 4)
    cv2.rectangle(image, (x0 + 8, y0 + sign_h), (x1 - 8, y1), dark, -1)
    _shop_inside(image, rng, (x0 + 8, y0 + sign_h + 16, x1 - 8, y1))
    red, green, blue = (int(value) for value in _pick(rng, _SIGN_COLOURS, style)[::-1])
    text = _SIGNS[int(rng.integers(len(_SIGNS)))]
    sign = Image.new("RGB", (max(40, x1 - x0 - 12), sign_h - 2), (red, green, blue))
    ImageDraw.Draw(sign).text((sign.width // 2, sign.height // 2), text, fill=(250, 246, 230), anchor="mm",
                              font=ImageFont.load_default(max(10, sign_h - 12)))  # fmt: skip
    image[y0 : y0 + sign.height, x0 + 6 : x0 + 6 + sign.width] = np.asarray(sign, dtype=np.float32)[:, :, ::-1][
        : image.shape[0] - y0, : image.shape[1] - x0 - 6
    ]
    if style.glow and rng.random() < 0.6:
        image[y0:y1] *= max(1.0, style.glow * float(rng.uniform(0.4, 0.75)))
    if rng.random() < 0.6:
        awning = _pick(rng, _SIGN_COLOURS, style) * 1.1
        for k, x in enumerate(range(x0 + 4, x1 - 4, 12)):
            stripe = awning.tolist() if k % 2 else (224, 226, 228)
            cv2.rectangle(image, (x, y0 + sign_h), (min(x + 12, x1 - 4), y0 + sign_h + 16), stripe, -1)


def _shop_inside(image: Picture, rng: np.random.Generator, cell: tuple[int, int, int, int]) -> None:
    """Shelves with goods, or a half-closed roller door."""
    x0, y0, x1, y1 = cell
    if rng.random() < 0.35:
        grey = float(rng.uniform(110, 175))
        low = y1 if rng.random() < 0.6 else (y0 + y1) // 2
        for y in range(y0 - 16, low, 5):
            cv2.rectangle(image, (x0, y), (x1, min(low, y + 4)), (grey, grey, grey * 0.98), -1)
            cv2.line(image, (x0, y), (x1, y), (grey * 0.8, grey * 0.8, grey * 0.8), 1)
        return
    shelf_h = max(8, (y1 - y0) // 4)
    for top in range(y0, y1 - 4, shelf_h):
        cv2.rectangle(image, (x0, top), (x1, top + shelf_h), rng.uniform(50, 95, 3).tolist(), -1)
        x = x0 + 2
        while x < x1 - 4:
            width = int(rng.integers(3, 11))
            height = int(rng.integers(shelf_h // 3 + 1, max(shelf_h // 3 + 2, shelf_h - 2)))
            colour = (rng.uniform(50, 165) * rng.uniform(0.6, 1.1, 3)).tolist()
            cv2.rectangle(image, (x, top + shelf_h - height), (x + width, top + shelf_h - 2), colour, -1)
            x += width + int(rng.integers(1, 4))
        cv2.line(image, (x0, top + shelf_h), (x1, top + shelf_h), (72, 76, 80), 2)
