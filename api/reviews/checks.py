"""What must hold before somebody takes or decides a case; each refuses with both sides named."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.actor import Actor
from api.errors import CameraOnHoldError, CaseHeldError, InputError, LimitationPassedError
from models.domain.plates import PLATE_COLOURS, PlateError, check_plate_fits, parse_plate
from models.domain.scene import VEHICLE_CLASSES
from models.tables import AuditRow, CameraHoldRow, CaseRow, ContestRow, DecisionRow, KnownNegativeRow, ReviewRow
from models.verify.entries import Fact


def needs_time_left(case: CaseRow, now: datetime) -> None:
    """Raises LimitationPassedError where the calendar year since the capture is over."""
    if now >= case.expires_at:
        raise LimitationPassedError(f"got {now:%Y-%m-%d}, expected a day before {case.expires_at:%Y-%m-%d}")


def claim_facts(case: CaseRow) -> dict[str, Fact]:
    """What every entry of the log about a decision says: which claim, which act."""
    return {"claim": case.submission_id, "act_code": case.act_code}


def checked_words(field: str, words: str, limit: int, *, may_be_empty: bool = False) -> str:
    """Words that a person typed, trimmed.

    Raises:
        InputError: none, too many, or control characters among them.
    """
    text = words.replace("\r\n", "\n").strip()
    if not text and not may_be_empty:
        raise InputError(field, f"{field}: got nothing, expected a few words")
    if len(text) > limit:
        raise InputError(field, f"{field}: got {len(text)} characters, expected at most {limit}")
    if any(not character.isprintable() and character != "\n" for character in text):
        raise InputError(field, f"{field}: got characters that cannot be printed, expected plain text")
    return text


def is_held(case: CaseRow, now: datetime) -> bool:
    return case.assigned_to is not None and case.lease_until is not None and now <= case.lease_until


def needs_hold(case: CaseRow, actor: Actor) -> None:
    if actor.person_id is None or case.assigned_to != actor.person_id:
        raise CaseHeldError("got a case that you do not hold, expected one that you have taken")


def has_seen(session: Session, actor: Actor, case: CaseRow) -> bool:
    contested_at = session.scalars(
        select(ContestRow.contested_at).where(ContestRow.case_id == case.id).order_by(ContestRow.contested_at.desc())
    ).first()
    earlier = select(AuditRow.id).where(
        AuditRow.case_id == case.id, AuditRow.person_id == actor.person_id, AuditRow.at < contested_at
    )
    return session.scalars(earlier.limit(1)).first() is not None


def decided_by(actor: Actor, case_id: SQLColumnExpression[str]) -> ColumnElement[bool]:
    return (
        exists()
        .where(DecisionRow.case_id == case_id, DecisionRow.effect != "undone")
        .where(ReviewRow.id == DecisionRow.review_id, ReviewRow.person_id == actor.person_id)
    )


def knows_original(actor: Actor, case_id: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """The condition that the case is a known negative, made from one that this person had to do with."""
    return (
        exists()
        .where(KnownNegativeRow.case_id == case_id)
        .where(AuditRow.case_id == KnownNegativeRow.original_case_id, AuditRow.person_id == actor.person_id)
    )


def has_decided(session: Session, actor: Actor, case: CaseRow) -> bool:
    return bool(session.scalar(select(decided_by(actor, literal(case.id)))))


def needs_trusted_camera(session: Session, case: CaseRow) -> None:
    """Raises CameraOnHoldError where the case's camera is frozen or suspended."""
    held = select(CameraHoldRow.kind).where(
        CameraHoldRow.camera_id == case.camera_id, CameraHoldRow.lifted_at.is_(None)
    )
    kind = session.scalars(held.limit(1)).first()
    if kind is not None:
        raise CameraOnHoldError(f"got a case of {case.camera_id} (on hold: {kind}), expected one of a trusted camera")


def checked_plate(plate: str, vehicle: str, colour: str) -> str:
    if vehicle not in VEHICLE_CLASSES:
        raise InputError("vehicle", "got no vehicle class, expected one of the list")
    if colour not in PLATE_COLOURS:
        raise InputError("plate_colour", "got no plate colour, expected one of the list")
    try:
        parsed = parse_plate(plate)
        check_plate_fits(parsed, vehicle, colour)
    except PlateError as error:
        raise InputError("plate", str(error)) from None
    return parsed.text
