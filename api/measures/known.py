"""Known negatives: real claims that two persons rejected, put into the queue again to see whether a third does.

The copy is a case like any other by its number, id, history and evidence; only its capture time is what it was, so that
it is made while the original is still young. It can never reach a notice (`api.reviews.effects`, `api.notices`).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from api.actor import OFFICE
from api.audit import record
from api.cases.repository import next_number
from api.database import Database
from models.tables import (
    CaseRow,
    EvidenceRow,
    IncidentRow,
    KnownNegativeRow,
    ManifestRow,
    SettledRow,
    SubmissionRow,
    new_id,
)
from models.tables.base import Base

Row = TypeVar("Row", bound=Base)
SHARE = 0.02
"""Of the cases of the last days."""
YOUNG = timedelta(days=7)
"""An older capture would stand out in the queue."""
SUBMISSION_ID_BYTES = 16


class KnownNegatives:
    """Puts known negatives into the queue, as many as their share allows."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def seed(self) -> bool:
        """Job: makes one, where one is missing and an original can be had; whether it did."""
        now = self._clock()
        with self._database.writing() as session:
            if not _is_one_missing(session, now):
                return False
            original = session.scalars(_originals(now)).first()
            if original is None:
                return False
            _copy(session, now, original)
            return True


def _is_one_missing(session: Session, now: datetime) -> bool:
    recent = select(func.count()).select_from(CaseRow).where(CaseRow.created_at > now - YOUNG, CaseRow.mode == "live")
    known = select(func.count()).select_from(KnownNegativeRow).where(KnownNegativeRow.shown_at > now - YOUNG)
    return (session.scalar(known) or 0) + 1 <= SHARE * (session.scalar(recent) or 0)


def _originals(now: datetime) -> Select[Any]:
    """Live, real claims of which two persons said no, without a third; never one that was copied before."""
    return (
        select(CaseRow)
        .join(SettledRow, SettledRow.case_id == CaseRow.id)
        .where(
            SettledRow.settled_at > now - YOUNG,
            SettledRow.first_decision == "reject",
            SettledRow.second_decision == "reject",
            SettledRow.outcome == "rejected",
            CaseRow.state == "rejected",
            CaseRow.mode == "live",
            CaseRow.is_simulated.is_(False),
            CaseRow.occurred_at > now - YOUNG,
            ~exists().where(KnownNegativeRow.original_case_id == CaseRow.id),
        )
        .order_by(CaseRow.occurred_at.desc(), CaseRow.id)
        .limit(1)
    )


def _copy(session: Session, now: datetime, original: CaseRow) -> None:
    case_id = new_id(now)
    claim_id = base64.b32encode(secrets.token_bytes(SUBMISSION_ID_BYTES)).decode().lower().rstrip("=")
    incident = session.get_one(IncidentRow, original.incident_id)
    submission = session.get_one(SubmissionRow, original.submission_id)
    manifest = session.get_one(ManifestRow, original.submission_id)
    incident_id = new_id(now)
    session.add(_again(incident, id=incident_id))
    session.flush()
    year = now.astimezone(ZoneInfo(original.timezone)).year
    session.add(
        _again(
            original,
            id=case_id,
            number=f"{year}-{next_number(session, 'case'):06d}",
            submission_id=claim_id,
            incident_id=incident_id,
            state="new",
            assigned_to=None,
            lease_until=None,
            created_at=now,
            moved_at=now,
        )
    )
    session.flush()
    session.add(_again(submission, id=claim_id, case_id=case_id, received_at=now, finished_at=now))
    session.flush()
    session.add(_again(manifest, submission_id=claim_id))
    for file in session.scalars(select(EvidenceRow).where(EvidenceRow.submission_id == original.submission_id)):
        session.add(_again(file, id=new_id(now), submission_id=claim_id))
    session.add(KnownNegativeRow(case_id=case_id, original_case_id=original.id, shown_at=now))
    details = {"submission": claim_id, "camera_file_is_registered_one": True}
    record(session, now, OFFICE, "office", "case_created", case_id=case_id, target="new", details=details)


def _again(row: Row, **changes: Any) -> Row:
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return type(row)(**(values | changes))
