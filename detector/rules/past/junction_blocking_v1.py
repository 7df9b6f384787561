"""Version 1 of `junction_blocking`: it also counted the time in which another vehicle hid the wheels."""

from __future__ import annotations

from typing import ClassVar

from detector.rules import junction_blocking


class JunctionBlocking(junction_blocking.JunctionBlocking):
    """As version 2, however seldom its wheels were seen."""

    version: ClassVar[int] = 1
    least_on_wheels: ClassVar[int] = 0
