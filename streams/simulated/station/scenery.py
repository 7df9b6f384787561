"""What of the gate stands still: its paint, kerbs and houses; and the camera on its pole."""

from __future__ import annotations

import cv2
import numpy as np

from streams.simulated.camera import Camera, look_at
from streams.simulated.facades import _row
from streams.simulated.ground import Array, Ground
from streams.simulated.layout import Layout
from streams.simulated.light import Light
from streams.simulated.scenery import _FAR_M, _SCALE, Scenery, _Canvas, _draw_facade, _draw_ground
from streams.simulated.settings import WorldSettings
from streams.simulated.station.plan import ISLAND_M, LANES, LEFT_M, PASSING_M, RIGHT_M

_AIM_Y_M = 11.0
_SHOWN_M = 16.0
_FAR_END_M = 120.0


class StationGround(Ground):
    """Concrete and paint of the gate."""

    def __init__(self, seed: int) -> None:
        super().__init__(Layout(2, 2, 1), seed)

    def _tracks(self, x: Array, y: Array) -> Array:
        worn = [np.exp(-(((np.abs(x - lane.middle_m) - 0.85) / 0.3) ** 2)) for lane in LANES]
        return np.asarray(sum(worn), dtype=np.float32)

    def _markings(self, x: Array, y: Array) -> tuple[Array, Array]:
        paint = np.zeros(x.shape, dtype=bool)
        yellow = np.zeros(x.shape, dtype=bool)
        for lane in LANES:
            inside = (x > lane.x_m[0]) & (x < lane.x_m[1])
            paint |= (np.abs(x - lane.x_m[0]) < 0.07) | (np.abs(x - lane.x_m[1]) < 0.07)
            if lane.stop_m is not None:
                paint |= inside & (np.abs(y - lane.stop_m) < 0.18)
            if lane.kind == "inspection_lane":
                edges = (np.abs(y - lane.y_m[0]) < 0.1) | (np.abs(y - lane.y_m[1]) < 0.1)
                yellow |= inside & edges
        return paint.astype(np.float32), yellow.astype(np.float32)

    def _off_road(self, colour: Array, x: Array, y: Array, fine: Array, middle: Array) -> Array:
        outside = np.maximum(x - RIGHT_M, LEFT_M - x)
        island = (np.abs(x) < ISLAND_M - 0.15) & (y > -6.0) & (y < 24.0)
        verge = (x > PASSING_M[1] + 0.1) & (x < PASSING_M[1] + 0.5) & (y < 40.0)
        shade = (1 + fine * 0.05 + middle * 0.06)[..., None]
        raised = (outside > 0) | island | verge
        colour = np.where(raised[..., None], self._pavement * shade, colour)
        edge = ((outside > -0.02) & (outside < 0.24)) | (island & (np.abs(x) > ISLAND_M - 0.4))
        stones = np.where(np.mod(y, 2.0) < 1.0, 188.0, 60.0)[..., None] * shade
        return np.where(edge[..., None], stones, colour).astype(np.float32)


def station_camera(settings: WorldSettings) -> Camera:
    """The pole stands on the street's side of the island and looks into the yard."""
    rng = np.random.default_rng([settings.seed, 42])
    height_m = settings.camera_height_m or float(rng.uniform(6.0, 8.0))
    back_m = settings.camera_back_m or float(rng.uniform(11.0, 13.5))
    position = np.array([float(rng.uniform(1.0, 2.6)), -back_m, height_m])
    target = np.array([float(rng.uniform(1.4, 1.9)), _AIM_Y_M, 0.0])
    focal_px = settings.width_px * float(np.hypot(back_m + _AIM_Y_M, height_m)) / _SHOWN_M * settings.zoom
    return look_at(position, target, focal_px, (settings.width_px, settings.height_px), float(rng.normal(0, 0.006)))


def station_scenery(settings: WorldSettings, camera: Camera, light: Light) -> Scenery:
    """Draw the still gate of one seed."""
    canvas = _Canvas(camera)
    ground_mask = _draw_ground(canvas, StationGround(settings.seed), settings.seed, light)
    rng = np.random.default_rng([settings.seed, 43])
    rows = [(1.0, RIGHT_M + 3.0), (-1.0, -LEFT_M + 3.0)]
    facades = [facade for side, edge in rows for facade in _row(rng, light, side, edge, (4.0, _FAR_END_M))]
    for facade in sorted(facades, key=lambda facade: -facade.distance_m(camera)):
        _draw_facade(canvas, facade)
    width, height = camera.size_px
    depth = canvas.depth.reshape(height, _SCALE, width, _SCALE).min(axis=(1, 3))
    small = cv2.resize(canvas.image, (width, height), interpolation=cv2.INTER_AREA)
    shrunk = cv2.resize(ground_mask, (width, height), interpolation=cv2.INTER_AREA)
    ground = ((depth >= _FAR_M) & (shrunk > 0)).astype(np.uint8)
    return Scenery({"off": np.clip(small, 0, 255).astype(np.uint8)}, depth, ground, (0.0, 0.0, 0.0, 0.0))
