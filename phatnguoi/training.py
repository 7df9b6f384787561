"""Train the small detector of the simulated world: `python -m phatnguoi.training --out DIR --seeds N --epochs E`.

Needs the extra `yolo` (ultralytics, torch). Everything is made here: pictures by `streams.simulated`, the network is
YOLO11 with fewer channels, from scratch. What it learns is true of the simulated world only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from streams.simulated.dataset import CLASS_NAMES, NETWORK_WIDTH_PX, write_crops, write_frames
from streams.simulated.settings import TRAINING_SEEDS, VALIDATION_SEEDS

NETWORK_SIZE_PX = (NETWORK_WIDTH_PX, 384)
"""Width and height that the exported network takes."""
WIDTH_MULTIPLE = 0.15625
"""Share of YOLO11's channels; YOLO11n has 0.25."""
TRAIN_SIZE_PX = 416
VALIDATION_WORLDS = 24
MEASURED_WORLDS = 40
NAME = "phatnguoi-sim"


def main(argv: list[str] | None = None) -> int:
    """Make the pictures that are missing, train or resume, and export."""
    parser = argparse.ArgumentParser(prog="python -m phatnguoi.training", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for pictures, checkpoints and exported weights")
    parser.add_argument("--images", type=int, default=3000, help="training pictures, 16 of each seed")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--processes", type=int, default=2, help="processes that draw pictures")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--start-from", type=Path, help="a .pt of the same network to start from")
    parser.add_argument("--export-only", action="store_true")
    args = parser.parse_args(argv)
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_OFFLINE", "true")
    make_pictures(args.out, args.images, args.processes)
    if not args.export_only:
        train(args.out, args.epochs, resume=args.resume, start_from=args.start_from)
    print(json.dumps(export(args.out), indent=1))
    return 0


