"""`phatnguoi weights export`: a checkpoint for OpenVINO, made smaller to 8 bits where asked, with the loss stated.

Needs the extra `yolo` (ultralytics exports, nncf quantises). What is lost is measured in the two things that count:
boxes, and claims.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from detector.vision.regions import region_of_interest
from detector.vision.vehicles import VehicleDetector, WeightsUnusableError, find_weights_file, letterbox
from detector.vision.weights import open_weights
from detector.worker import Walk
from models.camera_file import CameraFile, CameraFileError, load_camera_file
from models.domain.frame import BGR
from models.domain.scene import Detection
from models.domain.violation import Violation
from phatnguoi.errors import CommandError, SourceNotOpenedError
from streams.errors import StreamError
from streams.open import NO_START, open_source

INPUT_PX = 640
CALIBRATION_FRAMES = 200
COMPARED_FRAMES = 100
SURE = 0.35
SAME_BOX_IOU = 0.5
SAME_ACT_US = 1_000_000
SAME_ACT_HEIGHTS = 1.0
HEAD_ARITHMETIC = ".*/model\\.23/.*(Sigmoid|Add|Sub|Mul|Div|Concat).*"
"""What turns anchors into boxes stays exact: 8 bits there cost whole pixels."""


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = actions.add_parser("export", help="a .pt or an exported folder for OpenVINO; --int8 states what is lost")
    export.add_argument("weights", type=Path, metavar="WEIGHTS")
    export.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    export.add_argument("--int8", action="store_true", help="8-bit numbers: smaller and faster, not quite the same")
    export.add_argument("--calibrate", type=Path, metavar="CLIP", help="footage like that of the cameras (with --int8)")
    export.add_argument(
        "--camera", type=Path, action="append", default=[], metavar="CAMERA.yaml",
        help="also compare the claims on this recorded camera; may be given again",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Exports, and prints what was lost.

    Raises:
        CommandError: what is missing or cannot be; nothing is left at --out.
    """
    if arguments.out.exists():
        raise CommandError(f"--out {arguments.out}: exists, expected a name that is free")
    if arguments.int8 and arguments.calibrate is None:
        raise CommandError("--int8: got no --calibrate CLIP, expected footage like that of the cameras")
    for package in ("ultralytics", "nncf"):
        if importlib.util.find_spec(package) is None:
            raise CommandError(f"weights export: {package} is not in this environment: run `make install-yolo`")
    try:
        cameras = [load_camera_file(path) for path in arguments.camera]
        with tempfile.TemporaryDirectory() as folder:
            exact = _exported(arguments.weights, Path(folder) / "exact")
            made = exact
            if arguments.int8:
                made = _quantised(exact, arguments.calibrate, Path(folder) / "int8")
                _state_loss(exact, made, arguments.calibrate, cameras)
            shutil.move(made, arguments.out)
    except (CameraFileError, WeightsUnusableError) as error:
        raise CommandError(str(error)) from None
    except StreamError as error:
        raise SourceNotOpenedError(str(error)) from None
    print(f"{arguments.out}: {sum(file.stat().st_size for file in arguments.out.iterdir()) / 1e6:.1f} MB")
    return 0


@dataclass(slots=True)
class BoxLoss:
    """Boxes of the first network that the second does not give, and the other way round."""

    kept: int = 0
    lost: int = 0
    added: int = 0
    overlap: float = 0.0

    def note(self, before: list[Detection], after: list[Detection]) -> None:
        rest = list(after)
        for box in (each for each in before if each.confidence >= SURE):
            near = [each for each in rest if each.label == box.label and each.box.iou(box.box) >= SAME_BOX_IOU]
            partner = max(near, key=lambda each: each.box.iou(box.box), default=None)
            if partner is None:
                self.lost += 1
                continue
            rest.remove(partner)
            self.kept += 1
            self.overlap += partner.box.iou(box.box)
        self.added += sum(each.confidence >= SURE for each in rest)

    def told(self) -> str:
        overlap = self.overlap / max(1, self.kept)
        return f"boxes: {self.kept} kept (mean IoU {overlap:.3f}), {self.lost} lost, {self.added} added"


