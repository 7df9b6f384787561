"""A world as a video file and its truth: H.264 or H.265, with the key frames and B-frames that are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.video.stream import VideoStream

from models.domain.frame import BGR
from streams.simulated.phases import frames_of
from streams.simulated.render import Renderer
from streams.simulated.settings import WorldSettings, parse_url
from streams.simulated.truth import TruthKeeper, as_text

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class VideoForm:
    """How a clip is encoded.

    Attributes:
        key_every_s: longest time between key frames.
        quality: constant rate factor; lower is better.
    """

    codec: Literal["h264", "h265"] = "h264"
    key_every_s: float = 2.0
    b_frames: int = 0
    quality: int = 22


class ClipEncoder:
    """Encodes pictures one by one, with one thread, so that the same pictures give the same bytes."""

    def __init__(self, container: av.container.OutputContainer, settings: WorldSettings, form: VideoForm) -> None:
        self._container = container
        self.rate = Fraction(settings.fps).limit_denominator(1000)
        gop = max(1, int(form.key_every_s * settings.fps))
        if form.codec == "h264":
            options = {"x264-params": f"keyint={gop}:min-keyint=2:scenecut=0:bframes={form.b_frames}:threads=1"}
        else:
            options = {"x265-params": f"keyint={gop}:min-keyint=1:scenecut=0:bframes={form.b_frames}"
                       ":pools=none:frame-threads=1:log-level=error"}  # fmt: skip
        options |= {"preset": "veryfast", "crf": str(form.quality)}
        stream = container.add_stream("libx264" if form.codec == "h264" else "libx265", rate=self.rate, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = settings.width_px, settings.height_px, "yuv420p"
        stream.time_base = stream.codec_context.time_base = 1 / self.rate
        stream.codec_context.thread_count = 1
        stream.codec_context.max_b_frames = form.b_frames
        if form.codec == "h265":
            stream.codec_context.codec_tag = "hvc1"
        self.stream = stream

    def encode(self, image: BGR | None, index: int) -> Iterator[av.Packet[VideoStream]]:
        """Packets that this picture (or the end, None) sets free."""
        if image is None:
            yield from self.stream.encode(None)
            return
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
        frame.pts, frame.time_base = index, 1 / self.rate
        yield from self.stream.encode(frame)


def render_clip(
    world: str | WorldSettings, clip: Path, truth: Path | None = None, form: VideoForm | None = None
) -> int:
    """Draw a world into an MP4 file and, where asked, its truth beside it; gives the number of frames.

    Both files appear only when they are whole.

    Raises:
        WorldSettingError: the URL says something that the world does not know.
    """
    settings = parse_url(world) if isinstance(world, str) else world
    renderer = Renderer(settings)
    keeper = TruthKeeper(renderer)
    count = frames_of(settings)
    clip_part = clip.with_name(clip.name + ".part")
    lines = [as_text(keeper.world())]
    with av.open(str(clip_part), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        encoder = ClipEncoder(container, settings, form or VideoForm())
        for index in range(count):
            image, drawn, lamp = renderer.frame(index)
            lines.append(as_text(keeper.frame(index, drawn, lamp)))
            container.mux(list(encoder.encode(image, index)))
        container.mux(list(encoder.encode(None, count)))
    lines += [as_text(line) for line in keeper.acts()]
    if truth is not None:
        truth_part = truth.with_name(truth.name + ".part")
        truth_part.write_text("".join(lines), encoding="utf-8")
        truth_part.replace(truth)
    clip_part.replace(clip)
    return count
