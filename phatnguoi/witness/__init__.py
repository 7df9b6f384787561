"""`phatnguoi witness`: keep and countersign the checkpoints of somebody else's log. A small process of its own."""

from __future__ import annotations

import argparse
import logging
import sqlite3
import time
from pathlib import Path

import uvicorn

from models.verify.errors import VerificationError
from models.verify.keys import chosen_key
from models.verify.trust import TRUST_LIMIT_BYTES, parse_trust
from phatnguoi.errors import CommandError
from phatnguoi.witness.app import make_app
from phatnguoi.witness.book import WitnessBook


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="of this witness, as its key says it (witness.example)")
    parser.add_argument("--key", type=Path, required=True, help="its key file (`phatnguoi keys new`)")
    parser.add_argument("--logs", type=Path, required=True, metavar="FILE", help="a trust file: the logs to watch")
    parser.add_argument("--state", type=Path, required=True, metavar="FILE", help="what it keeps; never lose it")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    parser.add_argument("--port", type=int, default=8100)


def run(arguments: argparse.Namespace) -> int:
    """Serves until it is stopped.

    Raises:
        CommandError: a file cannot be used.
    """
    try:
        key = chosen_key("--key", None, arguments.key)
        with arguments.logs.open(encoding="utf-8") as file:
            logs = parse_trust(str(arguments.logs), file.read(TRUST_LIMIT_BYTES)).logs
        assert key is not None
        book = WitnessBook(arguments.state, arguments.name, key, logs, lambda: int(time.time()))
    except VerificationError as error:
        raise CommandError(str(error)) from None
    except (OSError, UnicodeDecodeError, sqlite3.Error) as error:
        raise CommandError(f"{arguments.logs} or {arguments.state}: cannot be used ({error})") from None
    if not logs:
        raise CommandError(f"{arguments.logs}: got no log, expected a line that begins with log")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    print(f"witness {arguments.name}: {len(logs)} logs, http://{arguments.host}:{arguments.port}", flush=True)
    uvicorn.run(make_app(book), host=arguments.host, port=arguments.port, log_level="warning", access_log=False)
    return 0
