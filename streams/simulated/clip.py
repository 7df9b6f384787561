"""A world as a video file and its truth: H.264 or H.265, with the key frames and B-frames that are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

import av
import numpy as np
from av.video.stream import VideoStream

from models.domain.frame import BGR
from streams.simulated.phases import frames_of
from streams.simulated.render import Renderer
from streams.simulated.settings import WorldSettings, parse_url
from streams.simulated.truth_lines import as_text
from streams.simulated.truths import truth_of

MICROSECONDS = 1_000_000
_HEAD_BYTES = 48
"""Packet and slice headers stay whole: damage shows in the picture, the stream can still be read."""
_FLIPPED_BYTES = 6


@dataclass(frozen=True, slots=True)
class VideoForm:
    """How a clip is encoded.

    Attributes:
        key_every_s: longest time between key frames.
        quality: constant rate factor; lower is better.
        bitrate_kbps: instead of a constant quality, so many kilobits a second: few of them blur and block the picture.
        damage: share of the packets in which bytes are flipped after encoding; drawn from the world's seed. The first
            picture stays whole.
    """

    codec: Literal["h264", "h265"] = "h264"
    key_every_s: float = 2.0
    b_frames: int = 0
    quality: int = 22
    bitrate_kbps: int | None = None
    damage: float = 0.0


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
        options |= {"preset": "veryfast"} | ({"crf": str(form.quality)} if form.bitrate_kbps is None else {})
        stream = container.add_stream("libx264" if form.codec == "h264" else "libx265", rate=self.rate, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = settings.width_px, settings.height_px, "yuv420p"
        stream.time_base = stream.codec_context.time_base = 1 / self.rate
        stream.codec_context.thread_count = 1
        stream.codec_context.max_b_frames = form.b_frames
        if form.bitrate_kbps is not None:
            stream.codec_context.bit_rate = form.bitrate_kbps * 1000
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


class Damage:
    """Flips bytes in some packets, as a bad link or a bad disk does; the same seed flips the same bytes."""

    def __init__(self, share: float, seed: int) -> None:
        self._share = share
        self._rng = np.random.default_rng([seed, 17])
        self._is_first = True

    def on(self, packet: av.Packet[VideoStream]) -> av.Packet[VideoStream]:
        """The packet, or one of the same length and time with a few other bytes behind its head."""
        is_first, self._is_first = self._is_first, False
        if self._share == 0 or is_first or self._rng.random() >= self._share or packet.size <= 2 * _HEAD_BYTES:
            return packet
        payload = bytearray(bytes(packet))
        for place in self._rng.integers(_HEAD_BYTES, len(payload), _FLIPPED_BYTES):
            payload[place] ^= int(self._rng.integers(1, 256))
        made = cast("av.Packet[VideoStream]", av.Packet(len(payload)))
        made.update(bytes(payload))  # a copy with the padding that decoders read past the end
        made.pts, made.dts, made.time_base, made.stream = packet.pts, packet.dts, packet.time_base, packet.stream
        made.is_keyframe = packet.is_keyframe
        if packet.duration is not None:
            made.duration = packet.duration
        return made


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
    keeper = truth_of(renderer)
    count = frames_of(settings)
    clip_part = clip.with_name(clip.name + ".part")
    lines = [as_text(keeper.world())]
    with av.open(str(clip_part), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        form = form or VideoForm()
        encoder, damage = ClipEncoder(container, settings, form), Damage(form.damage, settings.seed)
        for index in range(count):
            image, drawn, lamp = renderer.frame(index)
            lines.append(as_text(keeper.frame(index, drawn, lamp)))
            container.mux([damage.on(packet) for packet in encoder.encode(image, index)])
        container.mux([damage.on(packet) for packet in encoder.encode(None, count)])
    lines += [as_text(line) for line in keeper.acts()]
    if truth is not None:
        truth_part = truth.with_name(truth.name + ".part")
        truth_part.write_text("".join(lines), encoding="utf-8")
        truth_part.replace(truth)
    clip_part.replace(clip)
    return count
