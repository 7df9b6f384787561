"""What a picture of the demo's crossing shows: found by looking the same moment up in the clip that was drawn.

`--once` needs somebody who reads the plate. A person reads it in the pictures; this stands in for a person, for the
simulated crossing only, and sees nothing but what the office's page shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

from phatnguoi.demo.clip import Act, DemoClip

LOOK_SIZE_PX = (480, 270)
NEAR_FRAMES = 8
ALIKE_LEVELS = 6.0
"""Two pictures of the same moment differ by less, on average, out of 255 levels."""

Grey = npt.NDArray[np.float32]


def find_act(jpeg: bytes, rule: str, clip: DemoClip) -> Act | None:
    """The act of the clip whose moment the picture shows; None when it shows none of them."""
    acts = [act for act in clip.acts() if act.rule == rule]
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None or not acts:
        return None
    seen = _small(picture)
    best: tuple[float, int, Act] | None = None
    for index, image in _frames(clip.path):
        for act in acts:
            distance_frames = abs(act.frame_index - index)
            if distance_frames <= NEAR_FRAMES:
                difference = float(np.abs(image - seen).mean())
                if best is None or (difference, distance_frames) < best[:2]:
                    best = (difference, distance_frames, act)
    return best[2] if best is not None and best[0] < ALIKE_LEVELS else None


def _small(image: npt.NDArray[Any]) -> Grey:
    return cv2.resize(image, LOOK_SIZE_PX, interpolation=cv2.INTER_AREA).astype(np.float32)


def _frames(path: Path) -> Iterator[tuple[int, Grey]]:
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            yield index, _small(frame.to_ndarray(format="gray"))