def _state_loss(exact: Path, made: Path, clip: Path, cameras: list[CameraFile]) -> None:
    size = (INPUT_PX, INPUT_PX)
    before, after = open_weights(exact, size).detector, open_weights(made, size).detector
    loss = BoxLoss()
    for picture in tqdm(_pictures(clip, COMPARED_FRAMES, odd=True), desc="boxes", disable=None, file=sys.stderr):
        loss.note(before.detect([picture])[0], after.detect([picture])[0])
    print(loss.told())
    for file in cameras:
        size = region_of_interest(file.camera).input_px
        first, second = (_claims(file, open_weights(path, size).detector) for path in (exact, made))
        kept = sum(any(_is_same_act(a, b) for b in second) for a in first)
        added = sum(not any(_is_same_act(a, b) for a in first) for b in second)
        print(f"claims on {file.camera.id}: {kept} of {len(first)} kept, {added} added")


def _claims(file: CameraFile, vehicles: VehicleDetector) -> list[Violation]:
    camera = open_source(file.source(), starts_at=file.camera.starts_at or NO_START)
    if camera.is_live:
        raise CommandError(f"{file.path}: got a live camera, expected a recording: both must see the same")
    walk = Walk(file, vehicles, is_recording=True)
    frames = tqdm(camera.source.frames(), desc=f"claims on {file.camera.id}", disable=None, file=sys.stderr)
    return [claimed.violation for frame in frames for claimed in walk.step(frame)]


def _is_same_act(a: Violation, b: Violation) -> bool:
    reach_px = SAME_ACT_HEIGHTS * a.moments[1].box.height
    is_near = abs(a.point.x - b.point.x) <= reach_px and abs(a.point.y - b.point.y) <= reach_px
    return a.rule == b.rule and is_near and abs(a.pts_us - b.pts_us) <= SAME_ACT_US


def _pictures(clip: Path, most: int, *, odd: bool) -> Iterator[BGR]:
    """Every other part of the clip, so that nothing is compared on what it was calibrated with."""
    camera = open_source(str(clip), starts_at=NO_START)
    shape = camera.shape()
    total = (shape.frame_count if shape is not None else None) or 1000
    step = max(1, total // (2 * most))
    given = 0
    for frame in camera.source.frames():
        if frame.index % (2 * step) == (step if odd else 0) and given < most:
            given += 1
            yield frame.image
    if given == 0:
        raise CommandError(f"--calibrate {clip}: got {total} frames, expected at least two")


def _exported(weights: Path, folder: Path) -> Path:
    """A folder with .xml, .bin and metadata.yaml, of any input size."""
    if weights.suffix != ".pt":
        file = find_weights_file(weights)
        if file.suffix != ".xml" or not file.exists():
            raise CommandError(f"weights {weights}: got no such .xml, expected a .pt or an exported folder")
        folder.mkdir()
        for part in (file, file.with_suffix(".bin"), file.parent / "metadata.yaml"):
            shutil.copyfile(part, folder / part.name)
        return folder
    if not weights.is_file():
        raise CommandError(f"weights {weights}: no such file, expected a .pt or an exported folder")
    from ultralytics import YOLO

    with tempfile.TemporaryDirectory() as own:
        copy = Path(shutil.copyfile(weights, Path(own) / weights.name))
        shutil.move(YOLO(copy).export(format="openvino", imgsz=INPUT_PX, dynamic=True, verbose=False), folder)
    return folder


def _quantised(exact: Path, clip: Path, folder: Path) -> Path:
    import nncf
    import openvino as ov

    input_px = open_weights(exact, (INPUT_PX, INPUT_PX)).input_px

    def network_input(picture: BGR) -> Any:
        return letterbox(picture, input_px)[0][np.newaxis]

    pictures = list(_pictures(clip, CALIBRATION_FRAMES, odd=False))
    core = ov.Core()
    file = find_weights_file(exact)
    model: Any = core.read_model(file)
    small = nncf.quantize(
        model,
        nncf.Dataset(pictures, network_input),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(pictures),
        ignored_scope=nncf.IgnoredScope(
            patterns=[".*/model\\.23/.*(Sigmoid|Add|Sub|Mul|Div|Concat).*"], validate=False
        ),
    )
    folder.mkdir()
    ov.save_model(small, folder / file.name)
    shutil.copyfile(exact / "metadata.yaml", folder / "metadata.yaml")
    (folder / "calibrated_on.json").write_text(json.dumps({"clip": clip.name, "frames": len(pictures)}) + "\n")
    return folder
