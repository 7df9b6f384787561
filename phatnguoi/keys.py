"""`phatnguoi keys`: make keys to sign with, show them, let the office know or no longer accept a worker's."""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.actor import OFFICE
from api.database import Database
from api.errors import OfficeError
from api.log.signing_keys import enrol_key, revoke_key
from models.tables import SigningKeyRow
from models.verify.errors import VerificationError
from models.verify.keys import PREFIX, PublicKey, new_key, parse_public_key, read_key_file, write_key_file
from models.verify.notes import COSIGNATURE, ED25519, NoteKey
from phatnguoi.errors import CommandError
from phatnguoi.office import read_settings


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    new = actions.add_parser("new", help="make a key in a new file that only you may read")
    new.add_argument("file", type=Path)
    show = actions.add_parser("show", help="the public half of a key file, and its fingerprint")
    show.add_argument("file", type=Path)
    names = show.add_mutually_exclusive_group()
    names.add_argument("--log", metavar="NAME", help="as a line of a trust file: the key of a log of this name")
    names.add_argument("--witness", metavar="NAME", help="as a line of a trust file: the key of a witness of this name")
    enrol = actions.add_parser("enrol", help="at the office: packages of this worker may be signed by this key")
    enrol.add_argument("worker")
    enrol.add_argument("key", help=f"{PREFIX}… as `keys show` prints it")
    revoke = actions.add_parser("revoke", help="at the office: take nothing more that this key has signed")
    revoke.add_argument("fingerprint")
    actions.add_parser("list", help="at the office: the keys of workers")


def run(arguments: argparse.Namespace) -> int:
    """Raises CommandError where a key cannot be used, or the office says no."""
    try:
        ACTIONS[arguments.action](arguments)
    except (VerificationError, OfficeError) as error:
        raise CommandError(str(error)) from None
    except SQLAlchemyError as error:
        raise CommandError(f"the database does not answer: {str(error).splitlines()[0]}") from None
    return 0


def _new(arguments: argparse.Namespace) -> None:
    key = new_key()
    write_key_file(arguments.file, key)
    _print(key.public)


def _show(arguments: argparse.Namespace) -> None:
    public = read_key_file(arguments.file).public
    if arguments.log or arguments.witness:
        kind = "log" if arguments.log else "witness"
        print(f"{kind} {NoteKey(arguments.log or arguments.witness, _KINDS[kind], public).text}")
    else:
        _print(public)


def _print(public: PublicKey) -> None:
    print(public.text)
    print(f"fingerprint {public.fingerprint}")


def _enrol(arguments: argparse.Namespace) -> None:
    key = parse_public_key(arguments.key)
    with _office() as session:
        enrol_key(session, datetime.now(UTC), OFFICE, arguments.worker, key)
    print(f"{arguments.worker} may sign with {key.fingerprint}")


def _revoke(arguments: argparse.Namespace) -> None:
    with _office() as session:
        revoke_key(session, datetime.now(UTC), OFFICE, arguments.fingerprint)
    print(f"revoked {arguments.fingerprint}")


def _list(_arguments: argparse.Namespace) -> None:
    with _office() as session:
        for row in session.scalars(select(SigningKeyRow).order_by(SigningKeyRow.enrolled_at)):
            until = f", revoked {row.revoked_at:%Y-%m-%d %H:%M:%SZ}" if row.revoked_at else ""
            print(f"{row.fingerprint} {row.worker}, enrolled {row.enrolled_at:%Y-%m-%d %H:%M:%SZ}{until}")


def _office() -> AbstractContextManager[Session]:
    return Database(read_settings().database_url.get_secret_value()).writing()


_KINDS: dict[str, Literal[1, 4]] = {"log": ED25519, "witness": COSIGNATURE}
ACTIONS = {"new": _new, "show": _show, "enrol": _enrol, "revoke": _revoke, "list": _list}
