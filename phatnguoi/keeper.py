"""`phatnguoi keeper`: the one process that locks, holds and deletes evidence."""

from __future__ import annotations

import argparse
import logging
import signal
import threading
from datetime import UTC, datetime

from pydantic import SecretStr, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from api.database import Database
from api.errors import OfficeError
from api.keeper.service import Keeper
from api.keeper.settings import KeeperSettings
from api.keeper.store import open_keeper_store
from models.domain.retention import RetentionError, read_rules
from phatnguoi.errors import CommandError

DATABASE_WAIT_S = 10.0
_log = logging.getLogger("phatnguoi.keeper")


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("once", help="look at everything that is due, and end")
    hold = actions.add_parser("hold", help="a legal hold on the evidence of a case")
    hold.add_argument("case")
    hold.add_argument("--reason", required=True)
    lift = actions.add_parser("lift", help="end the legal hold")
    lift.add_argument("case")


def run(arguments: argparse.Namespace) -> int:
    """Without an action: until SIGTERM or SIGINT.

    Raises:
        CommandError: a setting, the rules or the case cannot be used.
    """
    settings = _settings()
    database = Database(settings.database_url.get_secret_value())
    try:
        keys = _secret(settings.keeper_access_key), _secret(settings.keeper_secret_key)
        rules = read_rules(settings.retention_file)
        keeper = Keeper(database, open_keeper_store(settings.store, *keys), rules, lambda: datetime.now(UTC))
        if arguments.action in ("hold", "lift"):
            keeper.hold(arguments.case, getattr(arguments, "reason", None))
        elif arguments.action == "once":
            while keeper.step():
                pass
        else:
            _work(keeper, settings.keeper_pause_s)
    except (OfficeError, RetentionError, ValueError) as error:
        raise CommandError(str(error)) from None
    except SQLAlchemyError as error:
        raise CommandError(f"the database does not answer: {str(error).splitlines()[0]}") from None
    finally:
        database.close()
    return 0


def _work(keeper: Keeper, pause_s: float) -> None:
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    while not ended.is_set():
        try:
            if keeper.step():
                continue
            ended.wait(pause_s)
        except SQLAlchemyError as error:
            _log.error("the database does not answer, tried again", extra={"reason": type(error).__name__})
            ended.wait(DATABASE_WAIT_S)


def _settings() -> KeeperSettings:
    try:
        return KeeperSettings()  # type: ignore[call-arg]  # read from the environment
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise CommandError(f"setting PHATNGUOI_{name}: {first['msg']}") from None


def _secret(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()
