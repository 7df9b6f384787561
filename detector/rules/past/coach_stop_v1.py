"""Version 1 of `coach_stop`: it also counted the time in which another vehicle hid the wheels."""

from __future__ import annotations

from typing import ClassVar

from detector.rules import coach_stop


class CoachStop(coach_stop.CoachStop):
    """As version 2, however seldom its wheels were seen."""

    version: ClassVar[int] = 1
    least_on_wheels: ClassVar[int] = 0
