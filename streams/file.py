"""A recorded file: every frame, in presentation order, none lost; the time of capture is `starts_at` + stream time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from models.domain.frame import FILE_CLOCK, Frame
from streams.counters import Counters
from streams.damage import Damage
from streams.errors import FileUnreadableError
from streams.file_packets import FilePackets
from streams.open import Camera, CameraRequest
from streams.pixels import to_bgr, use_one_thread
from streams.pulse import Pulse
from streams.timeline import Timeline
from streams.video_file import open_video, shape_of

_TIME_IS_GUESSED = ("pts_missing", "pts_not_after")
"""Such a frame's place in time was made up here, so it never carries a claim."""


class FileSource:
    """One pass over a file, the same bytes every time."""

    def __init__(self, path: Path, starts_at: datetime, counters: Counters, pulse: Pulse | None = None) -> None:
        if starts_at.tzinfo is None:
            raise ValueError(f"got starts_at {starts_at} without a time zone, expected an aware time")
        self._path = path
        self._starts_at = starts_at.astimezone(UTC)
        self._counters = counters
        self._pulse = pulse or Pulse()
        self._stop = threading.Event()
        self._index = 0
        self._damage = Damage(counters)
        with open_video(path) as (_, stream):
            self.shape = shape_of(stream)
        self.packets = FilePackets(path, self._starts_at)

    def frames(self) -> Iterator[Frame]:
        """Gives every frame.

        Raises:
            FileUnreadableError: after the last readable frame, where the file is cut off or holds no frame at all.
        """
        with open_video(self._path) as (container, stream):
            use_one_thread(stream.codec_context)
            assert stream.time_base is not None
            timeline = Timeline(stream.time_base, self.shape.rate_hz)
            for picture in self._pictures(container, stream):
                if self._stop.is_set():
                    return
                yield self._frame(picture, timeline)
        if self._index == 0:
            raise FileUnreadableError(f"{self._path}: got no frame that can be decoded, expected a video")
        self._pulse.beat("ended")

    def close(self) -> None:
        self._stop.set()

    def _frame(self, picture: VideoFrame, timeline: Timeline) -> Frame:
        placed = timeline.place(picture.pts)
        if placed.fault:
            self._counters.add("pts_faults", placed.fault)
        if picture.key_frame:
            self.packets.note_key_frame(placed.connection, placed.pts_us, self._index)
        is_damaged = self._damage.touches(picture)
        if placed.fault == "pts_reset":
            self._damage.restart()
        frame = Frame(
            index=self._index,
            pts_us=placed.pts_us,
            captured_at=self._starts_at + timedelta(microseconds=placed.elapsed_us),
            image=to_bgr(picture),
            clock=FILE_CLOCK,
            connection=placed.connection,
            is_corrupt=is_damaged or placed.fault in _TIME_IS_GUESSED,
        )
        self._index += 1
        self._counters.add("frames_read")
        self._pulse.frame()
        return frame

    def _pictures(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """Frames as the decoder gives them. What does not decode taints all frames up to the next key frame."""
        packet_count = 0
        try:
            for packet in container.demux(stream):
                packet_count += packet.size > 0
                if packet.is_corrupt:
                    self._damage.note("packet_damaged", packet.pts)
                try:
                    pictures = packet.decode()
                except FFmpegError:
                    self._damage.note("not_decodable", packet.pts)
                    continue
                yield from pictures
        except FFmpegError as error:
            raise FileUnreadableError(
                f"{self._path}: cannot be read on after frame {self._index} ({error.strerror})"
            ) from None
        if stream.frames > packet_count:
            raise FileUnreadableError(
                f"{self._path}: cut off: got {packet_count} frames, expected {stream.frames} as its header says"
            )


def open_camera(request: CameraRequest) -> Camera:
    """Opens `file://…` or a plain path."""
    address = request.address
    path = Path(unquote(urlsplit(address).path)) if address.lower().startswith("file://") else Path(address)
    if request.starts_at is None:
        raise FileUnreadableError(f"{path}: got no starts_at, expected the capture time of frame 0 in the camera file")
    source = FileSource(path, request.starts_at, request.counters, request.pulse)
    return Camera(source, source.packets, False, request.counters, request.pulse, lambda: source.shape)
