"""Cuts evidence from a window of packets: the clip, its viewing copy, the very pictures that the detector saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from models.domain.frame import BGR
from streams.packets import PacketWindow

BROWSERS_PLAY = frozenset({"h264"})


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What was written."""

    codec: str
    frame_count: int
    duration_us: int
    length_bytes: int


def needs_view_copy(codec: str) -> bool:
    """Browsers cannot play this codec, so an H.264 copy for looking at is made beside the clip."""
    return codec not in BROWSERS_PLAY


def write_clip(window: PacketWindow, path: Path) -> ClipFacts:
    """Remuxes the window into a plain MP4 with its index in front. Never re-encodes.

    Raises:
        OSError: the file cannot be written.
    """
    raise NotImplementedError


def write_view_copy(clip_path: Path, path: Path) -> ClipFacts:
    """An H.264 copy (yuv420p, index in front) of a clip that browsers cannot play. It is a copy: label it as one."""
    raise NotImplementedError


def decode_at(window: PacketWindow, pts_us: Iterable[int]) -> dict[int, BGR]:
    """The pictures of these frames (`Frame.pts_us`), pixel for pixel what the source gave.

    A frame that the window does not hold, or that does not decode, is absent from the answer.
    """
    raise NotImplementedError
