"""Making, changing and closing accounts, by an administrator within what they administer, or by the command line."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.actor import PEOPLES_ROLES, Actor
from api.audit import record
from api.database import Database
from api.errors import InputError
from api.people.errors import NameTakenError, OwnAccountError, PersonNotFoundError
from api.people.passwords import hash_password
from api.people.schemas import OpenSession, PersonLine, Scope
from api.people.second_factor import SecondFactors
from models.domain.cases import Role
from models.tables import CameraRow, LoginSessionRow, PersonRow, SecondFactorRow, new_id

PEOPLE_LISTED = 500
NAME_CHARACTERS = 64
FIRST_PASSWORD_BYTES = 12


def add_person(
    database: Database,
    username: str,
    password: str,
    roles: Iterable[Role],
    now: datetime,
    *,
    display_name: str = "",
    agency: str | None = None,
    camera_groups: Iterable[str] | None = None,
) -> str:
    """A new account's id. `agency` None sees the cases of every agency, `camera_groups` None every group of it.

    Raises:
        PasswordTooWeakError: the password is too short or too long.
        sqlalchemy.exc.IntegrityError: the name is taken.
    """
    scope = checked_scope(agency, camera_groups)
    password_hash = hash_password(password, username)
    with database.writing() as session:
        person = _person_row(now, username, display_name, password_hash, roles, scope)
        session.add(person)
        return person.id


def close_account(database: Database, person_id: str, now: datetime) -> None:
    """Closes an account and ends all its sessions in the same transaction: the next request is refused."""
    with database.writing() as session:
        session.execute(update(PersonRow).where(PersonRow.id == person_id).values(is_active=False))
        end_sessions(session, person_id, now)


def end_sessions(session: Session, person_id: str, now: datetime, *, but: str | None = None) -> int:
    """Ends every live session of a person, but one if it is named; how many."""
    statement = update(LoginSessionRow).where(
        LoginSessionRow.person_id == person_id,
        LoginSessionRow.revoked_at.is_(None),
        LoginSessionRow.id != (but or ""),
    )
    ended = session.execute(statement.values(revoked_at=now).returning(LoginSessionRow.id))
    return len(ended.all())


def checked_scope(agency: str | None, camera_groups: Iterable[str] | None) -> Scope:
    """Raises InputError: groups without the agency that they are groups of, or none at all."""
    groups = None if camera_groups is None else tuple(sorted(set(camera_groups)))
    if groups is not None and agency is None:
        raise InputError("agency", "got camera groups without an agency, expected both")
    if groups == ():
        raise InputError("camera_groups", "got no camera group, expected one at least, or all")
    return Scope(agency, groups)


class Accounts:
    """What an administrator may do with the accounts of their own agency and camera groups.

    Every method raises `NotAllowedError` to anybody else, and `PersonNotFoundError` outside of that scope.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime], factors: SecondFactors) -> None:
        self._database = database
        self._clock = clock
        self._factors = factors

    def list(self, actor: Actor) -> Sequence[PersonLine]:
        actor.needs("administrator")
        with self._database.reading() as session:
            statement = (
                select(PersonRow, SecondFactorRow.confirmed_at)
                .outerjoin(SecondFactorRow, SecondFactorRow.person_id == PersonRow.id)
                .order_by(PersonRow.is_active.desc(), PersonRow.username)
            )
            if actor.agency is not None:
                statement = statement.where(PersonRow.agency == actor.agency)
            rows = session.execute(statement.limit(PEOPLE_LISTED)).all()
            return [_line(row, confirmed_at) for row, confirmed_at in rows if is_within(actor, scope_of(row))]

    def read(self, actor: Actor, person_id: str) -> tuple[PersonLine, Sequence[OpenSession]]:
        """The account, and its live sessions."""
        actor.needs("administrator")
        now = self._clock()
        with self._database.reading() as session:
            row = _find(session, actor, person_id)
            factor = session.get(SecondFactorRow, row.id)
            return _line(row, factor.confirmed_at if factor else None), live_sessions(session, row.id, now)

    def groups(self, actor: Actor) -> Sequence[tuple[str, str]]:
        """Agencies and camera groups that this administrator may give: those of the cameras that they see."""
        actor.needs("administrator")
        with self._database.reading() as session:
            rows = session.execute(select(CameraRow.agency, CameraRow.camera_group).distinct()).all()
        return sorted((agency, group) for agency, group in rows if actor.sees(agency, group))

    def add(self, actor: Actor, username: str, display_name: str, roles: Iterable[Role], scope: Scope) -> str:
        """A new account; its first password, shown once. It opens only the page where it is changed.

        Raises:
            InputError: field `username`, `roles` or `agency`.
            NameTakenError
        """
        actor.needs("administrator")
        now, password = self._clock(), secrets.token_urlsafe(FIRST_PASSWORD_BYTES)
        wanted = _checked_roles(roles)
        name = _checked_name(username)
        _needs_within(actor, scope)
        row = _person_row(now, name, display_name.strip(), hash_password(password, name), wanted, scope)
        row.must_change_password = True
        try:
            with self._database.writing() as session:
                session.add(row)
                session.flush()
                _told(session, now, actor, "person_added", row, roles=wanted)
        except IntegrityError:
            raise NameTakenError(f"got the name {name}, expected one that is nobody's") from None
        return password

    def change(self, actor: Actor, person_id: str, roles: Iterable[Role], scope: Scope) -> None:
        """Other roles or another scope; every session of the person ends.

        Raises:
            OwnAccountError, InputError
        """
        wanted = _checked_roles(roles)
        with self._database.writing() as session:
            now, row = self._clock(), self._other(session, actor, person_id)
            _needs_within(actor, scope)
            row.roles = sorted(wanted)
            row.agency, row.camera_groups = scope.agency, None if scope.groups is None else list(scope.groups)
            end_sessions(session, row.id, now)
            _told(session, now, actor, "person_changed", row, roles=wanted)

    def close(self, actor: Actor, person_id: str) -> None:
        """Ends the account and its sessions; what the person decided stays.

        Raises:
            OwnAccountError
        """
        with self._database.writing() as session:
            now, row = self._clock(), self._other(session, actor, person_id)
            row.is_active = False
            end_sessions(session, row.id, now)
            _told(session, now, actor, "person_closed", row)

    def reopen(self, actor: Actor, person_id: str) -> None:
        with self._database.writing() as session:
            now, row = self._clock(), self._other(session, actor, person_id)
            row.is_active, row.failed_logins, row.locked_until = True, 0, None
            _told(session, now, actor, "person_reopened", row)

    def reset(self, actor: Actor, person_id: str, *, second_factor: bool) -> str:
        """A new first password, shown once; the lock and the sessions end, with `second_factor` that one too.

        Raises:
            OwnAccountError
        """
        password = secrets.token_urlsafe(FIRST_PASSWORD_BYTES)
        with self._database.writing() as session:
            now, row = self._clock(), self._other(session, actor, person_id)
            row.password_hash, row.must_change_password = hash_password(password, row.username), True
            row.failed_logins, row.locked_until = 0, None
            end_sessions(session, row.id, now)
            if second_factor:
                self._factors.remove(session, row.id)
            _told(session, now, actor, "second_factor_reset" if second_factor else "password_reset", row)
        return password

    def end_sessions(self, actor: Actor, person_id: str) -> int:
        """Ends every session of a person at once, but the administrator's own; how many."""
        actor.needs("administrator")
        now = self._clock()
        with self._database.writing() as session:
            row = _find(session, actor, person_id, lock=True)
            ended = end_sessions(session, row.id, now, but=actor.session_id)
            _told(session, now, actor, "sessions_ended", row)
        return ended

    def _other(self, session: Session, actor: Actor, person_id: str) -> PersonRow:
        actor.needs("administrator")
        row = _find(session, actor, person_id, lock=True)
        if row.id == actor.person_id:
            raise OwnAccountError("got one's own account, expected somebody else's: another administrator does this")
        return row


