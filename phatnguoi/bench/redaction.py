"""`phatnguoi bench redaction`: what of others stays readable in redacted pictures, simulated and real apart.

Every vehicle that the detector sees in a picture is the accused in turn. Others are hidden by what the detector sees;
whether they are hidden is judged by what is true: the world's truth, people's labels, or a reader of plates.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from detector.plates import vehicle_cut
from detector.redaction.pictures import Sight, redacted
from detector.vision.plates import PlateReader, open_plate_reader
from detector.vision.riders import Sighting, join_riders
from detector.vision.vehicles import VehicleDetector
from detector.vision.weights import open_weights
from models.domain.camera import Camera
from models.domain.frame import BGR
from models.domain.geometry import BoxPx
from models.domain.scene import VEHICLE_CLASSES
from phatnguoi.bench.provenance import ROOT, SIM_WEIGHTS, provenance
from phatnguoi.bench.rates import Rate
from phatnguoi.bench.simulated import camera_file_of
from streams.open import NO_START, open_source
from streams.simulated.phases import frames_of
from streams.simulated.render import Renderer
from streams.simulated.settings import VALIDATION_SEEDS, parse_url

WORLD = "sim://crossing?seed={seed}&fps=1&duration_s={seconds}&size=1600x900&weather={weather}"
WEATHERS = ("day", "dusk", "rain")
SHARED_DATA = ROOT.parent / "shared" / "data"
REAL_WEIGHTS = SHARED_DATA / "models" / "yolo11n_int8_openvino_model"
JUNCTION = SHARED_DATA / "clips" / "hanoi_junction_1600x1200_5fps.mp4"
STILLS = SHARED_DATA / "traffic_atl"
SEEN_FROM = 0.25
"""Confidence from which a vehicle is followed, and so hidden, when another is accused."""
ACCUSED_FROM = 0.5
LEAST_VISIBLE, WHOLE = 0.5, 0.9
CLEAR_FROM = 0.25
"""A part of which more than this share is unchanged can be read: of a labelled vehicle the lower half, with its plate;
of a rider or walker the upper end."""
HEAD_SHARE = 0.2
WITH_HEADS = frozenset({"motorcycle", "bicycle", "person"})
SAME = 0.5
RULE = "red_light"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture, what the detector sees in it, and where somebody truly is."""

    image: BGR
    camera: Camera
    seen: tuple[Sighting, ...]
    true_boxes: tuple[BoxPx, ...]
    heads: tuple[BoxPx, ...] = ()
    """Upper ends of riders and walkers, the accused's riders among them."""


