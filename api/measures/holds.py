"""Cameras that are not trusted: frozen by a person who saw a flaw, or suspended by their own numbers.

While a hold stands, nothing of the camera is taken, decided or issued; its clocks go on, and its alarms still ring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.actor import OFFICE, Actor
from api.audit import record
from api.database import Database
from api.errors import CameraNotFoundError, CameraOnHoldError, InputError
from api.measures.alarms import raise_alarm
from api.measures.numbers import wrong_claims
from models.domain.cases import Role
from models.domain.review import TOO_FEW
from models.tables import CameraHoldRow, CameraRow, CaseRow, NoticeRow, SettledRow, new_id

SUSPEND_ABOVE = 0.10
"""A camera whose wrong claims are surely more than this share is suspended. Accepting a rule asks for half of it."""
JUDGED = 200
"""The newest settled cases of a camera that are judged."""
REASON_CHARACTERS = 500
SENT_LISTED = 1000
_FLAW_ROLES: tuple[Role, ...] = ("supervisor", "reviewer")


@dataclass(frozen=True, slots=True)
class SentNotice:
    """A notice of a flawed camera that somebody has already received. No plate."""

    case_id: str
    number: str
    rule: str
    issued_at: datetime
    is_withdrawn: bool


@dataclass(frozen=True, slots=True)
class Hold:
    id: str
    camera_id: str
    kind: str
    reason: str
    since: datetime


class HoldService:
    """Raises `CameraNotFoundError` where the camera is none, or not this person's business."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def flag_flaw(self, actor: Actor, camera_id: str, reason: str) -> Sequence[SentNotice]:
        """Freezes the camera at once, and lists what was already sent of it: somebody must look at each.

        Raises:
            NotAllowedError: neither reviewer nor supervisor.
            InputError: field `reason`: no reason in words.
            CameraOnHoldError: somebody flagged it already.
        """
        actor.needs(*_FLAW_ROLES)
        now, words = self._clock(), _words(reason)
        with self._database.writing() as session:
            camera = _find_camera(session, actor, camera_id, lock=True)
            if any(hold.kind == "flaw" for hold in _standing(session, camera.id)):
                raise CameraOnHoldError(f"got camera {camera.id}, frozen already, expected one that is not")
            _hold(session, now, actor, camera, "flaw", words)
            return _sent(session, camera.id)

    def sent_notices(self, actor: Actor, camera_id: str) -> Sequence[SentNotice]:
        """The notices of this camera, the newest first."""
        actor.needs("supervisor", "auditor")
        with self._database.reading() as session:
            return _sent(session, _find_camera(session, actor, camera_id).id)

    def standing(self, actor: Actor, camera_id: str) -> Sequence[Hold]:
        """The holds that nobody has lifted."""
        actor.needs("reviewer", "supervisor", "auditor")
        with self._database.reading() as session:
            rows = _standing(session, _find_camera(session, actor, camera_id).id)
        return [Hold(row.id, row.camera_id, row.kind, row.reason, row.since) for row in rows]

    def lift(self, actor: Actor, camera_id: str, reason: str) -> int:
        """Trusts the camera again; how many holds that ended. Never by the person who flagged it.

        Raises:
            NotAllowedError: not a supervisor.
            InputError: field `reason`.
            CameraOnHoldError: this person flagged it: somebody else must look.
        """
        actor.needs("supervisor")
        now, words = self._clock(), _words(reason)
        with self._database.writing() as session:
            camera = _find_camera(session, actor, camera_id, lock=True)
            rows = _standing(session, camera.id)
            if any(row.person_id is not None and row.person_id == actor.person_id for row in rows):
                raise CameraOnHoldError("got the person who flagged the flaw, expected another supervisor")
            for row in rows:
                row.lifted_at, row.lifted_by, row.lifted_reason = now, actor.person_id, words
                details = {"camera": camera.id, "kind": row.kind, "reason": words}
                record(session, now, actor, "supervisor", "hold_lifted", details=details)
            return len(rows)

    def suspend_due(self) -> int:
        """Job: suspends the cameras whose numbers leave no doubt; how many."""
        now = self._clock()
        with self._database.reading() as session:
            due = [camera.id for camera in session.scalars(select(CameraRow)) if _is_due(session, camera.id)]
        for camera_id in due:
            with self._database.writing() as session:
                camera = _find_camera(session, OFFICE, camera_id, lock=True)
                if _is_due(session, camera_id):
                    _suspend(session, now, camera)
        return len(due)


