"""Opening a recorded video, with one clear error for what is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from streams.errors import FileUnreadableError
from streams.source import StreamShape


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The file and its first video stream.

    Raises:
        FileUnreadableError: missing, a folder, not readable, no video.
    """
    if not path.is_file():
        raise FileUnreadableError(f"{path}: {'a folder' if path.is_dir() else 'no such file'}, expected a video file")
    try:
        container = av.open(str(path))
    except (FFmpegError, OSError) as error:
        raise FileUnreadableError(f"{path}: cannot be opened as a video ({error.strerror or error})") from None
    with container:
        if not container.streams.video:
            raise FileUnreadableError(f"{path}: got no video stream, expected one")
        stream = container.streams.video[0]
        if stream.codec_context is None or stream.time_base is None or stream.width <= 0:
            raise FileUnreadableError(f"{path}: got a video stream that no decoder here knows")
        yield container, stream


def shape_of(stream: VideoStream) -> StreamShape:
    rate = stream.average_rate or stream.guessed_rate
    return StreamShape(
        codec=stream.codec_context.codec.canonical_name,
        width_px=stream.width,
        height_px=stream.height,
        rate_hz=float(rate) if rate else None,
        is_live=False,
        frame_count=stream.frames or None,
    )