def run_redaction(arguments: argparse.Namespace) -> int:
    """Measures, prints, and writes `redaction.json`."""
    reader = open_plate_reader()
    result: dict[str, Any] = {"simulated": _plates(_simulated(arguments.seconds), reader)}
    if REAL_WEIGHTS.exists():
        result["hanoi_junction"] = _plates(_junction(), reader)
        result["traffic_atl"] = _lower_halves(_stills(arguments.stills))
    arguments.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result | provenance(), indent=1)
    (arguments.out / "redaction.json").write_text(text + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    return 0


def _plates(pictures: Iterator[Picture], reader: PlateReader) -> dict[str, Any]:
    """Of the plates that a reader reads in the original: how many of others, and of the accused, it still reads."""
    counts: Counter[str] = Counter()
    for picture in pictures:
        legible = [box for box in picture.true_boxes if _is_read(reader, picture.image, box)]
        for accused, image in _redactions(picture):
            counts["redactions"] += 1
            changed = np.any(picture.image != image, axis=2)
            counts["heads"] += len(picture.heads)
            counts["heads_hidden"] += sum(_is_hidden(changed, head) for head in picture.heads)
            for box in legible:
                whose = "own" if box.iou(accused.box) >= SAME else "other"
                counts[f"{whose}_legible"] += 1
                counts[f"{whose}_still_read"] += _is_read(reader, image, box)
    return {
        "redactions": counts["redactions"],
        "plates of others hidden": Rate(
            counts["other_legible"] - counts["other_still_read"], counts["other_legible"]
        ).as_dict(),
        "heads hidden": Rate(counts["heads_hidden"], counts["heads"]).as_dict(),
        "the accused's own plate still read": Rate(counts["own_still_read"], counts["own_legible"]).as_dict(),
    }


def _lower_halves(pictures: Iterator[Picture]) -> dict[str, Any]:
    """Of the labelled vehicles that are not the accused: how many have a lower half in which nothing can be read."""
    counts: Counter[str] = Counter()
    for picture in pictures:
        for accused, image in _redactions(picture):
            counts["redactions"] += 1
            changed = np.any(picture.image != image, axis=2)
            for box in picture.true_boxes:
                if box.iou(accused.box) >= SAME:
                    continue
                counts["others"] += 1
                counts["hidden"] += _is_hidden(changed, BoxPx(box.x1, (box.y1 + box.y2) / 2, box.x2, box.y2))
    return {
        "redactions": counts["redactions"],
        "labelled others hidden": Rate(counts["hidden"], counts["others"]).as_dict(),
    }


def _is_hidden(changed: npt.NDArray[np.bool_], box: BoxPx) -> bool:
    part = changed[int(box.y1) : int(box.y2) + 1, int(box.x1) : int(box.x2) + 1]
    return part.size == 0 or float(part.mean()) >= 1 - CLEAR_FROM


def _head(box: BoxPx) -> BoxPx:
    return BoxPx(box.x1, box.y1, box.x2, box.y1 + HEAD_SHARE * box.height)


def _redactions(picture: Picture) -> Iterator[tuple[Sighting, BGR]]:
    for accused in picture.seen:
        if accused.label not in VEHICLE_CLASSES or accused.confidence < ACCUSED_FROM:
            continue
        others = tuple(one.box for one in picture.seen if one is not accused)
        sight, vehicle = Sight(accused.box, others), accused.label
        yield accused, redacted(picture.image, sight, picture.camera, vehicle, rule=RULE)


def _is_read(reader: PlateReader, image: BGR, box: BoxPx) -> bool:
    cut, _, _ = vehicle_cut(image, box)
    return cut.size > 0 and reader.read(cut).reason is None


def _seen(detector: VehicleDetector, image: BGR) -> tuple[Sighting, ...]:
    (found,) = detector.detect([image])
    return tuple(join_riders([one for one in found if one.confidence >= SEEN_FROM]))


def _simulated(seconds: int) -> Iterator[Picture]:
    """One frame a second of a clip in each weather, on seeds that nothing was trained on."""
    detector = open_weights(SIM_WEIGHTS, (544, 960), threads=1).detector
    for number, weather in enumerate(tqdm(WEATHERS, desc="simulated", unit=" clips", disable=None)):
        url = WORLD.format(seed=VALIDATION_SEEDS.start + 500 + number, seconds=seconds, weather=weather)
        settings = parse_url(url)
        renderer, camera = Renderer(settings), camera_file_of(settings).camera
        for index in range(frames_of(settings)):
            image, drawn, _ = renderer.frame(index)
            boxes = tuple(
                BoxPx(*one.visible_px) for one in drawn if one.visible_px is not None and one.uncovered >= LEAST_VISIBLE
            )
            heads = tuple(
                _head(BoxPx(*one.visible_px))
                for one in drawn
                if one.visible_px is not None and one.uncovered >= WHOLE and one.mover.kind in WITH_HEADS
            )
            yield Picture(image, camera, _seen(detector, image), boxes, heads)


def _junction() -> Iterator[Picture]:
    """No truth: whatever the detector suspects, however faintly, may be somebody with a plate."""
    detector = open_weights(REAL_WEIGHTS, (640, 640), threads=1).detector
    camera = open_source(str(JUNCTION), starts_at=NO_START)
    for frame in camera.source.frames():
        (found,) = detector.detect([frame.image])
        seen = tuple(join_riders([one for one in found if one.confidence >= SEEN_FROM]))
        suspected = tuple(one.box for one in join_riders(found) if one.label in VEHICLE_CLASSES)
        heads = tuple(_head(one.box) for one in found if one.label == "person")
        yield Picture(frame.image, _bare(frame.image), seen, suspected, heads)


def _stills(most: int) -> Iterator[Picture]:
    detector = open_weights(REAL_WEIGHTS, (640, 640), threads=1).detector
    paths: Sequence[Path] = sorted((STILLS / "images").iterdir())[:most]
    for path in tqdm(paths, desc="traffic_atl", unit=" pictures", disable=None):
        read = cv2.imread(str(path))
        if read is None:
            continue
        image = read.astype(np.uint8)
        yield Picture(image, _bare(image), _seen(detector, image), _labels(path, image))


def _labels(path: Path, image: BGR) -> tuple[BoxPx, ...]:
    height, width = image.shape[:2]
    rows = (STILLS / "labels" / f"{path.stem}.txt").read_text(encoding="utf-8").split("\n")
    boxes = []
    for row in filter(None, rows):
        x, y, w, h = (float(value) for value in row.split()[1:5])
        box = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
        boxes.append(BoxPx(*(max(0.0, value) for value in box)))
    return tuple(boxes)


def _bare(image: BGR) -> Camera:
    """A camera of this size with nothing drawn: no line and no lamp is laid open."""
    height, width = image.shape[:2]
    frame = {"width": width, "height": height}
    return Camera.model_validate({"schema": 1, "id": "bare", "name": "bare", "source": "bare.mp4", "frame": frame})
