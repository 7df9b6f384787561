"""Runs an exported YOLO by OpenVINO: IR (`.xml` with `.bin`) or ONNX. No torch in the process."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import yaml

from detector.vision.vehicles import Floats, WeightsUnusableError, find_weights_file

STRIDE_PX = 32
_NET = re.compile(rb'<net\s[^>]*version="\d+"')

CPU_SETTINGS = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
"""Left alone, a CPU that has bfloat16 would use it, and give other boxes than one that has not."""


class OpenVinoNetwork:
    """A compiled network with a fixed input.

    Args:
        path: a folder as `yolo export` makes it, an `.xml` or an `.onnx`.
        input_px: (height, width) wished for; a network of a fixed size keeps its own.
        threads: CPU threads.

    Raises:
        WeightsUnusableError: no such file, no model, or no YOLO with vehicle classes.
    """

    def __init__(self, path: Path, input_px: tuple[int, int] | None = None, threads: int = 2) -> None:
        file = find_weights_file(path)
        if not file.exists():
            raise WeightsUnusableError(f"weights {path}: no such file, expected .xml with .bin, or .onnx")
        _check_form(file)
        core = ov.Core()
        try:
            model = core.read_model(file)
            self.input_px = _shape_input(model, input_px)
            self._compiled: Any = core.compile_model(model, "CPU", CPU_SETTINGS | {"INFERENCE_NUM_THREADS": threads})
        except RuntimeError as error:
            raise WeightsUnusableError(f"weights {file}: no model that can be run ({_first_line(error)})") from None
        self._request: Any = self._compiled.create_infer_request()
        self.names: Sequence[str] = _class_names(file, model)
        self._check_output(file)

    def forward(self, batch: Floats) -> Floats:
        self._request.infer([batch], share_inputs=True)
        return np.array(self._request.get_output_tensor(0).data, dtype=np.float32)

    def _check_output(self, file: Path) -> None:
        height, width = self.input_px
        shape = self.forward(np.zeros((1, 3, height, width), np.float32)).shape
        if len(shape) != 3 or shape[1] != 4 + len(self.names):
            raise WeightsUnusableError(
                f"weights {file}: got an output of shape {shape}, expected (1, {4 + len(self.names)}, anchors)"
            )


def weights_sha256(path: Path) -> str:
    """One hash over the files that make the network: .xml and .bin, or the .onnx, in that order.

    Raises:
        WeightsUnusableError: no such file.
    """
    file = find_weights_file(path)
    digest = hashlib.sha256()
    parts = [file, file.with_suffix(".bin")] if file.suffix == ".xml" else [file]
    for part in parts:
        try:
            digest.update(part.read_bytes())
        except OSError:
            raise WeightsUnusableError(f"weights {part}: cannot be read, expected a file") from None
    return digest.hexdigest()


def _check_form(file: Path) -> None:
    """Refuses an .xml that is no network before OpenVINO tries all its readers on it, loudly."""
    if file.suffix == ".xml" and not _NET.search(file.read_bytes()[:4096]):
        raise WeightsUnusableError(f'weights {file}: no model that can be run (expected <net … version="…">)')


def _shape_input(model: Any, input_px: tuple[int, int] | None) -> tuple[int, int]:
    """Gives a network with a free input size the wished one (up to whole strides); else says what it has."""
    shape = model.input(0).partial_shape
    if len(shape) != 4:
        raise RuntimeError(f"got an input of {len(shape)} dimensions, expected 4")
    if shape[2].is_dynamic or shape[3].is_dynamic:
        wished = input_px or (640, 640)
        height, width = (max(STRIDE_PX, -(-side // STRIDE_PX) * STRIDE_PX) for side in wished)
    else:
        height, width = shape[2].get_length(), shape[3].get_length()
    model.reshape([1, 3, height, width])
    return int(height), int(width)


def _class_names(file: Path, model: Any) -> list[str]:
    metadata = file.parent / "metadata.yaml"
    names: Any = None
    if metadata.exists():
        names = (yaml.safe_load(metadata.read_text(encoding="utf-8")) or {}).get("names")
    elif model.has_rt_info(["framework", "names"]):
        names = yaml.safe_load(str(model.get_rt_info(["framework", "names"]).value))
    if isinstance(names, dict) and names:
        return [str(names[index]) for index in sorted(names)]
    raise WeightsUnusableError(f"weights {file}: got no class names, expected the metadata.yaml of its export")


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else type(error).__name__
