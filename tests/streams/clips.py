"""Clips that tests encode for themselves: a texture that moves, so that every frame differs from every other."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from streams.packets import KeptPacket, StreamFacts


def texture(width_px: int, height_px: int) -> npt.NDArray[np.uint8]:
    """Smooth noise, larger than the picture, to be looked at through a moving window."""
    coarse = np.random.default_rng(7).integers(0, 255, (height_px // 4 + 40, width_px // 4 + 120, 3), dtype=np.uint8)
    return np.ascontiguousarray(coarse.repeat(4, axis=0).repeat(4, axis=1))


def make_clip(
    path: Path,
    codec: str = "libx264",
    frames: int = 100,
    rate: int = 25,
    gop: int = 25,
    b_frames: int = 0,
    size_px: tuple[int, int] = (160, 96),
) -> Path:
    """Encodes a clip with closed GOPs of exactly `gop` frames."""
    width_px, height_px = size_px
    world = texture(width_px, height_px)
    options = {"preset": "veryfast", "sc_threshold": "0"}
    if codec == "libx265":
        options = {
            "preset": "ultrafast",
            "x265-params": f"log-level=error:keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}:open-gop=0",
        }
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.gop_size = gop
        stream.codec_context.max_b_frames = b_frames
        for number in range(frames):
            across, down = number % 240, (number * 2) % 120
            picture = np.ascontiguousarray(world[down : down + height_px, across : across + width_px])
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            frame.pict_type = 1 if codec == "mpeg4" and number % gop == 0 else 0
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def pictures_of(path: Path) -> list[npt.NDArray[np.uint8]]:
    """Every picture of a file as a plain decoder gives it."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def packets_of(path: Path) -> tuple[StreamFacts, list[KeptPacket]]:
    """A file's packets as a ring would be given them, connection 0, captured from second 1,000,000 on."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context, time_base = stream.codec_context, stream.time_base
        assert time_base is not None
        raw = [packet for packet in container.demux(stream) if packet.size > 0]
        facts = StreamFacts(
            context.codec.canonical_name, bytes(context.extradata or b""), stream.width, stream.height, time_base, 0
        )
        zero = raw[0].pts or 0
        kept = []
        for packet in raw:
            assert packet.pts is not None
            pts_us = round((packet.pts - zero) * time_base * 1_000_000)
            kept.append(KeptPacket(packet.pts, packet.dts, pts_us, 10**12 + pts_us, packet.is_keyframe, bytes(packet)))
    return facts, kept
