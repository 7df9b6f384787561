"""Errors of the command line: each becomes one line on standard error and an exit code.

CommandError                2  a bad file, setting or argument
├── SourceNotOpenedError    3  the camera or the recording cannot be opened
└── CheckFailedError        1  the command ran, and what it was to show did not come true
"""

from __future__ import annotations


class CommandError(Exception):
    """What the caller must change; the message says what and where, in one line."""

    exit_code = 2

    def __str__(self) -> str:
        return " ".join(super().__str__().split())


class SourceNotOpenedError(CommandError):
    exit_code = 3


class CheckFailedError(CommandError):
    exit_code = 1
