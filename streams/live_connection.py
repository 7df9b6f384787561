"""One connection of a live camera, packet by packet: stream time, capture time, ring, decoder, damage."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from streams.clock import Arrival, CaptureClock, Reading
from streams.counters import Counters
from streams.damage import Damage
from streams.errors import CameraUnreachableError, StreamFrozenError
from streams.packets import KeptPacket, StreamFacts
from streams.pixels import decoder_for, ticks_to_us, us_to_ticks
from streams.ring import Ring
from streams.timeline import FALLBACK_INTERVAL_US, RESET_US

JUMP_US = 2_000_000
"""Stream time that runs ahead of real time by more than this between two packets was set anew."""
GAP_INTERVALS = 1.8
"""On a transport that may lose packets, a distance of so many usual ones says that a frame was lost."""
_MOST_IN_DECODER = 64
_STEPS_REMEMBERED = 25
_TIMED_NEEDED = 4
"""Packets with a time behind a first one without: more than any usual group of B-frames."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A packet as a camera kind hands it over."""

    packet: av.Packet[VideoStream]
    arrived_us: int
    monotonic_us: int
    camera_us: int | None = None
    is_report: bool = False
    is_after_loss: bool = False
    """Packets were lost on the way since the one before; this one or the next is damaged."""


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """What a camera kind knows once it is connected. Sizes are 0 where it does not know them yet."""

    codec: str
    extradata: bytes
    width_px: int
    height_px: int
    time_base: Fraction
    rate_hz: float | None
    may_lose_packets: bool


@dataclass(frozen=True, slots=True)
class Decoded:
    """One frame with all that is known of it; the picture is not yet converted."""

    picture: VideoFrame
    index: int
    connection: int
    pts_us: int
    reading: Reading
    is_corrupt: bool


@dataclass(slots=True)
class Numbering:
    """What goes on from connection to connection."""

    connection: int
    index: int = 0


