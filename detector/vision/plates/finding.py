"""Where text stands in a picture: quadrilaterals around its lines, and which of them can be the lines of one plate."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import cv2
import numpy as np

from detector.vision.plates.networks import Floats, TextFinder
from models.domain.frame import BGR
from models.domain.plate_forms import LineCount

TEXT_FROM = 0.3
SURE_FROM = 0.45
"""Mean share of text within a line."""
GROWN_BY = 1.6
"""The network marks a shrunken line: its area over its circumference, times this, is added on every side."""
MOST_LINES = 8
LEAST_LINE_PX = 3.0
LINE_PX = 72
"""A line that is higher is made this high before it is rectified."""
CHARACTER_OF_LINE = 0.68
"""Height of a character, of the height of the line's quadrilateral."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """Corners of one line in px of the picture, shape (4, 2): top left, top right, bottom right, bottom left."""

    corners: Floats

    @property
    def width(self) -> float:
        return (
            float(np.linalg.norm(self.corners[1] - self.corners[0]) + np.linalg.norm(self.corners[2] - self.corners[3]))
            / 2
        )

    @property
    def height(self) -> float:
        return (
            float(np.linalg.norm(self.corners[3] - self.corners[0]) + np.linalg.norm(self.corners[2] - self.corners[1]))
            / 2
        )

    @property
    def middle(self) -> Floats:
        return np.asarray(self.corners.mean(axis=0), np.float32)

    def grown(self, along: float, across: float) -> TextLine:
        """Wider by `along` and higher by `across`, both of its height, on either side."""
        unit = self.height / max(1e-6, self.width)
        x, y = (self.corners[1] - self.corners[0]) * unit, self.corners[3] - self.corners[0]
        signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float32)
        return TextLine((self.corners + signs[:, :1] * x * along + signs[:, 1:] * y * across).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Candidate:
    """Lines that may be one plate, top to bottom."""

    lines: tuple[TextLine, ...]
    is_guess: bool = False
    """No text was found: the whole picture may be a plate."""

    @property
    def line_count(self) -> LineCount:
        return 2 if len(self.lines) == 2 else 1

    @property
    def character_px(self) -> float:
        return CHARACTER_OF_LINE * min(line.height for line in self.lines)

    @property
    def corners(self) -> Floats:
        """The four corners of all its lines together, along its lowest line's direction."""
        points = np.concatenate([line.corners for line in self.lines])
        along = self.lines[-1].corners[1] - self.lines[-1].corners[0]
        angle = float(np.arctan2(along[1], along[0]))
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
        turned = points @ turn.T
        (x1, y1), (x2, y2) = turned.min(axis=0), turned.max(axis=0)
        return np.asarray(np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], np.float32) @ turn, np.float32)

    @property
    def ratio(self) -> float:
        """Width over height of all its lines together, rectified."""
        corners = self.corners
        return float(
            np.linalg.norm(corners[1] - corners[0]) / max(1e-6, float(np.linalg.norm(corners[3] - corners[0])))
        )


def find_lines(finder: TextFinder, image: BGR, longer_px: int) -> list[TextLine]:
    """Lines of text, the largest first."""
    shares = finder.find(image, longer_px)
    scale = np.array([image.shape[1] / shares.shape[1], image.shape[0] / shares.shape[0]], np.float32)
    outlines, _ = cv2.findContours((shares > TEXT_FROM).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    lines = []
    for outline in outlines:
        (x, y), (a, b), angle = cv2.minAreaRect(outline)
        if min(a, b) < LEAST_LINE_PX or _mean_within(shares, outline) < SURE_FROM:
            continue
        grown = a * b * GROWN_BY / (a + b)
        corners = cv2.boxPoints(((x, y), (a + grown, b + grown), angle))
        lines.append(TextLine(_in_order(np.asarray(corners, np.float32) * scale)))
    lines.sort(key=lambda line: -line.height * line.width)
    return [line for line in lines[:MOST_LINES] if line.width > line.height * 0.9]


def candidates(lines: list[TextLine]) -> list[Candidate]:
    """Every pair that can stand above each other on one plate, and every line alone; the largest first."""
    pairs = [Candidate((upper, lower)) for upper, lower in permutations(lines, 2) if _stands_above(upper, lower)]
    return pairs + [Candidate((line,)) for line in lines if line.width > 2.8 * line.height]


def cut_out(image: BGR, line: TextLine) -> BGR:
    """The line's own picture, rectified, not much higher than the readers want it."""
    low = np.floor(line.corners.min(axis=0)).astype(int) - 2
    high = np.ceil(line.corners.max(axis=0)).astype(int) + 2
    x1, y1 = max(0, int(low[0])), max(0, int(low[1]))
    part = image[y1 : max(y1 + 1, int(high[1])), x1 : max(x1 + 1, int(high[0]))]
    if part.size == 0:
        return np.zeros((LINE_PX, LINE_PX, 3), np.uint8)
    scale = min(1.0, LINE_PX / line.height)
    corners = (line.corners - (x1, y1)).astype(np.float32)
    if scale < 1:
        smaller = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        corners = corners * np.array([smaller.shape[1] / part.shape[1], smaller.shape[0] / part.shape[0]], np.float32)
        part = np.asarray(smaller, np.uint8)
    width, height = max(8, round(line.width * scale)), max(4, round(line.height * scale))
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    size = (width, height)
    flat = cv2.warpPerspective(part, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat, np.uint8)


def _stands_above(upper: TextLine, lower: TextLine) -> bool:
    x, y = (lower.middle - upper.middle).tolist()
    height = max(upper.height, lower.height)
    return (
        0.55 * height < y < 1.9 * height
        and abs(x) < 0.5 * lower.width
        and 0.5 < upper.height / lower.height < 2.0
        and 0.3 < upper.width / lower.width < 1.5
    )


def _mean_within(shares: Floats, outline: object) -> float:
    mask = np.zeros(shares.shape, np.uint8)
    cv2.drawContours(mask, [outline], -1, 1, -1)  # type: ignore[list-item]
    return float(shares[mask > 0].mean())


def _in_order(corners: Floats) -> Floats:
    """Top left, top right, bottom right, bottom left, of a rectangle that lies rather than stands."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = by_x[:2], by_x[2:]
    left, right = left[np.argsort(left[:, 1])], right[np.argsort(right[:, 1])]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)
