"""A frame: a picture with the time at which the camera took it, and how well that time is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

BGR = npt.NDArray[np.uint8]
"""A picture of shape (height, width, 3), channels blue, green, red."""

ClockSource = Literal["rtcp", "arrival", "file"]


@dataclass(frozen=True, slots=True)
class ClockState:
    """How far the time of a frame may be trusted. Offsets are signed: camera minus worker, worker minus NTP."""

    source: ClockSource
    uncertainty_us: int
    settling: bool
    """True until the source is settled for this connection, and for one GOP after a step: timing rules are silent."""
    camera_offset_us: int | None = None
    camera_offset_age_us: int | None = None
    ntp_offset_us: int | None = None
    ntp_offset_age_us: int | None = None


FILE_CLOCK = ClockState(source="file", uncertainty_us=0, settling=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture.

    Attributes:
        index: 0-based count of frames in presentation order since the source was first opened; it never goes back.
        pts_us: the stream's own time of this frame in µs, counted from frame 0 of this connection. Durations are
            taken from it alone, and only between frames of one connection.
        captured_at: aware UTC time of capture, by the source that `clock` names.
        image: the picture.
        clock: how well `captured_at` is known.
        connection: 0-based number of the connection; a reconnect or a pts reset begins a new one.
        is_corrupt: the decoder flagged damage; such a frame never carries a claim.
        lost_before: frames that were dropped between the previous Frame and this one (live sources only).
    """

    index: int
    pts_us: int
    captured_at: datetime
    image: BGR
    clock: ClockState
    connection: int = 0
    is_corrupt: bool = False
    lost_before: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return int(self.image.shape[1]), int(self.image.shape[0])
