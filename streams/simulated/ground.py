"""What the ground looks like: asphalt, paint, kerbs, pavement, as a function of metres."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from streams.simulated.layout import (
    JUNCTION_FROM_M,
    KERB_RADIUS_M,
    LANE_WIDTH_M,
    PAVEMENT_M,
    STOP_LINE_WIDTH_M,
    ZEBRA_M,
    Layout,
)

Array = npt.NDArray[np.float32]
_NOISE_PX = 512
_PAINT = np.array([222, 226, 226], dtype=np.float32)
_YELLOW = np.array([70, 176, 216], dtype=np.float32)


class Ground:
    """Colours of the ground of one crossing; the seed draws wear, patches and stains."""

    def __init__(self, layout: Layout, seed: int) -> None:
        self._layout = layout
        rng = np.random.default_rng([seed, 8])
        self._fine = _noise(rng, 1)
        self._middle = _noise(rng, 7)
        self._broad = _noise(rng, 45)
        base = float(rng.uniform(112, 158))
        tint = rng.uniform(-3, 3, 3)
        self._asphalt = np.array([base + 4, base + 2, base], dtype=np.float32) + tint.astype(np.float32)
        self._wear = float(rng.uniform(0.1, 0.45))
        pavement = float(rng.uniform(138, 180))
        self._pavement = np.array([pavement * 0.93, pavement * 0.97, pavement], dtype=np.float32)
        self._red_tiles = bool(rng.random() < 0.5)
        self._centre_is_yellow = bool(rng.random() < 0.5)

    def colour(self, x: Array, y: Array) -> Array:
        """BGR of shape (..., 3) at road points of shape (...)."""
        fine = self._sample(self._fine, x, y, 90.0)
        middle = self._sample(self._middle, x, y, 30.0)
        broad = self._sample(self._broad, x, y, 9.0)
        shade = 1 + fine * 0.055 + middle * 0.035 + broad * 0.05
        shade = shade - 0.05 * self._tracks(x, y)
        colour = self._asphalt * shade[..., None]
        is_paint, is_yellow = self._markings(x, y)
        fresh = np.clip(1 - self._wear * (0.9 + 1.6 * middle + 1.2 * broad), 0.25, 1.0)
        colour = _mix(colour, _PAINT * (1 + 0.04 * fine)[..., None], (is_paint * fresh).astype(np.float32))
        colour = _mix(colour, _YELLOW * (1 + 0.04 * fine)[..., None], (is_yellow * fresh).astype(np.float32))
        return self._off_road(colour, x, y, fine, middle)

    def _sample(self, noise: Array, x: Array, y: Array, per_m: float) -> Array:
        u = np.mod(x * per_m, _NOISE_PX).astype(np.float32)
        v = np.mod(y * per_m, _NOISE_PX).astype(np.float32)
        return cv2.remap(noise, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)  # type: ignore[return-value]

    def _tracks(self, x: Array, y: Array) -> Array:
        """Darker oil stripe in the middle of each lane."""
        place = np.mod(np.abs(x) - 0.2, LANE_WIDTH_M) - LANE_WIDTH_M / 2
        near = ((y < 0) | (y > self._layout.junction_to_m)).astype(np.float32)
        return np.exp(-((place / 0.55) ** 2)).astype(np.float32) * near

    def _markings(self, x: Array, y: Array) -> tuple[Array, Array]:
        layout = self._layout
        width_m, left_m, far_m = layout.width_m, -layout.oncoming_m, layout.far_stop_m
        approach, beyond = y < 0, y > far_m
        paint = (y > -STOP_LINE_WIDTH_M) & (y < 0) & (x > 0.1) & (x < width_m - 0.1)
        paint |= (y > far_m) & (y < far_m + STOP_LINE_WIDTH_M) & (x < -0.1) & (x > left_m + 0.1)
        far_zebra = (far_m - ZEBRA_M[1], far_m - ZEBRA_M[0])
        on_road = (x > left_m + 0.4) & (x < width_m - 0.4)
        for low, high in (ZEBRA_M, far_zebra):
            paint |= (y > low) & (y < high) & on_road & (np.mod(x, 1.0) < 0.48)
        dash = np.mod(y, 6.0) < 2.4
        solid_near = (y > -16) & approach
        for lane in range(1, layout.lanes):
            stripe = np.abs(x - 0.2 - lane * LANE_WIDTH_M) < 0.075
            paint |= stripe & ((approach & (dash | solid_near)) | (beyond & dash))
        for lane in range(1, layout.oncoming_lanes):
            stripe = np.abs(x + 0.2 + lane * LANE_WIDTH_M) < 0.075
            paint |= stripe & (approach | beyond) & dash
        paint |= ((np.abs(x - width_m + 0.3) < 0.06) | (np.abs(x - left_m - 0.3) < 0.06)) & (approach | beyond)
        paint |= self._arrows(x, y)
        centre = (np.abs(np.abs(x) - 0.11) < 0.065) & (approach | beyond)
        cross_centre = (np.abs(np.abs(y - layout.cross_centre_m) - 0.11) < 0.06) & (
            (x > width_m + 5) | (x < left_m - 5)
        )
        yellow = centre | cross_centre
        if not self._centre_is_yellow:
            return (paint | yellow).astype(np.float32), np.zeros_like(x)
        return paint.astype(np.float32), yellow.astype(np.float32)

    def _arrows(self, x: Array, y: Array) -> npt.NDArray[np.bool_]:
        hit = np.zeros(x.shape, dtype=bool)
        for lane in range(self._layout.lanes):
            dx = x - 0.2 - (lane + 0.5) * LANE_WIDTH_M
            dy = y + 7.5
            hit |= (np.abs(dx) < 0.09) & (dy > 0) & (dy < 2.6)
            hit |= (dy >= 2.3) & (dy < 3.6) & (np.abs(dx) < (3.6 - dy) * 0.3)
            if lane == self._layout.lanes - 1:
                hit |= (np.abs(dy - 1.2) < 0.12) & (dx > 0) & (dx < 0.5)
                hit |= (dx >= 0.45) & (dx < 0.95) & (np.abs(dy - 1.2) < (0.95 - dx) * 0.7)
        return hit

    def _off_road(self, colour: Array, x: Array, y: Array, fine: Array, middle: Array) -> Array:
        layout = self._layout
        distance = _to_road(x, y, layout)
        tile = np.mod(x, 0.4) < 0.03
        tile |= np.mod(y, 0.4) < 0.03
        shade = (1 + fine * 0.05 + middle * 0.06) * np.where(tile, 0.86, 1.0)
        pavement = self._pavement * shade[..., None]
        if self._red_tiles:
            red = ((np.floor(x / 0.4) + np.floor(y / 0.4)) % 2 == 0)[..., None]
            pavement = np.where(red, pavement * np.array([0.86, 0.9, 1.0], dtype=np.float32), pavement)
        beyond = distance > PAVEMENT_M
        pavement = np.where(beyond[..., None], pavement * 0.8, pavement)
        colour = np.where((distance > 0)[..., None], pavement, colour)
        kerb = (distance > -0.02) & (distance < 0.26)
        kerb_colour = np.where(np.mod(x + y, 2.0) < 1.0, 188.0, 176.0)[..., None] * (1 + 0.05 * fine)[..., None]
        colour = np.where(kerb[..., None], kerb_colour, colour)
        gutter = (distance > -0.4) & (distance <= -0.02)
        return np.where(gutter[..., None], colour * 0.86, colour).astype(np.float32)


def _to_road(x: Array, y: Array, layout: Layout) -> Array:
    """Metres from the carriageway's edge, negative on the road; corners are rounded."""
    aside = np.maximum(x - layout.width_m, -layout.oncoming_m - x)
    along = np.maximum(JUNCTION_FROM_M - y, y - layout.junction_to_m)
    r = KERB_RADIUS_M
    corner = (aside > 0) & (aside < r) & (along > 0) & (along < r)
    rounded = r - np.hypot(r - aside, r - along)
    return np.asarray(np.where(corner, rounded, np.minimum(aside, along)), dtype=np.float32)


def _noise(rng: np.random.Generator, sigma: int) -> Array:
    """Tileable noise of mean 0 and deviation 1."""
    raw = rng.standard_normal((_NOISE_PX, _NOISE_PX)).astype(np.float32)
    if sigma > 1:
        pad = min(_NOISE_PX, 3 * sigma)
        wide = np.pad(raw, pad, mode="wrap")
        raw = cv2.GaussianBlur(wide, (0, 0), sigma)[pad:-pad, pad:-pad]  # type: ignore[assignment]
    return np.asarray((raw - raw.mean()) / raw.std(), dtype=np.float32)


def _mix(a: Array, b: Array, part: Array) -> Array:
    return a + (b - a) * part[..., None]
