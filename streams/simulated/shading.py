"""Colours of a solid's faces in the light of the scene. Colours are BGR."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from streams.simulated.camera import Camera
from streams.simulated.light import Light
from streams.simulated.mesh import BEACON, BRAKE_LAMP, GLASS, HEAD_LAMP, LAMP, PAINT, Mesh
from streams.simulated.movers import Mover

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
_SMALLEST_FACE_PX2 = 0.5
_BEACONS = ((60, 40, 255), (255, 90, 30))
"""Red and blue, in turn."""


def visible_faces(
    mesh: Mesh, points_m: Array, points_px: Array, depth_m: Array, turn: Array, camera: Camera
) -> Indices:
    """Indices of the faces that the camera sees, far to near."""
    corners = points_px[mesh.faces]
    a, b = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    area = 0.5 * np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    to_camera = camera.position_m - points_m[mesh.faces[:, 0]]
    seen = (((mesh.normals @ turn) * to_camera).sum(axis=1) > 0) & (area > _SMALLEST_FACE_PX2)
    faces = np.flatnonzero(seen)
    depth = depth_m[mesh.faces[faces]].mean(axis=1) - mesh.lift[faces]
    return faces[np.argsort(-depth, kind="stable")]


def shade(
    mover: Mover, mesh: Mesh, faces: Indices, points_m: Array, turn: Array, camera: Camera, light: Light, tick: int
) -> list[list[float]]:
    """Colour of each of these faces."""
    material, base = mesh.material[faces], mesh.colours[faces]
    normals = mesh.normals[faces] @ turn
    to_camera = camera.position_m - points_m[mesh.faces[faces, 0]]
    to_camera = to_camera / np.linalg.norm(to_camera, axis=1, keepdims=True)
    facing = np.maximum(0.0, normals @ light.to_sun)
    up = 0.78 + 0.22 * normals[:, 2]
    ambient = light.ambient_at(float(points_m[0, 0]), float(points_m[0, 1]))
    colours = base * (ambient * up[:, None] + light.sun * facing[:, None])
    half = light.to_sun + to_camera
    half = half / np.linalg.norm(half, axis=1, keepdims=True)
    gloss = np.maximum(0.0, (normals * half).sum(axis=1)) ** 24 * (light.sun.mean() * 210)
    sky = np.clip(0.18 + 0.5 * normals[:, 2], 0.05, 0.6)[:, None] * light.sky_low
    is_glass, is_paint = (material == GLASS)[:, None], (material == PAINT)[:, None]
    colours = np.where(is_glass, colours * 0.75 + sky * 0.42 + gloss[:, None] * 0.8, colours)
    colours = np.where(is_paint, colours * 0.92 + sky * 0.09 + gloss[:, None] * 0.75, colours)
    _light_lamps(colours, material, base, mover, light, tick)
    made: list[list[float]] = np.clip(colours, 0, 255).tolist()
    return made


def _light_lamps(colours: Array, material: Indices, base: Array, mover: Mover, light: Light, tick: int) -> None:
    brake = material == BRAKE_LAMP
    if mover.braking or light.lamps_on:
        colours[brake] = (60, 46, 250) if mover.braking else (40, 30, 205)
    if light.lamps_on:
        colours[material == HEAD_LAMP] = (225, 245, 255)
    colours[material == LAMP] = base[material == LAMP]
    if mover.priority:
        for place, row in enumerate(np.flatnonzero(material == BEACON)):
            colours[row] = _BEACONS[(place + tick) % 2]
