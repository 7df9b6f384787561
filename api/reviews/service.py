"""Decisions on cases. Every move goes by the one table; move and audit row are one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.actor import OFFICE, Actor
from api.audit import make_move, record
from api.cases.reading import offence_of
from api.cases.repository import find_case, of_agency
from api.connectors.outbox import announce
from api.database import Database
from api.errors import CaseHeldError, CaseMovedError, InputError, LimitationPassedError
from api.log.writing import log_entry
from api.settings import OfficeSettings
from models.domain.cases import MOVES, REJECT_REASONS, CaseState
from models.domain.plates import PLATE_COLOURS, PlateError, check_plate_fits, parse_plate
from models.domain.scene import VEHICLE_CLASSES
from models.tables import AuditRow, CaseRow, ContestRow, NoticeRow, ReviewRow, new_id
from models.verify.entries import Fact

REASON_CHARACTERS = 500
CANDIDATES = 20
_UNHELD = {"assigned_to": None, "lease_until": None}
_EXPIRING = tuple(move.source for move in MOVES if move.name == "expire")


class ReviewService:
    """What reviewers and supervisors may do with a case.

    Every method raises `MoveNotAllowedError` (409) when state or role forbid it, `CaseMovedError` (409) when somebody
    else was first, `CaseHeldError` (409) when another reviewer holds the case, and `CaseNotFoundError` (404).
    """

    def __init__(self, database: Database, settings: OfficeSettings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def take(self, actor: Actor, case_id: str) -> None:
        """Holds the case for this reviewer until the lease ends. `new` becomes `in_review`.

        A contested case stays `contested` and is given only to somebody who had not seen it before it was contested.
        Taking what one already holds renews the lease.
        """
        now = self._clock()
        with self._database.writing() as session:
            case = find_case(session, actor, case_id, lock=True)
            if case.state == "contested":
                self._take_contested(session, now, actor, case)
                return
            if case.state == "in_review":
                if _is_held(case, now):
                    actor.move("release", "in_review")
                    _needs_hold(case, actor)
                    case.lease_until = now + self._settings.review_lease
                    return
                make_move(session, now, OFFICE, case, "release", reason="lease_ended", values=_UNHELD)
            held = {"assigned_to": actor.person_id, "lease_until": now + self._settings.review_lease}
            make_move(session, now, actor, case, "take", values=held)

    def _take_contested(self, session: Session, now: datetime, actor: Actor, case: CaseRow) -> None:
        _, role = actor.move("uphold", "contested")
        if _is_held(case, now):
            _needs_hold(case, actor)
        elif _has_seen(session, actor, case):
            raise CaseHeldError("got a reviewer who has seen this case, expected one who has not")
        else:
            record(session, now, actor, role, "take", case_id=case.id, source="contested", target="contested")
            case.assigned_to = actor.person_id
        case.lease_until = now + self._settings.review_lease

    def release(self, actor: Actor, case_id: str) -> None:
        """Gives the case back to the queue. A supervisor may give back what another holds."""
        now = self._clock()
        with self._database.writing() as session:
            case = find_case(session, actor, case_id, lock=True)
            if case.state == "in_review" and "supervisor" not in actor.roles:
                actor.move("release", "in_review")
                _needs_hold(case, actor)
            make_move(session, now, actor, case, "release", values=_UNHELD)

    def confirm(self, actor: Actor, case_id: str, *, plate: str, vehicle: str, plate_colour: str) -> None:
        """Says yes, with what the reviewer typed.

        Raises:
            InputError: field `plate`, `vehicle` or `plate_colour` is missing or cannot be.
            LimitationPassedError: the year is over.
        """
        now = self._clock()
        with self._database.writing() as session:
            case = find_case(session, actor, case_id, lock=True)
            actor.move("confirm", cast("CaseState", case.state))
            _needs_hold(case, actor)
            needs_time_left(case, now)
            text = _checked_plate(plate, vehicle, plate_colour)
            if offence_of(case, vehicle) is None:
                raise InputError("vehicle", f"got a {vehicle}, expected a class that act {case.act_code} has a row for")
            typed = {"plate": text, "vehicle_typed": vehicle, "plate_colour": plate_colour}
            _add_review(session, now, actor, case, "confirm", plate=text, vehicle=vehicle, plate_colour=plate_colour)
            make_move(session, now, actor, case, "confirm", values={**typed, **_UNHELD})

    def reject(self, actor: Actor, case_id: str, *, reason: str) -> None:
        """Says no, with one of `REJECT_REASONS`.

        Raises:
            InputError: field `reason`.
        """
        now = self._clock()
        with self._database.writing() as session:
            case = find_case(session, actor, case_id, lock=True)
            actor.move("reject", cast("CaseState", case.state))
            _needs_hold(case, actor)
            if reason not in REJECT_REASONS:
                raise InputError("reason", "got no coded reason, expected one of the list")
            _add_review(session, now, actor, case, "reject", reason=reason)
            make_move(session, now, actor, case, "reject", reason=reason, values=_UNHELD)

    def uphold(self, actor: Actor, case_id: str, *, reason: str) -> None:
        """The contest does not convince: the notice stands. Only by the one who took the contested case."""
        now = self._clock()
        with self._database.writing() as session:
            case = find_case(session, actor, case_id, lock=True)
            actor.move("uphold", cast("CaseState", case.state))
            _needs_hold(case, actor)
            needs_time_left(case, now)
            words = checked_words("reason", reason, REASON_CHARACTERS)
            _add_review(session, now, actor, case, "uphold", reason=words)
            make_move(session, now, actor, case, "uphold", reason=words, values=_UNHELD)

    def withdraw(self, actor: Actor, case_id: str, *, reason: str) -> None:
        """Takes the accusation back, with a reason in words; the citizen's page says so at once.

        A contested case may be withdrawn by the reviewer who took it, and by any supervisor.
        """
        now = self._clock()
        with self._database.writing() as session:
            case = find_case(session, actor, case_id, lock=True)
            actor.move("withdraw", cast("CaseState", case.state))
            if "supervisor" not in actor.roles:
                _needs_hold(case, actor)
            words = checked_words("reason", reason, REASON_CHARACTERS)
            _add_review(session, now, actor, case, "withdraw", reason=words)
            notice = session.scalars(select(NoticeRow).where(NoticeRow.case_id == case.id)).first()
            make_move(session, now, actor, case, "withdraw", reason=words, values=_UNHELD)
            if notice is not None:
                notice.withdrawn_at = now
                notice.withdrawn_reason = words
                log_entry(session, now, "withdrawal", case.id, claim_facts(case) | {"number": notice.number})
                announce(session, now, self._settings, "withdrawn", case, notice)

    def next_case(self, actor: Actor) -> str | None:
        """Takes a case for this reviewer: a contested one that they have not seen, else the new one that runs out
        first; None: there is none."""
        actor.needs("reviewer", "supervisor")
        with self._database.reading() as session:
            found = [key for state in ("contested", "new") for key in _candidates(session, actor, state, self._clock())]
        for case_id in found:
            try:
                self.take(actor, case_id)
            except (CaseHeldError, CaseMovedError):
                continue
            return case_id
        return None

    def release_lapsed(self) -> int:
        """Job: gives back the cases whose lease has ended; how many."""
        now = self._clock()
        with self._database.writing() as session:
            lapsed = session.scalars(
                select(CaseRow)
                .where(CaseRow.assigned_to.is_not(None), CaseRow.lease_until < now)
                .limit(100)
                .with_for_update(skip_locked=True)
            ).all()
            for case in lapsed:
                if case.state == "in_review":
                    make_move(session, now, OFFICE, case, "release", reason="lease_ended", values=_UNHELD)
                else:  # a contested case keeps its state
                    case.assigned_to = case.lease_until = None
        return len(lapsed)

    def expire_due(self) -> int:
        """Job: expires the cases whose limitation has passed, each with its audit row; how many."""
        now = self._clock()
        with self._database.writing() as session:
            due = session.scalars(
                select(CaseRow)
                .where(CaseRow.state.in_(_EXPIRING), CaseRow.expires_at <= now)
                .limit(100)
                .with_for_update(skip_locked=True)
            ).all()
            for case in due:
                make_move(session, now, OFFICE, case, "expire", reason="limitation", values=_UNHELD)
        return len(due)


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


def _is_held(case: CaseRow, now: datetime) -> bool:
    return case.assigned_to is not None and case.lease_until is not None and now <= case.lease_until


def _needs_hold(case: CaseRow, actor: Actor) -> None:
    if actor.person_id is None or case.assigned_to != actor.person_id:
        raise CaseHeldError("got a case that you do not hold, expected one that you have taken")


def _has_seen(session: Session, actor: Actor, case: CaseRow) -> bool:
    contested_at = session.scalars(
        select(ContestRow.contested_at).where(ContestRow.case_id == case.id).order_by(ContestRow.contested_at.desc())
    ).first()
    earlier = select(AuditRow.id).where(
        AuditRow.case_id == case.id, AuditRow.person_id == actor.person_id, AuditRow.at < contested_at
    )
    return session.scalars(earlier.limit(1)).first() is not None


def _candidates(session: Session, actor: Actor, state: CaseState, now: datetime) -> list[str]:
    is_free = or_(CaseRow.assigned_to.is_(None), CaseRow.lease_until < now)
    statement = select(CaseRow.id).where(CaseRow.state == state, is_free, of_agency(actor))
    return list(session.scalars(statement.order_by(CaseRow.expires_at, CaseRow.id).limit(CANDIDATES)))


def _checked_plate(plate: str, vehicle: str, colour: str) -> str:
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


def _add_review(
    session: Session,
    now: datetime,
    actor: Actor,
    case: CaseRow,
    decision: str,
    *,
    reason: str | None = None,
    plate: str | None = None,
    vehicle: str | None = None,
    plate_colour: str | None = None,
) -> None:
    taken_at = session.scalars(
        select(AuditRow.at)
        .where(AuditRow.case_id == case.id, AuditRow.what == "take", AuditRow.person_id == actor.person_id)
        .order_by(AuditRow.id.desc())
    ).first()
    facts = claim_facts(case) | {"decision": decision}
    private = {"person": actor.person_id, "session": actor.session_id, "reason": reason}
    typed = {"plate": plate, "vehicle": vehicle, "plate_colour": plate_colour}
    log_entry(session, now, "review", case.id, facts, private=private | typed)
    session.add(
        ReviewRow(
            id=new_id(now),
            case_id=case.id,
            person_id=actor.person_id,
            session_id=actor.session_id,
            decision=decision,
            reason=reason,
            plate=plate,
            vehicle=vehicle,
            plate_colour=plate_colour,
            taken_at=taken_at,
            decided_at=now,
        )
    )
