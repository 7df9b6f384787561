"""Lamps in the dark and on a wet road: beams on the ground, glow around lamps, mirrored light. World-independent."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from streams.simulated.camera import Camera
from streams.simulated.mesh import BEACON, BRAKE_LAMP, HEAD_LAMP
from streams.simulated.solids import Solid

Picture = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float64]
_SHRINK = 4
_OUTLINE = np.array([(-0.5, 0.6), (0.5, 0.6), (1.7, 9.0), (0.9, 13.0), (-0.9, 13.0), (-1.7, 9.0)])
"""Outline of a car's beam on the road before its front: metres to the right, metres ahead."""
_BEAM_GAIN, _BEAM, _BRIGHTEST = 1.1, 70, 120
_GLOW_M = {HEAD_LAMP: 0.75, BRAKE_LAMP: 0.38, BEACON: 0.9}
_GLOW_BGR = {HEAD_LAMP: (205, 225, 240), BRAKE_LAMP: (26, 18, 150), BEACON: (160, 60, 160)}
_LEAST_RADIUS_PX, _MOST_RADIUS_PX = 2, 44
_MIRROR_SHARE = 0.3


def draw_beams(image: Picture, solids: list[Solid], ground: Picture, camera: Camera) -> None:
    """Headlamps light the road before their vehicles."""
    height, width = image.shape[:2]
    mask = np.zeros((height // _SHRINK + 1, width // _SHRINK + 1), dtype=np.uint8)
    throwing = [solid for solid in solids if solid.mover.kind not in ("person", "bicycle")]
    for solid in throwing:
        narrow = 0.55 if solid.mover.kind == "motorcycle" else 1.0
        front_m = solid.mover.length_m / 2
        outline = np.column_stack([_OUTLINE[:, 0] * narrow, _OUTLINE[:, 1] + front_m, np.zeros(len(_OUTLINE))])
        points_px, depth_m = camera.project(solid.in_world(outline))
        if float(depth_m.min()) > 0.8:
            _add_beam(mask, np.round(np.clip(points_px, -4000, 8000) / _SHRINK).astype(np.int32))
    soft = cv2.resize(cv2.GaussianBlur(mask, (0, 0), 2.0), (width, height), interpolation=cv2.INTER_LINEAR)
    soft = cv2.multiply(soft, ground)
    lit = cv2.multiply(image, cv2.cvtColor(soft, cv2.COLOR_GRAY2BGR), scale=_BEAM_GAIN / _BEAM)
    cv2.add(image, lit, image)


def _add_beam(mask: Picture, points: npt.NDArray[np.int32]) -> None:
    """One more beam on the small mask, which is never brighter than _BRIGHTEST."""
    x0, y0 = np.maximum(points.min(axis=0), 0)
    x1, y1 = points.max(axis=0) + 1
    region = mask[y0:y1, x0:x1]
    if region.size:
        part = np.zeros_like(region)
        cv2.fillConvexPoly(part, points - (x0, y0), _BEAM)
        np.minimum(region + part, _BRIGHTEST, out=region)


def draw_glows(image: Picture, solids: list[Solid], ids: npt.NDArray[np.int16], camera: Camera) -> None:
    """Glow around the lamps that face the camera and are not hidden; `ids` says whose each pixel is."""
    height, width = ids.shape
    lit = [(place, solid) for place, solid in enumerate(solids, start=1) if len(solid.mesh.lamps)]
    if not lit:
        return
    middles = np.concatenate([solid.in_world(solid.mesh.lamps_m) for _, solid in lit])
    normals = np.concatenate([solid.mesh.normals[solid.mesh.lamps] @ solid.turn for _, solid in lit])
    owners = [(place, solid, int(row)) for place, solid in lit for row in solid.mesh.lamps]
    to_camera = camera.position_m - middles
    facing = (normals * to_camera).sum(axis=1) / np.linalg.norm(to_camera, axis=1)
    points_px, depth_m = camera.project(middles)
    inside = (points_px >= 0).all(axis=1) & (points_px[:, 0] < width) & (points_px[:, 1] < height)
    for k in np.flatnonzero(inside & (facing > 0.1)):
        place, solid, row = owners[k]
        u, v = int(points_px[k, 0]), int(points_px[k, 1])
        if ids[v, u] != place:
            continue
        kind = int(solid.mesh.material[row])
        radius = round(camera.focal_px * _GLOW_M[kind] * float(facing[k]) ** 0.5 / float(depth_m[k]))
        bright = 1.0 if kind != BRAKE_LAMP or solid.mover.braking else 0.5
        _add_glow(image, (u, v), min(_MOST_RADIUS_PX, max(_LEAST_RADIUS_PX, radius)), _GLOW_BGR[kind], bright)


def _add_glow(image: Picture, at: tuple[int, int], radius: int, colour: tuple[int, int, int], bright: float) -> None:
    sprite = _sprite(radius, colour, bright)
    height, width = image.shape[:2]
    x0, y0 = at[0] - radius, at[1] - radius
    a, b, c, d = max(0, x0), max(0, y0), min(width, at[0] + radius + 1), min(height, at[1] + radius + 1)
    region = image[b:d, a:c]
    cv2.add(region, sprite[b - y0 : d - y0, a - x0 : c - x0], region)


@lru_cache(maxsize=512)
def _sprite(radius: int, colour: tuple[int, int, int], bright: float) -> Picture:
    reach = np.arange(-radius, radius + 1) / max(1, radius)
    distance = np.hypot(reach[:, None], reach[None, :])
    share = np.clip(0.9 * np.exp(-((distance / 0.22) ** 2)) + 0.35 * np.clip(1 - distance, 0, 1) ** 2, 0, 1)
    made: Picture = (share[..., None] * np.array(colour) * bright).astype(np.uint8)
    return made


def draw_mirrored(
    image: Picture, solids: list[Solid], ids: npt.NDArray[np.int16], ground: Picture, wetness: float
) -> None:
    """The wet road mirrors what stands on it: each box upside down below itself, blurred, only on free ground."""
    height, width = ids.shape
    for solid in solids:
        x0, x1 = max(0, math.floor(solid.box[0])), min(width, math.ceil(solid.box[2]))
        y0, y1 = max(0, math.floor(solid.box[1])), min(height, math.ceil(solid.box[3]))
        depth_px = min(int((y1 - y0) * 0.6), height - y1)
        if x1 - x0 < 4 or depth_px < 3:
            continue
        above = image[y1 - depth_px : y1, x0:x1]
        flipped = cv2.blur(cv2.flip(above, 0), (3, max(3, depth_px // 4)))
        free = cv2.multiply(ground[y1 : y1 + depth_px, x0:x1], (ids[y1 : y1 + depth_px, x0:x1] == 0).astype(np.uint8))
        fade = np.linspace(_MIRROR_SHARE * wetness, 0, depth_px, dtype=np.float32)[:, None] * free
        target = image[y1 : y1 + depth_px, x0:x1]
        share = cv2.cvtColor(fade, cv2.COLOR_GRAY2BGR)
        target[:] = (target + (flipped.astype(np.float32) - target) * share).astype(np.uint8)
