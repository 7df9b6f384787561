"""The command line. One file a command: `configure(parser)` names its arguments, `run(arguments)` gives the exit code.

Only the command that was asked for is imported: the office's image has neither cv2 nor a network runtime.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol, cast

from phatnguoi.errors import CommandError

EXIT_INTERRUPTED = 130
FOREIGN_CODE_STAYS_OFFLINE = {"YOLO_AUTOINSTALL": "false", "YOLO_OFFLINE": "true"}


class CommandModule(Protocol):
    """What a command's file holds."""

    def configure(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    help: str
    module: str


COMMANDS = (
    Command("run", "read one camera to its end, and write what its rules claim", "phatnguoi.run"),
    Command("worker", "watch cameras and hand in what their rules claim", "phatnguoi.worker"),
    Command("office", "serve the review office; its tables, people, cameras, worker keys", "phatnguoi.office"),
    Command("camera", "look whether a camera is able to do what its file asks of it", "phatnguoi.camera"),
    Command("bench", "what the rules find, miss and wrongly claim, on simulated and real footage", "phatnguoi.bench"),
    Command("keys", "make keys to sign evidence with; let the office accept them, or no longer", "phatnguoi.keys"),
    Command("witness", "keep and countersign the checkpoints of somebody else's log", "phatnguoi.witness"),
    Command("verify", "check a package or a bundle, step by step, against keys that you trust", "phatnguoi.verify"),
    Command("keeper", "lock, hold and delete evidence by the retention rules", "phatnguoi.keeper"),
    Command("plate", "read the plate in pictures, or say why it is left unread", "phatnguoi.plate"),
    Command("sim", "draw the simulated crossing, with its truth and its camera file", "phatnguoi.sim"),
    Command("rules", "list the rules, or write docs/rules.md from them", "phatnguoi.rules"),
    Command("weights", "list the weights that are here, or pull more", "phatnguoi.weights"),
    Command("replay", "make the decision of packages again, and compare it bit for bit", "phatnguoi.replay"),
    Command("impact", "which past claims would fall under another rule or camera file", "phatnguoi.impact"),
    Command("demo", "the simulated crossing, from its camera to a notice, on this machine", "phatnguoi.demo"),
)


def make_parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser, with the arguments of the chosen command only."""
    parser = argparse.ArgumentParser(prog="phatnguoi", description="From a traffic camera to a notice.")
    parser.add_argument("--version", action="version", version=f"phatnguoi {version('phatnguoi')}")
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        own = choices.add_parser(command.name, help=command.help, description=command.help)
        if command.name == chosen:
            _module(command.name).configure(own)
    return parser


def _module(name: str) -> CommandModule:
    found = next(command for command in COMMANDS if command.name == name)
    return cast(CommandModule, importlib.import_module(found.module))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; exits 0, 1 (a check failed), 2 (bad file or argument), 3 (source cannot be opened)."""
    for name, value in FOREIGN_CODE_STAYS_OFFLINE.items():
        os.environ.setdefault(name, value)
    words = list(sys.argv[1:] if argv is None else argv)
    chosen = next((word for word in words if not word.startswith("-")), None)
    arguments = make_parser(chosen).parse_args(words)
    try:
        return _module(arguments.command).run(arguments)
    except CommandError as error:
        print(f"phatnguoi {arguments.command}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
