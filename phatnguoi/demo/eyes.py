"""What a picture of the demo's crossing shows: found by looking the same moment up in the clip that was drawn.

`--once` needs somebody who reads the plate. A person reads it in the pictures; this stands in for a person, for the
simulated crossing only, and sees nothing but what the office's page shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
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

SAME_MOMENT = 1.3
"""Acts whose moments fit nearly as well as the best one are told apart by where the vehicle stands."""

Grey = npt.NDArray[np.float32]


@dataclass(slots=True)
class Eyes:
    """Knows the frames around every act of the clip."""

    clip: DemoClip
    _near: list[tuple[int, Act, Grey]] = field(default_factory=list)

    def find_act(self, jpeg: bytes, rule: str, point_px: tuple[float, float] | None = None) -> Act | None:
        """The act of that rule whose moment the picture shows; None when it shows none.

        Args:
            point_px: where the accused vehicle stands, where two acts are so near in time that one picture shows both.
        """
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            return None
        if not self._near:
            self._remember()
        seen = _small(picture)
        looks = [
            (float(np.abs(image - seen).mean()), distance_frames, act)
            for distance_frames, act, image in self._near
            if act.rule == rule
        ]
        shown = {look[2]: look[:2] for look in sorted(looks, key=lambda look: look[:2], reverse=True)}
        nearest = min(shown.values(), default=(ALIKE_LEVELS, 0))[0]
        if nearest >= ALIKE_LEVELS:
            return None
        alike = {act: look for act, look in shown.items() if look[0] < SAME_MOMENT * nearest}
        if point_px is None:
            return min(alike, key=lambda act: alike[act])
        return min(alike, key=lambda act: math.dist(act.point_px, point_px))

    def _remember(self) -> None:
        acts = self.clip.acts()
        with av.open(str(self.clip.path)) as container:
            for index, frame in enumerate(container.decode(video=0)):
                near = [act for act in acts if abs(act.frame_index - index) <= NEAR_FRAMES]
                if near:
                    image = _small(frame.to_ndarray(format="gray"))
                    self._near += [(abs(act.frame_index - index), act, image) for act in near]


def _small(image: npt.NDArray[Any]) -> Grey:
    return cv2.resize(image, LOOK_SIZE_PX, interpolation=cv2.INTER_AREA).astype(np.float32)
