"""Faces that the camera sees and their colours in the light of the scene, for many solids at once. Colours are BGR."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from streams.simulated.camera import Camera
from streams.simulated.light import Light
from streams.simulated.mesh import BEACON, BRAKE_LAMP, GLASS, HEAD_LAMP, LAMP, PAINT, Mesh
from streams.simulated.movers import Mover
from streams.simulated.plate_paint import SUBPIXEL

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Points = npt.NDArray[np.int32]
Shaded = tuple[list[Points], list[list[float]]]
_SMALLEST_FACE_PX2 = 0.5
_BEACONS = ((60, 40, 255), (255, 90, 30))
"""Red and blue, in turn."""


class Shader:
    """Knows the camera and the light."""

    def __init__(self, camera: Camera, light: Light) -> None:
        self._camera = camera
        self.light = light

    def shade(
        self, bodies: list[tuple[Mover, Mesh, Array]], parts: list[slice], points_m: Array, points_px: Array,
        depth_m: Array, tick: int,
    ) -> list[Shaded]:  # fmt: skip
        """Polygons (1/16 px) and colours of each body's visible faces, far to near.

        Args:
            bodies: mover, mesh and the matrix that turns it into the world.
            parts: where the points of each body lie in `points_m`, `points_px` and `depth_m`.
        """
        if not bodies:
            return []
        faces = np.concatenate([mesh.faces + part.start for (_, mesh, _), part in zip(bodies, parts, strict=True)])
        normals = np.concatenate([mesh.normals @ turn for _, mesh, turn in bodies])
        counts = np.array([len(mesh.faces) for _, mesh, _ in bodies])
        owner = np.repeat(np.arange(len(bodies)), counts)
        corners = points_px[faces]
        a, b = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
        area = 0.5 * np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
        to_camera = self._camera.position_m - points_m[faces[:, 0]]
        shown = np.flatnonzero(((normals * to_camera).sum(axis=1) > 0) & (area > _SMALLEST_FACE_PX2))
        lift = np.concatenate([mesh.lift for _, mesh, _ in bodies])[shown]
        depth = depth_m[faces[shown]].mean(axis=1) - lift
        shown = shown[np.lexsort((-depth, owner[shown]))]
        colours = self._colours(bodies, shown, owner[shown], normals[shown], to_camera[shown], tick)
        polygons = list(np.round(corners[shown] * SUBPIXEL).astype(np.int32))
        ends = np.searchsorted(owner[shown], np.arange(len(bodies) + 1))
        return [(polygons[x:y], colours[x:y]) for x, y in pairwise(ends)]

    def _colours(
        self, bodies: list[tuple[Mover, Mesh, Array]], shown: Indices, owner: Indices, normals: Array,
        to_camera: Array, tick: int,
    ) -> list[list[float]]:  # fmt: skip
        """Colour of each face: light from everywhere, sun, gloss, and the lamps of the vehicle itself."""
        light = self.light
        base = np.concatenate([mesh.colours for _, mesh, _ in bodies])[shown]
        material = np.concatenate([mesh.material for _, mesh, _ in bodies])[shown]
        to_camera = to_camera / np.linalg.norm(to_camera, axis=1, keepdims=True)
        ambient = np.array([light.ambient_at(mover.x, mover.y) for mover, _, _ in bodies])[owner]
        facing = np.maximum(0.0, normals @ light.to_sun)
        up = 0.78 + 0.22 * normals[:, 2]
        colours = base * (ambient * up[:, None] + light.sun * facing[:, None])
        half = light.to_sun + to_camera
        half = half / np.linalg.norm(half, axis=1, keepdims=True)
        gloss = np.maximum(0.0, (normals * half).sum(axis=1)) ** 24 * (light.sun.mean() * 210)
        sky = np.clip(0.18 + 0.5 * normals[:, 2], 0.05, 0.6)[:, None] * light.sky_low
        is_glass, is_paint = (material == GLASS)[:, None], (material == PAINT)[:, None]
        colours = np.where(is_glass, colours * 0.75 + sky * 0.42 + gloss[:, None] * 0.8, colours)
        colours = np.where(is_paint, colours * 0.92 + sky * 0.09 + gloss[:, None] * 0.75, colours)
        braking = np.array([mover.braking for mover, _, _ in bodies])[owner]
        self._light_lamps(colours, material, base, braking)
        for place, (mover, _, _) in enumerate(bodies):
            if mover.priority:
                beacons = np.flatnonzero((material == BEACON) & (owner == place))
                for number, row in enumerate(beacons):
                    colours[row] = _BEACONS[(number + tick) % 2]
        made: list[list[float]] = np.clip(colours, 0, 255).tolist()
        return made

    def _light_lamps(self, colours: Array, material: Indices, base: Array, braking: npt.NDArray[np.bool_]) -> None:
        brake = material == BRAKE_LAMP
        if self.light.lamps_on:
            colours[brake] = (40, 30, 205)
            colours[material == HEAD_LAMP] = (225, 245, 255)
        colours[brake & braking] = (60, 46, 250)
        colours[material == LAMP] = base[material == LAMP]
