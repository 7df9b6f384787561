"""Movers made ready to be drawn: projected, shaded, with their shadow; who stands still is made once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from streams.simulated.camera import Camera
from streams.simulated.light import Light
from streams.simulated.mesh import Mesh
from streams.simulated.movers import Mover, Pose
from streams.simulated.plate_paint import SUBPIXEL
from streams.simulated.shading import shade, visible_faces
from streams.simulated.shapes import make_mesh

Array = npt.NDArray[np.float64]
Points = npt.NDArray[np.int32]
_NEAREST_M = 1.2
_NEAREST_SHADOW_M = 0.8
_COARSE_PX = 46.0
"""Whoever is lower than this in the picture is drawn with fewer faces."""
_KEPT_MESHES = 900
_STRIDE_M = 0.36
_STANDS = 0.02
_UNDER = np.array(
    [(np.sign(np.cos(a)) * abs(np.cos(a)) ** 0.5, np.sign(np.sin(a)) * abs(np.sin(a)) ** 0.5, 0.0)
     for a in np.arange(16) * np.pi / 8]
)  # fmt: skip
"""Rounded outline of the dark below a vehicle, in half widths."""


@dataclass(slots=True)
class Solid:
    """A mover ready to be drawn.

    Attributes:
        turn: rows of this matrix turn points of the mesh into the world.
        extent: upright rectangle of its footprint, metres.
        box: all of it in the picture, xyxy px.
        outlines: convex hulls of body and of people, 1/16 px.
        polygons, colours: faces that the camera sees, far to near.
        shadow, under: outline of its shadow and of the dark below it, 1/16 px; None: not drawn.
        full_area, drawn_area: pixels that it fills, whole and inside the frame; set while drawing.
    """

    mover: Mover
    pose: Pose
    mesh: Mesh
    turn: Array
    extent: tuple[float, float, float, float]
    box: tuple[float, float, float, float]
    nearest_m: float
    outlines: list[Points]
    polygons: list[Points]
    colours: list[list[float]]
    shadow: Points | None
    under: Points | None
    full_area: float = 0.0
    drawn_area: float = 0.0

    def in_world(self, points_m: Array) -> Array:
        """Points of the mesh's frame as points of the world."""
        return np.asarray(points_m @ self.turn + (self.pose.x, self.pose.y, 0.0))


class SolidMaker:
    """Makes the solids of one camera's frames."""

    def __init__(self, camera: Camera, light: Light) -> None:
        self._camera = camera
        self._light = light
        self._meshes: dict[tuple[int, int, bool], Mesh] = {}
        self._standing: dict[int, tuple[tuple[object, ...], Solid]] = {}

    def solid(self, mover: Mover, pose: Pose, tick: int) -> Solid | None:
        """The mover as the camera sees it, None where it is not in the picture; `tick` counts half flashes."""
        step = int(mover.walk_m / _STRIDE_M) % 4 if mover.kind in ("person", "bicycle") else 0
        key = (pose.x, pose.y, pose.yaw, mover.braking, step, tick if mover.priority else 0)
        kept = self._standing.get(mover.mover_id)
        if kept is not None and kept[0] == key:
            kept[1].pose = pose
            return kept[1]
        made = self._made(mover, pose, step, tick)
        self._standing.pop(mover.mover_id, None)
        if made is not None and pose.speed < _STANDS:
            self._standing[mover.mover_id] = (key, made)
        return made

    def forget_all_but(self, present: set[int]) -> None:
        """Drop what is kept of those who left."""
        for mover_id in [mover_id for mover_id in self._standing if mover_id not in present]:
            del self._standing[mover_id]

    def _made(self, mover: Mover, pose: Pose, step: int, tick: int) -> Solid | None:
        camera = self._camera
        forward_m = (np.array([pose.x, pose.y, 0.8]) - camera.position_m) @ camera.axes.T
        if forward_m[2] < _NEAREST_M or abs(forward_m[0]) > forward_m[2] * 1.6 + 8:
            return None
        mesh = self._mesh(mover, step, camera.focal_px * mover.height_m / forward_m[2] < _COARSE_PX)
        c, s = math.cos(pose.yaw), math.sin(pose.yaw)
        turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        points = mesh.points_m @ turn + (pose.x, pose.y, 0.0)
        points_px, depth_m = camera.project(points)
        if float(depth_m.min()) < _NEAREST_M:
            return None
        low, high = points_px.min(axis=0), points_px.max(axis=0)
        width, height = camera.size_px
        if high[0] < -200 or low[0] > width + 200 or high[1] < 0 or low[1] > height + 200 or high[1] - low[1] < 2:
            return None
        half_x = (mover.width_m * abs(c) + mover.length_m * abs(s)) / 2
        half_y = (mover.length_m * abs(c) + mover.width_m * abs(s)) / 2
        extent = (pose.x - half_x, pose.x + half_x, pose.y - half_y, pose.y + half_y)
        faces = visible_faces(mesh, points, points_px, depth_m, turn, camera)
        polygons = np.round(points_px[mesh.faces[faces]] * SUBPIXEL).astype(np.int32)
        shadow = self._shadow(mesh.outer_m @ turn + (pose.x, pose.y, 0.0))
        return Solid(
            mover, pose, mesh, turn, extent, (float(low[0]), float(low[1]), float(high[0]), float(high[1])),
            float(depth_m.mean()), _outlines(mesh, points_px), list(polygons),
            shade(mover, mesh, faces, points, turn, camera, self._light, tick), shadow,
            self._under(extent) if mover.kind != "person" else None,
        )  # fmt: skip

    def _mesh(self, mover: Mover, step: int, is_coarse: bool) -> Mesh:
        key = (mover.mover_id, step, is_coarse)
        if key not in self._meshes:
            if len(self._meshes) > _KEPT_MESHES:
                self._meshes.clear()
            self._meshes[key] = make_mesh(mover, step, is_coarse=is_coarse)
        return self._meshes[key]

    def _shadow(self, points_m: Array) -> Points | None:
        """Outline of the shadow that the sun casts on the ground."""
        sun = self._light.to_sun
        flat = points_m[:, :2] - points_m[:, 2:3] * (sun[:2] / max(0.3, float(sun[2])))
        ground_px, depth_m = self._camera.project(np.column_stack([flat, np.zeros(len(flat))]))
        if float(depth_m.min()) <= _NEAREST_SHADOW_M:
            return None
        return _hull(np.clip(ground_px, -4000, 8000))

    def _under(self, extent: tuple[float, float, float, float]) -> Points | None:
        x0, x1, y0, y1 = extent
        middle, half = np.array([(x0 + x1) / 2, (y0 + y1) / 2, 0.0]), np.array([(x1 - x0) / 2, (y1 - y0) / 2, 0.0])
        corners_px, depth_m = self._camera.project(middle + half * _UNDER)
        if float(depth_m.min()) <= _NEAREST_SHADOW_M:
            return None
        return (np.clip(corners_px, -4000, 8000) * SUBPIXEL).astype(np.int32)


def _hull(points_px: Array) -> Points:
    return cv2.convexHull((points_px * SUBPIXEL).astype(np.int32))  # type: ignore[return-value]


def _outlines(mesh: Mesh, points_px: Array) -> list[Points]:
    """Hulls of the body, and of the people on it."""
    parts = (points_px[mesh.group == group] for group in range(2))
    return [_hull(part) for part in parts if len(part)]
