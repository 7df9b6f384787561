"""The port that evidence is cut from: the camera's own compressed packets, by stream time.

Implemented by `streams.file_packets.FilePackets` (a recorded file) and `streams.ring.Ring`/`RingReader` (live).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Protocol

ShortBecause = Literal[
    "connection_starts_here",  # the camera connected (or its clock was reset) later than the window asks for
    "ring_overwritten",  # the ring's bound in bytes or seconds took the older packets
    "ring_gap",  # packets in between were not kept (disk full, one GOP larger than the ring): see the counters
    "connection_ended",  # the stream or the file ended before the window does
    "worker_stopped",  # the process was killed or stopped: nothing later was recorded
    "not_yet_received",  # the connection lives: ask again
]


@dataclass(frozen=True, slots=True)
class KeptPacket:
    """One compressed picture, as the camera sent it.

    Attributes:
        pts, dts: in ticks of the window's time base, as they came; dts may be missing.
        pts_us: `Frame.pts_us` of the frame that this packet decodes to.
        captured_at_us: `Frame.captured_at` of that frame, µs since 1970 UTC.
    """

    pts: int
    dts: int | None
    pts_us: int
    captured_at_us: int
    is_key: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What a decoder needs to know before the first packet."""

    codec: str
    """FFmpeg's name: h264, hevc, mpeg4 …"""
    extradata: bytes
    width_px: int
    height_px: int
    time_base: Fraction
    connection: int


@dataclass(frozen=True, slots=True)
class PacketWindow:
    """Packets in decoding order; the first is a key frame and the earliest in presentation order."""

    facts: StreamFacts
    packets: tuple[KeptPacket, ...]
    first_frame_index: int
    """`Frame.index` of the window's first frame."""
    short_because: ShortBecause | None = None

    @property
    def times_us(self) -> tuple[int, ...]:
        """Capture times of the frames, in presentation order."""
        return tuple(packet.captured_at_us for packet in self.in_presentation_order())

    @property
    def starts_us(self) -> int:
        """`Frame.pts_us` of the first frame."""
        return self.packets[0].pts_us

    @property
    def ends_us(self) -> int:
        """`Frame.pts_us` of the last frame."""
        return max(packet.pts_us for packet in self.packets)

    def in_presentation_order(self) -> tuple[KeptPacket, ...]:
        return tuple(sorted(self.packets, key=lambda packet: packet.pts))


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a connection's packets go by now."""

    newest_us: int | None
    """Greatest `Frame.pts_us` that is kept; None where nothing is."""
    is_ended: bool
    """Nothing more will come on this connection."""


class PacketStore(Protocol):
    """Where packets are kept. Safe to call from any thread."""

    def window(self, connection: int, from_us: int, to_us: int) -> PacketWindow:
        """The packets of `from_us`..`to_us` (`Frame.pts_us` of that connection, both ends included).

        Begins at the last key frame at or before `from_us`. Ends so that no frame in between is missing. Where less is
        kept than was asked for, gives what there is and says why in `short_because`; a start that is short outranks
        an end that is short.

        Raises:
            PacketsGoneError: not one frame of it is kept.
        """

    def reach(self, connection: int) -> Reach:
        """How far the packets go by now: wait for `newest_us > to_us` or `is_ended` before cutting a live window."""
