"""Movers made ready to be drawn: projected, shaded, with shadow; all of a frame at once, who stands still once."""

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
from streams.simulated.shading import Shader
from streams.simulated.shapes import make_mesh

Array = npt.NDArray[np.float64]
Points = npt.NDArray[np.int32]
_NEAREST_M = 1.2
_NEAREST_SHADOW_M = 0.8
_COARSE_PX = 58.0
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
        turn: points of the mesh times this matrix are turned into the world.
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
    shadow: Points | None
    under: Points | None
    polygons: list[Points]
    colours: list[list[float]]
    full_area: float = 0.0
    drawn_area: float = 0.0

    def in_world(self, points_m: Array) -> Array:
        """Points of the mesh's frame as points of the world."""
        return np.asarray(points_m @ self.turn + (self.pose.x, self.pose.y, 0.0))


@dataclass(frozen=True, slots=True)
class _Body:
    """A mover before it is projected."""

    mover: Mover
    pose: Pose
    mesh: Mesh
    turn: Array
    points_m: Array
    key: tuple[object, ...]


class SolidMaker:
    """Makes the solids of one camera's frames."""

    def __init__(self, camera: Camera, light: Light) -> None:
        self._camera = camera
        self._shader = Shader(camera, light)
        self._meshes: dict[tuple[int, int, bool], Mesh] = {}
        self._standing: dict[int, tuple[tuple[object, ...], Solid]] = {}

    def solids(self, poses: list[tuple[Mover, Pose]], tick: int) -> list[Solid]:
        """Everybody whom the camera sees, in the order of `poses`; `tick` counts half flashes of beacons."""
        made: dict[int, Solid] = {}
        bodies: list[_Body] = []
        for mover, pose in poses:
            step = int(mover.walk_m / _STRIDE_M) % 4 if mover.kind in ("person", "bicycle") else 0
            key = (pose.x, pose.y, pose.yaw, mover.braking, step, tick if mover.priority else 0)
            kept = self._standing.get(mover.mover_id)
            if kept is not None and kept[0] == key:
                made[mover.mover_id] = kept[1]
                kept[1].pose = pose
            elif (body := self._body(mover, pose, step, key)) is not None:
                bodies.append(body)
        standing = {body.mover.mover_id: body.key for body in bodies if body.pose.speed < _STANDS}
        made |= {solid.mover.mover_id: solid for solid in self._projected(bodies, tick)}
        kept_keys = {mover_id: key for mover_id, (key, _) in self._standing.items() if mover_id in made} | standing
        self._standing = {
            mover_id: (key, made[mover_id])
            for mover_id, key in kept_keys.items()
            if mover_id in made and made[mover_id].pose.speed < _STANDS
        }
        return [made[mover.mover_id] for mover, _ in poses if mover.mover_id in made]

    def _body(self, mover: Mover, pose: Pose, step: int, key: tuple[object, ...]) -> _Body | None:
        camera = self._camera
        right_m, _, depth_m = (np.array([pose.x, pose.y, 0.8]) - camera.position_m) @ camera.axes.T
        if depth_m < _NEAREST_M or abs(right_m) > depth_m * 1.6 + 8:
            return None
        mesh = self._mesh(mover, step, camera.focal_px * mover.height_m / depth_m < _COARSE_PX)
        c, s = math.cos(pose.yaw), math.sin(pose.yaw)
        turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        return _Body(mover, pose, mesh, turn, mesh.points_m @ turn + (pose.x, pose.y, 0.0), key)

    def _projected(self, bodies: list[_Body], tick: int) -> list[Solid]:
        """All bodies at once: projected, those outside of the picture dropped, shaded."""
        if not bodies:
            return []
        starts = np.cumsum([0, *(len(body.points_m) for body in bodies)])
        points_m = np.concatenate([body.points_m for body in bodies])
        points_px, depth_m = self._camera.project(points_m)
        low = np.minimum.reduceat(points_px, starts[:-1])
        high = np.maximum.reduceat(points_px, starts[:-1])
        nearest = np.minimum.reduceat(depth_m, starts[:-1])
        width, height = self._camera.size_px
        inside = (high[:, 0] >= -200) & (low[:, 0] <= width + 200) & (high[:, 1] >= 0) & (low[:, 1] <= height + 200)
        chosen = np.flatnonzero(inside & (high[:, 1] - low[:, 1] >= 2) & (nearest >= _NEAREST_M))
        seen = [bodies[place] for place in chosen]
        faces = self._shader.shade(
            [(body.mover, body.mesh, body.turn) for body in seen],
            [slice(starts[place], starts[place + 1]) for place in chosen], points_m, points_px, depth_m, tick,
        )  # fmt: skip
        shadows = self._shadows(seen)
        made = []
        for place, body, shadow, (polygons, colours) in zip(chosen, seen, shadows, faces, strict=True):
            part = slice(starts[place], starts[place + 1])
            extent = _extent(body)
            box = (float(low[place, 0]), float(low[place, 1]), float(high[place, 0]), float(high[place, 1]))
            under = self._under(extent) if body.mover.kind != "person" else None
            made.append(
                Solid(body.mover, body.pose, body.mesh, body.turn, extent, box, float(depth_m[part].mean()),
                      _outlines(body.mesh, points_px[part]), shadow, under, polygons, colours)
            )  # fmt: skip
        return made

    def _mesh(self, mover: Mover, step: int, is_coarse: bool) -> Mesh:
        key = (mover.mover_id, step, is_coarse)
        if key not in self._meshes:
            if len(self._meshes) > _KEPT_MESHES:
                self._meshes.clear()
            self._meshes[key] = make_mesh(mover, step, is_coarse=is_coarse)
        return self._meshes[key]

    def _shadows(self, bodies: list[_Body]) -> list[Points | None]:
        """Outlines of the shadows that the sun casts on the ground."""
        if not bodies:
            return []
        outer = [body.mesh.outer_m @ body.turn + (body.pose.x, body.pose.y, 0.0) for body in bodies]
        starts = np.cumsum([0, *(len(points) for points in outer)])
        points_m = np.concatenate(outer)
        sun = self._shader.light.to_sun
        flat = points_m[:, :2] - points_m[:, 2:3] * (sun[:2] / max(0.3, float(sun[2])))
        ground_px, depth_m = self._camera.project(np.column_stack([flat, np.zeros(len(flat))]))
        fixed = (np.clip(ground_px, -4000, 8000) * SUBPIXEL).astype(np.int32)
        nearest = np.minimum.reduceat(depth_m, starts[:-1])
        parts = (fixed[starts[k] : starts[k + 1]] for k in range(len(bodies)))
        return [
            cv2.convexHull(part) if near > _NEAREST_SHADOW_M else None  # type: ignore[misc]
            for part, near in zip(parts, nearest, strict=True)
        ]

    def _under(self, extent: tuple[float, float, float, float]) -> Points | None:
        x0, x1, y0, y1 = extent
        middle, half = np.array([(x0 + x1) / 2, (y0 + y1) / 2, 0.0]), np.array([(x1 - x0) / 2, (y1 - y0) / 2, 0.0])
        corners_px, depth_m = self._camera.project(middle + half * _UNDER)
        if float(depth_m.min()) <= _NEAREST_SHADOW_M:
            return None
        return (np.clip(corners_px, -4000, 8000) * SUBPIXEL).astype(np.int32)


def _extent(body: _Body) -> tuple[float, float, float, float]:
    mover, pose = body.mover, body.pose
    c, s = abs(math.cos(pose.yaw)), abs(math.sin(pose.yaw))
    half_x, half_y = (mover.width_m * c + mover.length_m * s) / 2, (mover.length_m * c + mover.width_m * s) / 2
    return pose.x - half_x, pose.x + half_x, pose.y - half_y, pose.y + half_y


def _outlines(mesh: Mesh, points_px: Array) -> list[Points]:
    """Hulls of the body, and of the people on it."""
    fixed = (points_px * SUBPIXEL).astype(np.int32)
    parts = [fixed[mesh.group == group] for group in range(2)]
    return [cv2.convexHull(part) for part in parts if len(part)]
