"""The audit log, and the one place where a case moves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from api.actor import PEOPLES_ROLES, Actor
from api.errors import CaseMovedError, InputError
from api.log.writing import OFFICE_SUBJECT, log_entry
from api.people.errors import NotSignedInError
from api.people.live import check_live
from models.domain.cases import CaseState, MoveName, Role
from models.tables import AuditRow, CaseRow


def record(
    session: Session,
    now: datetime,
    actor: Actor,
    role: Role,
    what: str,
    *,
    case_id: str | None = None,
    source: str | None = None,
    target: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Adds one row, and its entry to the log. `details` must never hold a plate, a name or a code.

    Raises:
        NotSignedInError: the actor's session or account has ended.
    """
    if actor.session_id is not None:
        check_live(session, now, actor)
    private = {"person": actor.person_id, "session": actor.session_id, "details": dict(details or {})}
    facts = {"what": what, "role": role, "source": source, "target": target}
    log_entry(session, now, "audit", case_id or OFFICE_SUBJECT, facts, private=private)
    session.add(
        AuditRow(
            at=now,
            person_id=actor.person_id,
            role=role,
            session_id=actor.session_id,
            what=what,
            case_id=case_id,
            source=source,
            target=target,
            details=dict(details or {}),
        )
    )


def make_move(
    session: Session,
    now: datetime,
    actor: Actor,
    case: CaseRow,
    name: MoveName,
    *,
    reason: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Moves a case by the one table, with its audit row, in the caller's transaction.

    Raises:
        MoveNotAllowedError: the table has no such move for this state and role.
        InputError: the move needs a reason.
        CaseMovedError: somebody else moved the case since it was read.
        NotSignedInError: a person without a live session; every decision bears one.
    """
    move, role = actor.move(name, cast("CaseState", case.state))
    if role in PEOPLES_ROLES and actor.session_id is None:
        raise NotSignedInError(f"{name}: got a {role} without a session, expected a live one")
    if move.needs_reason and not reason:
        raise InputError("reason", f"{name}: got no reason, expected one")
    result = cast(
        "CursorResult[Any]",
        session.execute(
            update(CaseRow)
            .where(CaseRow.id == case.id, CaseRow.state == move.source)
            .values(state=move.target, moved_at=now, **(values or {}))
            .execution_options(synchronize_session=False)
        ),
    )
    if result.rowcount != 1:
        raise CaseMovedError(f"{name}: got a case that somebody has just moved, expected it in state {move.source}")
    session.expire(case)
    details = {"reason": reason} if reason else None
    record(session, now, actor, role, name, case_id=case.id, source=move.source, target=move.target, details=details)
