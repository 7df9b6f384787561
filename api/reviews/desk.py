"""What a reviewer does before deciding: opens every part, and types the plate before the reading is given.

Both are rows of the audit log, in which nobody can change them afterwards. No row holds a plate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.cases.repository import find_case
from api.database import Database
from api.errors import CaseHeldError, InputError
from models.domain.cases import Role
from models.domain.plates import PlateError, parse_plate
from models.tables import AuditRow, CaseRow

Part = Literal["clip", "before", "at", "beyond"]
PARTS: tuple[Part, ...] = ("clip", "before", "at", "beyond")
"""Mandatory parts of the evidence: the clip and the three pictures."""
FILES_OF_PARTS: dict[Part, tuple[str, ...]] = {
    "clip": ("clip.mp4", "clip_view.mp4"),
    "before": ("a_before.jpg",),
    "at": ("b_at.jpg",),
    "beyond": ("c_beyond.jpg",),
}
_ROLES: tuple[Role, ...] = ("reviewer", "supervisor")


@dataclass(frozen=True, slots=True)
class Compared:
    """The typed plate beside the machine's reading; `reading` None: it read nothing."""

    typed: str
    reading: str | None

    @property
    def differs(self) -> bool:
        return self.reading is not None and self.reading != self.typed


class ReviewDesk:
    """Raises `CaseHeldError` to whoever does not hold the case, `CaseNotFoundError` where there is none."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def open_part(self, actor: Actor, case_id: str, part: str) -> None:
        """Notes that this person had this part of the evidence before their eyes. Again is not noted again.

        Raises:
            InputError: field `part`.
        """
        if part not in PARTS:
            raise InputError("part", f"part: got no part of the evidence, expected one of {list(PARTS)}")
        with self._database.writing() as session:
            case = _held_case(session, actor, case_id)
            if part not in _opened(session, actor, case):
                self._record(session, actor, case, "part_opened", {"part": part})

    def opened(self, actor: Actor, case_id: str) -> Sequence[Part]:
        """The parts that this person has opened since they took the case."""
        with self._database.reading() as session:
            return _opened(session, actor, find_case(session, actor, case_id))

    def compare_plate(self, actor: Actor, case_id: str, typed: str) -> Compared:
        """Gives the reading for a typed plate, and notes that a plate was typed first and whether the two agree.

        Raises:
            InputError: field `plate`: what was typed is no plate.
        """
        try:
            text = parse_plate(typed).text
        except PlateError as error:
            raise InputError("plate", str(error)) from None
        with self._database.writing() as session:
            case = _held_case(session, actor, case_id)
            compared = Compared(text, case.plate_read)
            agrees = None if compared.reading is None else not compared.differs
            self._record(session, actor, case, "plate_typed", {"agrees": agrees})
            return compared

    def settle(self, actor: Actor, case_id: str) -> None:
        """Notes that this person saw that the reading differs, looked again, and stays with what they typed."""
        with self._database.writing() as session:
            self._record(session, actor, _held_case(session, actor, case_id), "plate_settled", {"choice": "typed"})

    def _record(self, session: Session, actor: Actor, case: CaseRow, what: str, details: dict[str, object]) -> None:
        role = next(role for role in _ROLES if role in actor.roles)
        record(session, self._clock(), actor, role, what, case_id=case.id, details=details)


def _held_case(session: Session, actor: Actor, case_id: str) -> CaseRow:
    actor.needs(*_ROLES)
    case = find_case(session, actor, case_id)
    if actor.person_id is None or case.assigned_to != actor.person_id:
        raise CaseHeldError("got a case that you do not hold, expected one that you have taken")
    return case


def _opened(session: Session, actor: Actor, case: CaseRow) -> list[Part]:
    own = select(AuditRow).where(AuditRow.case_id == case.id, AuditRow.person_id == actor.person_id)
    rows = session.scalars(own.where(AuditRow.what.in_(("take", "part_opened"))).order_by(AuditRow.id)).all()
    parts: set[str] = set()
    for row in rows:
        parts = set() if row.what == "take" else parts | {str(row.details.get("part"))}
    return [part for part in PARTS if part in parts]
