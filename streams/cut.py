"""Cuts evidence from a window of packets: the clip, its viewing copy, the very pictures that the detector saw."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from models.domain.frame import BGR
from streams.packets import KeptPacket, PacketWindow
from streams.pixels import decoder_for, ticks_to_us, to_bgr

BROWSERS_PLAY = frozenset({"h264"})
_INDEX_IN_FRONT = {"movflags": "+faststart"}
_ENCODERS = {"h264": "libx264", "hevc": "libx265"}
"""Only the muxer's entry for the codec is taken from these; nothing is encoded in a clip."""


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What was written."""

    codec: str
    frame_count: int
    duration_us: int
    length_bytes: int


def needs_view_copy(codec: str) -> bool:
    """Browsers cannot play this codec, so an H.264 copy for looking at is made beside the clip."""
    return codec not in BROWSERS_PLAY


def write_clip(window: PacketWindow, path: Path) -> ClipFacts:
    """Remuxes the window into a plain MP4 with its index in front. Never re-encodes.

    Raises:
        OSError: the file cannot be written.
    """
    times = _clip_times(window.packets)
    with av.open(str(path), "w", format="mp4", options=_INDEX_IN_FRONT) as output:
        stream = _stream_like(output, window)
        for packet, (pts, dts, duration) in zip(window.packets, times, strict=True):
            output.mux(_av_packet(packet, window.facts.time_base, stream, pts, dts, duration))
    length = max(pts + duration for pts, _, duration in times)
    duration_us = ticks_to_us(length, window.facts.time_base)
    return ClipFacts(window.facts.codec, len(window.packets), duration_us, path.stat().st_size)


def write_view_copy(clip_path: Path, path: Path) -> ClipFacts:
    """An H.264 copy (yuv420p, index in front) of a clip that browsers cannot play. It is a copy: label it as one."""
    frame_count = 0
    with av.open(str(clip_path)) as clip, av.open(str(path), "w", format="mp4", options=_INDEX_IN_FRONT) as output:
        source = clip.streams.video[0]
        stream = output.add_stream("libx264", rate=source.average_rate, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height = source.width - source.width % 2, source.height - source.height % 2
        stream.pix_fmt = "yuv420p"
        time_base = source.time_base or Fraction(1, 90_000)
        stream.time_base = stream.codec_context.time_base = time_base
        for frame in _timed_frames(clip, source):
            picture = _even(frame, stream.width, stream.height)
            picture.pts, picture.time_base = frame.pts, time_base
            picture.pict_type = 0
            output.mux(stream.encode(picture))
            frame_count += 1
        output.mux(stream.encode(None))
    with av.open(str(path)) as written:
        return ClipFacts("h264", frame_count, written.duration or 0, path.stat().st_size)


def decode_at(window: PacketWindow, pts_us: Iterable[int]) -> dict[int, BGR]:
    """The pictures of these frames (`Frame.pts_us`), pixel for pixel what the source gave.

    A frame that the window does not hold, or that does not decode, is absent from the answer.
    """
    wanted = set(pts_us)
    found: dict[int, BGR] = {}
    stream_time_of = {order: packet.pts_us for order, packet in enumerate(window.packets)}
    for order, frame in _decoded(window):
        moment_us = stream_time_of[order]
        if moment_us in wanted:
            found[moment_us] = to_bgr(frame)
        if len(found) == len(wanted):
            break
    return found


def _decoded(window: PacketWindow) -> Iterator[tuple[int, VideoFrame]]:
    """(place of its packet in the window, frame). A packet that the decoder refuses gives nothing."""
    decoder = decoder_for(window.facts.codec, window.facts.extradata)
    time_base = window.facts.time_base
    times = _growing([packet.pts for packet in window.packets])
    fed = [
        _av_packet(packet, time_base, None, own, packet.dts, None)
        for packet, own in zip(window.packets, times, strict=True)
    ]
    order_of_pts = {own: order for order, own in enumerate(times)}
    for av_packet in [*fed, None]:
        try:
            frames = decoder.decode(av_packet)
        except FFmpegError:
            continue
        for frame in frames:
            if frame.pts in order_of_pts:
                yield order_of_pts[frame.pts], frame


def _clip_times(packets: tuple[KeptPacket, ...]) -> list[tuple[int, int, int]]:
    """(pts, dts, duration) in ticks for every packet, in decoding order; the first shown frame is at 0.

    Decoding times are made anew: the sorted presentation times, set back as far as the re-ordering needs. So they
    grow, and none is later than its own presentation time, whatever the camera said of them.
    """
    pts = _growing([packet.pts for packet in packets])
    shown = sorted(pts)
    delay = max(early - own for early, own in zip(shown, pts, strict=True))
    last = _usual_step(shown)
    follower = dict(zip(shown, [*shown[1:], shown[-1] + last], strict=True))
    zero = shown[0]
    return [(own - zero, early - delay - zero, follower[own] - own) for early, own in zip(shown, pts, strict=True)]


def _growing(pts: list[int]) -> list[int]:
    """The same times with doubled ones set apart by one tick: a muxer takes no two frames at one instant."""
    taken: set[int] = set()
    apart = []
    for own in pts:
        moved = own
        while moved in taken:
            moved += 1
        taken.add(moved)
        apart.append(moved)
    return apart


def _usual_step(shown: list[int]) -> int:
    steps = sorted(later - earlier for earlier, later in pairwise(shown))
    return steps[len(steps) // 2] if steps else 1


def _stream_like(output: OutputContainer, window: PacketWindow) -> Stream:
    """A stream for packets that were encoded elsewhere, made from what the ring knows of them."""
    facts = window.facts
    with av.open(io.BytesIO(), "w", format="mp4") as scratch:
        template = scratch.add_stream(_ENCODERS.get(facts.codec, facts.codec))
        stream = output.add_stream_from_template(template, opaque=True)
    context = stream.codec_context
    assert isinstance(context, VideoCodecContext)
    context.extradata = facts.extradata or None
    context.width, context.height, context.bit_rate = facts.width_px, facts.height_px, 0
    stream.time_base = facts.time_base
    return stream


def _av_packet(
    packet: KeptPacket, time_base: Fraction, stream: Stream | None, pts: int, dts: int | None, duration: int | None
) -> av.Packet[VideoStream]:
    made = cast("av.Packet[VideoStream]", av.Packet(len(packet.payload)))
    made.update(packet.payload)  # a copy with the padding that decoders read past the end; Packet(bytes) has none
    made.time_base = time_base
    made.pts, made.dts = pts, dts
    made.is_keyframe = packet.is_key
    if duration is not None:
        made.duration = duration
    if isinstance(stream, VideoStream):
        made.stream = stream
    return made


def _even(frame: VideoFrame, width_px: int, height_px: int) -> VideoFrame:
    """4:2:0 needs even sides: an odd last row or column is left out, and nothing is scaled."""
    if (frame.width, frame.height) == (width_px, height_px):
        return frame.reformat(format="yuv420p")
    cropped = np.ascontiguousarray(to_bgr(frame)[:height_px, :width_px])
    return VideoFrame.from_ndarray(cropped, format="bgr24").reformat(format="yuv420p")


def _timed_frames(clip: InputContainer, source: VideoStream) -> Iterator[VideoFrame]:
    for packet in clip.demux(source):
        try:
            frames = packet.decode()
        except FFmpegError:
            continue
        yield from (frame for frame in frames if frame.pts is not None)
