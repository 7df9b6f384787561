"""Rows of submissions, incidents and cases. Every question about cases that a person asks goes through this file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, text, true, update
from sqlalchemy.orm import Session

from api.actor import Actor
from api.errors import CaseNotFoundError
from models.domain.submission import Submission
from models.tables import CaseRow, IncidentRow, SubmissionRow, new_id
from models.tables.base import ID_CHARACTERS

INCIDENT_WITHIN = timedelta(seconds=1)


def lease_submission(
    session: Session, now: datetime, *, lease: timedelta, waits: Sequence[timedelta]
) -> SubmissionRow | None:
    """The submission that has waited longest, leased under a token of its own; None: nothing is due.

    Its next try is set at once, so that a process that dies, or stumbles over it, tries it again ever later.
    """
    is_free = or_(SubmissionRow.lease_until.is_(None), SubmissionRow.lease_until < now)
    is_due = (SubmissionRow.state == "received") & (SubmissionRow.next_try_at <= now) & is_free
    first = (
        select(SubmissionRow)
        .where(is_due)
        .order_by(SubmissionRow.next_try_at, SubmissionRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.scalars(first).first()
    if row is None:
        return None
    statement = (
        update(SubmissionRow)
        .where(SubmissionRow.id == row.id, is_due)
        .values(
            leased_by=new_id(now),
            lease_until=now + lease,
            attempts=SubmissionRow.attempts + 1,
            next_try_at=now + waits[min(row.attempts, len(waits) - 1)],
        )
        .returning(SubmissionRow)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return session.scalars(statement).first()


def next_number(session: Session, name: str) -> int:
    """The next number of a counter; given out once, whatever runs at the same time."""
    statement = text(
        "INSERT INTO counters (name, value) VALUES (:name, 1) "
        "ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value"
    )
    return int(session.execute(statement, {"name": name}).scalar_one())


def find_incident(session: Session, message: Submission, occurred_at: datetime) -> IncidentRow | None:
    """The nearest incident of this camera within 1 s and one length of the first claim's vehicle."""
    near = session.scalars(
        select(IncidentRow).where(
            IncidentRow.camera_id == message.camera_id,
            IncidentRow.occurred_at >= occurred_at - INCIDENT_WITHIN,
            IncidentRow.occurred_at <= occurred_at + INCIDENT_WITHIN,
        )
    )
    x, y = message.point_px16
    distances = [(math.hypot(row.point_x_px16 - x, row.point_y_px16 - y), row.id, row) for row in near]
    reachable = [(distance, key, row) for distance, key, row in distances if distance <= row.length_px16]
    return min(reachable)[2] if reachable else None


def find_case(session: Session, actor: Actor, case_id: str, *, lock: bool = False) -> CaseRow:
    """The case, locked until the transaction ends if asked.

    Raises:
        CaseNotFoundError: there is none, or it is another agency's or camera group's.
    """
    case = None
    if len(case_id) == ID_CHARACTERS and case_id.isascii() and case_id.isalnum():
        statement = select(CaseRow).where(CaseRow.id == case_id)
        case = session.scalars(statement.with_for_update() if lock else statement).first()
    if case is None or not actor.sees(case.agency, case.camera_group):
        raise CaseNotFoundError("got an unknown case, expected one of your agency and camera groups")
    return case


def of_agency(actor: Actor) -> ColumnElement[bool]:
    """The condition that keeps the cases of other agencies and camera groups away. `Actor.sees` says the same."""
    agency = CaseRow.agency == actor.agency if actor.agency is not None else true()
    groups = CaseRow.camera_group.in_(sorted(actor.camera_groups)) if actor.camera_groups is not None else true()
    return and_(agency, groups)
