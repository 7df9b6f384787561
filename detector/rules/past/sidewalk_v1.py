"""Version 1 of `sidewalk`: it took the way for what it was measured to be, however far away."""

from __future__ import annotations

from typing import ClassVar

from detector.rules import sidewalk


class Sidewalk(sidewalk.Sidewalk):
    """As version 2, without regard to the jitter of the box."""

    version: ClassVar[int] = 1
    jitter_heights: ClassVar[float] = 0.0
