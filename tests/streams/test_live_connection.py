"""One live connection, packet by packet, with whatever cameras do."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from streams.clock import CaptureClock
from streams.counters import Counters
from streams.errors import CameraUnreachableError, StreamFrozenError
from streams.live_connection import Arrived, Decoded, LiveConnection, LiveFacts, Numbering
from streams.pixels import to_bgr
from streams.ring import Ring
from streams.ring_settings import RingSettings
from tests.streams.clips import make_clip, pictures_of

FRAME_US = 40_000
WALL_US = 1_700_000_000_000_000
TICKS = 3_600


class Bench:
    """A connection, and a clip's packets with RTP's 90 kHz times to feed it with."""

    def __init__(self, path: Path, ring: Path | None = None, may_lose_packets: bool = False) -> None:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            context, time_base = stream.codec_context, stream.time_base
            assert time_base is not None
            self.packets = [packet for packet in container.demux(stream) if packet.size > 0]
            self.numbers = [round((packet.pts or 0) * time_base * 25) for packet in self.packets]
            self.facts = LiveFacts(
                context.codec.canonical_name,
                bytes(context.extradata or b""),
                stream.width,
                stream.height,
                Fraction(1, 90_000),
                25.0,
                may_lose_packets,
            )
        self.expected = pictures_of(path)
        self.counters = Counters()
        self.ring = None if ring is None else Ring(RingSettings(ring, segment_seconds=0.0), self.counters)
        self.numbering = Numbering(0)
        self.connection = self.connect(self.facts)

    def connect(self, facts: LiveFacts) -> LiveConnection:
        clock = CaptureClock(self.counters, lambda monotonic_us: (None, None))
        return LiveConnection(facts, self.numbering, clock, self.ring, self.counters)

    def feed(
        self, places: range, shift_us: int = 0, late_us: int = 0, without_time: frozenset[int] = frozenset()
    ) -> list[Decoded]:
        """Feeds these packets. `shift_us` moves their stream time, `late_us` their arrival."""
        return list(self._feed(places, shift_us, late_us, without_time))

    def _feed(self, places: range, shift_us: int, late_us: int, without_time: frozenset[int]) -> Iterator[Decoded]:
        for place in places:
            source = self.packets[place]
            packet = av.Packet(source.size)
            packet.update(bytes(source))
            packet.is_keyframe = source.is_keyframe
            packet.time_base = self.facts.time_base
            packet.pts = None
            if place not in without_time:
                packet.pts = self.numbers[place] * TICKS + shift_us * 90 // 1000
            came_us = place * FRAME_US + late_us
            yield from self.connection.take(Arrived(packet, WALL_US + came_us, came_us))


def shown(decoded: list[Decoded]) -> list[tuple[int, int, int]]:
    return [(own.connection, own.index, own.pts_us // FRAME_US) for own in decoded]


def test_frames_come_in_presentation_order_with_their_own_times(tmp_path: Path) -> None:
    bench = Bench(make_clip(tmp_path / "clip.mp4", b_frames=3, frames=60))
    decoded = bench.feed(range(60))
    assert shown(decoded) == [(0, number, number) for number in range(len(decoded))]
    assert len(decoded) >= 56
    assert all(np.array_equal(to_bgr(own.picture), bench.expected[own.index]) for own in decoded)


def test_a_start_in_mid_gop_waits_for_the_first_key_frame(tmp_path: Path) -> None:
    bench = Bench(make_clip(tmp_path / "clip.mp4", gop=25), tmp_path / "ring")
    decoded = bench.feed(range(9, 60))
    assert shown(decoded) == [(0, number, number) for number in range(35)]
    assert np.array_equal(to_bgr(decoded[0].picture), bench.expected[25])
    assert bench.counters.count("frames_dropped", "before_first_key_frame") == 16
    assert bench.ring is not None
    window = bench.ring.window(0, 0, 30 * FRAME_US)
    assert (window.first_frame_index, window.short_because, len(window.packets)) == (0, None, 31)


def test_first_packets_without_a_time_get_it_from_those_behind_them(tmp_path: Path) -> None:
    bench = Bench(make_clip(tmp_path / "clip.mp4", b_frames=3, frames=50))
    decoded = bench.feed(range(50), without_time=frozenset({0}))
    assert shown(decoded) == [(0, number, number) for number in range(len(decoded))]
    assert bench.counters.count("pts_faults", "filled_at_start") == 1
    assert not any(own.is_corrupt for own in decoded)


def test_a_packet_without_a_time_later_on_is_never_trusted(tmp_path: Path) -> None:
    bench = Bench(make_clip(tmp_path / "clip.mp4", gop=25))
    decoded = bench.feed(range(60), without_time=frozenset({30}))
    assert [own.index for own in decoded if own.is_corrupt] == list(range(30, 50))


@pytest.mark.parametrize(
    "shift_us",
    [pytest.param(-2_000_000, id="back to the start"), pytest.param(3_600_000_000, id="an hour ahead")],
)
def test_a_reset_of_stream_time_begins_a_new_connection(tmp_path: Path, shift_us: int) -> None:
    bench = Bench(make_clip(tmp_path / "clip.mp4", gop=25), tmp_path / "ring")
    before = bench.feed(range(50))
    after = bench.feed(range(50, 100), shift_us=shift_us)
    assert shown(before) == [(0, number, number) for number in range(50)]
    assert shown(after) == [(1, 50 + number, number) for number in range(50)]
    assert bench.counters.count("pts_resets") == 1
    assert bench.ring is not None
    old, new = bench.ring.window(0, 0, 10**9), bench.ring.window(1, 0, 49 * FRAME_US)
    assert (old.short_because, old.ends_us, new.first_frame_index) == ("connection_ended", 49 * FRAME_US, 50)


def test_a_reset_in_mid_gop_waits_for_the_next_key_frame(tmp_path: Path) -> None:
    bench = Bench(make_clip(tmp_path / "clip.mp4", gop=25))
    bench.feed(range(40))
    after = bench.feed(range(40, 80), shift_us=-1_500_000)
    assert shown(after)[0] == (1, 40, 0)
    assert np.array_equal(to_bgr(after[0].picture), bench.expected[50])
    assert all(own.reading.state.settling for own in after)


def test_b_frames_at_a_reset_are_not_lost(tmp_path: Path) -> None:
    bench = Bench(make_clip(tmp_path / "clip.mp4", gop=25, b_frames=3))
    decoded = bench.feed(range(50)) + bench.feed(range(50, 100), shift_us=-2_000_000)
    assert [own.connection for own in decoded[:51]] == [0] * 50 + [1]


def test_a_late_network_is_no_reset(tmp_path: Path) -> None:
    bench = Bench(make_clip(tmp_path / "clip.mp4"))
    decoded = bench.feed(range(50)) + bench.feed(range(50, 100), late_us=8_000_000)
    assert {own.connection for own in decoded} == {0}
    assert bench.counters.count("pts_resets") == 0


def test_a_hole_in_stream_and_real_time_alike_is_no_reset(tmp_path: Path) -> None:
    bench = Bench(make_clip(tmp_path / "clip.mp4"))
    decoded = bench.feed(range(50)) + bench.feed(range(50, 100), shift_us=8_000_000, late_us=8_000_000)
    assert {own.connection for own in decoded} == {0}


def test_a_stream_time_that_stands_still_is_frozen(tmp_path: Path) -> None:
    bench = Bench(make_clip(tmp_path / "clip.mp4"))
    bench.feed(range(10))
    with pytest.raises(StreamFrozenError, match=r"stands still at 360000 µs"):
        for place in range(10, 80):
            bench.feed(range(place, place + 1), shift_us=(9 - place) * FRAME_US)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("b_frames", [0, 3])
def test_no_frame_after_a_lost_one_is_trusted_unless_it_is_right(tmp_path: Path, codec: str, b_frames: int) -> None:
    path = make_clip(tmp_path / "clip.mp4", codec, gop=50, frames=150, b_frames=b_frames)
    bench = Bench(path, may_lose_packets=True)
    decoded = bench.feed(range(30)) + bench.feed(range(31, 150))
    trusted = [own for own in decoded if not own.is_corrupt]
    assert all(np.array_equal(to_bgr(own.picture), bench.expected[own.pts_us // FRAME_US]) for own in trusted)
    assert {own.pts_us // FRAME_US for own in trusted} >= {*range(26), *range(50, 140)}


def test_another_picture_size_asks_for_a_new_connection(tmp_path: Path) -> None:
    small = Bench(make_clip(tmp_path / "small.mp4", size_px=(160, 96)))
    large = Bench(make_clip(tmp_path / "large.mp4", size_px=(192, 112)))
    large.connection = large.connect(
        LiveFacts("h264", large.facts.extradata, 160, 96, small.facts.time_base, 25.0, False)
    )
    with pytest.raises(CameraUnreachableError, match="got a picture of 192×112, expected 160×96"):
        large.feed(range(10))


def test_a_size_that_the_camera_did_not_tell_is_taken_from_the_first_key_frame(tmp_path: Path) -> None:
    bench = Bench(make_clip(tmp_path / "clip.mp4"), tmp_path / "ring")
    facts = bench.facts
    bench.connection = bench.connect(LiveFacts("h264", facts.extradata, 0, 0, facts.time_base, None, False))
    assert len(bench.feed(range(30))) == 30
    assert bench.ring is not None
    window = bench.ring.window(0, 0, 29 * FRAME_US)
    assert (window.facts.width_px, window.facts.height_px) == (160, 96)


def test_capture_times_in_the_ring_are_those_of_the_frames(tmp_path: Path) -> None:
    bench = Bench(make_clip(tmp_path / "clip.mp4", b_frames=2, frames=75), tmp_path / "ring")
    decoded = bench.feed(range(75))
    assert bench.ring is not None
    window = bench.ring.window(0, 0, 60 * FRAME_US)
    captured = {own.pts_us: own.reading.captured_at_us for own in decoded}
    assert all(kept.captured_at_us == captured[kept.pts_us] for kept in window.packets if kept.pts_us in captured)
    assert bench.ring.reach(0).newest_us == decoded[-1].pts_us
