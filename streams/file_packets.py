"""The packets of a recorded file, found again by stream time: what `Ring` is for a live camera."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import chain, dropwhile, islice
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from streams.errors import FileUnreadableError, PacketsGoneError
from streams.packets import KeptPacket, PacketWindow, Reach, ShortBecause, StreamFacts
from streams.pixels import us_to_ticks
from streams.timeline import RESET_US, Timeline
from streams.video_file import open_video, shape_of
from streams.windowing import bounds, usual_interval_us

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


_SEEK_LEEWAY = 1_000
"""Packets that a seek may lead too far back."""


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class _Run:
    """One connection's packets in decoding order, without their bytes."""

    first_place: int
    first_index: int
    pts_us: array[int] = field(default_factory=_numbers)
    elapsed_us: array[int] = field(default_factory=_numbers)
    is_key: bytearray = field(default_factory=bytearray)
    ticks: array[int] = field(default_factory=_numbers)


@dataclass(frozen=True, slots=True)
class _Seen:
    pts: int | None
    order: int | None
    is_key: bool


class FilePackets:
    """A `PacketStore` over a file. The first window costs one pass over the file without decoding."""

    def __init__(self, path: Path, starts_at: datetime) -> None:
        self._path = path
        self._starts_us = (starts_at - _EPOCH) // timedelta(microseconds=1)
        self._lock = threading.Lock()
        self._runs: list[_Run] | None = None
        self._index_of_key: dict[tuple[int, int], int] = {}

    def note_key_frame(self, connection: int, pts_us: int, index: int) -> None:
        """The source tells the index of a key frame as it was decoded: in a damaged file it cannot be counted."""
        self._index_of_key[(connection, pts_us)] = index

    def window(self, connection: int, from_us: int, to_us: int) -> PacketWindow:
        """See `PacketStore.window`."""
        run = self._run(connection)
        found = bounds(run.pts_us, run.is_key, from_us, to_us)
        if found is None:
            raise PacketsGoneError(
                f"{self._path}: got no frame at {from_us}..{to_us} µs, "
                f"expected some of {min(run.pts_us)}..{max(run.pts_us)} µs"
            )
        begin, end = found
        facts, payloads = self._read(connection, run, begin, end)
        first_us = run.pts_us[begin]
        packets = tuple(
            KeptPacket(
                run.ticks[place],
                dts,
                run.pts_us[place],
                self._starts_us + run.elapsed_us[place],
                bool(run.is_key[place]),
                payload,
            )
            for place, (dts, payload) in zip(range(begin, end), payloads, strict=True)
            if run.pts_us[place] >= first_us
        )
        counted = run.first_index + sum(own < first_us for own in run.pts_us)
        index = self._index_of_key.get((connection, first_us), counted)
        return PacketWindow(facts, packets, index, self._why_short(run, first_us, from_us, to_us))

    def reach(self, connection: int) -> Reach:
        """See `PacketStore.reach`. A file has ended before it is opened."""
        return Reach(max(self._run(connection).pts_us), is_ended=True)

    @staticmethod
    def _why_short(run: _Run, first_us: int, from_us: int, to_us: int) -> ShortBecause | None:
        if first_us > from_us:
            return "connection_starts_here"
        if max(run.pts_us) + usual_interval_us(run.pts_us) < to_us:
            return "connection_ended"
        return None

    def _run(self, connection: int) -> _Run:
        with self._lock:
            if self._runs is None:
                self._runs = self._scan()
            runs = self._runs
        if not 0 <= connection < len(runs):
            raise PacketsGoneError(f"{self._path}: got connection {connection}, expected 0..{len(runs) - 1}")
        return runs[connection]

    def _scan(self) -> list[_Run]:
        with open_video(self._path) as (container, stream):
            seen = [_Seen(p.pts, p.pts if p.dts is None else p.dts, p.is_keyframe) for p in _packets(container, stream)]
            time_base, rate_hz = stream.time_base or Fraction(1, 1_000_000), shape_of(stream).rate_hz
        if not seen:
            raise FileUnreadableError(f"{self._path}: got no packet, expected a video")
        timeline = Timeline(time_base, rate_hz)
        runs: list[_Run] = []
        place = 0
        for part in _split_at_resets(seen, time_base):
            runs.append(_placed(part, place, timeline, time_base))
            place += len(part)
        return runs

    def _read(
        self, connection: int, run: _Run, begin: int, end: int
    ) -> tuple[StreamFacts, list[tuple[int | None, bytes]]]:
        """The packets at these places of the run. A demuxer's seeking is believed only where every time fits."""
        first = run.first_place + begin
        with open_video(self._path) as (container, stream):
            facts = _facts(stream, connection)
            has_one_run = self._runs is not None and len(self._runs) == 1
            sought = _sought(container, stream, list(run.ticks[begin:end])) if has_one_run else None
        if sought is not None:
            return facts, sought
        with open_video(self._path) as (container, stream):
            chosen = islice(_packets(container, stream), first, first + end - begin)
            return facts, [(packet.dts, bytes(packet)) for packet in chosen]


def _facts(stream: VideoStream, connection: int) -> StreamFacts:
    context = stream.codec_context
    return StreamFacts(
        context.codec.canonical_name,
        bytes(context.extradata or b""),
        stream.width,
        stream.height,
        stream.time_base or Fraction(1, 1_000_000),
        connection,
    )


def _sought(container: InputContainer, stream: VideoStream, times: list[int]) -> list[tuple[int | None, bytes]] | None:
    """The packets with exactly these times, found by seeking; None where seeking does not lead to them."""
    try:
        container.seek(times[0], stream=stream)
    except FFmpegError:
        return None
    following = dropwhile(lambda packet: packet.pts != times[0], islice(_packets(container, stream), _SEEK_LEEWAY))
    packets = list(islice(chain(following, _packets(container, stream)), len(times)))
    if [packet.pts for packet in packets] != times:
        return None
    return [(packet.dts, bytes(packet)) for packet in packets]


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[av.Packet[VideoStream]]:
    """Every packet that carries bytes; a file that breaks off just ends here (its source tells of it)."""
    try:
        for packet in container.demux(stream):
            if packet.size > 0:
                yield packet
    except FFmpegError:
        return


def _split_at_resets(seen: list[_Seen], time_base: Fraction) -> Iterator[list[_Seen]]:
    reset_ticks = us_to_ticks(RESET_US, time_base)
    begin, last = 0, None
    for place, packet in enumerate(seen):
        if packet.order is None:
            continue
        if last is not None and packet.order < last - reset_ticks:
            yield seen[begin:place]
            begin = place
        last = packet.order
    yield seen[begin:]


def _placed(part: list[_Seen], first_place: int, timeline: Timeline, time_base: Fraction) -> _Run:
    """Stream times, given in presentation order. Without timestamps that order is unknown: decoding order stands in."""
    order = list(range(len(part)))
    if all(packet.pts is not None for packet in part):
        order.sort(key=lambda place: (part[place].pts, place))
    run = _Run(first_place, first_place)
    run.pts_us = array("q", bytes(8 * len(part)))
    run.elapsed_us = array("q", bytes(8 * len(part)))
    run.is_key = bytearray(packet.is_key for packet in part)
    for place in order:
        placed = timeline.place(part[place].pts)
        run.pts_us[place], run.elapsed_us[place] = placed.pts_us, placed.elapsed_us
    run.ticks = array(
        "q",
        (us_to_ticks(run.pts_us[at], time_base) if own.pts is None else own.pts for at, own in enumerate(part)),
    )
    return run
