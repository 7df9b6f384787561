"""Claims against the truth: which act each claim is about, and which it is not about.

1. A claim is about the mover whose visible box overlaps the claim's box best, in the frame that the claim names.
2. It finds an act of its rule by that mover whose span (widened by `TOLERANCE_S`) holds that frame; each act once.
3. On a borderline act, and on an act that the clip cuts off, a claim counts as neither right nor false.
4. Everything else is false: the wrong vehicle, the wrong time, a second claim, a near-miss, nobody at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from models.domain.geometry import BoxPx

TOLERANCE_S = 2.0
"""A rule and the truth may name different points of one vehicle (rear bumper, rear axle), which a slow one brings over
the line a second or two apart."""
LEAST_OVERLAP = 0.25
"""IoU of a claim's box with the visible box of the mover that it is about."""
NEAR_MISS_S = 5.0
"""A false claim so near to a near-miss of its mover is that near-miss, fired."""
HEAD_S, TAIL_S = 3.0, 4.0
"""An act that begins so early in a clip (the lamp's onset was not seen), or ends so late, is cut off."""

Verdict = Literal["found", "false", "borderline"]


@dataclass(frozen=True, slots=True)
class Act:
    """A violation of the truth, from its first to its last second of stream time; `at_s` is the instant named."""

    rule: str
    mover_id: int
    from_s: float
    to_s: float
    at_s: float
    kind: str = ""
    is_borderline: bool = False


@dataclass(frozen=True, slots=True)
class NearMiss:
    """What must not fire. `rule` is empty where it concerns every rule."""

    what: str
    rule: str
    mover_id: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A rule's claim, with the mover that it is about; None where nobody stands there.

    Attributes:
        speed_error: where it states a speed: stated − true km/h (the mean over its own stretch), and whether its stated
            interval holds the truth.
    """

    rule: str
    mover_id: int | None
    at_s: float
    made_s: float
    act_code: str | None = None
    measurements: dict[str, int] = field(default_factory=dict)
    speed_error: tuple[float, bool] | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One claim, judged. `near_miss` says which one fired; `act` which was found."""

    claim: Claim
    verdict: Verdict
    why: str = ""
    act: Act | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """All claims and acts of one clip."""

    judged: tuple[Judged, ...]
    missed: tuple[Act, ...]
    acts: tuple[Act, ...]
    near_misses: tuple[NearMiss, ...]


def mover_of(box: BoxPx, candidates: Iterable[tuple[int, BoxPx]]) -> int | None:
    """The mover that a box is about: the best overlap, if it is one at all."""
    best, best_id = LEAST_OVERLAP, None
    for mover_id, other in candidates:
        overlap = box.iou(other)
        if overlap >= best:
            best, best_id = overlap, mover_id
    return best_id


def is_cut_off(act: Act, length_s: float) -> bool:
    return act.from_s < HEAD_S or max(act.to_s, act.at_s) > length_s - TAIL_S


def judge(claims: Sequence[Claim], acts: Sequence[Act], near_misses: Sequence[NearMiss], length_s: float) -> Score:
    """Judges the claims of one clip in the order in which they were made.

    Args:
        length_s: of the clip.
    """
    counted = [act for act in acts if not act.is_borderline and not is_cut_off(act, length_s)]
    open_acts = list(counted)
    judged: list[Judged] = []
    for claim in sorted(claims, key=lambda claim: (claim.made_s, claim.at_s, claim.rule)):
        found = _nearest(claim, [act for act in open_acts if _is_about(claim, act)])
        if found is not None:
            open_acts.remove(found)
            judged.append(Judged(claim, "found", act=found))
        elif any(_is_about(claim, act) for act in acts if act not in counted):
            judged.append(Judged(claim, "borderline"))
        else:
            judged.append(Judged(claim, "false", _why(claim, acts, near_misses)))
    return Score(tuple(judged), tuple(open_acts), tuple(counted), tuple(near_misses))


def _is_about(claim: Claim, act: Act) -> bool:
    is_same = claim.rule == act.rule and claim.mover_id == act.mover_id
    return is_same and act.from_s - TOLERANCE_S <= claim.at_s <= act.to_s + TOLERANCE_S


def _nearest(claim: Claim, acts: list[Act]) -> Act | None:
    return min(acts, key=lambda act: abs(act.at_s - claim.at_s), default=None)


def _why(claim: Claim, acts: Sequence[Act], near_misses: Sequence[NearMiss]) -> str:
    """What a false claim took for a violation."""
    if claim.mover_id is None:
        return "nobody"
    if any(_is_about(claim, act) for act in acts):
        return "double"
    own = [near for near in near_misses if near.mover_id == claim.mover_id and near.rule in ("", claim.rule)]
    near = min(own, key=lambda near: abs(near.at_s - claim.at_s), default=None)
    if near is not None and abs(near.at_s - claim.at_s) <= NEAR_MISS_S:
        return f"near_miss:{near.what}"
    is_wrong_time = any(act.rule == claim.rule and act.mover_id == claim.mover_id for act in acts)
    return "wrong_time" if is_wrong_time else "lawful"
