"""Trees, lamp posts, wires and the signal: what stands at the kerb. Colours are BGR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from streams.simulated.layout import JUNCTION_FROM_M, Layout
from streams.simulated.light import Light
from streams.simulated.phases import Lamp
from streams.simulated.signal_head import SignalHead

Array = npt.NDArray[np.float64]
Canvas = npt.NDArray[np.float32]
ToPx = Callable[[Array], tuple[Array, Array]]
Colours = dict[Lamp, tuple[int, int, int]]
_LAMP_ON: dict[Lamp, tuple[int, int, int]] = {"red": (36, 30, 252), "amber": (20, 178, 255), "green": (150, 248, 40)}
_LAMP_OFF: dict[Lamp, tuple[int, int, int]] = {"red": (26, 24, 52), "amber": (22, 42, 52), "green": (36, 46, 24)}
LAMPS: tuple[Lamp, ...] = ("red", "amber", "green")


@dataclass(frozen=True, slots=True)
class Tree:
    """A street tree: trunk foot, height and radius of the crown in metres."""

    x_m: float
    y_m: float
    height_m: float
    crown_m: float
    tint: float


def trees_of(rng: np.random.Generator, layout: Layout) -> list[Tree]:
    """Trees on both pavements, none where it would hide the signal."""
    made: list[Tree] = []
    for side in (-1.0, 1.0):
        edge = layout.width_m if side > 0 else layout.oncoming_m
        for start, end in ((-7.0, 0.0), (layout.junction_to_m + 5, 140.0)):
            at = start + float(rng.uniform(0, 3))
            while at < end:
                if side < 0 or at > JUNCTION_FROM_M:
                    x_m = side * (edge + float(rng.uniform(1.2, 2.0)))
                    made.append(Tree(x_m, at, float(rng.uniform(6.5, 11)), float(rng.uniform(1.9, 3.4)), rng.random()))
                at += float(rng.uniform(6.5, 11))
    return made


def draw_tree(image: Canvas, depth: npt.NDArray[np.float32], to_px: ToPx, tree: Tree, light: Light,
              rng: np.random.Generator) -> None:  # fmt: skip
    """Trunk and crown of many leaves' clumps, lit from the sun's side."""
    ends, depth_m = to_px(np.array([(tree.x_m, tree.y_m, 0.0), (tree.x_m, tree.y_m, tree.height_m - tree.crown_m)]))
    if depth_m.min() < 1.5:
        return
    per_m = float(np.linalg.norm(ends[1] - ends[0])) / max(0.5, tree.height_m - tree.crown_m)
    lit = light.ambient + light.sun * 0.5
    bark = (np.array([70.0, 84, 96]) * lit).tolist()
    _stroke(image, depth, ends, max(1, round(0.3 * per_m)), bark, float(depth_m[0]))
    spots = rng.normal(0, 1, (150, 3))
    spots /= np.maximum(np.linalg.norm(spots, axis=1, keepdims=True), 1e-6)
    spots *= rng.uniform(0.35, 1.0, (150, 1)) ** 0.5 * tree.crown_m * np.array([1.0, 1.0, 0.82])
    toward = spots @ light.to_sun / tree.crown_m
    order = np.argsort(toward + spots[:, 2] * 0.1 / tree.crown_m)
    spots_px, _ = to_px(spots + np.array([tree.x_m, tree.y_m, tree.height_m - tree.crown_m * 0.8]))
    green = np.array([44.0, 88, 62]) + np.array([10.0, 26, 22]) * tree.tint
    for k in order:
        shade = 0.55 + 0.32 * float(toward[k]) + float(rng.uniform(-0.09, 0.09))
        colour = (green * (light.ambient * 0.8 + light.sun * max(0.0, shade)) * float(rng.uniform(0.85, 1.15))).tolist()
        radius = max(1, round(float(rng.uniform(0.13, 0.32)) * tree.crown_m * per_m))
        centre = (round(float(spots_px[k, 0])), round(float(spots_px[k, 1])))
        _clump(image, depth, centre, radius, colour, float(depth_m[0]), rng)


def _clump(image: Canvas, depth: npt.NDArray[np.float32], centre: tuple[int, int], radius: int,
           colour: list[float], depth_m: float, rng: np.random.Generator) -> None:  # fmt: skip
    """A ragged round of leaves."""
    count = 9
    angles = np.arange(count) * 2 * np.pi / count
    reach = radius * rng.uniform(0.65, 1.15, count)
    points = np.stack([centre[0] + np.cos(angles) * reach, centre[1] + np.sin(angles) * reach], axis=1)
    points = np.round(points).astype(np.int32)
    cv2.fillPoly(image, [points], colour)
    cv2.fillPoly(depth, [points], depth_m)
    if radius > 6:
        for _ in range(radius // 2):
            angle, part = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.95)
            spot = (round(centre[0] + np.cos(angle) * part * radius), round(centre[1] + np.sin(angle) * part * radius))
            factor = float(rng.choice([0.75, 0.85, 1.18, 1.3]))
            cv2.circle(image, spot, max(1, radius // 7), [c * factor for c in colour], -1)


def _stroke(image: Canvas, depth: npt.NDArray[np.float32], ends_px: Array, width_px: int, colour: list[float],
            depth_m: float) -> None:  # fmt: skip
    a, b = (tuple(int(v) for v in np.clip(np.round(end), -20000, 20000)) for end in ends_px)
    cv2.line(image, a, b, colour, width_px)
    cv2.line(depth, a, b, depth_m, width_px)


def draw_poles(image: Canvas, depth: npt.NDArray[np.float32], to_px: ToPx, layout: Layout, head: SignalHead,
               light: Light, rng: np.random.Generator) -> None:  # fmt: skip
    """Lamp posts with wires, a prohibition sign, and the signal's pole, arm and housing."""
    grey = (np.array([128.0, 130, 130]) * (light.ambient + light.sun * 0.4)).tolist()
    posts: list[Array] = []
    left_x = -layout.oncoming_m - 0.8
    for y in (-4.0, layout.junction_to_m + 3, layout.junction_to_m + 28, layout.junction_to_m + 55):
        ends, depth_m = to_px(np.array([(left_x, y, 0.0), (left_x, y, 8.0)]))
        if depth_m.min() > 1.5:
            scale = float(np.linalg.norm(ends[1] - ends[0])) / 8
            _stroke(image, depth, ends, max(1, round(0.2 * scale)), grey, float(depth_m[0]))
            posts.append(np.array([left_x, y, 7.7]))
    for a, b in pairwise(posts):
        for _ in range(5):
            _wire(image, to_px, a + rng.normal(0, 0.15, 3), b + rng.normal(0, 0.15, 3), float(rng.uniform(0.3, 1.2)))
    top = head.z_m + 0.75
    for a3, b3, thick in (
        ((head.pole_x_m, head.y_m, 0.0), (head.pole_x_m, head.y_m, top), 0.16),
        ((head.pole_x_m, head.y_m, head.z_m + 0.3), (head.x_m, head.y_m, head.z_m + 0.3), 0.1),
    ):
        ends, depth_m = to_px(np.array([a3, b3]))
        scale = 1.0 / max(1.0, float(depth_m.mean()))
        focal = float(np.linalg.norm(to_px(np.array([a3, (a3[0], a3[1], a3[2] + 1.0)]))[0][0]
                                     - to_px(np.array([a3, (a3[0], a3[1], a3[2] + 1.0)]))[0][1])) / scale  # fmt: skip
        _stroke(image, depth, ends, max(2, round(thick * focal * scale)), grey, float(depth_m.min()))
    corners_px, depth_m = to_px(head.corners_m())
    cv2.fillConvexPoly(image, np.round(corners_px).astype(np.int32), (38, 36, 34))
    cv2.fillConvexPoly(depth, np.round(corners_px).astype(np.int32), float(depth_m.mean()))
    _sign(image, depth, to_px, (head.pole_x_m + 0.1, head.y_m - 0.1, 2.3), light)


