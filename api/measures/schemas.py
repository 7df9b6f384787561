"""What the measures say. Every share comes with its 95 % interval, and says so where there is too little to tell."""

from __future__ import annotations

from dataclasses import dataclass

from models.domain.review import Interval


@dataclass(frozen=True, slots=True)
class CameraNumbers:
    """One camera and one rule, over the cases that were settled in a span of days.

    Attributes:
        issued: cases that stood, of all that were settled.
        reasons: why the others did not stand: coded reason and count, the commonest first.
        wrong: rejected for a reason that blames the camera or the rule.
        first_wrong: first reviews that a second look overturned, of those that were looked at again.
    """

    camera_id: str
    camera_name: str
    rule: str
    issued: Interval
    reasons: tuple[tuple[str, int], ...]
    wrong: Interval
    first_wrong: Interval


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two persons who looked at the same cases of one rule, neither knowing what the other said.

    Attributes:
        first, second: usernames, in alphabetical order.
        kappa: Cohen's; None: too few to tell, or both always say the same.
    """

    rule: str
    first: str
    second: str
    cases: int
    agreed: Interval
    kappa: float | None


@dataclass(frozen=True, slots=True)
class ReviewerNumbers:
    """How one person decides.

    Attributes:
        decisions: that they wrote; those they undid are among them.
        confirmed: of the decisions.
        median_s: from taking a case to deciding it; None: nothing was timed.
        hasty: decided within `HASTY_S` of taking the case.
        known_caught: known negatives that they rejected, of those they decided.
        is_rubber_stamp: by `models.domain.review.is_rubber_stamp`.
    """

    username: str
    decisions: int
    confirmed: Interval
    median_s: float | None
    hasty: Interval
    known_caught: Interval
    is_rubber_stamp: bool


@dataclass(frozen=True, slots=True)
class Measures:
    """Everything over one span of days, for one person's agency and camera groups."""

    cameras: tuple[CameraNumbers, ...]
    agreements: tuple[Agreement, ...]
    reviewers: tuple[ReviewerNumbers, ...]
