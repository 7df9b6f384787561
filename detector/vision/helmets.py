"""Counts heads with and without a helmet on motorcycles: an adapter to any YOLO with such classes.

No such weights come with this project, and none were measured on real riders here. Where none are given nobody looks,
and the rules that need it are silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from detector.vision.openvino_network import OpenVinoNetwork
from detector.vision.ultralytics_network import UltralyticsNetwork
from detector.vision.vehicles import Floats, Network, WeightsUnusableError, letterbox
from models.domain.frame import BGR
from models.domain.geometry import BoxPx
from models.domain.scene import Track

HELMET_NAMES = frozenset({"helmet", "with helmet", "helmet on"})
HEAD_NAMES = frozenset({"head", "bare head", "no helmet", "without helmet", "helmet off"})
LEAST_HEIGHT_PX = 64.0
"""Of the motorcycle with its riders in the picture: heads on a smaller one cannot be judged."""
MOST_TRACKS = 6
"""The largest motorcycles of a frame are looked at, and no more."""
LEAST_CONFIDENCE = 0.5
OVERLAP = 0.5
HEAD_ROOM = 0.1
"""The cut reaches so far around the box, in its own height and width: heads stick out."""
INPUT_PX = (320, 320)
HEADS_END = 0.6
"""A head lies in the upper part of the box."""


class Heads(NamedTuple):
    """Heads that one look at a motorcycle shows."""

    bare: int
    helmets: int


class HelmetReader:
    """Looks at motorcycles with a network that knows heads and helmets."""

    def __init__(self, network: Network) -> None:
        """Takes a network that knows both.

        Raises:
            WeightsUnusableError: it has no class for a helmet, or none for a head without one.
        """
        self._network = network
        names = [name.lower().replace("_", " ").replace("-", " ") for name in network.names]
        self._helmets = [place for place, name in enumerate(names) if name in HELMET_NAMES]
        self._bare = [place for place, name in enumerate(names) if name in HEAD_NAMES]
        if not self._helmets or not self._bare:
            raise WeightsUnusableError(
                f"helmet weights: got {len(names)} classes ({', '.join(network.names[:4])} …), expected one for a "
                f"helmet ({', '.join(sorted(HELMET_NAMES))}) and one for a bare head ({', '.join(sorted(HEAD_NAMES))})"
            )

    def look(self, image: BGR, tracks: Sequence[Track], scale: tuple[float, float]) -> Mapping[int, Heads]:
        """Heads on the largest motorcycles, by track id.

        Args:
            image: the whole picture.
            tracks: of this frame, boxes in px of the camera file's frame.
            scale: px of the picture a px of the camera file's frame, across and down.
        """
        large = [t for t in tracks if t.is_seen and t.vehicle == "motorcycle"]
        large = [t for t in large if t.box.height * scale[1] >= LEAST_HEIGHT_PX]
        chosen = sorted(large, key=lambda t: (-t.box.area, t.track_id))[:MOST_TRACKS]
        return {track.track_id: self._heads(_cut(image, track.box, scale)) for track in chosen}

    def _heads(self, picture: BGR) -> Heads:
        tensor, scale, _, top_px = letterbox(picture, self._network.input_px)
        output = self._network.forward(tensor[np.newaxis])[0]
        kinds = self._helmets + self._bare
        scores = output[[4 + place for place in kinds]]
        best, kind = scores.max(axis=0), scores.argmax(axis=0)
        end_px = top_px + HEADS_END * picture.shape[0] * scale
        keep = np.flatnonzero((best >= LEAST_CONFIDENCE) & (output[1] <= end_px))
        chosen = _suppress(output[:4, keep].T, best[keep])
        helmets = sum(1 for place in keep[chosen] if kind[place] < len(self._helmets))
        return Heads(len(chosen) - helmets, helmets)


def open_helmets(path: Path | None, threads: int = 1) -> HelmetReader | None:
    """The reader of these weights; None where none are given: nobody looks at heads.

    Raises:
        WeightsUnusableError: they cannot be run, or know no heads.
    """
    if path is None:
        return None
    network: Network
    if path.suffix == ".pt":
        network = UltralyticsNetwork(path, INPUT_PX, threads)
    else:
        network = OpenVinoNetwork(path, INPUT_PX, threads)
    return HelmetReader(network)


def _suppress(cxcywh: Floats, scores: Floats) -> list[int]:
    """One box a head, whichever its class."""
    if not len(scores):
        return []
    xywh = np.concatenate([cxcywh[:, :2] - cxcywh[:, 2:] / 2, cxcywh[:, 2:]], axis=1)
    kept = cv2.dnn.NMSBoxes(xywh.tolist(), scores.tolist(), LEAST_CONFIDENCE, OVERLAP)
    return [int(place) for place in np.asarray(kept).reshape(-1)]


def _cut(image: BGR, box: BoxPx, scale: tuple[float, float]) -> BGR:
    height, width = image.shape[:2]
    x_room, y_room = HEAD_ROOM * box.width, HEAD_ROOM * box.height
    x1, x2 = max(0, int((box.x1 - x_room) * scale[0])), min(width, int((box.x2 + x_room) * scale[0]) + 1)
    y1, y2 = max(0, int((box.y1 - y_room) * scale[1])), min(height, int(box.y2 * scale[1]) + 1)
    return image[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
