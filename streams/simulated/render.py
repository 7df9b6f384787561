"""Draw the moving part over the still picture, far to near, and say exactly what is visible of whom."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from streams.simulated.camera import Camera
from streams.simulated.effects import Effects
from streams.simulated.light import Light
from streams.simulated.movers import Mover, Pose
from streams.simulated.night import draw_beams, draw_glows, draw_mirrored
from streams.simulated.paint_order import far_to_near
from streams.simulated.phases import Lamp
from streams.simulated.plate_paint import SUBPIXEL, SUBPIXEL_BITS, PlatePainter
from streams.simulated.plates import Picture
from streams.simulated.scenery import Scenery
from streams.simulated.settings import WorldSettings
from streams.simulated.solids import Solid, SolidMaker
from streams.simulated.traffic import Traffic
from streams.simulated.worlds import Moving, world_of

_FLASH_S = 0.2
_UNDER_DARK = 120
_LEAST_WITH_PLATE_PX = 26.0
Ids = npt.NDArray[np.int16]


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


class Renderer:
    """Pictures of one world. Frames must be asked in ascending time."""

    def __init__(self, settings: WorldSettings) -> None:
        self.settings = settings
        self.world = world_of(settings)
        self.moving: Moving = self.world.traffic
        self.camera: Camera = self.world.camera
        self.light: Light = self.world.light
        self.scenery: Scenery = self.world.scenery
        self._solids = SolidMaker(self.camera, self.light)
        self._plates = PlatePainter()
        self._effects = Effects(settings, self.light, self._sun_px())

    @property
    def traffic(self) -> Traffic:
        """The crossing's traffic."""
        assert isinstance(self.moving, Traffic)
        return self.moving

    def frame(self, index: int) -> tuple[Picture, list[Drawn], Lamp]:
        """Picture (BGR, uint8), everybody in it, and the lamp, at frame `index`."""
        t_s = index / self.settings.fps
        self.moving.advance_to(t_s)
        lamp = self.world.lamp(t_s)
        still = self.scenery.pictures[lamp]
        image = still.copy()
        poses = self.moving.poses_at(t_s)
        solids = self._solids.solids(poses, int(t_s / _FLASH_S))
        self._draw_shadows(image, solids)
        ids: Ids = np.zeros(image.shape[:2], dtype=np.int16)
        order = far_to_near(solids, float(self.camera.position_m[0]))
        if self.light.is_night:
            draw_beams(image, order, self.scenery.ground, self.camera)
        for place, solid in enumerate(order, start=1):
            self._draw(image, ids, still, solid, place)
        if self.light.wetness:
            draw_mirrored(image, order, ids, self.scenery.ground, self.light.wetness)
        if self.light.is_night or self.light.wetness:
            draw_glows(image, order, ids, self.camera)
        drawn = [self._seen(ids, solid, place) for place, solid in enumerate(order, start=1)]
        drawn.sort(key=lambda d: d.mover.mover_id)
        return self._effects.apply(image, index), self._shaken(drawn, t_s), lamp

    def _sun_px(self) -> tuple[float, float] | None:
        """Where the sun stands in the picture's plane, None behind the camera."""
        seen = self.camera.axes @ self.light.to_sun
        if seen[2] < 0.1:
            return None
        width, height = self.camera.size_px
        focal = self.camera.focal_px
        return float(width / 2 + focal * seen[0] / seen[2]), float(height / 2 + focal * seen[1] / seen[2])

    def _draw_shadows(self, image: Picture, solids: list[Solid]) -> None:
        """Cast shadow of each on the ground, and the dark below it."""
        mask = np.zeros(image.shape[:2], dtype=np.uint8)
        under = np.zeros_like(mask)
        for solid in solids:
            if solid.shadow is not None and not self.light.is_night:
                cv2.fillConvexPoly(mask, solid.shadow, 255, cv2.LINE_AA, SUBPIXEL_BITS)
            if solid.under is not None:
                cv2.fillConvexPoly(under, solid.under, _UNDER_DARK, cv2.LINE_AA, SUBPIXEL_BITS)
        strength = float(np.uint8(round(255 * self.light.shadow)))
        mask = cv2.multiply(mask, self.scenery.ground, scale=strength / 255)  # type: ignore[assignment]
        under = cv2.multiply(under, self.scenery.ground)  # type: ignore[assignment]
        mask = cv2.blur(cv2.max(mask, under), (3, 3))  # type: ignore[assignment]
        keep = cv2.cvtColor(cv2.bitwise_not(mask), cv2.COLOR_GRAY2BGR)
        cv2.multiply(image, keep, image, scale=1 / 255)

    def _draw(self, image: Picture, ids: Ids, still: Picture, solid: Solid, place: int) -> None:
        for polygon, colour in zip(solid.polygons, solid.colours, strict=True):
            cv2.fillConvexPoly(image, polygon, colour, cv2.LINE_AA, SUBPIXEL_BITS)
        self._draw_plates(image, solid)
        for hull in solid.outlines:
            cv2.fillConvexPoly(ids, hull, place, 8, SUBPIXEL_BITS)
        x0, y0, x1, y1 = _inside(solid.box, self.camera.size_px, 3)
        if x1 <= x0 or y1 <= y0:
            return
        solid.full_area = float(sum(cv2.contourArea(hull) for hull in solid.outlines)) / SUBPIXEL**2
        region = ids[y0:y1, x0:x1]
        solid.drawn_area = float(np.count_nonzero(region == place))
        nearer = self.scenery.depth_m[y0:y1, x0:x1] < solid.nearest_m
        if nearer.any():
            image[y0:y1, x0:x1][nearer] = still[y0:y1, x0:x1][nearer]
            region[nearer] = 0

    def _draw_plates(self, image: Picture, solid: Solid) -> None:
        mover, mesh = solid.mover, solid.mesh
        if mover.plate is None or solid.box[3] - solid.box[1] < _LEAST_WITH_PLATE_PX:
            return
        lit = self.light.ambient_at(solid.pose.x, solid.pose.y) + self.light.sun * 0.35
        for corners_m, size_mm in zip(mesh.plates_m, mesh.plate_sizes_mm, strict=True):
            self._plates.paint(image, mover.plate, size_mm, self.camera.project(solid.in_world(corners_m))[0], lit)

    def _seen(self, ids: Ids, solid: Solid, place: int) -> Drawn:
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

    def _contact(self, solid: Solid) -> tuple[float, float]:
        mover, pose = solid.mover, solid.pose
        back_m = mover.front_m - mover.rear_wheel_m - mover.length_m / 2 if mover.kind != "person" else 0.0
        return self.camera.ground_px(pose.x - math.sin(pose.yaw) * back_m, pose.y - math.cos(pose.yaw) * back_m)

    def _shaken(self, drawn: list[Drawn], t_s: float) -> list[Drawn]:
        """Where everybody is in the picture of the shaken camera."""
        shift = self._effects.shift_px(t_s)
        return [_moved(one, shift, self.camera.size_px) for one in drawn] if any(shift) else drawn


def _moved(one: Drawn, shift: tuple[float, float], size: tuple[int, int]) -> Drawn:
    dx, dy = shift
    x1, y1, x2, y2 = one.whole_px
    seen = one.visible_px
    if seen is not None:
        a, b = min(max(0.0, seen[0] + dx), size[0]), min(max(0.0, seen[1] + dy), size[1])
        c, d = min(max(0.0, seen[2] + dx), size[0]), min(max(0.0, seen[3] + dy), size[1])
        seen = (a, b, c, d) if c - a >= 1 and d - b >= 1 else None
    return replace(
        one, whole_px=(x1 + dx, y1 + dy, x2 + dx, y2 + dy), visible_px=seen,
        contact_px=(one.contact_px[0] + dx, one.contact_px[1] + dy),
    )  # fmt: skip


def _inside(box: tuple[float, float, float, float], size: tuple[int, int], margin: int) -> tuple[int, int, int, int]:
    x0, y0 = max(0, math.floor(box[0]) - margin), max(0, math.floor(box[1]) - margin)
    return x0, y0, min(size[0], math.ceil(box[2]) + margin), min(size[1], math.ceil(box[3]) + margin)


def _is_within(box: tuple[float, float, float, float], size: tuple[int, int]) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1]
