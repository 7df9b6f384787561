"""Two persons at two desks: the first asks that a rule be accepted on a camera, the second accepts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.acceptance.service import AcceptanceService, tallies_of
from api.actor import Actor
from api.audit import record
from api.cameras.repository import check_seen
from api.database import Database
from api.errors import AcceptanceRefusedError, CameraNotFoundError, SamePersonError
from models.domain.acceptance import AcceptedThing, Tally
from models.domain.cases import Role
from models.tables import AcceptanceRequestRow, AcceptanceRow, PersonRow, new_id

WAITS_FOR = timedelta(hours=24)
"""A second person who comes later finds other claims: the first asks again."""
SIGNERS: tuple[Role, ...] = ("reviewer", "supervisor")
READERS: tuple[Role, ...] = ("reviewer", "supervisor", "administrator", "auditor", "operations")


@dataclass(frozen=True, slots=True)
class OpenRequest:
    id: str
    asked_by: str
    person_id: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class RuleStanding:
    """One rule on one camera, as what its newest reviewed claims were made with.

    Attributes:
        thing: None: nobody has decided a claim of it in warning mode yet.
        why_not: why it cannot be accepted now; None where it can be, or is.
        accepted_at: None while it is not accepted, or was accepted in another form.
    """

    rule: str
    thing: AcceptedThing | None
    tally: Tally
    why_not: str | None
    accepted_at: datetime | None
    request: OpenRequest | None


class AcceptanceRequests:
    """What the page of a camera does about its rules."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._acceptances = AcceptanceService(database, clock)

    def standings(self, actor: Actor, camera_id: str, rules: tuple[str, ...]) -> list[RuleStanding]:
        """One for each rule.

        Raises:
            NotAllowedError, CameraNotFoundError
        """
        actor.needs(*READERS)
        with self._database.reading() as session:
            check_seen(session, actor, camera_id)
            return [_standing(session, self._clock(), camera_id, rule) for rule in rules]

    def ask(self, actor: Actor, camera_id: str, rule: str) -> str:
        """The first signature, on what made the newest reviewed claims; its id.

        Raises:
            NotAllowedError, CameraNotFoundError
            AcceptanceRefusedError: too few reviewed claims, or too many wrong ones.
        """
        actor.needs(*SIGNERS)
        now = self._clock()
        with self._database.writing() as session:
            check_seen(session, actor, camera_id)
            standing = _standing(session, now, camera_id, rule)
            if standing.thing is None or standing.why_not is not None or actor.person_id is None:
                raise AcceptanceRefusedError(f"{rule} on {camera_id}: {standing.why_not}")
            _close(session, now, camera_id, rule)
            thing = standing.thing
            row = AcceptanceRequestRow(
                id=new_id(now), camera_id=camera_id, rule=rule, rule_version=thing.rule_version,
                weights_sha256=thing.weights_sha256, rule_basis_sha256=thing.rule_basis_sha256,
                person_id=actor.person_id, session_id=actor.session_id, asked_at=now,
            )  # fmt: skip
            session.add(row)
            details = {"camera": camera_id, "rule": rule, "request": row.id}
            record(session, now, actor, _role(actor), "acceptance_asked", details=details)
            return row.id

    def accept(self, actor: Actor, request_id: str) -> str:
        """The second signature: from now on such claims may lead to notices.

        Raises:
            NotAllowedError, CameraNotFoundError
            SamePersonError: whoever asked.
            AcceptanceRefusedError: it is closed or too old, the first may not sign any more, or none is a supervisor.
        """
        actor.needs(*SIGNERS)
        now = self._clock()
        with self._database.reading() as session:
            row = session.get(AcceptanceRequestRow, request_id)
            if row is None:
                raise CameraNotFoundError("got an unknown request, expected one that waits for a second person")
            check_seen(session, actor, row.camera_id)
            person = session.get_one(PersonRow, row.person_id)
        if row.closed_at is not None or row.asked_at + WAITS_FOR <= now:
            raise AcceptanceRefusedError("got a request that is closed or older than a day: ask anew")
        if actor.person_id == row.person_id:
            raise SamePersonError("got the person who asked, expected another one")
        first = Actor(frozenset(person.roles) if person.is_active else frozenset(), person.id, person.agency)
        if not first.roles.intersection(SIGNERS):
            raise AcceptanceRefusedError("got a first person who may not sign any more: ask anew")
        thing = AcceptedThing(row.camera_id, row.rule, row.rule_version, row.weights_sha256, row.rule_basis_sha256)
        accepted = self._acceptances.accept(first, actor, thing)
        with self._database.writing() as session:
            _close(session, now, row.camera_id, row.rule)
        return accepted

    def revoke(self, actor: Actor, camera_id: str, rule: str, reason: str) -> int:
        """Ends every acceptance of the rule on the camera.

        Raises:
            NotAllowedError, CameraNotFoundError, InputError
        """
        with self._database.reading() as session:
            check_seen(session, actor, camera_id)
        return self._acceptances.revoke(actor, camera_id, rule, reason)


def _standing(session: Session, now: datetime, camera_id: str, rule: str) -> RuleStanding:
    tallies = tallies_of(session, camera_id, rule)
    if not tallies:
        return RuleStanding(rule, None, Tally(), Tally().why_not(), None, None)
    thing, tally = next(iter(tallies.items()))
    accepted = session.scalars(
        select(AcceptanceRow.accepted_at).where(
            AcceptanceRow.camera_id == camera_id,
            AcceptanceRow.rule == rule,
            AcceptanceRow.rule_version == thing.rule_version,
            AcceptanceRow.weights_sha256 == thing.weights_sha256,
            AcceptanceRow.rule_basis_sha256 == thing.rule_basis_sha256,
            AcceptanceRow.revoked_at.is_(None),
        )
    ).first()
    why_not = None if accepted is not None else tally.why_not()
    return RuleStanding(rule, thing, tally, why_not, accepted, _open_request(session, now, thing))


def _open_request(session: Session, now: datetime, thing: AcceptedThing) -> OpenRequest | None:
    found = session.execute(
        select(AcceptanceRequestRow, PersonRow)
        .join(PersonRow, PersonRow.id == AcceptanceRequestRow.person_id)
        .where(
            AcceptanceRequestRow.camera_id == thing.camera_id,
            AcceptanceRequestRow.rule == thing.rule,
            AcceptanceRequestRow.rule_basis_sha256 == thing.rule_basis_sha256,
            AcceptanceRequestRow.weights_sha256 == thing.weights_sha256,
            AcceptanceRequestRow.closed_at.is_(None),
            AcceptanceRequestRow.asked_at > now - WAITS_FOR,
        )
        .order_by(AcceptanceRequestRow.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    row, person = found
    return OpenRequest(row.id, person.display_name or person.username, row.person_id, row.asked_at)


def _close(session: Session, now: datetime, camera_id: str, rule: str) -> None:
    session.execute(
        update(AcceptanceRequestRow)
        .where(
            AcceptanceRequestRow.camera_id == camera_id,
            AcceptanceRequestRow.rule == rule,
            AcceptanceRequestRow.closed_at.is_(None),
        )
        .values(closed_at=now)
    )


def _role(actor: Actor) -> Role:
    return "supervisor" if "supervisor" in actor.roles else "reviewer"
