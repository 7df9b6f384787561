"""Reads the ring: while it is written, from another process, or after a crash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from streams.errors import PacketsGoneError
from streams.packets import PacketWindow, Reach, ShortBecause, StreamFacts
from streams.ring_records import DecodedFrame, End, NumberedPacket, read_records
from streams.windowing import bounds, usual_interval_us

_NAME = re.compile(r"seg-(\d{10})\.ring")
_REORDER_US = 2_000_000
"""Frames are re-ordered over less than this, so segments that begin later cannot belong to a window any more."""


@dataclass(slots=True)
class Segment:
    """What one segment file holds, without its bytes."""

    path: Path
    sequence: int
    connection: int
    first_us: int = 0
    """Stream time of its first packet, a key frame."""
    last_us: int = 0
    newest_frame_us: int | None = None
    length_bytes: int = 0
    is_ended: bool = False
    has_packet: bool = False
    closed_s: float | None = None
    """Monotonic time at which the writer left it."""


@dataclass(slots=True)
class _Content:
    facts: StreamFacts | None = None
    packets: list[NumberedPacket] = field(default_factory=list)
    index_of: dict[int, int] = field(default_factory=dict)
    is_ended: bool = False


class RingReader:
    """A `PacketStore` over a folder of segments that some other process wrote, or writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def window(self, connection: int, from_us: int, to_us: int) -> PacketWindow:
        """See `PacketStore.window`."""
        return window_of(scan(self._folder), connection, from_us, to_us, is_live=False)

    def reach(self, connection: int) -> Reach:
        """See `PacketStore.reach`. Of another process's ring nothing more is awaited."""
        return reach_of(scan(self._folder), connection, is_live=False)


def segment_path(folder: Path, sequence: int) -> Path:
    return folder / f"seg-{sequence:010d}.ring"


def scan(folder: Path) -> list[Segment]:
    """Every segment in the folder that holds at least one whole packet, oldest first."""
    found = []
    for path in sorted(folder.glob("seg-*.ring")):
        match = _NAME.fullmatch(path.name)
        segment = _summary(path, int(match.group(1))) if match else None
        if segment is not None:
            found.append(segment)
    return found


def remove_empty(folder: Path, segments: list[Segment]) -> int:
    """Removes the segments that hold no whole packet, and gives the greatest number that was in use (-1: none)."""
    kept = {segment.path for segment in segments}
    greatest = -1
    for path in folder.glob("seg-*.ring"):
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        greatest = max(greatest, int(match.group(1)))
        if path not in kept:
            path.unlink(missing_ok=True)
    return greatest


def reach_of(segments: Iterable[Segment], connection: int, is_live: bool) -> Reach:
    own = [segment for segment in segments if segment.connection == connection]
    newest = [segment.newest_frame_us for segment in own if segment.newest_frame_us is not None]
    return Reach(max(newest, default=None), is_ended=not is_live)


def window_of(segments: list[Segment], connection: int, from_us: int, to_us: int, is_live: bool) -> PacketWindow:
    """Cuts one window; see `PacketStore.window`.

    Raises:
        PacketsGoneError: not one frame of it is kept.
    """
    own = [segment for segment in segments if segment.connection == connection]
    content = _read(_touching(own, from_us, to_us))
    best = _best_stretch(content, from_us, to_us)
    if content.facts is None or best is None:
        kept = f"{own[0].first_us}..{own[-1].last_us} µs" if own else "nothing of this connection"
        raise PacketsGoneError(
            f"ring: got a window of {from_us}..{to_us} µs on connection {connection}, kept is {kept}"
        )
    stretch, begin, end = best
    packets = tuple(numbered.packet for numbered in stretch[begin:end])
    packets = tuple(packet for packet in packets if packet.pts_us >= packets[0].pts_us)
    first_us, last_us = packets[0].pts_us, max(packet.pts_us for packet in packets)
    short = _why_short_at_start(content, stretch, first_us, from_us)
    if short is None and last_us + usual_interval_us([packet.pts_us for packet in packets]) < to_us:
        short = _why_short_at_end(content, stretch, own, is_live)
    shown = sorted(packet.pts_us for packet in packets)
    return PacketWindow(content.facts, packets, _first_index(content.index_of, shown), short)


