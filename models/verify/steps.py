"""A check as its reader sees it: numbered steps, each passed or failed, with both sides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from models.verify.errors import CannotCheckError, VerificationError

Outcome = Literal["passed", "failed", "cannot_check"]


@dataclass(slots=True)
class Step:
    """One step. `said` is what was found, or got and expected."""

    number: int
    title: str
    outcome: Outcome = "passed"
    said: str = ""
    code: str = ""
    """Of the error; empty where it passed."""


@dataclass(slots=True)
class Steps:
    """The steps so far; a step that raises is the last one."""

    done: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Around one step: what it raises is written down and raised on."""
        step = Step(len(self.done) + 1, title)
        self.done.append(step)
        try:
            yield step
        except VerificationError as error:
            step.outcome = "cannot_check" if isinstance(error, CannotCheckError) else "failed"
            step.said, step.code = str(error), error.code
            raise
