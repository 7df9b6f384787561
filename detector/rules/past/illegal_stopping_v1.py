"""Version 1 of `illegal_stopping`: it also counted the time in which another vehicle hid the wheels."""

from __future__ import annotations

from typing import ClassVar

from detector.rules import illegal_stopping


class IllegalStopping(illegal_stopping.IllegalStopping):
    """As version 2, however seldom its wheels were seen."""

    version: ClassVar[int] = 1
    least_on_wheels: ClassVar[int] = 0
