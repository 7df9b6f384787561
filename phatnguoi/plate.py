"""`phatnguoi plate`: the plate in each picture, of a plate or of a vehicle, or why it is left unread."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detector.vision.plates import open_plate_reader
from detector.vision.plates.reader import SHIPPED_THRESHOLD
from detector.vision.vehicles import WeightsUnusableError
from models.domain.frame import BGR
from models.domain.plate_forms import written
from models.domain.plate_reading import PlateReading
from phatnguoi.errors import CommandError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="a picture of a plate or of a vehicle")
    parser.add_argument("--json", action="store_true", help="a JSON object a line")
    parser.add_argument(
        "--threshold", type=_share, default=SHIPPED_THRESHOLD, metavar="SHARE", help="default: %(default)s"
    )


def run(arguments: argparse.Namespace) -> int:
    """Raises:
    CommandError: a file that is no picture; nothing after it is read.
    """
    try:
        reader = open_plate_reader(arguments.threshold)
    except WeightsUnusableError as error:
        raise CommandError(str(error)) from None
    for path in arguments.images:
        line = reading_line(path.name, reader.read(read_picture(path)))
        print(json.dumps(line, ensure_ascii=False) if arguments.json else _in_words(line), flush=True)
    return 0


def read_picture(path: Path) -> BGR:
    """Raises:
    CommandError: it is none.
    """
    try:
        raw = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}, expected a picture") from None
    image = cv2.imdecode(raw, cv2.IMREAD_COLOR) if raw.size else None
    if image is None:
        raise CommandError(f"{path}: got {raw.size} bytes that are no picture, expected JPEG or PNG")
    return np.asarray(image, np.uint8)


def reading_line(name: str, reading: PlateReading) -> dict[str, Any]:
    """What is said of one picture; `text` is null where the reader abstains."""
    return {
        "image": name,
        "text": written(reading.lines) if reading.reason is None else None,
        "reason": reading.reason,
        "confidence": round(reading.confidence, 4),
        "characters": list(reading.characters) if reading.reason is None else [],
        "lines": len(reading.lines) or None,
        "colour": reading.colour,
        "is_repaired": reading.is_repaired,
        "aside": reading.aside,
        "character_px": reading.character_px,
        "sharpness": reading.sharpness,
        "glare": reading.glare,
    }


def _in_words(line: dict[str, Any]) -> str:
    if line["text"] is None:
        return f"{line['image']}  unread: {line['reason']}"
    marks = [mark for mark in ("repaired" if line["is_repaired"] else None, line["aside"]) if mark]
    return "  ".join([line["image"], line["text"], f"{line['confidence']:.3f}", line["colour"], *marks])


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a share from 0 to 1")
    return value