def _sign(
    image: Canvas, depth: npt.NDArray[np.float32], to_px: ToPx, at: tuple[float, float, float], light: Light
) -> None:
    points_px, depth_m = to_px(np.array([at, (at[0] + 0.33, at[1], at[2])]))
    radius = max(2, round(float(np.linalg.norm(points_px[1] - points_px[0]))))
    centre = (round(float(points_px[0, 0])), round(float(points_px[0, 1])))
    lit = light.ambient + light.sun * 0.3
    cv2.circle(image, centre, radius, (np.array([50.0, 40, 205]) * lit).tolist(), -1)
    cv2.circle(image, centre, round(radius * 0.72), (np.array([232.0, 232, 232]) * lit).tolist(), -1)
    cv2.circle(depth, centre, radius, float(depth_m[0]), -1)


def _wire(image: Canvas, to_px: ToPx, a: Array, b: Array, sag_m: float) -> None:
    part = np.linspace(0, 1, 14)[:, None]
    points = a + (b - a) * part
    points[:, 2] -= sag_m * 4 * part[:, 0] * (1 - part[:, 0])
    points_px, depth_m = to_px(points)
    if depth_m.min() > 1.0:
        cv2.polylines(image, [np.round(points_px).astype(np.int32)], False, (46, 44, 42), 2)


def draw_head(image: Canvas, to_px: ToPx, head: SignalHead, lamp: Lamp) -> None:
    """The three lamps, one of them lit, with a little glow."""
    for place, name in enumerate(LAMPS):
        centre_m = head.lamp_centre_m(place)
        points_px, _ = to_px(np.concatenate([centre_m, centre_m + np.array([head.lamp_m * 0.44, 0, 0])]))
        radius = max(1.5, float(np.linalg.norm(points_px[1] - points_px[0])))
        centre = (round(float(points_px[0, 0]) * 8), round(float(points_px[0, 1]) * 8))
        is_on = name == lamp
        if is_on:
            glow = np.zeros_like(image)
            cv2.circle(glow, centre, round(radius * 1.25 * 8), _LAMP_ON[name], -1, cv2.LINE_AA, 3)
            box = [int(v) for v in (centre[0] / 8 - radius * 5, centre[1] / 8 - radius * 5)]
            x0, y0 = max(0, box[0]), max(0, box[1])
            x1, y1 = x0 + int(radius * 10), y0 + int(radius * 10)
            soft = cv2.GaussianBlur(glow[y0:y1, x0:x1], (0, 0), max(1.0, radius * 0.9))
            image[y0:y1, x0:x1] += soft * 0.4
        colour = _LAMP_ON[name] if is_on else _LAMP_OFF[name]
        cv2.circle(image, centre, round(radius * 8), colour, -1, cv2.LINE_AA, 3)
        if is_on:
            core = tuple(min(255, c + 50) for c in colour)
            cv2.circle(image, centre, round(radius * 0.55 * 8), core, -1, cv2.LINE_AA, 3)
