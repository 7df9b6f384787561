"""Decisions on cases. Every move goes by the one table; move and audit row are one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import literal, or_, select
from sqlalchemy.orm import Session

from api.actor import OFFICE, Actor
from api.audit import make_move, record
from api.cases.reading import offence_of
from api.cases.repository import find_case, of_agency
from api.connectors.outbox import announce
from api.database import Database
from api.errors import (
    CameraOnHoldError,
    CaseHeldError,
    CaseMovedError,
    InputError,
    UndoTooLateError,
)
from api.log.writing import log_entry
from api.reviews.checks import (
    checked_plate,
    checked_words,
    claim_facts,
    decided_by,
    has_decided,
    has_seen,
    is_held,
    knows_original,
    needs_hold,
    needs_time_left,
    needs_trusted_camera,
)
from api.reviews.effects import STAGES, Policy, due_decisions, is_camera_held, take_effect
from api.settings import OfficeSettings
from models.domain.cases import MOVES, REJECT_REASONS, CaseState, MoveName, MoveNotAllowedError
from models.tables import (
    AuditRow,
    CaseRow,
    DecisionRow,
    NoticeRow,
    ReviewRow,
    new_id,
)

REASON_CHARACTERS = 500
CANDIDATES = 20
_UNHELD = {"assigned_to": None, "lease_until": None}
_KEPT = ("contested", "second_review", "disputed")
"""Held cases in these states keep their state."""
_NEXT: tuple[CaseState, ...] = ("contested", "disputed", "second_review", "new")
_UNDOING: dict[str, MoveName] = {"first": "undo", "second": "undo_second", "supervisor": "undo_supervisor"}
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
        key = settings.sample_key.get_secret_value().encode() if settings.sample_key else secrets.token_bytes(32)
        self._policy = Policy(key, is_second_needed=settings.second_review)

    def take(self, actor: Actor, case_id: str) -> None:
        """Holds the case for this reviewer until the lease ends. `new` becomes `in_review`.

        A contested case stays `contested` and is given only to somebody who had not seen it before it was contested;
        so do `second_review` and `disputed`, which are given only to somebody who has not decided on them.
        Taking what one already holds renews the lease.
        """
        now = self._clock()
        with self._database.writing() as session:
            case = find_case(session, actor, case_id, lock=True)
            needs_trusted_camera(session, case)
            if case.state in _KEPT:
                self._take_kept(session, now, actor, case)
                return
            if case.state == "in_review":
                if is_held(case, now):
                    actor.move("release", "in_review")
                    needs_hold(case, actor)
                    case.lease_until = now + self._settings.review_lease
                    return
                make_move(session, now, OFFICE, case, "release", reason="lease_ended", values=_UNHELD)
            if session.scalar(select(knows_original(actor, literal(case.id)))):
                raise CaseHeldError("got a reviewer who has seen this case, expected one who has not")
            held = {"assigned_to": actor.person_id, "lease_until": now + self._settings.review_lease}
            make_move(session, now, actor, case, "take", values=held)

    def _take_kept(self, session: Session, now: datetime, actor: Actor, case: CaseRow) -> None:
        """These states stay while somebody holds the case."""
        state = cast("CaseState", case.state)
        _, role = actor.move("uphold" if state == "contested" else "confirm", state)
        if is_held(case, now):
            needs_hold(case, actor)
        elif has_seen(session, actor, case) if state == "contested" else has_decided(session, actor, case):
            raise CaseHeldError("got a reviewer who has seen this case, expected one who has not")
        else:
            record(session, now, actor, role, "take", case_id=case.id, source=state, target=state)
            case.assigned_to = actor.person_id
        case.lease_until = now + self._settings.review_lease

    def release(self, actor: Actor, case_id: str) -> None:
        """Gives the case back to the queue. A supervisor may give back what another holds."""
        now = self._clock()
        with self._database.writing() as session:
            case = find_case(session, actor, case_id, lock=True)
            if case.state == "in_review" and "supervisor" not in actor.roles:
                actor.move("release", "in_review")
                needs_hold(case, actor)
            if case.state in ("second_review", "disputed"):
                _, role = actor.move("release", "in_review")
                if "supervisor" not in actor.roles:
                    needs_hold(case, actor)
                record(session, now, actor, role, "release", case_id=case.id, source=case.state, target=case.state)
                case.assigned_to = case.lease_until = None
                return
            make_move(session, now, actor, case, "release", values=_UNHELD)

    def confirm(self, actor: Actor, case_id: str, *, plate: str, vehicle: str, plate_colour: str) -> None:
        """Says yes, with what the reviewer typed. It can be undone until its effect is due.

        Raises:
            InputError: field `plate`, `vehicle` or `plate_colour` is missing or cannot be.
            LimitationPassedError: the year is over.
            CameraOnHoldError: the camera is frozen or suspended.
        """
        now = self._clock()
        with self._database.writing() as session:
            case = self._case_to_decide(session, actor, case_id, "confirm")
            needs_time_left(case, now)
            text = checked_plate(plate, vehicle, plate_colour)
            if offence_of(case, vehicle) is None:
                raise InputError("vehicle", f"got a {vehicle}, expected a class that act {case.act_code} has a row for")
            typed = {"plate": text, "vehicle": vehicle, "plate_colour": plate_colour}
            self._decide(session, now, actor, case, "confirm", typed=typed)

    def reject(self, actor: Actor, case_id: str, *, reason: str) -> None:
        """Says no, with one of `REJECT_REASONS`. It can be undone until its effect is due.

        Raises:
            InputError: field `reason`.
            CameraOnHoldError: the camera is frozen or suspended.
        """
        now = self._clock()
        with self._database.writing() as session:
            case = self._case_to_decide(session, actor, case_id, "reject")
            if reason not in REJECT_REASONS:
                raise InputError("reason", "got no coded reason, expected one of the list")
            self._decide(session, now, actor, case, "reject", reason=reason)

    def undo(self, actor: Actor, case_id: str) -> None:
        """Takes this person's own decision back and gives them the case again. A second row says so.

        Raises:
            UndoTooLateError: it has taken effect, or somebody else decided.
        """
        now = self._clock()
        with self._database.writing() as session:
            case = find_case(session, actor, case_id, lock=True)
            actor.move("undo", cast("CaseState", case.state))
            row = session.scalars(
                select(DecisionRow)
                .join(ReviewRow, ReviewRow.id == DecisionRow.review_id)
                .where(DecisionRow.case_id == case.id, DecisionRow.effect == "pending")
                .where(ReviewRow.person_id == actor.person_id, DecisionRow.effective_at > now)
                .with_for_update(of=DecisionRow)
            ).first()
            if row is None:
                raise UndoTooLateError("got a decision that has taken effect or is not yours, expected your last one")
            row.effect, row.done_at = "undone", now
            add_review(session, now, actor, case, "undo")
            held = {"assigned_to": actor.person_id, "lease_until": now + self._settings.review_lease}
            make_move(session, now, actor, case, _UNDOING[row.stage], values=held)

    def take_effect(self) -> int:
        """Job: lets the decisions that can no longer be undone have their effect; how many."""
        with self._database.reading() as session:
            due = due_decisions(session, self._clock())
        for review_id in due:
            with self._database.writing() as session:
                take_effect(session, self._clock(), self._policy, review_id)
        return len(due)

    def _case_to_decide(self, session: Session, actor: Actor, case_id: str, name: MoveName) -> CaseRow:
        case = find_case(session, actor, case_id, lock=True)
        actor.move(name, cast("CaseState", case.state))
        needs_hold(case, actor)
        needs_trusted_camera(session, case)
        return case

    def _decide(
        self,
        session: Session,
        now: datetime,
        actor: Actor,
        case: CaseRow,
        name: MoveName,
        *,
        reason: str | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> None:
        stage = STAGES[cast("CaseState", case.state)]
        review_id = add_review(session, now, actor, case, name, reason=reason, **(typed or {}))
        effective_at = now + timedelta(seconds=self._settings.decision_effect_s)
        make_move(session, now, actor, case, name, reason=reason, values=_UNHELD)
        session.add(
            DecisionRow(review_id=review_id, case_id=case.id, stage=stage, effective_at=effective_at, effect="pending")
        )
        session.flush()
        if self._settings.decision_effect_s == 0:
            take_effect(session, now, self._policy, review_id)

    def uphold(self, actor: Actor, case_id: str, *, reason: str) -> None:
        """The contest does not convince: the notice stands. Only by the one who took the contested case."""
        now = self._clock()
        with self._database.writing() as session:
            case = find_case(session, actor, case_id, lock=True)
            actor.move("uphold", cast("CaseState", case.state))
            needs_hold(case, actor)
            needs_time_left(case, now)
            words = checked_words("reason", reason, REASON_CHARACTERS)
            add_review(session, now, actor, case, "uphold", reason=words)
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
                needs_hold(case, actor)
            words = checked_words("reason", reason, REASON_CHARACTERS)
            add_review(session, now, actor, case, "withdraw", reason=words)
            notice = session.scalars(select(NoticeRow).where(NoticeRow.case_id == case.id)).first()
            make_move(session, now, actor, case, "withdraw", reason=words, values=_UNHELD)
            if notice is not None:
                notice.withdrawn_at = now
                notice.withdrawn_reason = words
                log_entry(session, now, "withdrawal", case.id, claim_facts(case) | {"number": notice.number})
                announce(session, now, self._settings, "withdrawn", case, notice)

    def next_case(self, actor: Actor) -> str | None:
        """Takes a case for this reviewer: a contested, disputed or second one that they know nothing of, else the new
        one that runs out first; None: there is none."""
        actor.needs("reviewer", "supervisor")
        with self._database.reading() as session:
            found = [key for state in _NEXT for key in _candidates(session, actor, state, self._clock())]
        for case_id in found:
            try:
                self.take(actor, case_id)
            except (CaseHeldError, CaseMovedError, CameraOnHoldError, MoveNotAllowedError):
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
                else:  # the other states stay
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


def _candidates(session: Session, actor: Actor, state: CaseState, now: datetime) -> list[str]:
    if state == "disputed" and "supervisor" not in actor.roles:
        return []
    is_free = or_(CaseRow.assigned_to.is_(None), CaseRow.lease_until < now)
    statement = select(CaseRow.id).where(CaseRow.state == state, is_free, of_agency(actor), ~is_camera_held())
    if state in ("second_review", "disputed"):
        statement = statement.where(~decided_by(actor, CaseRow.id))
    if state == "new":
        statement = statement.where(~knows_original(actor, CaseRow.id))
    return list(session.scalars(statement.order_by(CaseRow.expires_at, CaseRow.id).limit(CANDIDATES)))


def add_review(
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
) -> str:
    """Writes what a person decided, with its entry of the log; the row's id."""
    taken_at = session.scalars(
        select(AuditRow.at)
        .where(AuditRow.case_id == case.id, AuditRow.what == "take", AuditRow.person_id == actor.person_id)
        .order_by(AuditRow.id.desc())
    ).first()
    facts = claim_facts(case) | {"decision": decision}
    private = {"person": actor.person_id, "session": actor.session_id, "reason": reason}
    typed = {"plate": plate, "vehicle": vehicle, "plate_colour": plate_colour}
    log_entry(session, now, "review", case.id, facts, private=private | typed)
    review_id = new_id(now)
    session.add(
        ReviewRow(
            id=review_id,
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
    session.flush()
    return review_id
