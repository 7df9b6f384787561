"""`phatnguoi rules`: lists the rules, or writes their page and drawings."""

from __future__ import annotations

import argparse
from pathlib import Path

from detector.rulebook import known_rules
from phatnguoi.errors import CommandError
from phatnguoi.rules_drawing import svg_of
from phatnguoi.rules_page import page, title_of


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--write", type=Path, metavar="PAGE.md", help="write the page, and its drawings in rules/ beside it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Lists every rule with its sentence, or writes the page.

    Raises:
        CommandError: the page cannot be written.
    """
    if arguments.write is None:
        for code, rule in sorted(known_rules().items()):
            print(f"{code:20} {title_of(rule)}")
        return 0
    try:
        for path, text in files(arguments.write).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--write {arguments.write}: cannot be written ({error.strerror})") from None
    return 0


def files(page_path: Path) -> dict[Path, str]:
    """The page and one drawing a rule, by their paths."""
    drawings = {
        page_path.parent / "rules" / f"{code}.svg": svg_of(rule.drawing, title_of(rule))
        for code, rule in sorted(known_rules().items())
    }
    return {page_path: page(), **drawings}
