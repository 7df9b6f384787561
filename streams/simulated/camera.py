"""A pinhole camera on a pole, and its exact relation to the road plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streams.simulated.layout import Layout
from streams.simulated.settings import WorldSettings
from streams.simulated.signal_head import head_of

Array = npt.NDArray[np.float64]
_AIM_STEPS = 120
"""Small corrections of the aim until the whole signal is in the picture."""
_LEAST_APPROACH_M = 7.5
"""So much of the approach before the stop line stays in the picture: then the camera looks wider, not higher."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the camera stands and looks.

    Attributes:
        position_m: x, y, z.
        axes: rows right, down, forward (unit vectors in metres), shape (3, 3).
        focal_px: focal length.
        size_px: width, height.
    """

    position_m: Array
    axes: Array
    focal_px: float
    size_px: tuple[int, int]

    def project(self, points_m: Array) -> tuple[Array, Array]:
        """Picture of points of shape (n, 3): px of shape (n, 2), and depth in metres of shape (n,)."""
        seen = (points_m - self.position_m) @ self.axes.T
        depth_m = seen[:, 2]
        scale = self.focal_px / np.maximum(depth_m, 0.05)
        centre = (self.size_px[0] / 2, self.size_px[1] / 2)
        return seen[:, :2] * scale[:, None] + centre, depth_m

    def ground_px(self, x_m: float, y_m: float, z_m: float = 0.0) -> tuple[float, float]:
        """Picture of one point."""
        points_px, _ = self.project(np.array([[x_m, y_m, z_m]]))
        return float(points_px[0, 0]), float(points_px[0, 1])

    def rays(self, scale: int) -> Array:
        """Directions of all pixels of a picture `scale` times as large, shape (h, w, 3), with 1 along forward."""
        width, height = self.size_px[0] * scale, self.size_px[1] * scale
        u = (np.arange(width) + 0.5 - width / 2) / (self.focal_px * scale)
        v = (np.arange(height) + 0.5 - height / 2) / (self.focal_px * scale)
        grid = np.empty((height, width, 3))
        grid[..., 0] = u[None, :]
        grid[..., 1] = v[:, None]
        grid[..., 2] = 1.0
        return grid @ self.axes

    def ground_at(self, u_px: float, v_px: float) -> tuple[float, float] | None:
        """The road point behind a pixel, or None above the horizon."""
        ray = np.array(
            [(u_px - self.size_px[0] / 2) / self.focal_px, (v_px - self.size_px[1] / 2) / self.focal_px, 1.0]
        )
        direction = ray @ self.axes
        if direction[2] > -1e-4:
            return None
        point = self.position_m - direction * (self.position_m[2] / direction[2])
        return float(point[0]), float(point[1])


def look_at(position_m: Array, target_m: Array, focal_px: float, size_px: tuple[int, int], roll: float = 0.0) -> Camera:
    """A camera at `position_m` whose middle pixel shows `target_m`; roll in radians."""
    forward = target_m - position_m
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right = right / np.linalg.norm(right)
    down = np.cross(forward, right)
    right, down = right * np.cos(roll) + down * np.sin(roll), down * np.cos(roll) - right * np.sin(roll)
    return Camera(position_m, np.stack([right, down, forward]), focal_px, size_px)


def camera_of(settings: WorldSettings, layout: Layout) -> Camera:
    """The pose that the settings name, the rest drawn from the seed.

    The pole stands behind the stop line and looks along our heading, so that rear plates are seen.
    """
    rng = np.random.default_rng([settings.seed, 2])
    height_m, back_m = float(rng.uniform(5.0, 7.5)), float(rng.uniform(12.5, 15.5))
    height_m = settings.camera_height_m or height_m
    back_m = settings.camera_back_m or back_m
    middle_m = layout.width_m / 2
    x_m = middle_m + float(rng.uniform(-2.5, 1.5))
    position = np.array([x_m, -back_m, height_m])
    target = np.array([middle_m + float(rng.uniform(-1.9, -0.6)), float(rng.uniform(1.5, 4.0)), 0.0])
    shown_m = layout.width_m + float(rng.uniform(7.5, 10.0))
    range_m = float(np.hypot(back_m, height_m))
    focal_px = settings.width_px * range_m / shown_m * settings.zoom
    roll = float(rng.normal(0, 0.006))
    size_px = (settings.width_px, settings.height_px)
    head_m = head_of(settings.seed, layout).corners_m()
    camera = look_at(position, target, focal_px, size_px, roll)
    for _ in range(_AIM_STEPS):
        head_px, _ = camera.project(head_m)
        is_low, is_left = head_px[:, 1].min() > 0.025 * size_px[1], head_px[:, 0].max() < 0.975 * size_px[0]
        lowest = camera.ground_at(size_px[0] / 2, size_px[1])
        if is_low and is_left:
            break
        if lowest is not None and lowest[1] > -_LEAST_APPROACH_M:
            focal_px *= 0.97
        else:
            target = target + np.array([0.0 if is_left else 0.1, 0.0 if is_low else 0.3, 0.0])
        camera = look_at(position, target, focal_px, size_px, roll)
    return camera
