"""The network again, on the clip of a package: no replay, but a comparison within a tolerance.

A network's numbers differ between processors and builds, the clip begins where the tracker had already begun, and the
lamp is first seen in the clip. So this says how far off the second look is, and never that it is equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from detector.errors import ReplayImpossibleError
from detector.evidence.claim import time_of
from detector.replay import Recorded
from detector.vision.weights import Weights
from detector.worker import Claimed, Walk
from models.domain.geometry import PX_STEPS, BoxPx
from streams.counters import Counters
from streams.errors import StreamError
from streams.open import open_source

FRAMES_TOLERANCE = 2
OVERLAP_TOLERANCE = 0.5
"""A second look agrees when the act lies within so many frames, and the boxes at the act overlap (IoU) by so much."""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What the network saw in the clip.

    Attributes:
        frames: of the clip that were looked at.
        frames_off: of the nearest claim by the same rule; None: there was none.
        overlap: IoU of the two boxes at the act, 0..1.
        is_same_network: the weights have the digest that the manifest names.
    """

    frames: int
    frames_off: int | None
    overlap: float
    is_same_network: bool

    @property
    def agrees(self) -> bool:
        is_near = self.frames_off is not None and abs(self.frames_off) <= FRAMES_TOLERANCE
        return is_near and self.overlap >= OVERLAP_TOLERANCE


def look_again(folder: Path, recorded: Recorded, weights: Weights) -> SecondLook:
    """Walks the package's clip with the sealed camera file.

    Raises:
        ReplayImpossibleError: there is no clip that can be read.
    """
    manifest = recorded.manifest
    if manifest.clip is None:
        raise ReplayImpossibleError("clip.mp4: the package was sealed without it")
    begins = time_of(manifest.occurred_at_us - manifest.clip.starts_before_act_us)
    walk = Walk(recorded.camera, weights.detector, is_recording=True)
    claims: list[Claimed] = []
    try:
        source = open_source(str(folder / "clip.mp4"), starts_at=begins, counters=Counters()).source
        for frame in source.frames():
            claims += walk.step(frame)
    except StreamError as error:
        raise ReplayImpossibleError(f"clip.mp4: {error}") from None
    expected = manifest.frame_index - manifest.clip.first_frame_index
    own = [claim for claim in claims if claim.violation.rule == manifest.rule]
    best = max(own, key=lambda claim: _overlap(claim, recorded), default=None)
    return SecondLook(
        frames=walk.profile.frames,
        frames_off=None if best is None else best.violation.frame_index - expected,
        overlap=0.0 if best is None else _overlap(best, recorded),
        is_same_network=weights.sha256 == manifest.software.weights_sha256,
    )


def _overlap(claim: Claimed, recorded: Recorded) -> float:
    x1, y1, x2, y2 = (value / PX_STEPS for value in recorded.manifest.moments[1].box_px16)
    return claim.violation.moments[1].box.iou(BoxPx(x1, y1, x2, y2))
