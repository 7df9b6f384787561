"""A file gives every frame, in presentation order, with its own times; what is damaged is said plainly."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from models.domain.frame import Frame
from streams.counters import Counters
from streams.cut import decode_at
from streams.errors import FileUnreadableError, SourceNotKnownError
from streams.file import FileSource
from streams.open import open_source
from tests.streams.clips import make_clip, pictures_of

STARTS_AT = datetime(2022, 9, 25, 16, 30, tzinfo=timezone(timedelta(hours=7)))


def frames_of(path: Path, counters: Counters | None = None) -> list[Frame]:
    return list(FileSource(path, STARTS_AT, counters or Counters()).frames())


@pytest.mark.parametrize(
    ("codec", "suffix", "b_frames"),
    [("libx264", "mp4", 0), ("libx264", "mp4", 3), ("libx265", "mp4", 3), ("mpeg4", "avi", 0), ("libx264", "mkv", 2)],
)
def test_gives_every_frame_in_presentation_order(tmp_path: Path, codec: str, suffix: str, b_frames: int) -> None:
    path = make_clip(tmp_path / f"clip.{suffix}", codec, frames=60, b_frames=b_frames)
    frames = frames_of(path)
    assert [frame.index for frame in frames] == list(range(60))
    assert [round(frame.pts_us, -3) for frame in frames] == [number * 40_000 for number in range(60)]
    assert frames[0].captured_at == datetime(2022, 9, 25, 9, 30, tzinfo=UTC)
    assert frames[59].captured_at - frames[0].captured_at == timedelta(microseconds=frames[59].pts_us)
    expected = pictures_of(path)
    assert all(np.array_equal(frame.image, picture) for frame, picture in zip(frames, expected, strict=True))
    assert not any(frame.is_corrupt for frame in frames)
    assert {frame.clock.source for frame in frames} == {"file"}
    assert frames[0].size == (160, 96)


def test_twice_the_same_bytes(shared_data: Path) -> None:
    path = shared_data / "redlight_hanoi" / "clip.mp4"
    passes = [
        [(f.index, f.pts_us, f.captured_at, hashlib.sha1(f.image.data).digest()) for f in source.frames()]
        for source in (FileSource(path, STARTS_AT, Counters()) for _ in range(2))
    ]
    assert len(passes[0]) == 384
    assert passes[0] == passes[1]


def test_real_footage_keeps_its_own_times(shared_data: Path) -> None:
    source = FileSource(shared_data / "redlight_hanoi" / "clip.mp4", STARTS_AT, Counters())
    times_us = [frame.pts_us for frame in source.frames()]
    steps_us = [later - earlier for earlier, later in pairwise(times_us)]
    assert max(steps_us) - min(steps_us) < 60  # 0.1666 s apart, not the header's 6.017 frames a second
    assert times_us[-1] == 63_816_989


def test_real_footage_with_b_frames_begins_at_zero(shared_data: Path) -> None:
    source = FileSource(shared_data / "lanes_kraten" / "clip.mp4", STARTS_AT, Counters())
    times = [frame.pts_us for frame in source.frames()]
    assert times == [number * 40_000 for number in range(1190)]


def test_a_stream_without_any_timestamps_is_shown_and_counted_but_never_trusted(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mp4", "mpeg4", frames=30)
    bare = tmp_path / "bare.m4v"
    with av.open(str(whole)) as source:
        stream = source.streams.video[0]
        head = bytes(stream.codec_context.extradata or b"")
        bare.write_bytes(head + b"".join(bytes(packet) for packet in source.demux(stream) if packet.size))
    counters = Counters()
    frames = frames_of(bare, counters)
    assert len(frames) == 30
    guessed = counters.count("pts_faults", "pts_missing")
    assert sum(frame.is_corrupt for frame in frames) == guessed
    assert [frame.pts_us for frame in frames] == sorted({frame.pts_us for frame in frames})


def test_doubled_timestamps_are_set_apart_counted_and_not_trusted(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mkv", frames=20)
    doubled = tmp_path / "doubled.mkv"
    with av.open(str(whole)) as source, av.open(str(doubled), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(packet for packet in source.demux(video=0) if packet.size):
            packet.stream = stream
            packet.pts = packet.dts = (number - (number == 7)) * 40
            packet.time_base = Fraction(1, 1000)
            output.mux(packet)
    counters = Counters()
    frames = frames_of(doubled, counters)
    assert [frame.index for frame in frames if frame.is_corrupt] == [7]
    assert (frames[7].pts_us, frames[8].pts_us) == (240_001, 320_000)
    assert counters.count("pts_faults", "pts_not_after") == 1
    window = FileSource(doubled, STARTS_AT, Counters()).packets.window(0, 0, 400_000)
    assert [kept.pts_us for kept in window.packets][6:9] == [240_000, 240_001, 320_000]
    found = decode_at(window, [240_000, 240_001, 320_000])
    assert [np.array_equal(found[frame.pts_us], frame.image) for frame in frames[6:9]] == [True, True, True]


def test_stops_when_it_is_closed(tmp_path: Path) -> None:
    source = FileSource(make_clip(tmp_path / "clip.mp4"), STARTS_AT, Counters())
    taken = 0
    for _ in source.frames():
        taken += 1
        if taken == 7:
            source.close()
            source.close()
    assert taken == 7


def _missing(folder: Path) -> Path:
    return folder / "missing.mp4"


def _text(folder: Path) -> Path:
    path = folder / "notes.mp4"
    path.write_text("no video at all\n" * 50)
    return path


def _empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def _sound_only(folder: Path) -> Path:
    path = folder / "sound.wav"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        output.mux(stream.encode(frame))
    return path


def _index_cut_off(folder: Path) -> Path:
    path = make_clip(folder / "whole.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(_missing, "no such file, expected a video file", id="missing"),
        pytest.param(lambda folder: folder, "a folder, expected a video file", id="a folder"),
        pytest.param(_text, "cannot be opened as a video", id="text"),
        pytest.param(_empty, "cannot be opened as a video", id="empty"),
        pytest.param(_sound_only, "got no video stream, expected one", id="sound only"),
        pytest.param(_index_cut_off, "cannot be opened as a video", id="index cut off"),
    ],
)
def test_refuses_at_once_what_is_no_video(tmp_path: Path, make, message: str) -> None:  # type: ignore[no-untyped-def]
    path = make(tmp_path)
    with pytest.raises(FileUnreadableError, match=message) as refused:
        FileSource(path, STARTS_AT, Counters())
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_cut_off_gives_what_is_whole_and_then_says_where(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mp4", size_px=(320, 180))
    in_front = tmp_path / "front.mp4"
    with av.open(str(whole)) as source, av.open(str(in_front), "w", options={"movflags": "+faststart"}) as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    in_front.write_bytes(in_front.read_bytes()[: in_front.stat().st_size * 2 // 3])
    taken: list[Frame] = []
    with pytest.raises(FileUnreadableError, match=r"(cut off: got \d+ frames, expected 100|cannot be read on)"):
        taken.extend(FileSource(in_front, STARTS_AT, Counters()).frames())
    assert 30 < len(taken) < 100
    expected = pictures_of(whole)
    assert all(np.array_equal(f.image, expected[f.index]) for f in taken if not f.is_corrupt)


def test_damage_inside_taints_every_frame_up_to_the_next_key_frame(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", frames=75, gop=25, size_px=(320, 180))
    expected = pictures_of(path)
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    raw = bytearray(path.read_bytes())
    begin, size = places[30]
    assert begin is not None
    raw[begin + size // 3 : begin + size] = bytes(size - size // 3)
    path.write_bytes(raw)
    counters = Counters()
    frames = frames_of(path, counters)
    wrong = [f.index for f in frames if not f.is_corrupt and not any(np.array_equal(f.image, e) for e in expected)]
    assert wrong == []
    flagged = [round(f.pts_us / 40_000) for f in frames if f.is_corrupt]
    assert flagged and set(flagged) <= set(range(30, 50)) and 49 in flagged
    assert counters.count("frames_corrupt") == len(flagged)


def test_opens_by_path_by_url_and_by_variable(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "my clip.mp4", frames=5)
    for address in (str(path), f"file://{str(path).replace(' ', '%20')}", "${CLIPS}/my clip.mp4"):
        camera = open_source(address, starts_at=STARTS_AT, environment={"CLIPS": str(tmp_path)})
        assert len(list(camera.source.frames())) == 5
        assert (camera.is_live, camera.counters.count("frames_read")) == (False, 5)
        shape = camera.shape()
        assert shape is not None and (shape.codec, shape.width_px, shape.frame_count) == ("h264", 160, 5)


@pytest.mark.parametrize("address", ["gopher://10.0.0.5/x", "ring://x/y", "packets://x"])
def test_an_unknown_kind_of_camera_is_refused(address: str) -> None:
    with pytest.raises(SourceNotKnownError, match="expected rtsp://"):
        open_source(address)


def test_a_recording_needs_to_know_when_it_starts(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadableError, match="got no starts_at"):
        open_source(str(make_clip(tmp_path / "clip.mp4", frames=2)))
    with pytest.raises(ValueError, match="without a time zone"):
        FileSource(tmp_path / "clip.mp4", datetime(2022, 1, 1), Counters())  # noqa: DTZ001


def test_one_run_over_a_copy_elsewhere_gives_the_same(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", frames=30)
    copy = Path(shutil.copy(path, tmp_path / "b.mp4"))
    assert [f.image.tobytes() for f in frames_of(path)] == [f.image.tobytes() for f in frames_of(copy)]