class LiveConnection:
    """Turns one connection's packets into frames. A reset of its stream time begins the next connection number."""

    def __init__(
        self, facts: LiveFacts, numbering: Numbering, clock: CaptureClock, ring: Ring | None, counters: Counters
    ) -> None:
        self._facts = facts
        self._numbering = numbering
        self._clock = clock
        self._ring = ring
        self._counters = counters
        self._held: list[Arrived] = []
        self._interval_us = round(1_000_000 / facts.rate_hz) if facts.rate_hz else FALLBACK_INTERVAL_US
        self._size_px = (facts.width_px, facts.height_px)
        self._connection = -1
        self._begin_stream_time()
        clock.connect()

    def take(self, arrived: Arrived) -> Iterator[Decoded]:
        """The frames that this packet brings out of the decoder, in presentation order.

        Raises:
            StreamFrozenError: packets come, but their stream time stands still.
            CameraUnreachableError: the camera changed its picture size; a new connection sorts that out.
        """
        self._held.append(arrived)
        if self._newest is None and self._held[0].packet.pts is None and not self._can_time_first():
            return
        for earlier in self._timed():
            yield from self._take_timed(earlier)

    def finish(self) -> None:
        """The connection is over: whatever is still in the decoder is left there."""
        if self._ring is not None:
            self._ring.end()

    def _begin_stream_time(self) -> None:
        self._zero: int | None = None
        self._newest: Arrived | None = None
        self._progress_us: int | None = None
        self._greatest_us = -1
        self._shown_us = -1
        self._steps_us: deque[int] = deque(maxlen=_STEPS_REMEMBERED)
        self._readings: OrderedDict[int, tuple[int, Reading]] = OrderedDict()
        self._decoder = decoder_for(self._facts.codec, self._facts.extradata)
        self._damage = Damage(self._counters)
        self._is_next_suspect = False

    def _can_time_first(self) -> bool:
        """The first packets may come without a time; those after them may be re-ordered, so a few are waited for."""
        timed = sum(held.packet.pts is not None for held in self._held)
        if len(self._held) > _MOST_IN_DECODER:
            self._held.pop(0)
            self._counters.add("frames_dropped", "pts_missing")
        return timed >= _TIMED_NEEDED

    def _timed(self) -> list[Arrived]:
        """The held packets, each with a time: the first get theirs from those behind them."""
        held, self._held = self._held, []
        base = self._facts.time_base
        step = us_to_ticks(self._interval_us, base)
        times = [own.packet.pts for own in held if own.packet.pts is not None]
        if not times:
            assert self._newest is not None and self._newest.packet.pts is not None
            held[0].packet.pts = self._newest.packet.pts + step
            self._damage.note("pts_missing", held[0].packet.pts)
            return held
        earliest = min(times)
        known = next((own for own in held if own.packet.pts is not None and own.camera_us is not None), None)
        for place, own in reversed(list(enumerate(held))):
            if own.packet.pts is not None:
                continue
            if known is not None and known.camera_us is not None and own.camera_us is not None:
                assert known.packet.pts is not None
                own.packet.pts = known.packet.pts - us_to_ticks(known.camera_us - own.camera_us, base)
            else:
                own.packet.pts = earliest = earliest - step
            self._counters.add("pts_faults", "filled_at_start" if place == 0 else "filled")
        return held

    def _take_timed(self, arrived: Arrived) -> Iterator[Decoded]:
        packet, base = arrived.packet, self._facts.time_base
        assert packet.pts is not None
        if self._zero is not None and self._is_reset(arrived):
            self._counters.add("pts_resets")
            yield from self._decode(None)
            self._begin_stream_time()
            self._clock.restart()
        if self._zero is None:
            if not packet.is_keyframe:
                self._counters.add("frames_dropped", "before_first_key_frame")
                return
            self._begin_connection(packet)
        assert self._zero is not None
        pts_us = ticks_to_us(packet.pts - self._zero, base)
        self._watch_progress(arrived, pts_us)
        reading = self._clock.observe(
            Arrival(
                pts_us,
                arrived.arrived_us,
                arrived.monotonic_us,
                packet.is_keyframe,
                arrived.camera_us,
                arrived.is_report,
            )
        )
        self._newest = arrived
        if arrived.is_after_loss or self._is_next_suspect:
            self._damage.note("lost_on_the_way", packet.pts)
        self._is_next_suspect = arrived.is_after_loss
        self._keep(packet, pts_us, reading)
        yield from self._decode(packet)

    def _is_reset(self, arrived: Arrived) -> bool:
        newest = self._newest
        if newest is None or newest.packet.pts is None or arrived.packet.pts is None:
            return False
        moved_us = ticks_to_us(arrived.packet.pts - newest.packet.pts, self._facts.time_base)
        passed_us = arrived.monotonic_us - newest.monotonic_us
        return moved_us < -RESET_US or moved_us > passed_us + JUMP_US

    def _begin_connection(self, packet: av.Packet[VideoStream]) -> None:
        self._zero = packet.pts
        self._connection = self._numbering.connection
        self._numbering.connection += 1
        if 0 in self._size_px:
            self._size_px = _size_in(self._facts, packet)
        if self._ring is not None:
            facts = self._facts
            self._ring.begin(
                StreamFacts(facts.codec, facts.extradata, *self._size_px, facts.time_base, self._connection)
            )

    def _watch_progress(self, arrived: Arrived, pts_us: int) -> None:
        if pts_us > self._greatest_us or self._progress_us is None:
            self._progress_us, self._greatest_us = arrived.monotonic_us, pts_us
        elif arrived.monotonic_us - self._progress_us > JUMP_US:
            raise StreamFrozenError(f"the stream time stands still at {self._greatest_us} µs although packets come")

    def _note_gap(self, pts: int, pts_us: int) -> None:
        """A whole frame that is lost leaves no trace in the decoder; only the distance of the times tells."""
        step_us = pts_us - self._shown_us
        if self._shown_us < 0 or step_us <= 0:
            return
        usual_us = sorted(self._steps_us)[len(self._steps_us) // 2] if self._steps_us else self._interval_us
        if self._facts.may_lose_packets and step_us > GAP_INTERVALS * usual_us:
            self._damage.note("frame_lost_on_the_way", pts - 1)
        self._steps_us.append(step_us)

    def _keep(self, packet: av.Packet[VideoStream], pts_us: int, reading: Reading) -> None:
        assert packet.pts is not None
        self._readings[packet.pts] = (pts_us, reading)
        if len(self._readings) > _MOST_IN_DECODER:
            self._readings.popitem(last=False)
        self._counters.add("packets_read")
        if packet.is_corrupt:
            self._damage.note("packet_damaged", packet.pts)
        if self._ring is not None:
            payload = bytes(packet)
            kept = KeptPacket(packet.pts, packet.dts, pts_us, reading.captured_at_us, packet.is_keyframe, payload)
            self._ring.append(kept)

    def _decode(self, packet: av.Packet[VideoStream] | None) -> Iterator[Decoded]:
        try:
            pictures = self._decoder.decode(packet)
        except FFmpegError:
            self._damage.note("not_decodable", None if packet is None else packet.pts)
            return
        for picture in pictures:
            decoded = self._decoded(picture)
            if decoded is not None:
                yield decoded

    def _decoded(self, picture: VideoFrame) -> Decoded | None:
        known = None if picture.pts is None else self._readings.pop(picture.pts, None)
        if known is not None and picture.pts is not None:
            self._note_gap(picture.pts, known[0])
        is_corrupt = self._damage.touches(picture)
        if (picture.width, picture.height) != self._size_px:
            got = f"{picture.width}×{picture.height}"
            raise CameraUnreachableError(f"got a picture of {got}, expected {self._size_px[0]}×{self._size_px[1]}")
        if known is None or known[0] <= self._shown_us:
            self._counters.add("frames_dropped", "pts_missing" if known is None else "pts_not_after")
            return None
        pts_us, reading = known
        self._shown_us = pts_us
        index = self._numbering.index
        self._numbering.index += 1
        self._counters.add("frames_read")
        if self._ring is not None:
            self._ring.note_frame(pts_us, index)
        return Decoded(picture, index, self._connection, pts_us, reading, is_corrupt)


def _size_in(facts: LiveFacts, packet: av.Packet[VideoStream]) -> tuple[int, int]:
    """The size that the first key frame decodes to, where the camera's description did not say it."""
    scratch = decoder_for(facts.codec, facts.extradata)
    try:
        pictures = [*scratch.decode(packet), *scratch.decode(None)]
    except FFmpegError:
        pictures = []
    if not pictures:
        raise CameraUnreachableError(f"the first key frame ({facts.codec}) does not decode")
    return pictures[0].width, pictures[0].height
