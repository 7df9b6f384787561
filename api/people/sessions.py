"""Signing in and out: server-side sessions, of which the browser holds a random token and the table only its hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.database import Database
from api.people.errors import SignInRefusedError
from api.people.passwords import is_password
from models.domain.cases import Role
from models.tables.base import new_id
from models.tables.people import LoginSessionRow, PersonRow

WRONG_SIGN_INS = 8
"""Wrong passwords in a row that lock an account, for LOCK_LENGTH."""
LOCK_LENGTH = timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=1)
"""`last_seen_at` is written at most this often."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with a live session."""

    actor: Actor
    username: str
    display_name: str
    csrf_token: str
    session_id: str
    person_id: str


class Sessions:
    """The live sessions of the office's people.

    Args:
        length: a session ends this long after its sign-in, whatever happens.
        idle: … and this long after its last request.
    """

    def __init__(self, database: Database, length: timedelta, idle: timedelta) -> None:
        self._database = database
        self._length = length
        self._idle = idle

    def sign_in(self, username: str, password: str, now: datetime, *, instead_of: str | None = None) -> str:
        """A new session's token, for the cookie. The session `instead_of` (a token) ends.

        Raises:
            SignInRefusedError: nobody of that name, wrong password, closed or locked account.
        """
        with self._database.reading() as session:
            person = _find_person(session, username)
        fits = is_password(person.password_hash if person else None, password)
        if person is None:
            raise _refusal()
        token = secrets.token_urlsafe(32)
        with self._database.writing() as session:
            row = session.get_one(PersonRow, person.id, with_for_update=True)
            is_open = row.is_active and (row.locked_until is None or row.locked_until <= now)
            if fits and is_open and row.password_hash == person.password_hash:
                row.failed_logins, row.locked_until = 0, None
                opened = _session_row(row.id, token, now, now + self._length)
                session.add(opened)
                _revoke(session, instead_of, now)
                _record(session, now, row, opened.id, "sign_in")
                return token
            if is_open:
                _count_wrong(row, now)
                _record(session, now, row, None, "sign_in_refused")
        raise _refusal()

    def find(self, token: str | None, now: datetime) -> SignedIn | None:
        """The person behind a cookie; None where the session or the account is over."""
        if not token:
            return None
        with self._database.reading() as session:
            found = session.execute(
                select(LoginSessionRow, PersonRow)
                .join(PersonRow, PersonRow.id == LoginSessionRow.person_id)
                .where(LoginSessionRow.token_sha256 == _hashed(token), LoginSessionRow.revoked_at.is_(None))
            ).one_or_none()
        if found is None:
            return None
        row, person = found
        if not person.is_active or row.expires_at <= now or row.last_seen_at + self._idle <= now:
            return None
        if row.last_seen_at + SEEN_EVERY <= now:
            with self._database.writing() as session:
                session.execute(update(LoginSessionRow).where(LoginSessionRow.id == row.id).values(last_seen_at=now))
        return _signed_in(row, person)

    def sign_out(self, token: str | None, now: datetime) -> None:
        with self._database.writing() as session:
            ended = _revoke(session, token, now)
            if ended is not None:
                person = session.get_one(PersonRow, ended.person_id)
                _record(session, now, person, ended.id, "sign_out")


def _find_person(session: Session, username: str) -> PersonRow | None:
    return session.scalar(select(PersonRow).where(PersonRow.username == username.strip().lower()[:64]))


def _count_wrong(row: PersonRow, now: datetime) -> None:
    row.failed_logins += 1
    if row.failed_logins >= WRONG_SIGN_INS:
        row.failed_logins, row.locked_until = 0, now + LOCK_LENGTH


def _session_row(person_id: str, token: str, now: datetime, expires_at: datetime) -> LoginSessionRow:
    return LoginSessionRow(
        id=new_id(now),
        token_sha256=_hashed(token),
        csrf_token=secrets.token_urlsafe(32),
        person_id=person_id,
        created_at=now,
        last_seen_at=now,
        expires_at=expires_at,
        revoked_at=None,
    )


def _revoke(session: Session, token: str | None, now: datetime) -> LoginSessionRow | None:
    """Ends the session of that token; None where it had ended, or never was."""
    row = session.scalar(
        select(LoginSessionRow).where(
            LoginSessionRow.token_sha256 == _hashed(token or ""), LoginSessionRow.revoked_at.is_(None)
        )
    )
    if row is not None:
        row.revoked_at = now
    return row


def _record(session: Session, now: datetime, person: PersonRow, session_id: str | None, what: str) -> None:
    roles: list[Role] = sorted(person.roles)
    actor = Actor(frozenset(roles), person.id, person.agency, session_id)
    record(session, now, actor, roles[0] if roles else "office", what)


def _signed_in(row: LoginSessionRow, person: PersonRow) -> SignedIn:
    return SignedIn(
        actor=Actor(frozenset(person.roles), person.id, person.agency, row.id),
        username=person.username,
        display_name=person.display_name or person.username,
        csrf_token=row.csrf_token,
        session_id=row.id,
        person_id=person.id,
    )


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _refusal() -> SignInRefusedError:
    return SignInRefusedError("got a name and password that open no account, expected both of an active account")
