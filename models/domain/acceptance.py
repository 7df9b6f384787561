"""What it takes before a rule's claims on one camera may become notices, and what such an acceptance is worth.

An acceptance holds for one camera, one rule in one version, one network, and the geometry and settings that the claims
were made with (`rule_basis_sha256`). Any of them new: warning mode again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import rfc8785

from models.domain.camera import Camera, RuleEntry

LEAST_REVIEWED = 30
"""Claims in warning mode that persons have decided."""
MOST_WRONG_SHARE = 0.05
"""Of the decided claims: more that the camera or the rule got wrong, and nothing is accepted."""
NOT_THE_MACHINES_FAULT = frozenset(
    {
        "PLATE_UNREADABLE", "PLATE_OBSCURED", "PLATE_MISMATCH_VEHICLE", "NO_REGISTER_MATCH", "OUTSIDE_JURISDICTION",
        "OFFICER_DIRECTING", "AVOIDING_HAZARD_OR_YIELDING_TO_PRIORITY", "SIGN_OR_MARKING_NOT_VALID",
        "EXPIRED_LIMITATION",
    }
)  # fmt: skip
"""Rejections that say nothing against the claim itself. All other reasons count as wrong."""


@dataclass(frozen=True, slots=True)
class AcceptedThing:
    """What exactly was accepted. SHA-256 are hex."""

    camera_id: str
    rule: str
    rule_version: int
    weights_sha256: str
    rule_basis_sha256: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Claims in warning mode that persons have decided.

    Attributes:
        confirmed: the claim was right.
        wrong: rejected for a reason that blames the camera or the rule.
        other: rejected for another reason.
    """

    confirmed: int = 0
    wrong: int = 0
    other: int = 0

    @property
    def reviewed(self) -> int:
        return self.confirmed + self.wrong + self.other

    def why_not(self) -> str | None:
        """Why this is not enough; None where it is."""
        if self.reviewed < LEAST_REVIEWED:
            return f"got {self.reviewed} reviewed claims in warning mode, expected at least {LEAST_REVIEWED}"
        if self.wrong > MOST_WRONG_SHARE * self.reviewed:
            return f"got {self.wrong} wrong of {self.reviewed}, expected at most {MOST_WRONG_SHARE:.0%}"
        return None


def rule_basis_sha256(camera: Camera, entry: RuleEntry) -> str:
    """SHA-256 (hex) over what one rule's claims rest on: frame, ground, lamps, lines, zones, lanes, and its settings.

    Not: name, address and source of the camera, other rules, and whether the rule is live.
    """
    drawn = camera.model_dump(mode="json", include={"frame", "ground", "signals", "lines", "zones", "lanes"})
    settings = entry.model_dump(mode="json", exclude={"mode", "since"})
    return hashlib.sha256(rfc8785.dumps({"drawn": drawn, "rule": settings})).hexdigest()
