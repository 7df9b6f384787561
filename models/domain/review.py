"""When a second person must look, how sure an error rate is, and how much two reviewers agree. Pure numbers."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Decision = Literal["confirm", "reject"]
Stage = Literal["first", "second", "supervisor"]
SecondReason = Literal["points", "margin", "plate_repaired", "advisory_speed", "rule_not_proven", "sample"]

POINTS_ALWAYS = 4
MARGIN_ALWAYS_US = 500_000
PROVEN_BELOW = 0.02
"""The upper 95 % bound of a camera's and rule's error rate, below which a sample is enough."""
SAMPLE_SHARE = 0.05
TOO_FEW = 30
"""Below so many pairs no agreement is told, and no camera is suspended."""
_Z_95 = 1.959963984540054
_MARGINS = ("time_into_red_us",)


@dataclass(frozen=True, slots=True)
class Interval:
    """A share with its 95 % Wilson interval. Of nothing, nothing is known: 0 to 1."""

    count: int
    of: int

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0

    @property
    def low(self) -> float:
        return self._bounds()[0]

    @property
    def high(self) -> float:
        return self._bounds()[1]

    @property
    def is_too_few(self) -> bool:
        return self.of < TOO_FEW

    def _bounds(self) -> tuple[float, float]:
        """Wilson, 1927: the score interval."""
        if self.of == 0:
            return 0.0, 1.0
        z2 = _Z_95**2
        middle = (self.share + z2 / (2 * self.of)) / (1 + z2 / self.of)
        half = _Z_95 / (1 + z2 / self.of) * math.sqrt(self.share * (1 - self.share) / self.of + z2 / (4 * self.of**2))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What decides whether a second person must look.

    Attributes:
        points: licence points of the catalogue's row; None where there is no row.
        measurements: of the manifest, integers with their unit in the name.
        errors: of this camera and rule, among the cases that were looked at again.
    """

    case_id: str
    rule: str
    points: int | None
    measurements: Mapping[str, int]
    is_plate_repaired: bool
    errors: Interval


def second_reasons(claimed: Claimed, decision: Decision, sample_key: bytes) -> tuple[SecondReason, ...]:
    """Why a second person must look at a case after this first decision; nothing: nobody must.

    Rejections harm nobody and are only sampled.
    """
    drawn: tuple[SecondReason, ...] = ("sample",) if is_drawn(claimed.case_id, sample_key) else ()
    if decision == "reject":
        return drawn
    found: list[SecondReason] = []
    if claimed.points is None or claimed.points >= POINTS_ALWAYS:
        found.append("points")
    margins = [claimed.measurements[name] for name in _MARGINS if name in claimed.measurements]
    if margins and min(margins) < MARGIN_ALWAYS_US:
        found.append("margin")
    if claimed.is_plate_repaired:
        found.append("plate_repaired")
    if claimed.rule == "speeding":
        found.append("advisory_speed")
    if claimed.errors.high >= PROVEN_BELOW:
        found.append("rule_not_proven")
    return (*found, *drawn)


def is_drawn(case_id: str, sample_key: bytes, share: float = SAMPLE_SHARE) -> bool:
    """Whether an HMAC of the case's id falls into the sample: nobody without the key can tell beforehand."""
    digest = hmac.new(sample_key, case_id.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def kappa(both_confirm: int, first_only: int, second_only: int, both_reject: int) -> float | None:
    """Cohen's kappa of two reviewers' decisions; None: too few to tell, or both always say the same.

    J. Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    total = both_confirm + first_only + second_only + both_reject
    if total < TOO_FEW:
        return None
    agreed = (both_confirm + both_reject) / total
    first_yes, second_yes = (both_confirm + first_only) / total, (both_confirm + second_only) / total
    by_chance = first_yes * second_yes + (1 - first_yes) * (1 - second_yes)
    return None if by_chance >= 1.0 else (agreed - by_chance) / (1 - by_chance)
