"""Whoever acts in the office's name does it with a live session: asked in the transaction of the act itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.actor import Actor
from api.people.errors import NotSignedInError
from models.tables import LoginSessionRow, PersonRow


def check_live(session: Session, now: datetime, actor: Actor) -> None:
    """The person is active and their session lives; both rows stay as they are until the transaction ends.

    So an account that is closed, or a session that is ended, at the same moment comes wholly before or wholly after.
    Person before session, as `close_account` takes them: nobody waits in a circle.

    Raises:
        NotSignedInError
    """
    person = session.scalars(
        select(PersonRow).where(PersonRow.id == actor.person_id).with_for_update(read=True)
    ).one_or_none()
    row = session.scalars(
        select(LoginSessionRow).where(LoginSessionRow.id == actor.session_id).with_for_update(read=True)
    ).one_or_none()
    if person is None or not person.is_active:
        raise NotSignedInError("got a closed account, expected an active one")
    if row is None or row.person_id != person.id or row.revoked_at is not None or row.expires_at <= now:
        raise NotSignedInError("got a session that has ended, expected a live one: sign in")
