"""What is wrong with a file of records, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProblemCode = Literal[
    "too_large", "empty", "encoding", "tcvn3", "utf16_no_mark", "nul", "separator", "header_twice", "header_missing",
    "no_rows", "too_many_rows", "field_count", "quotes", "too_long", "formula", "missing", "plate", "time",
    "time_order", "outside_days", "number_twice", "characters",
]  # fmt: skip
PROBLEM_CODES: tuple[ProblemCode, ...] = (
    "too_large", "empty", "encoding", "tcvn3", "utf16_no_mark", "nul", "separator", "header_twice", "header_missing",
    "no_rows", "too_many_rows", "field_count", "quotes", "too_long", "formula", "missing", "plate", "time",
    "time_order", "outside_days", "number_twice", "characters",
)  # fmt: skip
GOT_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        row: line of the file, from 1; the header is line 1.
        column: header of the cell, where it is about one.
    """

    row: int
    code: ProblemCode
    got: str
    expected: str
    column: str = ""

    @property
    def text(self) -> str:
        place = f"row {self.row}" + (f", column {self.column}" if self.column else "")
        return f"{place}: got {self.got}, expected {self.expected}"


class FileRefusedError(Exception):
    """The file cannot be read any further."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def quoted(value: str) -> str:
    """What was got, bounded, in quotes."""
    return repr(value if len(value) <= GOT_CHARACTERS else f"{value[:GOT_CHARACTERS]}…")
