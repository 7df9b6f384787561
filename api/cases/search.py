"""Looking cases up: by number, by camera and days, by plate. A plate is looked up for a reason, and on the record."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.cases.listing import FOUND_SHOWN, camera_page, find_number, find_plate
from api.cases.reading import case_lines
from api.cases.schemas import CaseLine
from api.cases.service import READERS
from api.database import Database
from api.errors import InputError, NotAllowedError
from models.domain.cases import Role
from models.domain.plates import normalised
from models.tables import CameraRow, CaseRow

PLATE_READERS: tuple[Role, ...] = ("supervisor", "auditor")
"""A reviewer is given cases, and looks nobody up."""
LookupReason = Literal["owner_asks", "complaint", "court", "inspection", "correction"]
LOOKUP_REASONS: tuple[LookupReason, ...] = ("owner_asks", "complaint", "court", "inspection", "correction")
LONGEST_SPAN_DAYS = 31
_CASE_NUMBER = re.compile(r"(?:(\d{4})-)?(\d{1,9})")
_NOTICE_NUMBER = re.compile(r"\d{4}-\d{6,}/TB", re.IGNORECASE)
_PLATE = re.compile(r"[0-9A-ZĐ]{5,12}")


@dataclass(frozen=True, slots=True)
class Found:
    """Lines, and the id to go on after; None: that was all."""

    lines: tuple[CaseLine, ...]
    next_after: str | None = None


class CaseSearch:
    """Raises `NotAllowedError` to whoever may not see cases."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def by_number(self, actor: Actor, number: str) -> Found:
        """The case of that number (`2026-000123`, `123` of this year), or of the notice of that number.

        Raises:
            InputError: field `text`.
        """
        actor.needs(*READERS)
        now, wanted = self._clock(), number.strip()
        with self._database.reading() as session:
            for candidate in _candidates(wanted, now):
                rows = find_number(session, actor, candidate)
                if rows:
                    return Found(case_lines(session, now, actor, rows))
        return Found(())

    def by_plate(self, actor: Actor, plate: str, reason: str) -> Found:
        """The newest cases with this plate. Who asked, and why, stands in the audit log; the plate does not.

        Raises:
            NotAllowedError: a role that looks nobody up.
            InputError: field `text` or `reason`.
        """
        actor.needs(*PLATE_READERS)
        text = normalised(plate)
        if not _PLATE.fullmatch(text):
            raise InputError("text", "got no plate, expected letters and digits")
        if reason not in LOOKUP_REASONS:
            raise InputError("reason", f"got no coded reason, expected one of {list(LOOKUP_REASONS)}")
        now = self._clock()
        with self._database.writing() as session:
            rows = find_plate(session, actor, text)
            role = next(role for role in PLATE_READERS if role in actor.roles)
            record(session, now, actor, role, "plate_looked_up", details={"reason": reason, "found": len(rows)})
            return Found(case_lines(session, now, actor, rows))

    def by_camera(self, actor: Actor, camera_id: str, first: date, last: date, after: str | None = None) -> Found:
        """The cases of a camera from one local day to another, the oldest first.

        Raises:
            InputError: field `camera`, `first` or `last`.
        """
        actor.needs(*READERS)
        if not timedelta(0) <= last - first < timedelta(days=LONGEST_SPAN_DAYS):
            raise InputError("last", f"got {first} to {last}, expected at most {LONGEST_SPAN_DAYS} days, in order")
        with self._database.reading() as session:
            since, until = _span(session, camera_id, first, last)
            rows = camera_page(session, actor, camera_id, since, until, after)
            return self._page(session, actor, rows)

    def _page(self, session: Session, actor: Actor, rows: Sequence[CaseRow]) -> Found:
        shown = rows[:FOUND_SHOWN]
        lines = case_lines(session, self._clock(), actor, shown)
        return Found(lines, shown[-1].id if len(rows) > FOUND_SHOWN else None)


def is_number(text: str) -> bool:
    """Whether this is the number of a case or of a notice, and not a plate."""
    return bool(_CASE_NUMBER.fullmatch(text.strip()) or _NOTICE_NUMBER.fullmatch(text.strip()))


def needs_reason(actor: Actor, text: str) -> bool:
    """Whether asking for this text asks for a plate; NotAllowedError to whoever may not."""
    if not text or is_number(text):
        return False
    if not actor.roles.intersection(PLATE_READERS):
        raise NotAllowedError("got a plate, expected the number of a case: this role looks no plate up")
    return True


def _candidates(text: str, now: datetime) -> Sequence[str]:
    if _NOTICE_NUMBER.fullmatch(text):
        return [text.upper()]
    found = _CASE_NUMBER.fullmatch(text)
    if found is None:
        raise InputError("text", "got no number of a case or notice, expected one such as 2026-000123")
    year, number = found[1], int(found[2])
    years = [year] if year else [str(now.year), str(now.year - 1)]
    return [f"{each}-{number:06d}" for each in years]


def _span(session: Session, camera_id: str, first: date, last: date) -> tuple[datetime, datetime]:
    """The instants at which the first day begins, and the day after the last, on the camera's own wall clocks."""
    camera = session.get(CameraRow, camera_id[:40])
    zone = ZoneInfo(camera.timezone if camera is not None else "Asia/Ho_Chi_Minh")
    begin = datetime(first.year, first.month, first.day, tzinfo=zone)
    after = last + timedelta(days=1)
    return begin, datetime(after.year, after.month, after.day, tzinfo=zone)
