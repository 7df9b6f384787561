"""Watches the picture itself: a camera that was moved, put out of focus, covered, blinded or frozen defends its claims.

Twice a second the picture is made small and grey. The median of the last seconds is the standing background; it is
compared with the reference, the first such background that was fit to see with. Nothing here knows vehicles or rules.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from models.domain.frame import BGR, Frame

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Ailment = Literal["dark", "covered", "defocused", "moved", "frozen"]
AILMENTS: tuple[Ailment, ...] = ("dark", "covered", "defocused", "moved", "frozen")

WIDTH_PX = 640
"""Of the small picture; its height keeps the shape."""
SAMPLE_US = 500_000
WINDOW = 10
"""Samples behind one background."""
JUDGE_EVERY = 4
"""Samples between two judgements."""
CONFIRM = 2
"""Judgements in a row that an ailment needs to begin, and its absence to end it."""
DARK_P99 = 55.0
"""Of 255: nothing lit and nothing lighted reaches higher."""
FLAT_RANGE = 28.0
"""Of 255, from the 1st to the 99th percentile: a picture with nothing in it."""
SIMILAR_LIGHT = 0.30
"""Share by which the median brightness may differ for pictures to be compared tile by tile."""
LOST_EDGES, LOST_TILES = 0.3, 0.5
"""Covered in part: this share of the tiles with edges has lost all but this share of them."""
SOFTENED = 0.45
"""Share of the reference's sharpness below which the picture is out of focus."""
MOVED_SHARE = 0.01
"""Of the width: a shift of the standing picture that lines and zones do not forgive."""
LEAST_RESPONSE = 0.12
"""Of a phase correlation: below it nothing is said of the shift."""
STRANGE = 0.3
"""Correlation of the edges below which a sharp picture in the same light shows another place."""
FROZEN_US = 5_000_000
"""The very same pixels for so long, though frames keep coming."""
TILES = (6, 8)


@dataclass(frozen=True, slots=True)
class Background:
    """The standing part of the picture, measured.

    Attributes:
        grey: shape (height, 640).
        edges: size of its gradient, same shape.
        median, low, high: brightness, and its 1st and 99th percentiles, of 255.
        sharpness: 99th percentile of the second derivative over the brightness range.
    """

    grey: Grey
    edges: Floats
    median: float
    low: float
    high: float
    sharpness: float

    @classmethod
    def of(cls, grey: Grey) -> Background:
        low, median, high = (float(value) for value in np.percentile(grey, (1, 50, 99)))
        sides = [cv2.Sobel(grey, cv2.CV_32F, dx, dy, ksize=3) for dx, dy in ((1, 0), (0, 1))]
        edges = np.asarray(cv2.magnitude(sides[0], sides[1]), dtype=np.float32)
        detail = float(np.percentile(np.abs(cv2.Laplacian(grey, cv2.CV_32F)), 99))
        return cls(grey, edges, median, low, high, detail / max(1.0, high - low))

    @property
    def is_dark(self) -> bool:
        return self.high < DARK_P99

    @property
    def is_flat(self) -> bool:
        return self.high - self.low < FLAT_RANGE

    @property
    def is_fit(self) -> bool:
        """Whether other pictures may be measured against it."""
        return not self.is_dark and not self.is_flat


