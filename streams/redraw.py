"""Draws every frame of a clip anew and encodes it as H.264 that browsers play: for copies, never for evidence."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from models.domain.frame import BGR
from streams.errors import FileUnreadableError
from streams.pixels import ticks_to_us, to_bgr, use_one_thread

LONGEST_SIDE_PX = 1280
"""A larger clip is made smaller: nobody needs more to see what happened, and it bounds the work."""
ENCODING = {"preset": "veryfast", "crf": "26", "threads": "1"}
Draw = Callable[[int, BGR], BGR]
"""(time since the clip's first frame in µs, picture) → the picture that is shown instead."""


def redraw_clip(clip: Path, path: Path, draw: Draw) -> int:
    """Writes the clip as `draw` shows it; how many frames were written. Whatever `draw` raises ends it.

    Raises:
        FileUnreadableError: it is no clip, or not one of its frames decodes.
        OSError: the copy cannot be written.
    """
    try:
        with av.open(str(clip)) as source, av.open(str(path), "w", format="mp4", options=_FRONT) as output:
            count = _redraw(source.streams.video[0], output.add_stream("libx264", options=ENCODING), draw, output)
    except FFmpegError as error:
        raise FileUnreadableError(f"{clip.name}: {type(error).__name__}, expected a clip that decodes") from None
    if count == 0:
        raise FileUnreadableError(f"{clip.name}: got no frame that decodes, expected some")
    return count


_FRONT = {"movflags": "+faststart"}


def _redraw(source: VideoStream, stream: VideoStream, draw: Draw, output: av.container.OutputContainer) -> int:
    use_one_thread(source.codec_context)
    time_base = source.time_base or Fraction(1, 90_000)
    width, height = _size(source.width, source.height)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.time_base = stream.codec_context.time_base = time_base
    count, first = 0, None
    container = source.container
    assert isinstance(container, av.container.InputContainer)
    for packet in container.demux(source):
        try:
            frames = packet.decode()
        except FFmpegError:
            continue
        for frame in frames:
            if frame.pts is None:
                continue
            first = frame.pts if first is None else first
            image = draw(ticks_to_us(frame.pts - first, time_base), _sized(to_bgr(frame), width, height))
            picture = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24").reformat(format="yuv420p")
            picture.pts, picture.time_base = frame.pts - first, time_base
            output.mux(stream.encode(picture))
            count += 1
    output.mux(stream.encode(None))
    return count


def _size(width: int, height: int) -> tuple[int, int]:
    """Even sides, none longer than `LONGEST_SIDE_PX`."""
    scale = min(1.0, LONGEST_SIDE_PX / max(width, height))
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


def _sized(image: BGR, width: int, height: int) -> BGR:
    if image.shape[:2] == (height, width):
        return image
    resized: BGR = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
    return resized