def _summary(path: Path, sequence: int) -> Segment | None:
    segment: Segment | None = None
    for record in _records(path):
        if isinstance(record, StreamFacts):
            segment = Segment(path, sequence, record.connection, length_bytes=path.stat().st_size)
        elif segment is None:
            return None
        elif isinstance(record, NumberedPacket):
            pts_us = record.packet.pts_us
            segment.first_us = segment.first_us if segment.has_packet else pts_us
            segment.last_us = max(segment.last_us, pts_us) if segment.has_packet else pts_us
            segment.has_packet = True
        elif isinstance(record, DecodedFrame):
            segment.newest_frame_us = max(record.pts_us, segment.newest_frame_us or record.pts_us)
        else:
            segment.is_ended = True
    return segment if segment is not None and segment.has_packet else None


def _records(path: Path) -> Iterator[StreamFacts | NumberedPacket | DecodedFrame | End]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:  # the writer has just taken it
        return
    yield from read_records(raw)


def _touching(own: list[Segment], from_us: int, to_us: int) -> list[Segment]:
    before = [place for place, segment in enumerate(own) if segment.first_us <= from_us]
    begin = before[-1] if before else 0
    return [segment for segment in own[begin:] if segment.first_us <= to_us + _REORDER_US]


def _read(segments: list[Segment]) -> _Content:
    content = _Content()
    for segment in segments:
        for record in _records(segment.path):
            if isinstance(record, StreamFacts):
                content.facts = content.facts or record
            elif isinstance(record, NumberedPacket):
                content.packets.append(record)
            elif isinstance(record, DecodedFrame):
                content.index_of[record.pts_us] = record.index
            else:
                content.is_ended = True
    return content


def _best_stretch(content: _Content, from_us: int, to_us: int) -> tuple[list[NumberedPacket], int, int] | None:
    """The stretch without a gap that holds the middle of the window, else the one with most of it; and its bounds."""
    middle_us = (from_us + to_us) // 2
    best: tuple[tuple[bool, int], list[NumberedPacket], int, int] | None = None
    for stretch in _stretches(content.packets):
        pts_us = [numbered.packet.pts_us for numbered in stretch]
        found = bounds(pts_us, [numbered.packet.is_key for numbered in stretch], from_us, to_us)
        if found is None:
            continue
        inside = [own for own in pts_us[found[0] : found[1]] if from_us <= own <= to_us]
        worth = (min(pts_us) <= middle_us <= max(pts_us), len(inside))
        if best is None or worth > best[0]:
            best = (worth, stretch, *found)
    return None if best is None else best[1:]


def _stretches(packets: list[NumberedPacket]) -> Iterator[list[NumberedPacket]]:
    begin = 0
    for place in range(1, len(packets)):
        if packets[place].number != packets[place - 1].number + 1:
            yield packets[begin:place]
            begin = place
    if packets:
        yield packets[begin:]


def _why_short_at_start(
    content: _Content, stretch: list[NumberedPacket], first_us: int, from_us: int
) -> ShortBecause | None:
    if first_us <= from_us:
        return None
    if stretch[0].number == 0:
        return "connection_starts_here"
    return "ring_gap" if content.packets[0].number < stretch[0].number else "ring_overwritten"


def _why_short_at_end(
    content: _Content, stretch: list[NumberedPacket], own: list[Segment], is_live: bool
) -> ShortBecause:
    if content.packets[-1].number > stretch[-1].number or own[-1].first_us > stretch[-1].packet.pts_us + _REORDER_US:
        return "ring_gap"
    if is_live:
        return "not_yet_received"
    return "connection_ended" if any(segment.is_ended for segment in own) else "worker_stopped"


def _first_index(index_of: dict[int, int], shown: list[int]) -> int:
    """Index of the first frame of the window, counted back from the first one that was decoded; -1 where none was."""
    for place, pts_us in enumerate(shown):
        if pts_us in index_of:
            return index_of[pts_us] - place
    return -1
