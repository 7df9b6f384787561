"""Speed from positions on the road: the slope of a line through them, robust, with its standard error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

OUTLIER_SPREADS = 3.5
"""A position further off the line than so many spreads is left out …"""
MOST_LEFT_OUT = 0.2
"""… and where it is more than this share of them, nothing is measured."""
SPREAD_OF_MEDIAN = 1.4826
"""From the median of absolute deviations to a standard deviation, for normal errors."""
ROUNDS = 2
MOST_CORRELATION = 0.8
"""Errors of a box last from frame to frame; this is as much of it as a short stretch can tell."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a vehicle was.

    Attributes:
        t_s: stream time, seconds.
        x_m, y_m: on the road.
        u_m: standard uncertainty along the road that the least error of a box brings.
    """

    t_s: float
    x_m: float
    y_m: float
    u_m: float


@dataclass(frozen=True, slots=True)
class SpeedFit:
    """A steady drive through the positions.

    Attributes:
        vx_m_s, vy_m_s: its velocity.
        se_m_s: standard error of the speed, with what box errors last from frame to frame.
        count: positions that it goes through.
    """

    vx_m_s: float
    vy_m_s: float
    se_m_s: float
    count: int

    @property
    def speed_m_s(self) -> float:
        return sqrt(self.vx_m_s * self.vx_m_s + self.vy_m_s * self.vy_m_s)

    @property
    def coverage(self) -> float:
        """From the standard error to 95 %: Student's factor, nearly."""
        return 1.96 + 2.5 / (self.count - 2)


def fit_speed(positions: Sequence[Position], *, rounds: int = ROUNDS) -> SpeedFit | None:
    """The steady drive through the positions; None: they are too few, or too many of them lie elsewhere.

    Args:
        positions: by rising time.
        rounds: so often what lies far off the line is left out.
    """
    kept = list(positions)
    for _ in range(rounds):
        line = _line(kept)
        if line is None:
            return None
        kept = _without_outliers(kept, line)
    line = _line(kept)
    if line is None or len(kept) < (1 - MOST_LEFT_OUT) * len(positions):
        return None
    return SpeedFit(line.vx, line.vy, _standard_error(kept, line), len(kept))


@dataclass(frozen=True, slots=True)
class _Line:
    t: float
    x: float
    y: float
    vx: float
    vy: float
    spread_tt: float

    def along(self, position: Position) -> float:
        """How far ahead of the line a position is, in the direction of the drive, in its own uncertainties."""
        speed = sqrt(self.vx * self.vx + self.vy * self.vy)
        if speed == 0:
            return 0.0
        since_s = position.t_s - self.t
        dx, dy = position.x_m - self.x - self.vx * since_s, position.y_m - self.y - self.vy * since_s
        return (dx * self.vx + dy * self.vy) / speed / position.u_m


def _line(positions: Sequence[Position]) -> _Line | None:
    """Weighted least squares; sharp positions count more than far ones."""
    if len(positions) < 4:
        return None
    weights = [1.0 / (p.u_m * p.u_m) for p in positions]
    total = sum(weights)
    t = sum(w * p.t_s for w, p in zip(weights, positions, strict=True)) / total
    x = sum(w * p.x_m for w, p in zip(weights, positions, strict=True)) / total
    y = sum(w * p.y_m for w, p in zip(weights, positions, strict=True)) / total
    tt = sum(w * (p.t_s - t) * (p.t_s - t) for w, p in zip(weights, positions, strict=True))
    if tt <= 0:
        return None
    vx = sum(w * (p.t_s - t) * (p.x_m - x) for w, p in zip(weights, positions, strict=True)) / tt
    vy = sum(w * (p.t_s - t) * (p.y_m - y) for w, p in zip(weights, positions, strict=True)) / tt
    return _Line(t, x, y, vx, vy, tt)


def _without_outliers(positions: list[Position], line: _Line) -> list[Position]:
    off = [abs(line.along(position)) for position in positions]
    spread = max(1.0, SPREAD_OF_MEDIAN * sorted(off)[len(off) // 2])
    return [p for p, far in zip(positions, off, strict=True) if far <= OUTLIER_SPREADS * spread]


def _standard_error(positions: Sequence[Position], line: _Line) -> float:
    """Of the slope, in m/s. Never less than what the least error of a box brings."""
    off = [line.along(position) for position in positions]
    squares = sum(value * value for value in off)
    variance = max(1.0, squares / (len(off) - 2))
    neighbours = sum(a * b for a, b in pairwise(off))
    lasting = min(max(neighbours / squares, 0.0), MOST_CORRELATION) if squares > 0 else 0.0
    return sqrt(variance * (1 + lasting) / (1 - lasting) / line.spread_tt)
