"""Draw the moving part over the still picture, far to near, and say exactly what is visible of whom."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from streams.simulated.camera import Camera, camera_of
from streams.simulated.light import Light, light_of
from streams.simulated.mesh import BRAKE_LAMP, GLASS, HEAD_LAMP, LAMP, PAINT, Mesh
from streams.simulated.movers import Mover, Pose
from streams.simulated.paint_order import far_to_near
from streams.simulated.phases import Lamp
from streams.simulated.plate_paint import SUBPIXEL, SUBPIXEL_BITS, PlatePainter
from streams.simulated.plates import Picture
from streams.simulated.scenery import Scenery, build_scenery
from streams.simulated.settings import WorldSettings
from streams.simulated.shapes import make_mesh
from streams.simulated.traffic import Traffic

Array = npt.NDArray[np.float64]
_NEAREST_M = 1.2
_SMALLEST_FACE_PX2 = 0.35
_NOISE_FRAMES = 7
_STRIDE_M = 0.36
_UNDER = np.array(
    [(np.sign(np.cos(a)) * abs(np.cos(a)) ** 0.5, np.sign(np.sin(a)) * abs(np.sin(a)) ** 0.5, 0.0)
     for a in np.arange(16) * np.pi / 8]
)  # fmt: skip
"""Rounded outline of the dark below a vehicle, in half widths."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one mover is in one frame.

    Attributes:
        whole_px: box of all of it, xyxy, whether hidden or not, not cut by the frame.
        visible_px: box of what is seen, xyxy, inside the frame; None where nothing is.
        visible: seen pixels ÷ pixels it would fill if nothing hid it and the frame had no edge, 0..1.
        uncovered: seen pixels ÷ pixels it would fill inside the frame if nothing hid it, 0..1.
        contact_px: picture of the rear wheel's ground contact.
    """

    mover: Mover
    pose: Pose
    whole_px: tuple[float, float, float, float]
    visible_px: tuple[float, float, float, float] | None
    visible: float
    uncovered: float
    contact_px: tuple[float, float]


@dataclass(slots=True)
class _Solid:
    """A mover ready to be drawn."""

    mover: Mover
    pose: Pose
    mesh: Mesh
    points_px: Array
    depth_m: Array
    turn: Array
    extent: tuple[float, float, float, float]
    box: tuple[float, float, float, float]
    outline_px: list[npt.NDArray[np.int32]]
    full_area: float = 0.0
    drawn_area: float = 0.0

    @property
    def nearest_m(self) -> float:
        return float(self.depth_m.mean())


class Renderer:
    """Pictures of one world. Frames must be asked in ascending time."""

    def __init__(self, settings: WorldSettings) -> None:
        self.settings = settings
        self.traffic = Traffic(settings)
        self.camera: Camera = camera_of(settings, self.traffic.layout)
        self.light: Light = light_of(settings)
        self.scenery: Scenery = build_scenery(settings, self.traffic.layout, self.camera, self.light)
        self._meshes: dict[tuple[int, int], Mesh] = {}
        self._plates = PlatePainter()
        self._noise = self._make_noise()

    def frame(self, index: int) -> tuple[Picture, list[Drawn], Lamp]:
        """Picture (BGR, uint8), everybody in it, and the lamp, at frame `index`."""
        t_s = index / self.settings.fps
        self.traffic.advance_to(t_s)
        lamp = self.traffic.phases.main(t_s)
        still = self.scenery.pictures[lamp]
        image = still.copy()
        solids = [s for s in (self._solid(mover, pose) for mover, pose in self.traffic.poses_at(t_s)) if s is not None]
        self._draw_shadows(image, solids)
        ids = np.zeros(image.shape[:2], dtype=np.int16)
        order = far_to_near(solids, float(self.camera.position_m[0]))
        for place, solid in enumerate(order, start=1):
            self._draw(image, ids, still, solid, place)
        drawn = [self._seen(ids, solid, place) for place, solid in enumerate(order, start=1)]
        drawn.sort(key=lambda d: d.mover.mover_id)
        return self._through_lens(image, index), drawn, lamp

    def _mesh(self, mover: Mover) -> Mesh:
        step = int(mover.walk_m / _STRIDE_M) % 4 if mover.kind in ("person", "bicycle") else 0
        key = (mover.mover_id, step)
        if key not in self._meshes:
            if len(self._meshes) > 600:
                self._meshes.clear()
            self._meshes[key] = make_mesh(mover, step)
        return self._meshes[key]

    def _solid(self, mover: Mover, pose: Pose) -> _Solid | None:
        forward_m = (np.array([pose.x, pose.y, 0.8]) - self.camera.position_m) @ self.camera.axes.T
        if forward_m[2] < _NEAREST_M or abs(forward_m[0]) > forward_m[2] * 1.6 + 8:
            return None
        mesh = self._mesh(mover)
        c, s = math.cos(pose.yaw), math.sin(pose.yaw)
        turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        points = mesh.points_m @ turn + (pose.x, pose.y, 0.0)
        points_px, depth_m = self.camera.project(points)
        if float(depth_m.min()) < _NEAREST_M:
            return None
        low, high = points_px.min(axis=0), points_px.max(axis=0)
        width, height = self.camera.size_px
        if high[0] < -200 or low[0] > width + 200 or high[1] < 0 or low[1] > height + 200 or high[1] - low[1] < 2:
            return None
        outline = []
        for group in range(2):
            part = points_px[mesh.group == group]
            if len(part):
                outline.append(cv2.convexHull((part * SUBPIXEL).astype(np.int32)))
        box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        half_x = (mover.width_m * abs(c) + mover.length_m * abs(s)) / 2
        half_y = (mover.length_m * abs(c) + mover.width_m * abs(s)) / 2
        extent = (pose.x - half_x, pose.x + half_x, pose.y - half_y, pose.y + half_y)
        return _Solid(mover, pose, mesh, points_px, depth_m, turn, extent, box, outline)

    def _draw_shadows(self, image: Picture, solids: list[_Solid]) -> None:
        """Cast shadow of each on the ground, and the dark below it."""
        mask = np.zeros(image.shape[:2], dtype=np.uint8)
        sun = self.light.to_sun
        for solid in solids:
            points = solid.mesh.points_m @ solid.turn + (solid.pose.x, solid.pose.y, 0.0)
            flat = points[:, :2] - points[:, 2:3] * (sun[:2] / max(0.3, float(sun[2])))
            ground_px, depth_m = self.camera.project(np.column_stack([flat, np.zeros(len(flat))]))
            if float(depth_m.min()) > 0.8:
                hull = cv2.convexHull((np.clip(ground_px, -4000, 8000) * SUBPIXEL).astype(np.int32))
                cv2.fillConvexPoly(mask, hull, 255, cv2.LINE_AA, SUBPIXEL_BITS)
        strength = np.uint8(round(255 * self.light.shadow))
        mask = cv2.multiply(mask, self.scenery.ground, scale=float(strength) / 255)  # type: ignore[assignment]
        under = np.zeros_like(mask)
        for solid in solids:
            x0, x1, y0, y1 = solid.extent
            middle, half = np.array([(x0 + x1) / 2, (y0 + y1) / 2, 0.0]), np.array([(x1 - x0) / 2, (y1 - y0) / 2, 0.0])
            corners_px, depth_m = self.camera.project(middle + half * _UNDER)
            if float(depth_m.min()) > 0.8 and solid.mover.kind != "person":
                points = (np.clip(corners_px, -4000, 8000) * SUBPIXEL).astype(np.int32)
                cv2.fillConvexPoly(under, points, 120, cv2.LINE_AA, SUBPIXEL_BITS)
        under = cv2.multiply(under, self.scenery.ground)  # type: ignore[assignment]
        mask = cv2.blur(cv2.max(mask, under), (3, 3))  # type: ignore[assignment]
        keep = cv2.cvtColor(cv2.bitwise_not(mask), cv2.COLOR_GRAY2BGR)
        cv2.multiply(image, keep, image, scale=1 / 255)

    def _draw(self, image: Picture, ids: npt.NDArray[np.int16], still: Picture, solid: _Solid, place: int) -> None:
        visible_faces, colours = self._shade(solid)
        polygons = np.round(solid.points_px[solid.mesh.faces[visible_faces]] * SUBPIXEL).astype(np.int32)
        for polygon, colour in zip(polygons, colours, strict=True):
            cv2.fillConvexPoly(image, polygon, colour, cv2.LINE_AA, SUBPIXEL_BITS)
        self._draw_plates(image, solid)
        for hull in solid.outline_px:
            cv2.fillConvexPoly(ids, hull, place, 8, SUBPIXEL_BITS)
        x0, y0, x1, y1 = _inside(solid.box, self.camera.size_px, 3)
        if x1 <= x0 or y1 <= y0:
            return
        solid.full_area = float(sum(cv2.contourArea(hull) for hull in solid.outline_px)) / SUBPIXEL**2
        region = ids[y0:y1, x0:x1]
        solid.drawn_area = float(np.count_nonzero(region == place))
        nearer = self.scenery.depth_m[y0:y1, x0:x1] < solid.nearest_m
        if nearer.any():
            image[y0:y1, x0:x1][nearer] = still[y0:y1, x0:x1][nearer]
            region[nearer] = 0

    def _shade(self, solid: _Solid) -> tuple[npt.NDArray[np.int64], list[list[float]]]:
        """Indices of the faces to draw, far to near, and their colours."""
        mesh, light = solid.mesh, self.light
        corners = solid.points_px[mesh.faces]
        a, b = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
        area = 0.5 * np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
        normals = mesh.normals @ solid.turn
        middles = mesh.points_m[mesh.faces].mean(axis=1) @ solid.turn + (solid.pose.x, solid.pose.y, 0.0)
        to_camera = self.camera.position_m - middles
        faces = np.flatnonzero(((normals * to_camera).sum(axis=1) > 0) & (area > _SMALLEST_FACE_PX2))
        depth = solid.depth_m[mesh.faces[faces]].mean(axis=1) - mesh.lift[faces]
        faces = faces[np.argsort(-depth, kind="stable")]
        normals, to_camera, material = normals[faces], to_camera[faces], mesh.material[faces]
        to_camera = to_camera / np.linalg.norm(to_camera, axis=1, keepdims=True)
        facing = np.maximum(0.0, normals @ light.to_sun)
        up = 0.78 + 0.22 * normals[:, 2]
        colours = mesh.colours[faces] * (light.ambient * up[:, None] + light.sun * facing[:, None])
        half = light.to_sun + to_camera
        half = half / np.linalg.norm(half, axis=1, keepdims=True)
        gloss = np.maximum(0.0, (normals * half).sum(axis=1)) ** 24 * (light.sun.mean() * 210)
        sky = np.clip(0.18 + 0.5 * normals[:, 2], 0.05, 0.6)[:, None] * light.sky_low
        is_glass, is_paint = (material == GLASS)[:, None], (material == PAINT)[:, None]
        colours = np.where(is_glass, colours * 0.75 + sky * 0.42 + gloss[:, None] * 0.8, colours)
        colours = np.where(is_paint, colours * 0.92 + sky * 0.09 + gloss[:, None] * 0.75, colours)
        self._light_lamps(colours, material, mesh.colours[faces], solid.mover.braking)
        return faces, np.clip(colours, 0, 255).tolist()

    def _light_lamps(self, colours: Array, material: npt.NDArray[np.int64], base: Array, braking: bool) -> None:
        brake = material == BRAKE_LAMP
        if braking or self.light.lamps_on:
            colours[brake] = (60, 46, 250) if braking else (40, 30, 205)
        if self.light.lamps_on:
            colours[material == HEAD_LAMP] = (225, 245, 255)
        colours[material == LAMP] = base[material == LAMP]

    def _draw_plates(self, image: Picture, solid: _Solid) -> None:
        mover, mesh = solid.mover, solid.mesh
        if mover.plate is None:
            return
        lit = self.light.ambient + self.light.sun * 0.35
        for corners_m, size_mm in zip(mesh.plates_m, mesh.plate_sizes_mm, strict=True):
            corners = corners_m @ solid.turn + (solid.pose.x, solid.pose.y, 0.0)
            self._plates.paint(image, mover.plate, size_mm, self.camera.project(corners)[0], lit)

    def _seen(self, ids: npt.NDArray[np.int16], solid: _Solid, place: int) -> Drawn:
        contact = self._contact(solid)
        x0, y0, x1, y1 = _inside(solid.box, self.camera.size_px, 3)
        region = ids[y0:y1, x0:x1] == place
        count = int(np.count_nonzero(region)) if region.size else 0
        if count == 0 or solid.drawn_area == 0:
            return Drawn(solid.mover, solid.pose, solid.box, None, 0.0, 0.0, contact)
        columns, rows = np.flatnonzero(region.any(axis=0)), np.flatnonzero(region.any(axis=1))
        width, height = self.camera.size_px
        seen = [float(x0 + columns[0]), float(y0 + rows[0]), float(x0 + columns[-1] + 1), float(y0 + rows[-1] + 1)]
        exact = (max(0.0, solid.box[0]), max(0.0, solid.box[1]), min(float(width), solid.box[2]),
                 min(float(height), solid.box[3]))  # fmt: skip
        box = tuple(e if abs(s - e) <= 1.5 else s for s, e in zip(seen, exact, strict=True))
        overlap = max(1.0, solid.full_area / max(1.0, solid.drawn_area))
        whole = solid.drawn_area if _is_within(solid.box, self.camera.size_px) else solid.drawn_area * overlap
        shares = min(1.0, count / whole), min(1.0, count / solid.drawn_area)
        return Drawn(solid.mover, solid.pose, solid.box, box, *shares, contact)  # type: ignore[arg-type]

    def _contact(self, solid: _Solid) -> tuple[float, float]:
        mover, pose = solid.mover, solid.pose
        back_m = mover.front_m - mover.rear_wheel_m - mover.length_m / 2 if mover.kind != "person" else 0.0
        return self.camera.ground_px(pose.x - math.sin(pose.yaw) * back_m, pose.y - math.cos(pose.yaw) * back_m)

    def _make_noise(self) -> list[Picture]:
        rng = np.random.default_rng([self.settings.seed, 11])
        width, height = self.camera.size_px
        made = []
        for _ in range(_NOISE_FRAMES):
            noise = rng.normal(0, self.light.noise, (height, width, 1))
            noise = noise + rng.normal(0, self.light.noise / 2, (height, width, 3))
            made.append(np.clip(noise + 128, 0, 255).astype(np.uint8))
        return made

    def _through_lens(self, image: Picture, index: int) -> Picture:
        """A little blur and the sensor's noise."""
        soft = cv2.GaussianBlur(image, (3, 3), 0.55)
        noise = self._noise[index % _NOISE_FRAMES]
        return cv2.addWeighted(soft, 1.0, noise, 1.0, -128.0)  # type: ignore[return-value]


def _inside(box: tuple[float, float, float, float], size: tuple[int, int], margin: int) -> tuple[int, int, int, int]:
    x0, y0 = max(0, math.floor(box[0]) - margin), max(0, math.floor(box[1]) - margin)
    return x0, y0, min(size[0], math.ceil(box[2]) + margin), min(size[1], math.ceil(box[3]) + margin)


def _is_within(box: tuple[float, float, float, float], size: tuple[int, int]) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1]
