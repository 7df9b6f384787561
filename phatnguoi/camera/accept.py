"""`phatnguoi camera accept | acceptances | revoke`: by two persons, at the office's database."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from api.acceptance.service import AcceptanceService
from api.actor import Actor
from api.errors import OfficeError
from api.office import Office, open_office
from api.people.sessions import open_sessions
from models.domain.acceptance import AcceptedThing, Tally
from phatnguoi.errors import CheckFailedError, CommandError
from phatnguoi.office import read_settings

PASSWORD_VARIABLES = ("PHATNGUOI_FIRST_PASSWORD", "PHATNGUOI_SECOND_PASSWORD")


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    accept = actions.add_parser(
        "accept", help="two persons let a rule's claims on a camera become notices, after 30 reviewed ones"
    )
    show = actions.add_parser("acceptances", help="what persons decided of a rule's claims in warning mode")
    revoke = actions.add_parser("revoke", help="end the acceptance of a rule on a camera at once")
    for parser in (accept, show, revoke):
        parser.add_argument("camera_id", metavar="CAMERA_ID")
        parser.add_argument("--rule", required=True)
    passwords = " and ".join(PASSWORD_VARIABLES)
    accept.add_argument(
        "--first", required=True, metavar="PERSON", help=f"passwords: {passwords}, or typed; codes: …_CODE"
    )
    accept.add_argument("--second", required=True, metavar="PERSON", help="one of the two is a supervisor")
    revoke.add_argument("--by", required=True, metavar="PERSON", help=f"a supervisor; {PASSWORD_VARIABLES[0]}")
    revoke.add_argument("--reason", required=True)


def run(arguments: argparse.Namespace) -> int:
    """Acts on the office's database.

    Raises:
        CommandError: a setting, a person or a password is wrong.
        CheckFailedError: there is not enough to accept.
    """
    try:
        office = open_office(read_settings(), lambda: datetime.now(UTC))
        service = AcceptanceService(office.database, office.clock)
        try:
            ACTIONS[arguments.action](office, service, arguments)
        finally:
            office.close()
    except OfficeError as error:
        raise CheckFailedError(str(error)) from None
    except SQLAlchemyError as error:
        raise CommandError(f"the database does not answer: {str(error).splitlines()[0]}") from None
    return 0


def _accept(office: Office, service: AcceptanceService, arguments: argparse.Namespace) -> None:
    thing, tally = _newest(service, arguments)
    first = _signed_in(office, arguments.first, PASSWORD_VARIABLES[0])
    second = _signed_in(office, arguments.second, PASSWORD_VARIABLES[1])
    acceptance_id = service.accept(first, second, thing)
    print(f"{acceptance_id}: {_told(thing, tally)}")


def _show(office: Office, service: AcceptanceService, arguments: argparse.Namespace) -> None:
    tallies = service.tallies(arguments.camera_id, arguments.rule)
    if not tallies:
        print(f"{arguments.rule} on {arguments.camera_id}: no reviewed claim in warning mode")
    for thing, tally in tallies.items():
        print(f"{_told(thing, tally)}: {tally.why_not() or 'may be accepted'}")


def _revoke(office: Office, service: AcceptanceService, arguments: argparse.Namespace) -> None:
    actor = _signed_in(office, arguments.by, PASSWORD_VARIABLES[0])
    count = service.revoke(actor, arguments.camera_id, arguments.rule, arguments.reason)
    print(f"{arguments.rule} on {arguments.camera_id}: {count} revoked, warning mode from now on")


ACTIONS = {"accept": _accept, "acceptances": _show, "revoke": _revoke}


def _newest(service: AcceptanceService, arguments: argparse.Namespace) -> tuple[AcceptedThing, Tally]:
    """What made the newest reviewed claim: an acceptance of anything older would be worth nothing."""
    tallies = service.tallies(arguments.camera_id, arguments.rule)
    if not tallies:
        raise CheckFailedError(f"{arguments.rule} on {arguments.camera_id}: got no reviewed claim in warning mode")
    return next(iter(tallies.items()))


def _signed_in(office: Office, username: str, variable: str) -> Actor:
    """The person, with a session of their own that the decision bears."""
    password = os.environ.get(variable) or (getpass.getpass(f"{username}: ") if sys.stdin.isatty() else "")
    now = office.clock()
    code = os.environ.get(f"{variable}_CODE") or (input(f"{username}, code: ") if sys.stdin.isatty() else "")
    try:
        sessions = open_sessions(office.database, office.settings)
    except ValueError as error:
        raise CommandError(str(error)) from None
    found = sessions.find(sessions.sign_in(username, password, now, code=code), now)
    if found is None or found.owes is not None:
        raise CommandError(f"{username}: got an account that is not set up, expected one: sign in at the office first")
    return found.actor


def _told(thing: AcceptedThing, tally: Tally) -> str:
    basis, weights = thing.rule_basis_sha256[:12] or "none", thing.weights_sha256[:12]
    made_by = f"{thing.rule} {thing.rule_version} on {thing.camera_id} (geometry {basis}, weights {weights})"
    return f"{made_by}: {tally.confirmed} confirmed, {tally.wrong} wrong, {tally.other} rejected for other reasons"
