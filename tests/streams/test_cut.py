"""The clip is the camera's own packets; the pictures are the very pixels that the detector saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from streams.counters import Counters
from streams.cut import decode_at, needs_view_copy, write_clip, write_view_copy
from streams.errors import PacketsGoneError
from streams.file import FileSource
from streams.packets import PacketStore
from streams.ring import Ring
from streams.ring_settings import RingSettings
from tests.streams.clips import make_clip, packets_of, pictures_of

STARTS_AT = datetime(2022, 9, 25, 9, 30, tzinfo=UTC)
FRAME_US = 40_000

FORMS = [
    pytest.param("libx264", 0, 25, id="h264"),
    pytest.param("libx264", 3, 25, id="h264 with B-frames"),
    pytest.param("libx264", 0, 250, id="h264, GOP of 250"),
    pytest.param("libx264", 3, 250, id="h264 with B-frames, GOP of 250"),
    pytest.param("libx265", 0, 25, id="h265"),
    pytest.param("libx265", 3, 250, id="h265 with B-frames, GOP of 250"),
    pytest.param("mpeg4", 0, 25, id="mpeg4 part 2"),
]


def in_file(path: Path, tmp_path: Path) -> PacketStore:
    return FileSource(path, STARTS_AT, Counters()).packets


def in_ring(path: Path, tmp_path: Path) -> PacketStore:
    facts, packets = packets_of(path)
    ring = Ring(RingSettings(tmp_path / "ring", segment_seconds=0.0), Counters())
    ring.begin(facts)
    index_of = {pts_us: index for index, pts_us in enumerate(sorted(packet.pts_us for packet in packets))}
    for packet in packets:
        ring.append(packet)
        ring.note_frame(packet.pts_us, index_of[packet.pts_us])
    return ring


@pytest.mark.parametrize("keep", [in_file, in_ring])
@pytest.mark.parametrize(("codec", "b_frames", "gop"), FORMS)
def test_a_clip_is_a_remux_that_plays_whole(tmp_path: Path, codec: str, b_frames: int, gop: int, keep) -> None:  # type: ignore[no-untyped-def]
    path = make_clip(tmp_path / "camera.mp4", codec, frames=300, gop=gop, b_frames=b_frames)
    expected = pictures_of(path)
    _, sent = packets_of(path)
    window = keep(path, tmp_path).window(0, 130 * FRAME_US, 170 * FRAME_US)
    facts = write_clip(window, tmp_path / "clip.mp4")

    first = {25: 125, 250: 0}[gop]
    assert (window.first_frame_index, window.starts_us, window.short_because) == (first, first * FRAME_US, None)
    assert 170 <= window.ends_us // FRAME_US <= 170 + b_frames
    count = window.ends_us // FRAME_US - first + 1
    assert (len(window.packets), facts.frame_count, facts.duration_us) == (count, count, count * FRAME_US)

    with av.open(str(tmp_path / "clip.mp4")) as clip:
        stream = clip.streams.video[0]
        packets = [packet for packet in clip.demux(stream) if packet.size > 0]
        assert clip.duration == count * FRAME_US
        assert stream.start_time == 0
        assert stream.frames == count
    own_bytes = [bytes(packet) for packet in packets]
    assert own_bytes == [kept.payload for kept in window.packets]
    assert set(own_bytes) <= {packet.payload for packet in sent}
    assert _boxes(tmp_path / "clip.mp4")[:2] == ["ftyp", "moov"]  # the index in front, and not fragmented
    assert "moof" not in _boxes(tmp_path / "clip.mp4")

    shown = pictures_of(tmp_path / "clip.mp4")
    assert len(shown) == count
    assert all(np.array_equal(own, expected[first + place]) for place, own in enumerate(shown))


@pytest.mark.parametrize("keep", [in_file, in_ring])
@pytest.mark.parametrize(("codec", "b_frames", "gop"), FORMS)
def test_a_picture_is_pixel_for_pixel_what_the_source_gave(
    tmp_path: Path,
    codec: str,
    b_frames: int,
    gop: int,
    keep,  # type: ignore[no-untyped-def]
) -> None:
    path = make_clip(tmp_path / "camera.mp4", codec, frames=200, gop=gop, b_frames=b_frames)
    seen = {frame.pts_us: frame.image for frame in FileSource(path, STARTS_AT, Counters()).frames()}
    window = keep(path, tmp_path).window(0, 110 * FRAME_US, 150 * FRAME_US)
    wanted = [number * FRAME_US for number in (110, 127, 128, 150)]
    found = decode_at(window, wanted)
    assert sorted(found) == wanted
    assert all(np.array_equal(found[pts_us], seen[pts_us]) for pts_us in wanted)


def test_bytes_beyond_a_packet_never_reach_the_decoder(tmp_path: Path) -> None:
    """Decoders read past the end of a packet: what lies there in memory must not change a pixel."""
    path = make_clip(tmp_path / "camera.mp4", "mpeg4", frames=60)
    seen = {frame.pts_us: frame.image for frame in FileSource(path, STARTS_AT, Counters()).frames()}
    window = in_file(path, tmp_path).window(0, 0, 59 * FRAME_US)
    next_in_memory = bytes.fromhex("00cc8012b9e7bf00" * 20 + "ff" * 8 + "000001b658e1f21720c098361385f01c03c7e297c7e4")
    for filler in (b"\x00" * 64, b"\xff" * 64, next_in_memory):
        dirty = [bytearray(kept.payload + filler) for kept in window.packets]
        packets = tuple(
            replace(kept, payload=memoryview(raw)[: len(kept.payload)])
            for kept, raw in zip(window.packets, dirty, strict=True)
        )
        found = decode_at(replace(window, packets=packets), seen)
        assert all(np.array_equal(found[pts_us], seen[pts_us]) for pts_us in seen)


def test_a_frame_that_is_not_in_the_window_is_absent(tmp_path: Path) -> None:
    window = in_file(make_clip(tmp_path / "camera.mp4"), tmp_path).window(0, 30 * FRAME_US, 40 * FRAME_US)
    assert sorted(decode_at(window, [31 * FRAME_US, 31 * FRAME_US + 1, 90 * FRAME_US])) == [31 * FRAME_US]


def test_start_in_mid_gop(tmp_path: Path) -> None:
    """A camera that is joined in the middle of a GOP: the clip begins at the first key frame."""
    facts, packets = packets_of(make_clip(tmp_path / "camera.mp4", frames=100, gop=50))
    ring = Ring(RingSettings(tmp_path / "ring"), Counters())
    ring.begin(facts)
    for packet in packets[13:]:
        ring.append(packet)
    window = ring.window(0, 20 * FRAME_US, 80 * FRAME_US)
    assert window.starts_us == 50 * FRAME_US
    assert window.short_because in ("ring_gap", "ring_overwritten")
    assert write_clip(window, tmp_path / "clip.mp4").frame_count == 31
    assert len(pictures_of(tmp_path / "clip.mp4")) == 31


@pytest.mark.parametrize(
    ("name", "at_us", "first_index"),
    [("redlight_hanoi", 32_000_000, 160), ("lanes_kraten", 20_000_000, None), ("more/rlc_us_g", 6_000_000, 0)],
)
def test_real_footage(shared_data: Path, tmp_path: Path, name: str, at_us: int, first_index: int | None) -> None:
    source = FileSource(shared_data / name / "clip.mp4", STARTS_AT, Counters())
    seen = {frame.pts_us: frame for frame in source.frames()}
    window = source.packets.window(0, at_us - 5_000_000, at_us + 5_000_000)
    assert window.starts_us <= at_us - 5_000_000 and window.ends_us >= at_us + 5_000_000 - 170_000
    assert seen[window.starts_us].index == window.first_frame_index
    assert first_index is None or window.first_frame_index == first_index
    own = [frame.pts_us for frame in seen.values() if window.starts_us <= frame.pts_us <= window.ends_us]
    assert len(window.packets) == len(own)
    assert window.times_us[0] == round(seen[window.starts_us].captured_at.timestamp() * 1e6)
    write_clip(window, tmp_path / "clip.mp4")
    for pts_us, picture in zip(own, pictures_of(tmp_path / "clip.mp4"), strict=True):
        assert np.array_equal(picture, seen[pts_us].image)


@pytest.mark.parametrize(("codec", "needed"), [("h264", False), ("hevc", True), ("mpeg4", True)])
def test_which_codecs_need_a_copy_to_look_at(codec: str, needed: bool) -> None:
    assert needs_view_copy(codec) is needed


@pytest.mark.parametrize(("codec", "b_frames", "size_px"), [("libx265", 2, (160, 96)), ("mpeg4", 0, (161, 97))])
def test_the_copy_to_look_at_is_h264_with_the_same_frames(
    tmp_path: Path, codec: str, b_frames: int, size_px: tuple[int, int]
) -> None:
    path = make_clip(tmp_path / "camera.mp4", codec, frames=120, b_frames=b_frames, size_px=size_px)
    window = in_file(path, tmp_path).window(0, 30 * FRAME_US, 60 * FRAME_US)
    clip = write_clip(window, tmp_path / "clip.mp4")
    copy = write_view_copy(tmp_path / "clip.mp4", tmp_path / "view.mp4")
    assert (copy.codec, copy.frame_count) == ("h264", clip.frame_count)
    assert _boxes(tmp_path / "view.mp4")[:2] == ["ftyp", "moov"]
    with av.open(str(tmp_path / "view.mp4")) as view:
        stream = view.streams.video[0]
        assert (stream.codec_context.name, stream.format.name) == ("h264", "yuv420p")
        assert view.duration == copy.duration_us
        assert abs(copy.duration_us - clip.duration_us) <= FRAME_US
    original, shown = pictures_of(tmp_path / "clip.mp4"), pictures_of(tmp_path / "view.mp4")
    for place, picture in enumerate(shown):
        near = range(max(0, place - 2), min(len(original), place + 3))
        differences = {at: np.abs(picture[:96, :160].astype(int) - original[at][:96, :160]).mean() for at in near}
        assert min(differences, key=lambda at: differences[at]) == place


def test_a_window_without_a_frame_is_an_error_with_both_sides(tmp_path: Path) -> None:
    packets = in_file(make_clip(tmp_path / "camera.mp4"), tmp_path)
    with pytest.raises(PacketsGoneError, match=r"got no frame at 9000000..9500000 µs, expected some of 0..3960000 µs"):
        packets.window(0, 9_000_000, 9_500_000)
    with pytest.raises(PacketsGoneError, match=r"got connection 1, expected 0\.\.0"):
        packets.window(1, 0, 1)


@pytest.mark.parametrize(
    ("window", "why"),
    [
        ((-1, 50 * FRAME_US), "connection_starts_here"),
        ((0, 101 * FRAME_US), "connection_ended"),
        ((0, 99 * FRAME_US), None),
    ],
)
def test_says_why_a_window_of_a_file_is_short(tmp_path: Path, window: tuple[int, int], why: str | None) -> None:
    packets = in_file(make_clip(tmp_path / "camera.mp4"), tmp_path)
    assert packets.window(0, *window).short_because == why
    assert packets.reach(0).is_ended


@pytest.mark.parametrize(("codec", "b_frames", "gop"), FORMS)
def test_seeking_in_a_file_leads_to_the_same_packets_as_reading_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, b_frames: int, gop: int
) -> None:
    packets = in_file(make_clip(tmp_path / "a.mp4", codec, frames=300, gop=gop, b_frames=b_frames), tmp_path)
    windows = [(0, at * FRAME_US, (at + 40) * FRAME_US) for at in (0, 90, 170, 255)]
    sought = [packets.window(*window) for window in windows]
    monkeypatch.setattr("streams.file_packets._sought", lambda *_: None)
    assert [packets.window(*window) for window in windows] == sought


def test_a_recording_whose_time_is_set_back_has_two_connections(tmp_path: Path) -> None:
    part = make_clip(tmp_path / "part.ts", frames=75, gop=25)
    whole = tmp_path / "whole.ts"
    whole.write_bytes(part.read_bytes() * 2)
    source = FileSource(whole, STARTS_AT, Counters())
    frames = [frame for frame in source.frames() if not frame.is_corrupt]
    assert {frame.connection for frame in frames} == {0, 1}
    captured = [frame.captured_at for frame in frames]
    assert captured == sorted(set(captured))
    for connection in (0, 1):
        own = {frame.pts_us: frame for frame in frames if frame.connection == connection}
        window = source.packets.window(connection, 30 * FRAME_US, 60 * FRAME_US)
        assert own[window.starts_us].index == window.first_frame_index
        found = decode_at(window, own)
        assert len(found) >= 35
        assert all(np.array_equal(found[pts_us], own[pts_us].image) for pts_us in found)


def test_the_same_window_gives_the_same_bytes(tmp_path: Path) -> None:
    window = in_file(make_clip(tmp_path / "camera.mp4", b_frames=2), tmp_path).window(0, 0, 50 * FRAME_US)
    clips = [tmp_path / "one.mp4", tmp_path / "two.mp4"]
    for clip in clips:
        write_clip(window, clip)
    assert clips[0].read_bytes() == clips[1].read_bytes()


def _boxes(path: Path) -> Sequence[str]:
    """Names of the top-level boxes of an MP4."""
    raw, at, names = path.read_bytes(), 0, []
    while at + 8 <= len(raw):
        size = int.from_bytes(raw[at : at + 4])
        names.append(raw[at + 4 : at + 8].decode("latin-1"))
        at += size if size > 1 else len(raw)
    return names
