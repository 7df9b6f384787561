"""Everything that stands still, drawn once: ground, houses, trees, poles, the signal; with the depth of each pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from streams.simulated.camera import Camera
from streams.simulated.facades import Facade, facades_of
from streams.simulated.ground import Ground
from streams.simulated.layout import Layout
from streams.simulated.light import Light
from streams.simulated.phases import Lamp
from streams.simulated.settings import WorldSettings
from streams.simulated.signal_head import SignalHead, head_of
from streams.simulated.streetside import Tree, draw_head, draw_poles, draw_tree, trees_of

Array = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]
_SCALE = 2
_FAR_M = 1.0e6


@dataclass(frozen=True, slots=True)
class Scenery:
    """The still picture for each lamp.

    Attributes:
        pictures: BGR by lamp state.
        depth_m: depth of whatever stands up at a pixel; 1e6 where there is only ground or sky; shape (h, w).
        ground: 1 where the ground is seen; shape (h, w).
        head_px: xyxy of the signal's housing.
    """

    pictures: Mapping[Lamp, Picture]
    depth_m: npt.NDArray[np.float32]
    ground: Picture
    head_px: tuple[float, float, float, float]


class _Canvas:
    """Picture and depth at twice the size."""

    def __init__(self, camera: Camera) -> None:
        width, height = camera.size_px
        self.camera = camera
        self.image = np.zeros((height * _SCALE, width * _SCALE, 3), dtype=np.float32)
        self.depth = np.full((height * _SCALE, width * _SCALE), _FAR_M, dtype=np.float32)

    def to_px(self, points_m: Array) -> tuple[Array, Array]:
        points_px, depth_m = self.camera.project(points_m)
        return points_px * _SCALE, depth_m


def build_scenery(settings: WorldSettings, layout: Layout, camera: Camera, light: Light) -> Scenery:
    """Draw the still world of one seed."""
    canvas = _Canvas(camera)
    ground_mask = _draw_ground(canvas, Ground(layout, settings.seed), settings.seed, light)
    rng = np.random.default_rng([settings.seed, 9])
    standing: list[tuple[float, Facade | Tree]] = [
        *((facade.distance_m(camera), facade) for facade in facades_of(rng, layout, light, settings.palette)),
        *((float(tree.y_m - camera.position_m[1]), tree) for tree in trees_of(rng, layout)),
    ]
    _draw_tree_shadows(canvas, [item for _, item in standing if isinstance(item, Tree)], light)
    for _, thing in sorted(standing, key=lambda pair: -pair[0]):
        if isinstance(thing, Tree):
            draw_tree(canvas.image, canvas.depth, canvas.to_px, thing, light, rng)
        else:
            _draw_facade(canvas, thing)
    head = head_of(settings.seed, layout)
    draw_poles(canvas.image, canvas.depth, canvas.to_px, layout, head, light, rng)
    size = camera.size_px
    depth = canvas.depth.reshape(size[1], _SCALE, size[0], _SCALE).min(axis=(1, 3))
    pictures: dict[Lamp, Picture] = {}
    for lamp in ("red", "amber", "green", "off"):
        image = canvas.image.copy()
        draw_head(image, canvas.to_px, head, lamp)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        pictures[lamp] = np.clip(small, 0, 255).astype(np.uint8)
    shrunk = cv2.resize(ground_mask, size, interpolation=cv2.INTER_AREA)
    ground = ((depth >= _FAR_M) & (shrunk > 0)).astype(np.uint8)
    return Scenery(pictures, depth, ground, _head_box(camera, head))


def _draw_ground(canvas: _Canvas, ground: Ground, seed: int, light: Light) -> Picture:
    """Sky above the horizon, ground below, haze between."""
    rays = canvas.camera.rays(_SCALE)
    down = rays[..., 2] < -0.004
    reach = np.where(down, -canvas.camera.position_m[2] / np.where(down, rays[..., 2], -1.0), 0.0)
    x = (canvas.camera.position_m[0] + rays[..., 0] * reach).astype(np.float32)
    y = (canvas.camera.position_m[1] + rays[..., 1] * reach).astype(np.float32)
    colour = light_ground(ground.colour(x, y), x, y, rays, light)
    haze = (1 - np.exp(-reach / 260.0)).astype(np.float32)[..., None]
    colour = colour + (light.sky_low.astype(np.float32) - colour) * haze
    length = np.linalg.norm(rays, axis=2)
    up = np.clip(rays[..., 2] / length * 3.2, 0, 1)[..., None].astype(np.float32)
    sky = light.sky_low + (light.sky_top - light.sky_low) * up
    canvas.image[:] = np.where(down[..., None], colour, sky + _clouds(seed, up.shape[:2], light))
    return down.astype(np.uint8) * 255


def light_ground(
    colour: npt.NDArray[np.float32], x: npt.NDArray[np.float32], y: npt.NDArray[np.float32], rays: Array, light: Light
) -> npt.NDArray[np.float32]:
    """Colours of the road at x, y (metres) in this light; a wet road is darker and mirrors the sky when seen flat."""
    lit = np.asarray(light.ambient + light.sun * light.to_sun[2], dtype=np.float32)
    if light.lamps_m:
        lit = lit + light.lamp_share(x, y)[..., None] * np.array(light.lamp_colour, dtype=np.float32)
    colour = colour * lit
    if light.wetness:
        steep = np.clip(-rays[..., 2] / np.linalg.norm(rays, axis=2), 0, 1)[..., None]
        mirrored = (0.12 + 0.75 * (1 - steep) ** 4) * light.wetness
        colour = colour * (1 - 0.38 * light.wetness) * (1 - mirrored) + light.sky_low * mirrored * 0.9
    return np.asarray(colour, dtype=np.float32)


def _clouds(seed: int, shape: tuple[int, int], light: Light) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng([seed, 10])
    total = np.zeros(shape, dtype=np.float32)
    for cells, weight in ((4, 1.0), (9, 0.6), (24, 0.3)):
        raw = rng.standard_normal((cells, cells * 2)).astype(np.float32)
        total += weight * cv2.resize(raw, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return (np.clip(total, 0, 1.4) * 22.0 * float(light.sky_low.mean() / 210))[..., None].astype(np.float32)


def _draw_facade(canvas: _Canvas, facade: Facade) -> None:
    corners_px, depth_m = canvas.to_px(facade.corners_m)
    if depth_m.min() < 0.6:
        return
    height, width = canvas.depth.shape
    low = np.floor(corners_px.min(axis=0)).astype(int) - 1
    high = np.ceil(corners_px.max(axis=0)).astype(int) + 2
    x0, y0, x1, y1 = max(0, low[0]), max(0, low[1]), min(width, high[0]), min(height, high[1])
    if x1 <= x0 or y1 <= y0:
        return
    picture = facade.picture(max(16, min(900, round(float(np.hypot(*(corners_px[1] - corners_px[0])))))))
    h, w = picture.shape[:2]
    source = np.array([(0, 0), (w, 0), (w, h), (0, h)], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(source, (corners_px - (x0, y0)).astype(np.float32))
    drawn = cv2.warpPerspective(
        picture, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    mask = np.zeros((y1 - y0, x1 - x0), dtype=np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners_px - (x0, y0)).astype(np.int32), 1)
    depth = _plane_depth(canvas.camera, facade.corners_m, (x0, y0, x1, y1))
    hit = mask.astype(bool)
    canvas.image[y0:y1, x0:x1][hit] = drawn[hit]
    canvas.depth[y0:y1, x0:x1][hit] = depth[hit]


def _plane_depth(camera: Camera, corners_m: Array, box: tuple[int, int, int, int]) -> npt.NDArray[np.float32]:
    """Depth of a plane for every pixel of the box of the doubled picture."""
    normal = np.cross(corners_m[1] - corners_m[0], corners_m[3] - corners_m[0])
    normal = camera.axes @ normal
    offset = float(normal @ (camera.axes @ (corners_m[0] - camera.position_m)))
    u = (np.arange(box[0], box[2]) + 0.5 - camera.size_px[0] * _SCALE / 2) / (camera.focal_px * _SCALE)
    v = (np.arange(box[1], box[3]) + 0.5 - camera.size_px[1] * _SCALE / 2) / (camera.focal_px * _SCALE)
    slope = normal[0] * u[None, :] + normal[1] * v[:, None] + normal[2]
    slope = np.where(np.abs(slope) < 1e-9, 1e-9, slope)
    return np.clip(offset / slope, 0.5, _FAR_M).astype(np.float32)


def _draw_tree_shadows(canvas: _Canvas, trees: list[Tree], light: Light) -> None:
    mask = np.zeros(canvas.depth.shape, dtype=np.uint8)
    rng = np.random.default_rng(len(trees))
    for tree in trees:
        slide = light.to_sun[:2] / max(0.25, float(light.to_sun[2])) * (tree.height_m - tree.crown_m * 0.6)
        centre = np.array([tree.x_m, tree.y_m]) - slide
        spots = rng.normal(0, 0.5, (70, 2)) * tree.crown_m + centre
        angles = np.arange(8) * np.pi / 4
        for spot in spots:
            r = float(rng.uniform(0.15, 0.42)) * tree.crown_m
            ring = np.stack([spot[0] + np.cos(angles) * r, spot[1] + np.sin(angles) * r, np.zeros(8)], axis=1)
            points_px, depth_m = canvas.to_px(ring)
            if depth_m.min() > 1.0:
                cv2.fillConvexPoly(mask, np.round(points_px).astype(np.int32), 255)
    soft = cv2.GaussianBlur(mask, (0, 0), 2.5)[..., None].astype(np.float32) / 255
    rays_down = canvas.camera.rays(_SCALE)[..., 2:3] < -0.004
    canvas.image *= np.where(rays_down, 1 - light.shadow * soft, 1.0)


def _head_box(camera: Camera, head: SignalHead) -> tuple[float, float, float, float]:
    points_px, _ = camera.project(head.corners_m())
    low, high = points_px.min(axis=0), points_px.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