def judged(session: Session, camera_id: str) -> Sequence[SettledRow]:
    """The settled cases that count for or against a camera: the newest, since its last hold was lifted."""
    lifted_at = session.scalars(
        select(CameraHoldRow.lifted_at)
        .where(CameraHoldRow.camera_id == camera_id, CameraHoldRow.lifted_at.is_not(None))
        .order_by(CameraHoldRow.lifted_at.desc())
    ).first()
    statement = select(SettledRow).where(SettledRow.camera_id == camera_id)
    if lifted_at is not None:
        statement = statement.where(SettledRow.settled_at > lifted_at)
    return session.scalars(statement.order_by(SettledRow.settled_at.desc()).limit(JUDGED)).all()


def _is_due(session: Session, camera_id: str) -> bool:
    if _standing(session, camera_id):
        return False
    wrong = wrong_claims(judged(session, camera_id))
    return wrong.of >= TOO_FEW and wrong.low > SUSPEND_ABOVE


def _suspend(session: Session, now: datetime, camera: CameraRow) -> None:
    wrong = wrong_claims(judged(session, camera.id))
    words = (
        f"{wrong.count} wrong of {wrong.of}, at least {wrong.low:.1%} with 95 % certainty; limit {SUSPEND_ABOVE:.0%}"
    )
    hold = _hold(session, now, OFFICE, camera, "suspension", words)
    facts = {"wrong": wrong.count, "of": wrong.of}
    raise_alarm(session, now, "suspension", camera.id, hold.id, camera.agency, facts)


def _hold(session: Session, now: datetime, actor: Actor, camera: CameraRow, kind: str, words: str) -> CameraHoldRow:
    row = CameraHoldRow(
        id=new_id(now), camera_id=camera.id, kind=kind, reason=words, person_id=actor.person_id, since=now
    )
    session.add(row)
    role: Role = next((role for role in _FLAW_ROLES if role in actor.roles), "office")
    details = {"camera": camera.id, "kind": kind, "reason": words}
    record(session, now, actor, role, "camera_held", details=details)
    return row


def _standing(session: Session, camera_id: str) -> Sequence[CameraHoldRow]:
    statement = select(CameraHoldRow).where(CameraHoldRow.camera_id == camera_id, CameraHoldRow.lifted_at.is_(None))
    return session.scalars(statement.order_by(CameraHoldRow.since, CameraHoldRow.id)).all()


def _sent(session: Session, camera_id: str) -> Sequence[SentNotice]:
    rows = session.execute(
        select(NoticeRow, CaseRow.rule)
        .join(CaseRow, CaseRow.id == NoticeRow.case_id)
        .where(CaseRow.camera_id == camera_id)
        .order_by(NoticeRow.issued_at.desc(), NoticeRow.id)
        .limit(SENT_LISTED)
    )
    return [
        SentNotice(notice.case_id, notice.number, rule, notice.issued_at, notice.withdrawn_at is not None)
        for notice, rule in rows
    ]


def _find_camera(session: Session, actor: Actor, camera_id: str, *, lock: bool = False) -> CameraRow:
    statement = select(CameraRow).where(CameraRow.id == camera_id[:40])
    row = session.scalars(statement.with_for_update() if lock else statement).first()
    if row is None or not actor.sees(row.agency, row.camera_group):
        raise CameraNotFoundError("got an unknown camera, expected one of your agency and camera groups")
    return row


def _words(reason: str) -> str:
    words = reason.strip()
    if not words or len(words) > REASON_CHARACTERS:
        raise InputError("reason", f"reason: got {len(words)} characters, expected 1..{REASON_CHARACTERS}")
    return words
