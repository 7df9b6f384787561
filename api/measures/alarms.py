"""What a supervisor must look at before it is too late: deadlines that come near, stamps, suspended cameras.

An alarm is a row with its audit row; the same is raised once. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from api.actor import OFFICE, Actor
from api.audit import record
from api.cases.listing import visible_cameras
from api.database import Database
from api.measures.numbers import reviewer_numbers
from models.domain.cases import CaseState
from models.domain.deadlines import (
    BEFORE_NOTICE,
    LIMITED,
    NO_SHOW_DAYS,
    WARN_DAYS,
    DeadlineKind,
    day_begins,
    local_day,
)
from models.tables import AlarmRow, CaseRow, NoticeRow, PersonRow, new_id

STAMP_WINDOW = timedelta(days=30)
A_MOMENT = timedelta(seconds=1)
CASES_A_STEP = 500
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Alarm:
    kind: str
    subject: str
    mark: str
    facts: Mapping[str, Any]
    raised_at: datetime


class AlarmService:
    """Reads and raises alarms."""

    def __init__(self, database: Database, clock: Callable[[], datetime], timezone: str) -> None:
        self._database = database
        self._timezone = timezone
        self._clock = clock

    def newest(self, actor: Actor) -> Sequence[Alarm]:
        """The newest alarms of this person's agency."""
        actor.needs("supervisor", "auditor")
        statement = select(AlarmRow)
        if actor.agency is not None:
            statement = statement.where(AlarmRow.agency == actor.agency)
        with self._database.reading() as session:
            rows = session.scalars(statement.order_by(AlarmRow.raised_at.desc(), AlarmRow.id.desc()).limit(SHOWN))
            return [Alarm(row.kind, row.subject, row.mark, row.facts, row.raised_at) for row in rows]

    def ring_deadlines(self) -> int:
        """Job: an alarm for every deadline of a case that is about to run out or has run out; how many were raised."""
        now = self._clock()
        raised = 0
        with self._database.writing() as session:
            for ring in _rings(now, self._timezone):
                for case in _unrung(session, ring):
                    facts = {"state": case.state}
                    raised += raise_alarm(session, now, "deadline", case.id, ring.mark, case.agency, facts)
        return raised

    def ring_stamps(self) -> int:
        """Job: an alarm for every person whose decisions look like a stamp, at most one a day; how many."""
        now = self._clock()
        raised = 0
        with self._database.writing() as session:
            cameras = {camera.id: camera for camera in visible_cameras(session, OFFICE)}
            people = {person.id: person for person in session.scalars(select(PersonRow))}
            names = {person.id: person.username for person in people.values()}
            ids = {person.username: person for person in people.values()}
            for numbers in reviewer_numbers(session, cameras, names, now - STAMP_WINDOW, now + A_MOMENT):
                if numbers.is_rubber_stamp:
                    person = ids[numbers.username]
                    facts = {"hasty": numbers.hasty.count, "timed": numbers.hasty.of}
                    facts |= {"known_caught": numbers.known_caught.count, "known": numbers.known_caught.of}
                    mark = f"{now:%Y-%m-%d}"
                    raised += raise_alarm(session, now, "rubber_stamp", person.id, mark, person.agency or "", facts)
        return raised


def raise_alarm(
    session: Session, now: datetime, kind: str, subject: str, mark: str, agency: str, facts: Mapping[str, Any]
) -> bool:
    """Raises it, with its audit row, in the caller's transaction; False: it was raised before."""
    same = (AlarmRow.kind == kind, AlarmRow.subject == subject, AlarmRow.mark == mark)
    if session.scalar(select(exists().where(*same))):
        return False
    row = AlarmRow(
        id=new_id(now), kind=kind, subject=subject, mark=mark, agency=agency, facts=dict(facts), raised_at=now
    )
    session.add(row)
    case_id = subject if kind == "deadline" else None
    details = {"kind": kind, "subject": subject, "mark": mark, **facts}
    record(session, now, OFFICE, "office", "alarm", case_id=case_id, details=details)
    return True


@dataclass(frozen=True, slots=True)
class _Ring:
    """One kind of deadline, near or over, as a condition on cases and their notices."""

    kind: DeadlineKind
    mark: str
    states: tuple[CaseState, ...]
    condition: ColumnElement[bool]


def _rings(now: datetime, timezone: str) -> Iterable[_Ring]:
    today = local_day(now, timezone)

    def sent_until(last_day: date) -> ColumnElement[bool]:
        sent_before = last_day - timedelta(days=NO_SHOW_DAYS - 1)
        return NoticeRow.issued_at < day_begins(sent_before, timezone)

    soon = {kind: today + timedelta(days=days) for kind, days in WARN_DAYS.items()}
    yesterday = today - timedelta(days=1)
    yield _Ring("notice", "notice_near", BEFORE_NOTICE, CaseRow.notice_due_on <= soon["notice"])
    yield _Ring("notice", "notice_over", BEFORE_NOTICE, CaseRow.notice_due_on <= yesterday)
    yield _Ring("no_show", "no_show_near", ("notice_issued",), sent_until(soon["no_show"]))
    yield _Ring("no_show", "no_show_over", ("notice_issued",), sent_until(yesterday))
    until = day_begins(soon["limitation"], timezone)
    yield _Ring("limitation", "limitation_near", LIMITED, CaseRow.expires_at <= until)


def _unrung(session: Session, ring: _Ring) -> Sequence[CaseRow]:
    """The cases that this alarm was not raised for, what runs out first at the front."""
    rung = exists().where(AlarmRow.kind == "deadline", AlarmRow.subject == CaseRow.id, AlarmRow.mark == ring.mark)
    statement = select(CaseRow).where(CaseRow.state.in_(ring.states), ring.condition, ~rung)
    if ring.kind == "no_show":
        statement = statement.join(NoticeRow, NoticeRow.case_id == CaseRow.id)
    return session.scalars(statement.order_by(CaseRow.expires_at, CaseRow.id).limit(CASES_A_STEP)).all()
