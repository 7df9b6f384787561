"""Labelled pictures of many seeds, poses, lights and densities, for training and for measuring a detector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from streams.simulated.render import Drawn, Renderer
from streams.simulated.settings import ACTS, LAMP_STATES, WEATHERS, WorldSettings

CLASS_NAMES = ("person", "bicycle", "car", "motorcycle", "bus", "truck")
"""Order of the classes of the trained network."""
NETWORK_WIDTH_PX = 640
"""Pictures are labelled at the size at which the network will see them."""
LEAST_UNCOVERED = 0.25
LEAST_VISIBLE = 0.06
LEAST_HEIGHT_PX = 8
_FRAMES_A_SEED = 8
_CROP_PX = 416
_WEATHER_SHARES = (0.3, 0.12, 0.13, 0.2, 0.17, 0.08)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture and its boxes: class index, x1, y1, x2, y2 in px."""

    name: str
    image: npt.NDArray[np.uint8]
    boxes: list[tuple[int, float, float, float, float]]


def varied(seed: int, height_px: int) -> WorldSettings:
    """A world whose pose, light, density and rule-breaking differ from seed to seed."""
    rng = np.random.default_rng([seed, 20])
    sharp = bool(rng.random() < 0.5)
    scale = 1.5 if sharp else 1.0
    return WorldSettings(
        seed=seed, fps=1.0, width_px=round(NETWORK_WIDTH_PX * scale), height_px=round(height_px * scale) // 2 * 2,
        duration_s=1e6, weather=WEATHERS[int(rng.choice(len(WEATHERS), p=_WEATHER_SHARES))],
        camera_height_m=float(rng.uniform(4.0, 9.0)), camera_back_m=float(rng.uniform(9.0, 20.0)),
        zoom=float(rng.uniform(0.65, 1.25)), violators=2.0, density=float(rng.choice([0.7, 1.5, 2.5, 4.0])),
        acts=ACTS, has_ambulances=bool(rng.random() < 0.5), lamp=LAMP_STATES[int(rng.choice(3, p=(0.8, 0.1, 0.1)))],
        has_clock=bool(rng.random() < 0.4), shake_px=float(rng.choice([0.0, 4.0])),
    )  # fmt: skip


def labelled_frames(seed: int, height_px: int, frames: int = _FRAMES_A_SEED) -> Iterator[Labelled]:
    """Frames of one varied world at network size, some seconds apart."""
    renderer = Renderer(varied(seed, height_px))
    rng = np.random.default_rng([seed, 21])
    at = int(rng.integers(0, 12))
    for number in range(frames):
        image, drawn, _ = renderer.frame(at)
        at += int(rng.integers(2, 5))
        scale = NETWORK_WIDTH_PX / image.shape[1]
        how = cv2.INTER_AREA if rng.random() < 0.5 else cv2.INTER_LINEAR
        if scale != 1:
            image = cv2.resize(image, (NETWORK_WIDTH_PX, height_px), interpolation=how)  # type: ignore[assignment]
        yield Labelled(f"{seed}_{number}", image, boxes_of(drawn, scale))


def boxes_of(drawn: list[Drawn], scale: float) -> list[tuple[int, float, float, float, float]]:
    """Boxes worth a label: enough is seen, and it is not a speck."""
    made = []
    for one in drawn:
        if one.visible_px is None or one.uncovered < LEAST_UNCOVERED or one.visible < LEAST_VISIBLE:
            continue
        x1, y1, x2, y2 = (value * scale for value in one.visible_px)
        if y2 - y1 >= LEAST_HEIGHT_PX and x2 - x1 >= LEAST_HEIGHT_PX / 3:
            made.append((CLASS_NAMES.index(one.mover.kind), x1, y1, x2, y2))
    return made


def crops(picture: Labelled, rng: np.random.Generator) -> Iterator[Labelled]:
    """Two square cut-outs, left and right; a box that is mostly cut away is dropped, others are cut."""
    height, width = picture.image.shape[:2]
    for place, x0 in enumerate((int(rng.integers(0, 60)), width - _CROP_PX - int(rng.integers(0, 60)))):
        y0 = int(rng.integers(0, height - _CROP_PX + 1))
        boxes = []
        for label, x1, y1, x2, y2 in picture.boxes:
            a, b = max(x1 - x0, 0.0), max(y1 - y0, 0.0)
            c, d = min(x2 - x0, float(_CROP_PX)), min(y2 - y0, float(_CROP_PX))
            if c - a > 3 and d - b > 5 and (c - a) * (d - b) > 0.3 * (x2 - x1) * (y2 - y1):
                boxes.append((label, a, b, c, d))
        image = np.ascontiguousarray(picture.image[y0 : y0 + _CROP_PX, x0 : x0 + _CROP_PX])
        yield Labelled(f"{picture.name}_{place}", image, boxes)


def write_labelled(picture: Labelled, folder: Path, quality: int) -> None:
    """One JPEG below `images`, one YOLO text file below `labels`."""
    height, width = picture.image.shape[:2]
    lines = [
        f"{label} {(x1 + x2) / 2 / width:.6f} {(y1 + y2) / 2 / height:.6f}"
        f" {(x2 - x1) / width:.6f} {(y2 - y1) / height:.6f}"
        for label, x1, y1, x2, y2 in picture.boxes
    ]
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "labels").mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / "images" / f"{picture.name}.jpg"), picture.image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    (folder / "labels" / f"{picture.name}.txt").write_text("\n".join(lines) + "\n" if lines else "")


def write_crops(folder: Path, seeds: range, frames: int = _FRAMES_A_SEED) -> int:
    """Training pictures of these seeds; gives their number."""
    count = 0
    for seed in seeds:
        rng = np.random.default_rng([seed, 22])
        for picture in labelled_frames(seed, _CROP_PX + 16, frames):
            for crop in crops(picture, rng):
                write_labelled(crop, folder, int(rng.integers(35, 96)))
                count += 1
    return count


def write_frames(folder: Path, seeds: range, frames: int = 3) -> int:
    """Whole 16:9 pictures of these seeds, for measuring; gives their number."""
    count = 0
    for seed in seeds:
        for picture in labelled_frames(seed, NETWORK_WIDTH_PX * 9 // 16, frames):
            write_labelled(picture, folder, 90)
            count += 1
    return count
