"""The bounds of the ring."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RingSettings:
    """Whatever bound is reached first takes the oldest segment.

    Attributes:
        folder: of one camera and of no one else. Old segments of an earlier run stay until a bound takes them.
        segment_seconds: a segment is closed at the first key frame after this time.
    """

    folder: Path
    max_bytes: int = 256 * 1024 * 1024
    max_seconds: float = 300.0
    segment_seconds: float = 2.0
