"""What the air, the lens and the camera do to a finished picture: rain, glare, noise, shake, a burnt-in clock.

World-independent: takes pictures and gives pictures of the same size.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

import cv2
import numpy as np
import numpy.typing as npt

from streams.simulated.light import Light
from streams.simulated.settings import WorldSettings

Picture = npt.NDArray[np.uint8]
_NOISE_FRAMES = 7
_CLOCK_STARTS = datetime(2026, 11, 2, 7, 30, tzinfo=timezone(timedelta(hours=7)))
_STREAKS_PER_PX = 1 / 900
FAULT_GREY = {"dark": 6, "covered": 70}
_RAIN_VEIL = (0.82, 30.0)
"""Contrast and brightness that rain leaves."""


class Effects:
    """Everything that comes after drawing; the same settings give the same pixels."""

    def __init__(self, settings: WorldSettings, light: Light, sun_px: tuple[float, float] | None) -> None:
        self._settings = settings
        self._size_px = (settings.width_px, settings.height_px)
        rng = np.random.default_rng([settings.seed, 11])
        self._noise = _noise(rng, self._size_px, light.noise)
        self._rain = _streaks(rng, self._size_px) if settings.weather == "rain" else None
        self._glare = _glare(rng, self._size_px, sun_px) if settings.weather == "glare" else None
        self._phases = np.random.default_rng([settings.seed, 15]).uniform(0, 2 * np.pi, (2, 3))

    def shift_px(self, t_s: float) -> tuple[float, float]:
        """How far the shaken camera moves the picture at this instant."""
        amplitude = self._settings.shake_px
        if not amplitude:
            return 0.0, 0.0
        swings = np.sin(2 * np.pi * np.array([1.3, 3.7, 8.1]) * t_s + self._phases)
        x, y = (swings * np.array([0.5, 0.33, 0.17])).sum(axis=1) * amplitude
        return round(float(x), 3), round(float(y), 3)

    def apply(self, image: Picture, index: int) -> Picture:
        """The picture as the camera gives it; may change `image`."""
        t_s = index / self._settings.fps
        if self._settings.fault != "none" and self._settings.fault_from_s <= t_s < self._settings.fault_to_s:
            image[:] = FAULT_GREY[self._settings.fault]
        if self._rain is not None:
            image = self._rained(image, index)
        if self._glare is not None:
            cv2.add(image, self._glare, image)
        dx, dy = self.shift_px(t_s)
        if dx or dy:
            matrix = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
            image = cv2.warpAffine(image, matrix, self._size_px, flags=cv2.INTER_LINEAR,
                                   borderMode=cv2.BORDER_REPLICATE)  # type: ignore[assignment]  # fmt: skip
        soft = cv2.GaussianBlur(image, (3, 3), 0.55)
        image = cv2.addWeighted(soft, 1.0, self._noise[index % _NOISE_FRAMES], 1.0, -128.0)  # type: ignore[assignment]
        if self._settings.has_clock:
            draw_clock(image, t_s)
        return image

    def _rained(self, image: Picture, index: int) -> Picture:
        """Paler, and with streaks that are elsewhere in every frame."""
        assert self._rain is not None
        width, height = self._size_px
        rng = np.random.default_rng([self._settings.seed, 16, index])
        x, y = int(rng.integers(0, self._rain.shape[1] - width)), int(rng.integers(0, self._rain.shape[0] - height))
        pale = cv2.convertScaleAbs(image, alpha=_RAIN_VEIL[0], beta=_RAIN_VEIL[1])
        return cv2.add(pale, self._rain[y : y + height, x : x + width])  # type: ignore[return-value]


def _noise(rng: np.random.Generator, size_px: tuple[int, int], deviation: float) -> list[Picture]:
    width, height = size_px
    made = []
    for _ in range(_NOISE_FRAMES):
        noise = rng.normal(0, deviation, (height, width, 1))
        noise = noise + rng.normal(0, deviation / 2, (height, width, 3))
        made.append(np.clip(noise + 128, 0, 255).astype(np.uint8))
    return made


def _streaks(rng: np.random.Generator, size_px: tuple[int, int]) -> Picture:
    """Falling drops, drawn once on a sheet a good deal larger than the picture."""
    width, height = size_px[0] + 240, size_px[1] + 240
    sheet = np.zeros((height, width), dtype=np.uint8)
    lean = float(rng.uniform(-0.18, 0.18))
    for _ in range(int(width * height * _STREAKS_PER_PX)):
        x, y = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        long_px = float(rng.uniform(0.02, 0.07)) * size_px[1]
        end = (round(x + lean * long_px), round(y + long_px))
        cv2.line(sheet, (round(x), round(y)), end, int(rng.integers(14, 60)), 1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(sheet, (3, 3), 0.7)
    return cv2.cvtColor(soft, cv2.COLOR_GRAY2BGR)  # type: ignore[return-value]


def _glare(rng: np.random.Generator, size_px: tuple[int, int], sun_px: tuple[float, float] | None) -> Picture:
    """A low sun before the camera: a burnt-out round, a veil around it, a bright path on the road, ghosts."""
    width, height = size_px
    at = sun_px if sun_px is not None else (float(rng.uniform(0.2, 0.8)) * width, -0.05 * height)
    sun = (min(1.1 * width, max(-0.1 * width, at[0])), min(0.12 * height, max(-0.2 * height, at[1])))
    u, v = np.meshgrid(np.arange(width), np.arange(height))
    far = np.hypot(u - sun[0], v - sun[1]) / height
    veil = 150 * np.exp(-far / 0.22) + 62 * np.exp(-far / 0.9)
    path = 46 * np.exp(-(((u - sun[0]) / (0.09 * width)) ** 2)) * np.clip(v / height - 0.3, 0, 1)
    layer = (veil + path)[..., None] * np.array([0.88, 0.97, 1.0])
    middle = np.array([width / 2, height / 2])
    for share, radius, tint in ((0.6, 0.05, (26, 12, 8)), (1.25, 0.09, (8, 16, 20)), (1.6, 0.035, (10, 26, 14))):
        ghost = middle + (middle - sun) * (share - 0.3)
        inside = np.hypot(u - ghost[0], v - ghost[1]) < radius * height
        layer = layer + inside[..., None] * np.array(tint)
    made: Picture = np.clip(layer, 0, 255).astype(np.uint8)
    return made


def draw_clock(image: Picture, t_s: float) -> None:
    """Date and time as cameras burn them in, white with a dark rim, at the upper left."""
    now = _CLOCK_STARTS + timedelta(seconds=t_s)
    scale = image.shape[0] / 540 * 0.62
    at = (round(12 * scale / 0.62), round(24 * scale / 0.62))
    text = now.strftime("%d-%m-%Y %H:%M:%S")
    for colour, thick in (((20, 20, 20), 3), ((245, 245, 245), 1)):
        width = max(1, math.floor(thick * scale / 0.62))
        cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, width, cv2.LINE_AA)
