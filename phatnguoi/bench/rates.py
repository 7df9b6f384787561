"""Shares with their interval: k of n, never a bare percentage."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z95 = 1.959964
"""Standard normal quantile of 0.975."""


@dataclass(frozen=True, slots=True)
class Rate:
    """k of n."""

    k: int
    n: int

    @property
    def share(self) -> float | None:
        return self.k / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % score interval (Wilson 1927); the whole of 0..1 where nothing was counted."""
        if self.n == 0:
            return 0.0, 1.0
        share, z2n = self.k / self.n, Z95 * Z95 / self.n
        middle = (share + z2n / 2) / (1 + z2n)
        half = Z95 / (1 + z2n) * sqrt(share * (1 - share) / self.n + z2n / (4 * self.n))
        return (0.0 if self.k == 0 else middle - half), (1.0 if self.k == self.n else middle + half)

    def as_dict(self) -> dict[str, float | int | list[float] | None]:
        share = self.share
        return {
            "k": self.k,
            "n": self.n,
            "share": None if share is None else round(share, 5),
            "wilson95": [round(bound, 5) for bound in self.interval],
        }

    def __str__(self) -> str:
        if self.n == 0:
            return "–"
        low, high = self.interval
        return f"{self.k / self.n:.3f} ({low:.3f}–{high:.3f})"


def quantile(values: list[float], share: float) -> float | None:
    """The value below which that share of them lies (nearest rank); None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]