def is_within(actor: Actor, scope: Scope) -> bool:
    """Whether all that this scope sees, the actor sees too."""
    if actor.agency is not None and scope.agency != actor.agency:
        return False
    return actor.camera_groups is None or (scope.groups is not None and actor.camera_groups.issuperset(scope.groups))


def live_sessions(session: Session, person_id: str, now: datetime) -> Sequence[OpenSession]:
    """The newest first."""
    rows = session.scalars(
        select(LoginSessionRow)
        .where(
            LoginSessionRow.person_id == person_id,
            LoginSessionRow.revoked_at.is_(None),
            LoginSessionRow.expires_at > now,
        )
        .order_by(LoginSessionRow.created_at.desc())
        .limit(100)
    )
    return [OpenSession(row.id, row.created_at, row.last_seen_at, row.address, row.browser) for row in rows]


def _needs_within(actor: Actor, scope: Scope) -> None:
    if not is_within(actor, scope):
        raise InputError("agency", "got more than you administer, expected your own agency and camera groups")


def _find(session: Session, actor: Actor, person_id: str, *, lock: bool = False) -> PersonRow:
    row = session.get(PersonRow, person_id[:64], with_for_update=lock)
    if row is None or not is_within(actor, scope_of(row)):
        raise PersonNotFoundError("got an unknown person, expected one whom you administer")
    return row


def scope_of(row: PersonRow) -> Scope:
    return Scope(row.agency, None if row.camera_groups is None else tuple(row.camera_groups))


def _checked_roles(roles: Iterable[Role]) -> list[Role]:
    found = sorted(set(roles))
    if not found or not set(found) <= set(PEOPLES_ROLES):
        raise InputError("roles", f"got {found}, expected some of {list(PEOPLES_ROLES)}")
    return found


def _checked_name(username: str) -> str:
    name = username.strip().lower()
    if not name or len(name) > NAME_CHARACTERS or not all(each.isalnum() or each in ".-_@" for each in name):
        raise InputError("username", "got no such name, expected letters, digits and . - _ @")
    return name


def _person_row(
    now: datetime, username: str, display_name: str, password_hash: str, roles: Iterable[Role], scope: Scope
) -> PersonRow:
    return PersonRow(
        id=new_id(now),
        username=username.strip().lower(),
        display_name=display_name[:120],
        password_hash=password_hash,
        roles=sorted(roles),
        agency=scope.agency,
        camera_groups=None if scope.groups is None else list(scope.groups),
        created_at=now,
    )


def _line(row: PersonRow, confirmed_at: datetime | None) -> PersonLine:
    return PersonLine(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        roles=tuple(row.roles),
        scope=scope_of(row),
        is_active=row.is_active,
        has_second_factor=confirmed_at is not None,
        locked_until=row.locked_until,
        created_at=row.created_at,
    )


def _told(
    session: Session, now: datetime, actor: Actor, what: str, row: PersonRow, *, roles: Sequence[Role] | None = None
) -> None:
    details = {"person": row.id} | ({} if roles is None else {"roles": list(roles), "agency": row.agency})
    session.flush()
    record(session, now, actor, "administrator", what, details=details)
