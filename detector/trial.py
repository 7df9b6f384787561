"""A file's rules over what a camera has just shown: the same walk as of every frame, and nothing of it is committed."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np

from detector.camera_look import Looking
from detector.evidence.pictures import jpeg
from detector.redaction.pictures import redacted
from detector.redaction.sights import Sights
from detector.verdicts import verdicts
from detector.vision.weights import Weights
from detector.worker import Claimed, Walk
from models.camera_file import CameraFile
from models.domain.camera_jobs import TRIAL_CLAIMS, TRIAL_PICTURES, Trial, TrialCheck, TrialClaim, claim_picture
from models.domain.frame import BGR, Frame
from models.domain.geometry import BoxPx
from streams.source import StreamShape

CPU_LIMIT_S = 240.0
"""Of one trial; what was seen until then is answered."""
REMEMBERED = 120
"""Frames, for the pictures of claims: an act is completed seconds after it."""
TEXT_CHARACTERS = 400
NOT_SEEN = frozenset({"clock", "key frames"})
"""What a recording of the last seconds cannot tell of the camera; `phatnguoi camera check` does."""


@dataclass(slots=True)
class Tried:
    """A trial and its pictures, by name."""

    trial: Trial
    pictures: dict[str, bytes] = field(default_factory=dict)


class TrialRun:
    """Walks frames, and keeps what would have been claimed.

    Raises:
        models.camera_file.CameraFileError: a rule that this camera cannot serve.
    """

    def __init__(self, file: CameraFile, weights: Weights, *, is_recording: bool) -> None:
        self._file = file
        self._walk = Walk(file, weights.detector, is_recording=is_recording)
        self._looking = Looking(has_weights=True)
        self._frames: deque[tuple[int, bytes]] = deque(maxlen=REMEMBERED)
        self._first_us: int | None = None
        self._claims: list[TrialClaim] = []
        self._left_out = 0
        self._pictures: dict[str, bytes] = {}

    def run(self, frames: Iterable[Frame], shape: StreamShape | None, cpu_limit_s: float = CPU_LIMIT_S) -> Tried:
        """All frames, or as many as the CPU time allows."""
        until_s, is_cut_short = time.process_time() + cpu_limit_s, False
        for frame in frames:
            self._step(frame)
            if time.process_time() > until_s:
                is_cut_short = True
                break
        look = self._looking.finish(self._walk, shape)
        checks = tuple(
            TrialCheck(what=each.what[:TEXT_CHARACTERS], state=each.state, because=each.because[:TEXT_CHARACTERS])
            for each in itertools.islice(verdicts(self._file, look), 64)
            if each.what not in NOT_SEEN
        )
        trial = Trial(
            seconds=round(look.seconds, 3), frames=look.frames, is_cut_short=is_cut_short, claims=tuple(self._claims),
            claims_left_out=self._left_out, passed_over=dict(itertools.islice(self._walk.passed_over.items(), 64)),
            checks=checks,
        )  # fmt: skip
        return Tried(trial, self._pictures)

    def _step(self, frame: Frame) -> None:
        self._first_us = frame.pts_us if self._first_us is None else self._first_us
        self._frames.append((frame.pts_us, jpeg(frame.image)))
        for claimed in self._walk.step(frame):
            self._note(claimed)
        self._looking.observe(frame, self._walk)

    def _note(self, claimed: Claimed) -> None:
        if len(self._claims) >= TRIAL_CLAIMS:
            self._left_out += 1
            return
        violation = claimed.violation
        before, at, beyond = (moment.box for moment in violation.moments)
        self._claims.append(
            TrialClaim(
                rule=violation.rule,
                mode="live" if claimed.mode == "live" else "warning",
                vehicle=violation.vehicle,
                at_ms=max(0, violation.pts_us - (self._first_us or 0)) // 1000,
                point_px=(violation.point.x, violation.point.y),
                boxes=(_xyxy(before), _xyxy(at), _xyxy(beyond)),
                lamp=None if claimed.signal is None else claimed.signal.state,
                picture=self._picture(claimed),
            )
        )

    def _picture(self, claimed: Claimed) -> str | None:
        """The vehicle at the act, everybody else in blocks; None where that frame is forgotten, or there are enough."""
        violation, number = claimed.violation, len(self._pictures) + 1
        raw = next((raw for pts_us, raw in self._frames if pts_us == violation.pts_us), None)
        if raw is None or number > TRIAL_PICTURES:
            return None
        image: BGR = cv2.imdecode(np.frombuffer(raw, dtype=np.uint8), cv2.IMREAD_COLOR).astype(np.uint8)  # type: ignore[union-attr]
        sight = Sights(claimed.scenes, violation.track_id).at(violation.pts_us)
        shown = redacted(image, sight, self._file.camera, violation.vehicle, rule=violation.rule)
        self._pictures[claim_picture(number)] = jpeg(shown)
        return claim_picture(number)


def _xyxy(box: BoxPx) -> tuple[float, float, float, float]:
    return box.x1, box.y1, box.x2, box.y2
