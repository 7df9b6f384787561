"""Signing in and out: server-side sessions, of which the browser holds a random token and the table only its hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.database import Database
from api.people.errors import SignInRefusedError
from api.people.passwords import is_password
from api.people.second_factor import SecondFactors
from api.settings import OfficeSettings
from models.domain.cases import Role
from models.tables import LoginSessionRow, PersonRow, SecondFactorRow, new_id

WRONG_SIGN_INS = 8
"""Wrong passwords in a row that lock an account, for LOCK_LENGTH."""
LOCK_LENGTH = timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=1)
"""`last_seen_at` is written at most this often."""
Owed = Literal["password", "second_factor"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a sign-in comes from, for its owner to recognise it by."""

    address: str | None = None
    browser: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with a live session.

    Attributes:
        owes: what they must set before anything else is open to them; None: nothing.
        has_second_factor: an authenticator of theirs was confirmed.
    """

    actor: Actor
    username: str
    display_name: str
    csrf_token: str
    session_id: str
    person_id: str
    owes: Owed | None = None
    has_second_factor: bool = False


class Sessions:
    """The live sessions of the office's people.

    Args:
        length: a session ends this long after its sign-in, whatever happens.
        idle: … and this long after its last request.
        factors: checks the second factor of those who have one; None: where nobody has.
        required: the roles that must have one.
    """

    def __init__(
        self,
        database: Database,
        length: timedelta,
        idle: timedelta,
        factors: SecondFactors | None = None,
        required: Iterable[Role] = (),
    ) -> None:
        self._database = database
        self._length = length
        self._idle = idle
        self.factors = factors or SecondFactors(None, "")
        self._required = frozenset(required)

    def sign_in(
        self,
        username: str,
        password: str,
        now: datetime,
        *,
        code: str = "",
        instead_of: str | None = None,
        caller: Caller = Caller(),
    ) -> str:
        """A new session's token, for the cookie. The session `instead_of` (a token) ends.

        Args:
            code: of the authenticator, or a recovery code; not asked of those who have no second factor.

        Raises:
            SignInRefusedError: nobody of that name, wrong password or code, closed or locked account.
        """
        with self._database.reading() as session:
            person = _find_person(session, username)
        fits = is_password(person.password_hash if person else None, password)
        if person is None:
            raise _refusal()
        token = secrets.token_urlsafe(32)
        with self._database.writing() as session:
            row = session.get_one(PersonRow, person.id, with_for_update=True)
            may_try = is_open(row, now)
            is_right = fits and may_try and row.password_hash == person.password_hash
            if is_right and self.factors.passes(session, now, row.id, code):
                row.failed_logins, row.locked_until = 0, None
                opened = _session_row(row.id, token, now, now + self._length, caller)
                session.add(opened)
                session.flush()
                _revoke(session, instead_of, now)
                _record(session, now, row, opened.id, "sign_in")
                return token
            if may_try:
                count_wrong(row, now)
                _record(session, now, row, None, "sign_in_refused")
        raise _refusal()

    def find(self, token: str | None, now: datetime) -> SignedIn | None:
        """The person behind a cookie; None where the session or the account is over."""
        if not token:
            return None
        with self._database.reading() as session:
            found = session.execute(
                select(LoginSessionRow, PersonRow, SecondFactorRow.confirmed_at)
                .join(PersonRow, PersonRow.id == LoginSessionRow.person_id)
                .outerjoin(SecondFactorRow, SecondFactorRow.person_id == PersonRow.id)
                .where(LoginSessionRow.token_sha256 == _hashed(token), LoginSessionRow.revoked_at.is_(None))
            ).one_or_none()
        if found is None:
            return None
        row, person, confirmed_at = found
        if not person.is_active or row.expires_at <= now or row.last_seen_at + self._idle <= now:
            return None
        if row.last_seen_at + SEEN_EVERY <= now:
            with self._database.writing() as session:
                session.execute(update(LoginSessionRow).where(LoginSessionRow.id == row.id).values(last_seen_at=now))
        return _signed_in(row, person, self._owed(person, confirmed_at), confirmed_at is not None)

    def _owed(self, person: PersonRow, confirmed_at: datetime | None) -> Owed | None:
        if person.must_change_password:
            return "password"
        is_required = bool(self._required.intersection(person.roles))
        return "second_factor" if is_required and confirmed_at is None else None

    def sign_out(self, token: str | None, now: datetime) -> None:
        with self._database.writing() as session:
            ending = session.scalar(_of_token(token))
            if ending is not None:
                person = session.get_one(PersonRow, ending.person_id)
                _record(session, now, person, ending.id if person.is_active else None, "sign_out")
                ending.revoked_at = now


def open_sessions(database: Database, settings: OfficeSettings) -> Sessions:
    """By the office's settings.

    Raises:
        ValueError: some roles must have a second factor, and there is no key to keep its secret under.
    """
    if settings.second_factor_roles and settings.people_key is None:
        raise ValueError(
            "PHATNGUOI_SECOND_FACTOR_ROLES: got roles without PHATNGUOI_PEOPLE_KEY, expected both "
            "(`phatnguoi office new-people-key` prints one)"
        )
    factors = SecondFactors(settings.people_key, settings.log_origin)
    return Sessions(database, settings.session_length, settings.session_idle, factors, settings.second_factor_roles)


def _find_person(session: Session, username: str) -> PersonRow | None:
    return session.scalar(select(PersonRow).where(PersonRow.username == username.strip().lower()[:64]))


def is_open(row: PersonRow, now: datetime) -> bool:
    """Neither closed nor locked."""
    return row.is_active and (row.locked_until is None or row.locked_until <= now)


def count_wrong(row: PersonRow, now: datetime) -> None:
    row.failed_logins += 1
    if row.failed_logins >= WRONG_SIGN_INS:
        row.failed_logins, row.locked_until = 0, now + LOCK_LENGTH


def _session_row(person_id: str, token: str, now: datetime, expires_at: datetime, caller: Caller) -> LoginSessionRow:
    return LoginSessionRow(
        id=new_id(now),
        token_sha256=_hashed(token),
        csrf_token=secrets.token_urlsafe(32),
        person_id=person_id,
        created_at=now,
        last_seen_at=now,
        expires_at=expires_at,
        revoked_at=None,
        address=(caller.address or "")[:45] or None,
        browser=_browser_name(caller.browser or ""),
    )


def _browser_name(told: str) -> str | None:
    """`Chrome, Windows` out of what the browser calls itself; its beginning where neither is known."""
    families = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
    places = ("Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux")
    found = [next((each for each in names if each in told), "") for names in (families, places)]
    plain = "".join(each for each in told if each.isprintable())[:80]
    return ", ".join(each for each in found if each) or plain or None


def _of_token(token: str | None) -> Select[LoginSessionRow]:
    return select(LoginSessionRow).where(
        LoginSessionRow.token_sha256 == _hashed(token or ""), LoginSessionRow.revoked_at.is_(None)
    )


def _revoke(session: Session, token: str | None, now: datetime) -> None:
    """Ends the session of that token; nothing where it had ended, or never was."""
    row = session.scalar(_of_token(token))
    if row is not None:
        row.revoked_at = now


def _record(session: Session, now: datetime, person: PersonRow, session_id: str | None, what: str) -> None:
    roles: list[Role] = sorted(person.roles)
    record(session, now, actor_of(person, session_id), roles[0] if roles else "office", what)


def _signed_in(row: LoginSessionRow, person: PersonRow, owes: Owed | None, has_second_factor: bool) -> SignedIn:
    return SignedIn(
        actor=actor_of(person, row.id),
        username=person.username,
        display_name=person.display_name or person.username,
        csrf_token=row.csrf_token,
        session_id=row.id,
        person_id=person.id,
        owes=owes,
        has_second_factor=has_second_factor,
    )


def actor_of(person: PersonRow, session_id: str | None) -> Actor:
    groups = None if person.camera_groups is None else frozenset(person.camera_groups)
    return Actor(frozenset(person.roles), person.id, person.agency, session_id, groups)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _refusal() -> SignInRefusedError:
    return SignInRefusedError("got a name and password that open no account, expected both of an active account")
