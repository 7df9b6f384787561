"""What of the road stands still: its paint, houses and trees; and the camera on its pole."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from streams.simulated.camera import Camera, look_at
from streams.simulated.facades import Facade, _row
from streams.simulated.ground import Array, Ground
from streams.simulated.layout import Layout
from streams.simulated.light import Light
from streams.simulated.road.plan import FREE_LEFT_M, LANE_M, LANES_FROM_M, SIDEWALK_M, Plan
from streams.simulated.scenery import _FAR_M, _SCALE, Scenery, _Canvas, _draw_facade, _draw_ground, _draw_tree_shadows
from streams.simulated.settings import WorldSettings
from streams.simulated.streetside import Tree, draw_tree

_ZEBRA_M = (50.0, 53.0)
_FAR_END_M = 170.0


class RoadGround(Ground):
    """Asphalt and paint of a straight road."""

    def __init__(self, plan: Plan, seed: int) -> None:
        super().__init__(Layout(plan.lanes, max(1, plan.oncoming_lanes), 1), seed)
        self._plan = plan

    def _tracks(self, x: Array, y: Array) -> Array:
        place = np.mod(np.abs(x) - LANES_FROM_M, LANE_M) - LANE_M / 2
        return np.asarray(np.exp(-((place / 0.55) ** 2)), dtype=np.float32)

    def _markings(self, x: Array, y: Array) -> tuple[Array, Array]:
        plan = self._plan
        dash = np.mod(y, 6.0) < 2.4
        solid = (y > plan.solid_m[0]) & (y < plan.solid_m[1]) & ("solid_line" in plan.acts)
        paint = np.zeros(x.shape, dtype=bool)
        for lane in range(1, plan.lanes):
            stripe = np.abs(x - LANES_FROM_M - lane * LANE_M) < 0.075
            paint |= stripe & (dash | solid if lane == 1 else dash)
        for lane in range(1, plan.oncoming_lanes):
            paint |= (np.abs(x + LANES_FROM_M + lane * LANE_M) < 0.075) & dash
        paint |= np.abs(x - plan.lanes_to_m) < (0.1 if plan.has_shoulder else 0.06)
        on_road = (x > plan.left_m + 0.4) & (x < plan.kerb_m - 0.3)
        paint |= (y > _ZEBRA_M[0]) & (y < _ZEBRA_M[1]) & on_road & (np.mod(x, 1.0) < 0.48)
        yellow = np.abs(np.abs(x) - 0.55) < 0.06 if plan.oncoming_lanes else np.abs(x - 0.55) < 0.06
        if "bus_lane" in plan.acts:
            yellow |= np.abs(x - plan.lanes_to_m + LANE_M) < 0.1
            yellow |= self._bus_marks(x, y)
        for act, place in plan.places().items():
            if act in ("illegal_stopping", "illegal_parking"):
                inside = (y > place.y_m[0]) & (y < place.y_m[1])
                yellow |= inside & (np.abs(x - plan.kerb_m + 0.35 + 0.25 * np.abs(np.mod(y, 2) - 1)) < 0.06)
        yellow &= ~((y > plan.gap_m[0]) & (y < plan.gap_m[1]) & (np.abs(x) < LANES_FROM_M))
        return paint.astype(np.float32), yellow.astype(np.float32)

    def _bus_marks(self, x: Array, y: Array) -> npt.NDArray[np.bool_]:
        """A diamond in the bus lane every 20 m."""
        aside, along = np.abs(x - self._plan.lanes_to_m + LANE_M / 2), np.abs(np.mod(y, 20.0) - 8.0)
        edge = aside / 0.6 + along / 1.6
        return np.asarray((edge < 1) & (edge > 0.75))

    def _off_road(self, colour: Array, x: Array, y: Array, fine: Array, middle: Array) -> Array:
        plan = self._plan
        distance = np.maximum(x - plan.kerb_m, plan.left_m - x)
        in_gap = (y > plan.gap_m[0]) & (y < plan.gap_m[1])
        median = (np.abs(x) < 0.4) & ~in_gap & (plan.oncoming_lanes > 0)
        tile = (np.mod(x, 0.4) < 0.03) | (np.mod(y, 0.4) < 0.03)
        shade = (1 + fine * 0.05 + middle * 0.06) * np.where(tile, 0.86, 1.0)
        pavement = self._pavement * shade[..., None]
        colour = np.where(((distance > 0) | median)[..., None], pavement, colour)
        kerb = ((distance > -0.02) & (distance < 0.26)) | (median & (np.abs(x) > 0.28))
        stones = np.where(np.mod(y, 2.0) < 1.0, 188.0, 150.0)[..., None] * (1 + 0.05 * fine)[..., None]
        return np.where(kerb[..., None], stones, colour).astype(np.float32)


def road_camera(settings: WorldSettings, plan: Plan) -> Camera:
    """The pole stands beside or over our lanes and looks along our heading."""
    rng = np.random.default_rng([settings.seed, 32])
    height_m = settings.camera_height_m or float(rng.uniform(5.5, 9.0))
    back_m = settings.camera_back_m or float(rng.uniform(11.0, 14.0))
    middle_m = (plan.lanes_to_m + LANES_FROM_M) / 2
    position = np.array([middle_m + float(rng.uniform(-2.0, 1.0)), -back_m, height_m])
    target = np.array([middle_m + float(rng.uniform(-0.5, 0.8)), float(rng.uniform(7.0, 9.0)), 0.0])
    shown_m = plan.kerb_m + float(rng.uniform(8.0, 10.5))
    focal_px = settings.width_px * float(np.hypot(back_m + 8.0, height_m)) / shown_m * settings.zoom
    size_px = (settings.width_px, settings.height_px)
    return look_at(position, target, focal_px, size_px, float(rng.normal(0, 0.006)))


def road_scenery(settings: WorldSettings, plan: Plan, camera: Camera, light: Light) -> Scenery:
    """Draw the still road of one seed."""
    canvas = _Canvas(camera)
    ground_mask = _draw_ground(canvas, RoadGround(plan, settings.seed), settings.seed, light)
    rng = np.random.default_rng([settings.seed, 33])
    trees = _trees(rng, plan)
    rows = [(1.0, plan.kerb_m + SIDEWALK_M + 0.6), (-1.0, -plan.left_m + SIDEWALK_M + 0.6)]
    facades = [facade for side, edge in rows for facade in _row(rng, light, side, edge, (-12.0, _FAR_END_M))]
    standing: list[tuple[float, Facade | Tree]] = [(facade.distance_m(camera), facade) for facade in facades]
    standing += [(float(tree.y_m - camera.position_m[1]), tree) for tree in trees]
    _draw_tree_shadows(canvas, trees, light)
    for _, thing in sorted(standing, key=lambda pair: -pair[0]):
        if isinstance(thing, Tree):
            draw_tree(canvas.image, canvas.depth, canvas.to_px, thing, light, rng)
        else:
            _draw_facade(canvas, thing)
    width, height = camera.size_px
    depth = canvas.depth.reshape(height, _SCALE, width, _SCALE).min(axis=(1, 3))
    small = cv2.resize(canvas.image, (width, height), interpolation=cv2.INTER_AREA)
    shrunk = cv2.resize(ground_mask, (width, height), interpolation=cv2.INTER_AREA)
    ground = ((depth >= _FAR_M) & (shrunk > 0)).astype(np.uint8)
    return Scenery({"off": np.clip(small, 0, 255).astype(np.uint8)}, depth, ground, (0.0, 0.0, 0.0, 0.0))


def _trees(rng: np.random.Generator, plan: Plan) -> list[Tree]:
    """At the inner edge of both sidewalks, far enough not to hide who rides there."""
    made = []
    for x_m in (plan.kerb_m + SIDEWALK_M - 0.3, min(plan.left_m, FREE_LEFT_M) - SIDEWALK_M + 0.3):
        at = 46.0 + float(rng.uniform(0, 4))
        while at < 140.0:
            tall = float(rng.uniform(6.5, 10)), float(rng.uniform(1.8, 2.8))
            made.append(Tree(x_m, at, *tall, rng.random()))
            at += float(rng.uniform(7, 12))
    return made
