"""Waits between tries: growing, capped, jittered, so that many workers do not come back all at once."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Waits:
    """The next wait is drawn between half and the whole of a length that doubles up to `longest_s`."""

    first_s: float = 0.5
    longest_s: float = 60.0
    chance: random.Random = field(default_factory=random.SystemRandom)
    _tries: int = 0

    def next_s(self) -> float:
        length_s = min(self.longest_s, self.first_s * 2.0 ** min(self._tries, 30))
        self._tries += 1
        return length_s * self.chance.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It worked: begin anew."""
        self._tries = 0

    @property
    def tries(self) -> int:
        return self._tries
