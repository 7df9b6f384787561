"""Making and closing accounts. The command line and the demo call this; there is no page for it yet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import update

from api.database import Database
from api.people.passwords import hash_password
from models.domain.cases import Role
from models.tables.base import new_id
from models.tables.people import LoginSessionRow, PersonRow


def add_person(
    database: Database,
    username: str,
    password: str,
    roles: Iterable[Role],
    now: datetime,
    *,
    display_name: str = "",
    agency: str | None = None,
) -> str:
    """A new account's id. `agency` None sees the cases of every agency.

    Raises:
        PasswordTooWeakError: the password is too short or too long.
        sqlalchemy.exc.IntegrityError: the name is taken.
    """
    password_hash = hash_password(password)
    with database.writing() as session:
        person = PersonRow(
            id=new_id(now),
            username=username.strip().lower(),
            display_name=display_name,
            password_hash=password_hash,
            roles=sorted(roles),
            agency=agency,
            created_at=now,
        )
        session.add(person)
        return person.id


def close_account(database: Database, person_id: str, now: datetime) -> None:
    """Closes an account and ends all its sessions in the same transaction: the next request is refused."""
    with database.writing() as session:
        session.execute(update(PersonRow).where(PersonRow.id == person_id).values(is_active=False))
        session.execute(
            update(LoginSessionRow)
            .where(LoginSessionRow.person_id == person_id, LoginSessionRow.revoked_at.is_(None))
            .values(revoked_at=now)
        )
