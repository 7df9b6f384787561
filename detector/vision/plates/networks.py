"""Runs PP-OCR's networks, as RapidOCR ships them, by OpenVINO: one finds lines of text, two read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import openvino as ov

import models
from detector.vision.openvino_network import CPU_SETTINGS
from detector.vision.vehicles import WeightsUnusableError
from models.domain.frame import BGR

Floats = npt.NDArray[np.float32]
FOLDER = Path(next(iter(models.__path__))) / "weights" / "plates"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SEPARATORS = "-._·•~'`,:*=|"
_LINE_HEIGHT_PX, _WIDTHS_PX = 48, (96, 160, 224, 320, 416)
"""What the readers were trained on; a line is padded to the next width, so that few shapes are ever compiled."""
_STEP_PX = 32
_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
_SPREAD = np.array([0.229, 0.224, 0.225], np.float32) * 255


@dataclass(frozen=True, slots=True)
class Steps:
    """What a reader says of one line, time step by time step.

    Attributes:
        shares: shape (steps, 37): no character, then ALPHABET.
        separators: shape (steps,): share of a dash or dot.
        width: steps that lie on the line and not on its padding.
    """

    shares: Floats
    separators: Floats
    width: float


def _compiled(name: str, shape: list[int], threads: int) -> tuple[Any, Any]:
    file = FOLDER / f"{name}.xml"
    if not file.exists():
        raise WeightsUnusableError(f"weights {file}: no such file, expected a network that is shipped with phatnguoi")
    core = ov.Core()
    model = core.read_model(file)
    model.reshape(shape)
    return model, core.compile_model(model, "CPU", CPU_SETTINGS | {"INFERENCE_NUM_THREADS": threads})


class TextReader:
    """Reads one line of text.

    Args:
        name: of the network in models/weights/plates.
    """

    def __init__(self, name: str, threads: int = 1) -> None:
        model, self._network = _compiled(name, [1, 3, _LINE_HEIGHT_PX, -1], threads)
        characters = [chr(int(code)) for code in str(model.get_rt_info(["plates", "characters"]).value).split("-")]
        self._to_alphabet = np.zeros((len(characters) + 1, len(ALPHABET) + 1), np.float32)
        self._separators = [place for place, one in enumerate(characters, start=1) if one in SEPARATORS]
        self._to_alphabet[0, 0] = 1.0
        for place, one in enumerate(characters, start=1):
            plain = "D" if one == "Đ" else one.upper()
            self._to_alphabet[place, ALPHABET.index(plain) + 1 if plain in ALPHABET else 0] = 1.0

    def read(self, line: BGR) -> Steps:
        height, width = line.shape[:2]
        wide = min(_WIDTHS_PX[-1], max(16, round(width * _LINE_HEIGHT_PX / height)))
        padded = next(bucket for bucket in _WIDTHS_PX if bucket >= wide)
        how = cv2.INTER_AREA if height > _LINE_HEIGHT_PX else cv2.INTER_LINEAR
        batch = np.zeros((1, 3, _LINE_HEIGHT_PX, padded), np.float32)
        scaled = cv2.resize(line, (wide, _LINE_HEIGHT_PX), interpolation=how)
        batch[0, :, :, :wide] = scaled.transpose(2, 0, 1).astype(np.float32) / np.float32(127.5) - 1
        said = np.asarray(self._network([batch])[0][0], np.float32)
        return Steps(said @ self._to_alphabet, said[:, self._separators].sum(axis=1), len(said) * wide / padded)


class TextFinder:
    """Tells for each pixel whether it belongs to a line of text."""

    def __init__(self, threads: int = 1) -> None:
        _, self._network = _compiled("finder", [1, 3, -1, -1], threads)

    def find(self, image: BGR, longer_px: int) -> Floats:
        """The shares, on a grid over the whole picture whose longer side is about `longer_px`."""
        height, width = image.shape[:2]
        scale = longer_px / max(height, width)
        size = tuple(max(_STEP_PX, round(side * scale / _STEP_PX) * _STEP_PX) for side in (width, height))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        scaled = (cv2.resize(image, size, interpolation=how).astype(np.float32) - _MEAN) / _SPREAD
        return np.asarray(self._network([scaled.transpose(2, 0, 1)[None]])[0][0, 0], np.float32)
