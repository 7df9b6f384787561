"""What follows from a decision once it can no longer be undone: a second look, a dispute, or the end of review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from api.actor import OFFICE
from api.audit import make_move
from api.cases.reading import offence_of
from models.domain.cases import CaseState
from models.domain.manifest import Manifest
from models.domain.review import Claimed, Decision, Interval, SecondReason, Stage, second_reasons
from models.tables import (
    CameraHoldRow,
    CaseRow,
    DecisionRow,
    KnownNegativeRow,
    ManifestRow,
    ReviewRow,
    SettledRow,
)

ERRORS_AMONG = 500
"""The error rate of a camera and rule is that of so many cases that were looked at again, the newest."""
EFFECTS_A_STEP = 100
STAGES: dict[CaseState, Stage] = {"in_review": "first", "second_review": "second", "disputed": "supervisor"}
"""The stage of a decision, by the state in which it is made."""
_UNHELD = {"assigned_to": None, "lease_until": None}


@dataclass(frozen=True, slots=True)
class Policy:
    """`sample_key` is the secret of the draw; `is_second_needed` False: for trials, one person's word ends it."""

    sample_key: bytes
    is_second_needed: bool = True


def due_decisions(session: Session, now: datetime) -> Sequence[str]:
    """Ids of the reviews whose effect is due, the oldest first; a held camera's wait."""
    statement = (
        select(DecisionRow.review_id)
        .join(CaseRow, CaseRow.id == DecisionRow.case_id)
        .where(DecisionRow.effect == "pending", DecisionRow.effective_at <= now, ~is_camera_held())
        .order_by(DecisionRow.effective_at)
        .limit(EFFECTS_A_STEP)
    )
    return session.scalars(statement).all()


def is_camera_held() -> ColumnElement[bool]:
    """The condition that the case's camera is frozen or suspended."""
    return exists().where(CameraHoldRow.camera_id == CaseRow.camera_id, CameraHoldRow.lifted_at.is_(None))


def take_effect(session: Session, now: datetime, policy: Policy, review_id: str) -> None:
    """Lets one decision have its effect, once: the row is locked, and told what became of it."""
    row = session.scalars(select(DecisionRow).where(DecisionRow.review_id == review_id).with_for_update()).one()
    if row.effect != "pending" or row.effective_at > now:
        return
    case = session.scalars(select(CaseRow).where(CaseRow.id == row.case_id).with_for_update()).one()
    row.done_at = now
    if case.state != "decided":  # it expired meanwhile
        row.effect = "void"
        return
    row.effect = _effect(session, now, policy, case, row.stage)


def standing_reviews(session: Session, case_id: str) -> dict[str, ReviewRow]:
    """The decisions that were not undone, by stage."""
    rows = session.execute(
        select(DecisionRow.stage, ReviewRow)
        .join(ReviewRow, ReviewRow.id == DecisionRow.review_id)
        .where(DecisionRow.case_id == case_id, DecisionRow.effect != "undone")
    )
    return {row[0]: row[1] for row in rows}


def errors_of(session: Session, camera_id: str, rule: str) -> Interval:
    """How often the first review of this camera and rule was wrong, where somebody looked again."""
    newest = (
        select(SettledRow.is_error)
        .where(SettledRow.camera_id == camera_id, SettledRow.rule == rule, SettledRow.is_error.is_not(None))
        .order_by(SettledRow.settled_at.desc())
        .limit(ERRORS_AMONG)
        .subquery()
    )
    rows = session.execute(select(newest.c.is_error, func.count()).group_by(newest.c.is_error))
    counts = {bool(is_error): count for is_error, count in rows}
    return Interval(counts.get(True, 0), sum(counts.values()))


def _effect(session: Session, now: datetime, policy: Policy, case: CaseRow, stage: str) -> str:
    reviews = standing_reviews(session, case.id)
    if session.get(KnownNegativeRow, case.id) is not None:
        return _end_known_negative(session, now, case, reviews["first"])
    if stage == "first" and policy.is_second_needed:
        reasons = _reasons(session, case, reviews["first"], policy)
        if reasons:
            make_move(session, now, OFFICE, case, "ask_second", reason=",".join(reasons), values=_UNHELD)
            return "second_review"
    if stage == "second" and not agree(reviews["first"], reviews["second"]):
        make_move(session, now, OFFICE, case, "dispute", values=_UNHELD)
        return "disputed"
    return _settle(session, now, case, reviews, reviews[stage])


def agree(one: ReviewRow, other: ReviewRow) -> bool:
    """The same decision and, of two that accuse, the same plate on the same kind of vehicle."""
    if one.decision != other.decision:
        return False
    is_accused = one.decision == "confirm"
    return not is_accused or (one.plate, one.vehicle, one.plate_colour) == (
        other.plate,
        other.vehicle,
        other.plate_colour,
    )


def _reasons(session: Session, case: CaseRow, first: ReviewRow, policy: Policy) -> Sequence[SecondReason]:
    body = session.scalars(select(ManifestRow.body).where(ManifestRow.submission_id == case.submission_id)).one()
    manifest = Manifest.model_validate_json(body)
    offence = offence_of(case, first.vehicle)
    claimed = Claimed(
        case_id=case.id,
        rule=case.rule,
        points=offence.points if offence else None,
        measurements=manifest.measurements,
        is_plate_repaired=manifest.plate is not None and manifest.plate.is_repaired,
        errors=errors_of(session, case.camera_id, case.rule),
    )
    return second_reasons(claimed, cast("Decision", first.decision), policy.sample_key)


def _settle(session: Session, now: datetime, case: CaseRow, reviews: dict[str, ReviewRow], last: ReviewRow) -> str:
    first, second, third = reviews["first"], reviews.get("second"), reviews.get("supervisor")
    outcome = "confirmed" if last.decision == "confirm" else "rejected"
    typed = {"plate": last.plate, "vehicle_typed": last.vehicle, "plate_colour": last.plate_colour}
    session.add(
        SettledRow(
            case_id=case.id,
            camera_id=case.camera_id,
            rule=case.rule,
            first_person_id=first.person_id,
            second_person_id=second.person_id if second else None,
            supervisor_id=third.person_id if third else None,
            first_decision=first.decision,
            second_decision=second.decision if second else None,
            outcome=outcome,
            reason=last.reason,
            is_error=None if second is None else not agree(first, last),
            settled_at=now,
        )
    )
    if outcome == "confirmed":
        make_move(session, now, OFFICE, case, "settle_confirmed", values={**typed, **_UNHELD})
    else:
        make_move(session, now, OFFICE, case, "settle_rejected", reason=last.reason, values=_UNHELD)
    return outcome


def _end_known_negative(session: Session, now: datetime, case: CaseRow, first: ReviewRow) -> str:
    """Whatever was said of it, it is rejected; what was said is kept about the person."""
    known = session.get_one(KnownNegativeRow, case.id)
    known.person_id, known.decision, known.decided_at = first.person_id, first.decision, first.decided_at
    make_move(session, now, OFFICE, case, "settle_rejected", reason="DUPLICATE", values=_UNHELD)
    return "rejected"
