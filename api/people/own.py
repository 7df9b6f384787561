"""What everybody may do with their own account: password, second factor, sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.database import Database
from api.errors import InputError
from api.people.accounts import end_sessions, live_sessions
from api.people.errors import NotSignedInError, PersonNotFoundError
from api.people.live import check_live
from api.people.passwords import hash_password, is_password
from api.people.schemas import OpenSession
from api.people.second_factor import Enrolment, SecondFactors, has_second_factor, recovery_codes_left
from api.people.sessions import count_wrong, is_open
from models.domain.cases import Role
from models.tables import LoginSessionRow, PersonRow


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """What the page of one's own account shows."""

    sessions: Sequence[OpenSession]
    has_second_factor: bool
    recovery_codes_left: int
    can_have_second_factor: bool


class OwnAccounts:
    """Each method acts on the actor's own account, by a live session."""

    def __init__(self, database: Database, clock: Callable[[], datetime], factors: SecondFactors) -> None:
        self._database = database
        self._clock = clock
        self._factors = factors

    def read(self, actor: Actor) -> OwnAccount:
        with self._database.reading() as session:
            person_id = _id(actor)
            return OwnAccount(
                live_sessions(session, person_id, self._clock()),
                has_second_factor(session, person_id),
                recovery_codes_left(session, person_id),
                self._factors.is_possible,
            )

    def change_password(self, actor: Actor, old: str, new: str) -> None:
        """Every other session of the person ends. Wrong old passwords count towards the lock of the account.

        Raises:
            InputError: field `old`.
            PasswordTooWeakError
        """
        row = self._with_password(actor, old)
        if old == new:
            raise InputError("new", "got the old password again, expected another")
        password_hash = hash_password(new, row.username)
        now = self._clock()
        with self._database.writing() as session:
            check_live(session, now, actor)
            row = session.get_one(PersonRow, row.id, with_for_update=True)
            row.password_hash, row.must_change_password = password_hash, False
            end_sessions(session, row.id, now, but=actor.session_id)
            _told(session, now, actor, row, "password_changed")

    def begin_second_factor(self, actor: Actor) -> Enrolment:
        """The secret for the authenticator; the same one while it may still be confirmed.

        Raises:
            SecondFactorImpossibleError
        """
        now = self._clock()
        with self._database.writing() as session:
            check_live(session, now, actor)
            person = session.get_one(PersonRow, _id(actor))
            return self._factors.pending(session, now, person) or self._factors.begin(session, now, person)

    def confirm_second_factor(self, actor: Actor, code: str) -> Sequence[str]:
        """Recovery codes, shown once.

        Raises:
            InputError: field `code`: it is not the authenticator's.
            SecondFactorImpossibleError
        """
        now = self._clock()
        with self._database.writing() as session:
            check_live(session, now, actor)
            person = session.get_one(PersonRow, _id(actor))
            codes = self._factors.confirm(session, now, person, code)
            if codes is not None:
                end_sessions(session, person.id, now, but=actor.session_id)
                _told(session, now, actor, person, "second_factor_set")
                return codes
        raise InputError("code", "got a wrong code, expected the one that the authenticator shows now")

    def renew_recovery_codes(self, actor: Actor, password: str) -> Sequence[str]:
        """New recovery codes, shown once; the old ones end.

        Raises:
            InputError: field `password`.
        """
        row = self._with_password(actor, password)
        now = self._clock()
        with self._database.writing() as session:
            check_live(session, now, actor)
            codes = self._factors.renew_recovery_codes(session, row.id)
            _told(session, now, actor, row, "recovery_codes_renewed")
        return codes

    def end_session(self, actor: Actor, session_id: str) -> None:
        """Ends one of the person's own sessions.

        Raises:
            PersonNotFoundError: it is somebody else's, or none.
        """
        now = self._clock()
        with self._database.writing() as session:
            check_live(session, now, actor)
            row = session.get(LoginSessionRow, session_id[:64])
            if row is None or row.person_id != actor.person_id:
                raise PersonNotFoundError("got an unknown session, expected one of your own")
            _told(session, now, actor, session.get_one(PersonRow, row.person_id), "session_ended")
            row.revoked_at = row.revoked_at or now

    def _with_password(self, actor: Actor, password: str) -> PersonRow:
        """The person, whose password this is."""
        with self._database.reading() as session:
            person = session.get_one(PersonRow, _id(actor))
        fits = is_password(person.password_hash, password)
        now = self._clock()
        with self._database.writing() as session:
            row = session.get_one(PersonRow, person.id, with_for_update=True)
            if fits and is_open(row, now):
                return row
            if is_open(row, now):
                count_wrong(row, now)
        raise InputError("old", "got a wrong password, expected your own")


def _id(actor: Actor) -> str:
    if actor.person_id is None:
        raise NotSignedInError("got nobody, expected a person with a live session")
    return actor.person_id


def _told(session: Session, now: datetime, actor: Actor, person: PersonRow, what: str) -> None:
    roles: list[Role] = sorted(person.roles)
    record(session, now, actor, roles[0] if roles else "office", what)
