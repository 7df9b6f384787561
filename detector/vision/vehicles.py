"""Finds vehicles and persons: an exported YOLO, run directly, behind one port.

Letterbox, decode and NMS follow the export format of ultralytics YOLO (v8 to 11: output of shape (1, 4 + classes,
anchors), boxes as centre x, centre y, width, height in px of the network's input).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from models.domain.frame import BGR
from models.domain.geometry import BoxPx
from models.domain.scene import Detection, DetectionLabel

Floats = npt.NDArray[np.float32]
PAD_GREY = 114
LABELS: Mapping[str, DetectionLabel] = {
    "person": "person",
    "bicycle": "bicycle",
    "car": "car",
    "motorcycle": "motorcycle",
    "motorbike": "motorcycle",
    "bus": "bus",
    "truck": "truck",
}


class WeightsUnusableError(ValueError):
    """The weights cannot be used; the message names the file and both sides. A person must act."""


class VehicleDetector(Protocol):
    """Pixels in, boxes out; knows neither camera nor time."""

    def detect(self, pictures: Sequence[BGR]) -> list[list[Detection]]:
        """Boxes in px of each picture, by falling confidence."""


class Network(Protocol):
    """A forward pass."""

    input_px: tuple[int, int]
    """Height and width of the input."""
    names: Sequence[str]
    """Class names by index."""

    def forward(self, batch: Floats) -> Floats:
        """(n, 3, height, width) RGB 0..1 in, (n, 4 + classes, anchors) out."""


@dataclass(frozen=True, slots=True)
class DetectionLimits:
    """What counts as a detection.

    Attributes:
        confidence: least confidence, 0..1.
        overlap: boxes of one kind that overlap by more (IoU) are one.
        most: boxes kept a picture.
    """

    confidence: float = 0.1
    overlap: float = 0.6
    most: int = 200


class YoloDetector:
    """Letterbox, forward, decode, NMS."""

    def __init__(self, network: Network, limits: DetectionLimits | None = None) -> None:
        self._network = network
        self._limits = limits or DetectionLimits()
        self._labels = [LABELS.get(name) for name in network.names]

    def detect(self, pictures: Sequence[BGR]) -> list[list[Detection]]:
        found = []
        for picture in pictures:
            tensor, scale, left_px, top_px = letterbox(picture, self._network.input_px)
            output = self._network.forward(tensor[np.newaxis])[0]
            found.append(self._decode(output, scale, left_px, top_px, picture.shape))
        return found

    def _decode(
        self, output: Floats, scale: float, left_px: int, top_px: int, shape: tuple[int, ...]
    ) -> list[Detection]:
        scores = output[4:]
        wanted = [index for index, label in enumerate(self._labels) if label is not None]
        best = scores[wanted].max(axis=0)
        keep = best >= self._limits.confidence
        if not keep.any():
            return []
        classes = np.asarray(wanted)[scores[wanted][:, keep].argmax(axis=0)]
        xyxy = _corners(output[:4, keep].T, scale, left_px, top_px, shape)
        chosen = _suppress(xyxy, best[keep], classes, self._labels, self._limits)
        return [_detection(xyxy[i], self._labels[classes[i]], float(best[keep][i])) for i in chosen]


def letterbox(picture: BGR, input_px: tuple[int, int]) -> tuple[Floats, float, int, int]:
    """Scales a picture into the network's input without distortion, grey around it.

    Returns:
        The tensor (3, height, width) RGB 0..1, the scale, and the left and top margins in px of the input.
    """
    height, width = input_px
    scale = min(height / picture.shape[0], width / picture.shape[1])
    new_w, new_h = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    inside = picture if (new_w, new_h) == (picture.shape[1], picture.shape[0]) else cv2.resize(picture, (new_w, new_h))
    left, top = (width - new_w) // 2, (height - new_h) // 2
    canvas = np.full((height, width, 3), PAD_GREY, np.uint8)
    canvas[top : top + new_h, left : left + new_w] = inside
    tensor = np.ascontiguousarray(canvas[:, :, ::-1].transpose(2, 0, 1), dtype=np.float32)
    tensor /= 255.0
    return tensor, scale, left, top


def _corners(cxcywh: Floats, scale: float, left_px: int, top_px: int, shape: tuple[int, ...]) -> Floats:
    """Centre boxes of the network's input to xyxy in px of the picture, cut to it."""
    half = cxcywh[:, 2:] / 2
    xyxy = np.concatenate([cxcywh[:, :2] - half, cxcywh[:, :2] + half], axis=1)
    xyxy = (xyxy - np.array([left_px, top_px, left_px, top_px], np.float32)) / np.float32(scale)
    xyxy[:, 0::2] = xyxy[:, 0::2].clip(0, shape[1])
    xyxy[:, 1::2] = xyxy[:, 1::2].clip(0, shape[0])
    return xyxy.astype(np.float32)


def _suppress(
    xyxy: Floats,
    scores: Floats,
    classes: npt.NDArray[Any],
    labels: Sequence[DetectionLabel | None],
    limits: DetectionLimits,
) -> list[int]:
    """NMS by kind: persons, two-wheelers and four-wheelers never hide one another; a car and a truck are one box."""
    kinds = np.array([_kind(labels[c]) for c in classes])
    chosen: list[int] = []
    for kind in range(3):
        index = np.flatnonzero(kinds == kind)
        if index.size:
            boxes = xyxy[index]
            as_xywh = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
            kept = cv2.dnn.NMSBoxes(as_xywh.tolist(), scores[index].tolist(), limits.confidence, limits.overlap)
            chosen.extend(int(index[k]) for k in np.asarray(kept).reshape(-1))
    chosen.sort(key=lambda i: (-float(scores[i]), i))
    return chosen[: limits.most]


def _kind(label: DetectionLabel | None) -> int:
    return 0 if label == "person" else 1 if label in ("motorcycle", "bicycle") else 2


def _detection(xyxy: Floats, label: DetectionLabel | None, confidence: float) -> Detection:
    assert label is not None
    box = BoxPx(float(xyxy[0]), float(xyxy[1]), float(xyxy[2]), float(xyxy[3])).quantised()
    return Detection(box, label, round(confidence * 1000) / 1000)


def find_weights_file(path: Path) -> Path:
    """The file that a runtime opens, for a file or a folder as `yolo export` makes it."""
    if path.is_dir():
        found = sorted(path.glob("*.xml")) or sorted(path.glob("*.onnx"))
        return found[0] if found else path / "model.xml"
    return path