def make_pictures(out: Path, images: int, processes: int) -> None:
    """Draw what is not there yet: crops for training and for choosing the epoch, whole frames for the figures."""
    jobs = [
        (write_crops, "train", TRAINING_SEEDS, images // 16),
        (write_crops, "val", VALIDATION_SEEDS, VALIDATION_WORLDS),
    ]
    measured = range(VALIDATION_SEEDS.start + 1000, VALIDATION_SEEDS.stop)
    jobs.append((write_frames, "measure", measured, MEASURED_WORLDS))
    for write, name, seeds, worlds in jobs:
        folder = out / "dataset" / name
        if folder.exists():
            continue
        part = folder.with_name(name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        chunks = [seeds[k : min(k + 5, worlds)] for k in range(0, worlds, 5)]
        with ProcessPoolExecutor(processes) as pool:
            list(pool.map(write, [part] * len(chunks), chunks))
        part.rename(folder)
    for name in ("train", "val", "measure"):
        text = {"path": str((out / "dataset").resolve()), "train": f"{name}/images", "val": f"{name}/images"}
        if name != "measure":
            text["train"], text["val"] = "train/images", "val/images"
        document = {**text, "names": dict(enumerate(CLASS_NAMES))}
        (out / f"{name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


def network_yaml(out: Path) -> Path:
    """YOLO11's own description with fewer channels."""
    import ultralytics

    source = Path(ultralytics.__file__).parent / "cfg" / "models" / "11" / "yolo11.yaml"
    document = yaml.safe_load(source.read_text())
    document["nc"] = len(CLASS_NAMES)
    document["scales"] = {"n": [0.5, WIDTH_MULTIPLE, 1024]}
    path = out / f"yolo11n-{NAME}.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def train(out: Path, epochs: int, *, resume: bool, start_from: Path | None) -> None:
    """Train on two cores: bfloat16 and channels-last, which is three times as fast as plain float32 here."""
    import torch
    from ultralytics import YOLO
    from ultralytics.models.yolo.detect import DetectionTrainer
    from ultralytics.nn.tasks import DetectionModel

    torch.set_num_threads(2)

    def loss(self: Any, batch: dict[str, Any], preds: Any = None) -> Any:
        """As the original, but the network runs in bfloat16; the loss itself stays in float32."""
        if getattr(self, "criterion", None) is None:
            self.criterion = self.init_criterion()
        if preds is None:
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.training):
                preds = self.forward(batch["img"])
        return self.criterion(_in_float(preds), batch)

    DetectionModel.loss = loss

    class Trainer(DetectionTrainer):  # type: ignore[misc]
        """Keeps pictures and weights channels-last."""

        def get_model(self, *args: Any, **kwargs: Any) -> Any:
            return super().get_model(*args, **kwargs).to(memory_format=torch.channels_last)

        def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
            batch = super().preprocess_batch(batch)
            batch["img"] = batch["img"].contiguous(memory_format=torch.channels_last)
            return batch

    last = out / "runs" / NAME / "weights" / "last.pt"
    if resume and last.exists():
        YOLO(str(last)).train(trainer=Trainer, resume=True)
        return
    model = YOLO(str(start_from) if start_from else str(network_yaml(out)), task="detect")
    model.train(
        trainer=Trainer, data=str(out / "train.yaml"), epochs=epochs, imgsz=TRAIN_SIZE_PX, batch=16, workers=1,
        project=str((out / "runs").resolve()), name=NAME, exist_ok=True, device="cpu", amp=False, plots=False,
        optimizer="AdamW", lr0=0.0015 if start_from else 0.003, lrf=0.02, cos_lr=True, warmup_epochs=1.0,
        mosaic=0.0, scale=0.3, translate=0.1, fliplr=0.5, hsv_h=0.02, hsv_s=0.5, hsv_v=0.4, save_period=-1, seed=0,
        pretrained=bool(start_from), cache="ram", patience=0, close_mosaic=0,
    )  # fmt: skip


def _in_float(value: Any) -> Any:
    """The same nest of tensors in float32."""
    if isinstance(value, dict):
        return {key: _in_float(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_in_float(part) for part in value)
    return value.float() if hasattr(value, "is_floating_point") and value.is_floating_point() else value


def export(out: Path) -> dict[str, float]:
    """Write the stripped checkpoint and the OpenVINO network below `out/export`; gives the measured figures."""
    from ultralytics import YOLO

    folder = out / "export"
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / f"{NAME}.pt"
    strip(out / "runs" / NAME / "weights" / "best.pt", checkpoint)
    model = YOLO(str(checkpoint))
    size = [NETWORK_SIZE_PX[1], NETWORK_SIZE_PX[0]]
    made = Path(model.export(format="openvino", imgsz=size, half=True, batch=1, device="cpu"))
    facts = made / "metadata.yaml"
    metadata = yaml.safe_load(facts.read_text())
    metadata["description"] = f"{NAME}: knows only the simulated crossing"
    facts.write_text(yaml.safe_dump(metadata, sort_keys=False))
    measured = measure(out, checkpoint)
    (folder / "measured.json").write_text(json.dumps(measured, indent=1))
    return measured


def strip(source: Path, target: Path) -> None:
    """A checkpoint without optimizer, in float16, and without anything that tells where it was made."""
    import torch
    from ultralytics.utils.torch_utils import strip_optimizer

    shutil.copyfile(source, target)
    strip_optimizer(str(target))
    # our own file, written by this process a moment ago
    checkpoint = torch.load(target, map_location="cpu", weights_only=False)
    model = checkpoint["model"]
    for name in ("criterion", "pt_path", "task_args", "overrides"):
        vars(model).pop(name, None)
    model.yaml["yaml_file"] = Path(model.yaml["yaml_file"]).name
    model.args = _without_places(vars(model.args) if hasattr(model.args, "__dict__") else dict(model.args))
    checkpoint["train_args"] = _without_places(checkpoint["train_args"])
    checkpoint["git"] = None
    torch.save(checkpoint, target)


def _without_places(arguments: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if not (isinstance(value, str) and "/" in value)}


def measure(out: Path, checkpoint: Path) -> dict[str, float]:
    """mAP, precision and recall on whole pictures of seeds that neither trained nor chose the epoch."""
    from ultralytics import YOLO

    figures = YOLO(str(checkpoint)).val(
        data=str(out / "measure.yaml"), imgsz=NETWORK_WIDTH_PX, rect=True, batch=1, plots=False, device="cpu",
        workers=0, verbose=False, project=str((out / "runs").resolve()), name="measure", exist_ok=True,
    )  # fmt: skip
    measured = {"map50_95": float(figures.box.map), "map50": float(figures.box.map50)}
    measured |= {"precision": float(figures.box.mp), "recall": float(figures.box.mr)}
    for place, index in enumerate(figures.box.ap_class_index):
        measured[f"map50_{CLASS_NAMES[index]}"] = float(figures.box.ap50[place])
        measured[f"recall_{CLASS_NAMES[index]}"] = float(figures.box.r[place])
    return measured


if __name__ == "__main__":
    sys.exit(main())
