"""The ring: a live camera's packets on disk, in segments that begin with a key frame, bounded in bytes and seconds.

What was appended survives a SIGKILL at any instant (not a power cut: nothing is fsynced). Trouble with the disk is
counted and costs packets, never the stream: no method that the reader thread calls raises.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable

from streams.counters import Counters
from streams.packets import KeptPacket, PacketWindow, Reach, StreamFacts
from streams.ring_reader import Segment, reach_of, remove_empty, scan, segment_path, window_of
from streams.ring_records import pack_end, pack_frame, pack_head, pack_packet
from streams.ring_settings import RingSettings


class Ring:
    """Written by one reader thread of one process; read by any thread. A `PacketStore`."""

    def __init__(
        self, settings: RingSettings, counters: Counters, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._counters = counters
        self._monotonic = monotonic
        self._lock = threading.Lock()
        settings.folder.mkdir(parents=True, exist_ok=True)
        self._segments = scan(settings.folder)
        for segment in self._segments:
            segment.closed_s = monotonic()
        self._sequence = remove_empty(settings.folder, self._segments)
        self.next_connection = max((segment.connection for segment in self._segments), default=-1) + 1
        self._facts: StreamFacts | None = None
        self._number = 0
        self._file: int | None = None
        self._opened_s = 0.0

    def begin(self, facts: StreamFacts) -> None:
        """A new connection; its packets are numbered anew."""
        self.end()
        with self._lock:
            self._facts, self._number = facts, 0
            self.next_connection = facts.connection + 1

    def append(self, packet: KeptPacket) -> None:
        """Keeps one packet, in decoding order. Packets before the first key frame are not kept."""
        with self._lock:
            if self._facts is None:
                return
            number, self._number = self._number, self._number + 1
            if packet.is_key and (self._file is None or self._is_segment_old()):
                self._begin_segment(self._facts, packet)
            if self._file is None:
                self._counters.add("ring_packets_not_kept", "no_segment_open")
                return
            self._write(pack_packet(number, packet))
            if self._file is not None:
                segment = self._segments[-1]
                segment.last_us = max(segment.last_us, packet.pts_us)
                segment.has_packet = True
                self._stay_in_bounds()

    def note_frame(self, pts_us: int, index: int) -> None:
        """This frame was decoded: so all frames before it have come, and the frame has this index."""
        with self._lock:
            if self._file is None or self._facts is None:
                return
            self._write(pack_frame(pts_us, index))
            if self._file is not None:
                newest = self._segments[-1].newest_frame_us
                self._segments[-1].newest_frame_us = pts_us if newest is None else max(newest, pts_us)

    def end(self) -> None:
        """The connection is over, in order."""
        with self._lock:
            if self._file is not None:
                self._write(pack_end())
                self._segments[-1].is_ended = True
            self._close_segment()
            self._facts = None

    def window(self, connection: int, from_us: int, to_us: int) -> PacketWindow:
        """See `PacketStore.window`."""
        segments, is_live = self._seen(connection)
        return window_of(segments, connection, from_us, to_us, is_live)

    def reach(self, connection: int) -> Reach:
        """See `PacketStore.reach`."""
        segments, is_live = self._seen(connection)
        return reach_of(segments, connection, is_live)

    def _seen(self, connection: int) -> tuple[list[Segment], bool]:
        with self._lock:
            return list(self._segments), self._facts is not None and self._facts.connection == connection

    def _is_segment_old(self) -> bool:
        return self._monotonic() - self._opened_s >= self._settings.segment_seconds

    def _begin_segment(self, facts: StreamFacts, packet: KeptPacket) -> None:
        self._close_segment()
        self._sequence += 1
        path = segment_path(self._settings.folder, self._sequence)
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as error:
            self._give_up(error)
            return
        self._segments.append(
            Segment(path, self._sequence, facts.connection, first_us=packet.pts_us, last_us=packet.pts_us)
        )
        self._opened_s = self._monotonic()
        self._write(pack_head(facts))

    def _write(self, record: bytes) -> None:
        """One write for one record: a kill leaves it whole, torn at the end of the file, or absent."""
        assert self._file is not None
        try:
            written = os.write(self._file, record)
            if written != len(record):
                raise OSError(errno.ENOSPC, "short write")
        except OSError as error:
            self._give_up(error)
            return
        self._segments[-1].length_bytes += written

    def _give_up(self, error: OSError) -> None:
        """The disk says no: this segment ends here, the oldest one makes room, the next key frame tries anew."""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        self._counters.add("ring_packets_not_kept", "disk_full" if full else "disk_error")
        self._close_segment()
        if full and len(self._segments) > 1:
            self._drop_oldest("disk_full")

    def _stay_in_bounds(self) -> None:
        settings, now_s = self._settings, self._monotonic()
        while len(self._segments) > 1 and (
            sum(segment.length_bytes for segment in self._segments) > settings.max_bytes
            or self._is_past_its_time(self._segments[0], now_s)
        ):
            self._drop_oldest("bound")
        if self._segments[-1].length_bytes > settings.max_bytes // 2:
            self._counters.add("ring_packets_not_kept", "gop_larger_than_half_the_ring")
            self._close_segment()
        self._counters.put("ring_bytes", sum(segment.length_bytes for segment in self._segments))

    def _is_past_its_time(self, segment: Segment, now_s: float) -> bool:
        return segment.closed_s is not None and now_s - segment.closed_s > self._settings.max_seconds

    def _drop_oldest(self, reason: str) -> None:
        self._remove(self._segments.pop(0))
        self._counters.add("ring_segments_overwritten", reason)

    def _remove(self, segment: Segment) -> None:
        try:
            segment.path.unlink(missing_ok=True)
        except OSError:
            self._counters.add("ring_segments_not_removed")

    def _close_segment(self) -> None:
        if self._file is None:
            return
        os.close(self._file)
        self._file = None
        self._segments[-1].closed_s = self._monotonic()
        if not self._segments[-1].has_packet:
            self._remove(self._segments.pop())