class PictureWatch:
    """Follows one camera's picture. A new camera file needs a new watch: its geometry was drawn on another picture.

    Args:
        reference: the picture that the geometry was drawn on, where it is known; otherwise the first fit background.
    """

    def __init__(self, reference: Grey | None = None) -> None:
        self._reference = None if reference is None else Background.of(reference)
        self._samples: deque[Grey] = deque(maxlen=WINDOW)
        self._since_judged = 0
        self._sampled_us: int | None = None
        self._connection = -1
        self._newest: Grey | None = None
        self._same_since_us: int | None = None
        self._runs: dict[Ailment, int] = {}
        self._ailing: set[Ailment] = set()

    @property
    def reference(self) -> Grey | None:
        """The reference picture, once there is one: to be kept for the next start."""
        return None if self._reference is None else self._reference.grey

    @property
    def ailments(self) -> tuple[Ailment, ...]:
        """What ails the camera now, worst first."""
        return tuple(name for name in AILMENTS if name in self._ailing)

    def observe(self, frame: Frame) -> None:
        """Looks at a frame, if it is time to."""
        if frame.connection != self._connection:
            self._connection, self._sampled_us, self._same_since_us = frame.connection, None, None
            self._samples.clear()
        if self._sampled_us is not None and frame.pts_us - self._sampled_us < SAMPLE_US:
            return
        self._sampled_us = frame.pts_us
        grey = small_grey(frame.image)
        self._watch_for_ice(grey, frame.pts_us)
        self._samples.append(grey)
        self._since_judged += 1
        if len(self._samples) == WINDOW and self._since_judged >= JUDGE_EVERY:
            self._since_judged = 0
            self._judge(Background.of(np.median(np.stack(self._samples), axis=0).astype(np.uint8)))

    def _watch_for_ice(self, grey: Grey, pts_us: int) -> None:
        if self._newest is None or self._newest.shape != grey.shape or not np.array_equal(self._newest, grey):
            self._newest, self._same_since_us = grey, pts_us
            self._ailing.discard("frozen")
        elif self._same_since_us is None:
            self._same_since_us = pts_us
        elif pts_us - self._same_since_us >= FROZEN_US:
            self._ailing.add("frozen")

    def _judge(self, now: Background) -> None:
        reference = self._reference
        if reference is None or reference.grey.shape != now.grey.shape:
            self._reference = now if now.is_fit else None
        found: set[Ailment] = set() if reference is None else _ailments(now, reference)
        if now.is_dark:
            found = {"dark"}
        elif now.is_flat:
            found = {"covered"}
        for name in AILMENTS:
            if name != "frozen":
                self._count(name, is_found=name in found)

    def _count(self, name: Ailment, *, is_found: bool) -> None:
        is_change = is_found != (name in self._ailing)
        self._runs[name] = self._runs.get(name, 0) + 1 if is_change else 0
        if self._runs[name] >= CONFIRM:
            self._runs[name] = 0
            (self._ailing.add if is_found else self._ailing.discard)(name)


def small_grey(image: BGR) -> Grey:
    """The picture, grey and 640 px wide."""
    height, width = image.shape[:2]
    small = cv2.resize(image, (WIDTH_PX, max(1, round(height * WIDTH_PX / width))), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _ailments(now: Background, reference: Background) -> set[Ailment]:
    """What differs from the reference in a way that light and traffic do not explain."""
    if now.grey.shape != reference.grey.shape or not now.is_fit:
        return set()
    found: set[Ailment] = set()
    is_soft = now.sharpness < SOFTENED * reference.sharpness
    if is_soft:
        found.add("defocused")
    is_same_light = abs(now.median - reference.median) <= SIMILAR_LIGHT * max(reference.median, 1.0)
    if is_same_light and not is_soft and _share_of_lost_tiles(now, reference) >= LOST_TILES:
        found.add("covered")
    if _is_shifted(now, reference) or (
        is_same_light and not is_soft and not found and _likeness(now, reference) < STRANGE
    ):
        found.discard("covered")
        found.add("moved")
    return found


def _share_of_lost_tiles(now: Background, reference: Background) -> float:
    """Share of the tiles with edges in the reference that have hardly any now."""
    before, after = (cv2.resize(b.edges, TILES[::-1], interpolation=cv2.INTER_AREA) for b in (reference, now))
    has_edges = before >= 0.5 * float(np.median(before))
    return float(np.mean(after[has_edges] < LOST_EDGES * before[has_edges]))


def _likeness(now: Background, reference: Background) -> float:
    """Correlation of the edges, -1..1, a little blurred so that a pixel's shake does not matter."""
    a, b = (cv2.GaussianBlur(background.edges, (0, 0), 3).ravel() for background in (now, reference))
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / norm if norm > 0 else 0.0


def _is_shifted(now: Background, reference: Background) -> bool:
    """Whether most parts of the picture agree that they lie elsewhere (also where it was turned or zoomed)."""
    height, width = now.edges.shape
    moved = still = 0
    for rows in (slice(0, height // 2), slice(height // 2, height)):
        for columns in (slice(0, width // 2), slice(width // 2, width)):
            pieces = [np.ascontiguousarray(b.edges[rows, columns]) for b in (reference, now)]
            window = cv2.createHanningWindow(pieces[0].shape[::-1], cv2.CV_32F)
            (x_px, y_px), response = cv2.phaseCorrelate(pieces[0], pieces[1], window)
            if response >= LEAST_RESPONSE:
                is_moved = x_px * x_px + y_px * y_px > (MOVED_SHARE * WIDTH_PX) ** 2
                moved, still = moved + is_moved, still + (not is_moved)
    return moved >= 2 and moved > still
