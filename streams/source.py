"""The port of every camera kind: bytes in, frames out, and the camera's own packets beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from models.domain.frame import Frame


@dataclass(frozen=True, slots=True)
class StreamShape:
    """What the source said of itself once it was open."""

    codec: str
    width_px: int
    height_px: int
    rate_hz: float | None
    is_live: bool
    frame_count: int | None = None
    """Frames in a file where its header says so; an estimate, for progress bars only."""


class Source(Protocol):
    """A camera's stream. A file gives every frame; a live stream gives the latest and counts what it passed over."""

    def frames(self) -> Iterator[Frame]:
        """Open, and give frames in presentation order until the end or until `close`.

        Raises:
            streams.errors.StreamError: its class says what the caller can do.
        """

    def close(self) -> None:
        """Stop soon, from any thread; safe to call twice."""
