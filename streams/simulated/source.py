"""`sim://` as a camera: every frame of the world, and the packets of the same frames to cut evidence from."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import av
import numpy as np

from models.domain.frame import FILE_CLOCK, Frame
from streams.counters import Counters
from streams.errors import PacketsGoneError
from streams.packets import KeptPacket, PacketWindow, Reach, ShortBecause, StreamFacts
from streams.pulse import Pulse
from streams.simulated.clip import MICROSECONDS, ClipEncoder, VideoForm
from streams.simulated.phases import frames_of
from streams.simulated.render import Renderer
from streams.simulated.settings import WorldSettings
from streams.source import StreamShape
from streams.windowing import bounds

STARTS_AT = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
"""Capture time of frame 0 where the camera file does not say one."""
KEPT_S = 120.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONNECTION = 0


class SimulatedPackets:
    """A `PacketStore` of the last two minutes, encoded while the frames are drawn. Without B-frames."""

    def __init__(self, settings: WorldSettings, starts_at: datetime) -> None:
        self._settings = settings
        self._starts_us = (starts_at - _EPOCH) // timedelta(microseconds=1)
        self._lock = threading.Lock()
        self._packets: list[KeptPacket] = []
        self._is_ended = False
        self._is_cut = False
        self._container = av.open(io.BytesIO(), "w", format="matroska")
        self._encoder = ClipEncoder(self._container, settings, VideoForm())
        self._time_base = 1 / self._encoder.rate

    def add(self, image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None, index: int) -> None:
        """Encode one frame, or the end."""
        for packet in self._encoder.encode(image, index):
            assert packet.pts is not None
            pts_us = pts_us_of(packet.pts, self._settings)
            payload = bytes(packet)
            kept = KeptPacket(packet.pts, packet.dts, pts_us, self._starts_us + pts_us, packet.is_keyframe, payload)
            with self._lock:
                self._packets.append(kept)
                self._forget_old(pts_us)
        if image is None:
            with self._lock:
                self._is_ended = True

    def _forget_old(self, newest_us: int) -> None:
        oldest_us = newest_us - round(KEPT_S * MICROSECONDS)
        keys = [place for place, packet in enumerate(self._packets) if packet.is_key and packet.pts_us <= oldest_us]
        if keys and keys[-1] > 0:
            del self._packets[: keys[-1]]
            self._is_cut = True

    def window(self, connection: int, from_us: int, to_us: int) -> PacketWindow:
        """See `streams.packets.PacketStore.window`."""
        with self._lock:
            packets, is_ended, is_cut = tuple(self._packets), self._is_ended, self._is_cut
        times_us = [packet.pts_us for packet in packets]
        found = bounds(times_us, [packet.is_key for packet in packets], from_us, to_us)
        if connection != _CONNECTION or found is None:
            kept = f"{times_us[0]}..{times_us[-1]} µs" if times_us else "nothing"
            raise PacketsGoneError(f"sim://: got no frame at {from_us}..{to_us} µs, expected some of {kept}")
        begin, end = found
        chosen = packets[begin:end]
        why: ShortBecause | None = None
        if chosen[0].pts_us > from_us:
            why = "ring_overwritten" if is_cut else "connection_starts_here"
        elif times_us[-1] + pts_us_of(1, self._settings) < to_us:
            why = "connection_ended" if is_ended else "not_yet_received"
        context = self._encoder.stream.codec_context
        facts = StreamFacts("h264", bytes(context.extradata or b""), context.width, context.height, self._time_base, 0)
        return PacketWindow(facts, chosen, chosen[0].pts, why)

    def reach(self, connection: int) -> Reach:
        """See `streams.packets.PacketStore.reach`."""
        with self._lock:
            newest = self._packets[-1].pts_us if self._packets and connection == _CONNECTION else None
            return Reach(newest, self._is_ended)


class SimulatedSource:
    """Draws every frame in order; the same settings give the same bytes. Opening draws the still world (seconds)."""

    def __init__(
        self, settings: WorldSettings, starts_at: datetime = STARTS_AT, counters: Counters | None = None,
        pulse: Pulse | None = None,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._starts_at = starts_at.astimezone(UTC)
        self._counters = counters or Counters()
        self._pulse = pulse or Pulse()
        self._stop = threading.Event()
        self.packets = SimulatedPackets(settings, self._starts_at)
        self.shape = StreamShape(
            "h264", settings.width_px, settings.height_px, settings.fps, is_live=False, frame_count=frames_of(settings)
        )

    def frames(self) -> Iterator[Frame]:
        """Every frame of the world's clip."""
        renderer = Renderer(self._settings)
        for index in range(frames_of(self._settings)):
            if self._stop.is_set():
                break
            image, _, _ = renderer.frame(index)
            self.packets.add(image, index)
            pts_us = pts_us_of(index, self._settings)
            self._counters.add("frames_read")
            self._pulse.frame()
            yield Frame(index, pts_us, self._starts_at + timedelta(microseconds=pts_us), image, FILE_CLOCK)
        self.packets.add(None, 0)
        self._pulse.beat("ended")

    def close(self) -> None:
        self._stop.set()


def pts_us_of(index: int, settings: WorldSettings) -> int:
    """Stream time of a frame."""
    return round(index * MICROSECONDS / settings.fps)
