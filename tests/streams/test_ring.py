"""The ring keeps what it was given: bounded, readable after a kill at any instant, and honest about what is missing."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.counters import Counters
from streams.errors import PacketsGoneError
from streams.packets import KeptPacket, StreamFacts
from streams.ring import Ring
from streams.ring_reader import RingReader
from streams.ring_records import NumberedPacket, pack_end, pack_frame, pack_head, pack_packet, read_records
from streams.ring_settings import RingSettings

TICK = Fraction(1, 1_000_000)
INTERVAL_US = 40_000
GOP = 10


class Clock:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def facts(connection: int = 0) -> StreamFacts:
    return StreamFacts("h264", b"\x01extra", 640, 360, TICK, connection)


def packet(number: int, size_bytes: int = 100, is_key: bool | None = None) -> KeptPacket:
    pts_us = number * INTERVAL_US
    key = number % GOP == 0 if is_key is None else is_key
    return KeptPacket(pts_us, pts_us, pts_us, 10**15 + pts_us, key, bytes([number % 256]) * size_bytes)


def fill(ring: Ring, clock: Clock, numbers: range, size_bytes: int = 100) -> None:
    for number in numbers:
        ring.append(packet(number, size_bytes))
        ring.note_frame(number * INTERVAL_US, 1000 + number)
        clock.now_s += INTERVAL_US / 1e6


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_gives_the_window_from_the_key_frame_before_it(tmp_path: Path, clock: Clock) -> None:
    ring = Ring(RingSettings(tmp_path, segment_seconds=0.4), Counters(), clock)
    ring.begin(facts())
    fill(ring, clock, range(100))
    window = ring.window(0, 55 * INTERVAL_US, 72 * INTERVAL_US)
    assert [kept.pts_us // INTERVAL_US for kept in window.packets] == list(range(50, 73))
    assert window.packets == tuple(packet(number) for number in range(50, 73))
    assert (window.first_frame_index, window.short_because, window.facts) == (1050, None, facts())
    assert window.times_us[0] == 10**15 + 50 * INTERVAL_US
    assert ring.reach(0).newest_us == 99 * INTERVAL_US
    assert not ring.reach(0).is_ended


def test_another_process_reads_the_same(tmp_path: Path, clock: Clock) -> None:
    ring = Ring(RingSettings(tmp_path, segment_seconds=0.4), Counters(), clock)
    ring.begin(facts())
    fill(ring, clock, range(100))
    wanted = (0, 55 * INTERVAL_US, 72 * INTERVAL_US)
    assert RingReader(tmp_path).window(*wanted) == ring.window(*wanted)
    assert RingReader(tmp_path).reach(0).newest_us == 99 * INTERVAL_US


@pytest.mark.parametrize(
    ("from_number", "to_number", "expected", "why"),
    [
        pytest.param(-30, 20, (0, 20), "connection_starts_here", id="before the connection"),
        pytest.param(60, 130, (60, 99), "not_yet_received", id="after what has come"),
        pytest.param(60, 99, (60, 99), None, id="up to what has come"),
    ],
)
def test_says_why_a_window_is_short(
    tmp_path: Path, clock: Clock, from_number: int, to_number: int, expected: tuple[int, int], why: str | None
) -> None:
    ring = Ring(RingSettings(tmp_path), Counters(), clock)
    ring.begin(facts())
    fill(ring, clock, range(100))
    window = ring.window(0, from_number * INTERVAL_US, to_number * INTERVAL_US)
    assert (window.starts_us // INTERVAL_US, window.ends_us // INTERVAL_US) == expected
    assert window.short_because == why


def test_an_ended_connection_says_so(tmp_path: Path, clock: Clock) -> None:
    ring = Ring(RingSettings(tmp_path), Counters(), clock)
    ring.begin(facts())
    fill(ring, clock, range(50))
    ring.end()
    assert ring.window(0, 0, 10**9).short_because == "connection_ended"
    assert RingReader(tmp_path).window(0, 0, 10**9).short_because == "connection_ended"
    assert ring.reach(0).is_ended


def test_a_worker_that_was_killed_says_so_and_the_next_run_counts_on(tmp_path: Path, clock: Clock) -> None:
    first = Ring(RingSettings(tmp_path), Counters(), clock)
    first.begin(facts())
    fill(first, clock, range(50))
    second = Ring(RingSettings(tmp_path), Counters(), clock)
    assert second.next_connection == 1
    second.begin(facts(1))
    fill(second, clock, range(20))
    old = second.window(0, 30 * INTERVAL_US, 10**9)
    assert (old.short_because, old.ends_us) == ("worker_stopped", 49 * INTERVAL_US)
    assert second.reach(0).is_ended
    assert len(second.window(1, 0, 19 * INTERVAL_US).packets) == 20


def test_stays_within_its_bytes_and_drops_the_oldest(tmp_path: Path, clock: Clock) -> None:
    counters = Counters()
    ring = Ring(RingSettings(tmp_path, max_bytes=200_000, segment_seconds=0.4), counters, clock)
    ring.begin(facts())
    fill(ring, clock, range(500), size_bytes=2_000)
    kept = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert 100_000 < kept <= 200_000
    assert 0 <= kept - counters.count("ring_bytes") < 100  # the last frame's own record
    assert counters.count("ring_segments_overwritten", "bound") > 0
    with pytest.raises(PacketsGoneError, match="kept is"):
        ring.window(0, 0, 10 * INTERVAL_US)
    late = ring.window(0, 300 * INTERVAL_US, 499 * INTERVAL_US)
    assert late.short_because == "ring_overwritten"


def test_stays_within_its_seconds(tmp_path: Path, clock: Clock) -> None:
    ring = Ring(RingSettings(tmp_path, max_seconds=4.0, segment_seconds=0.4), Counters(), clock)
    ring.begin(facts())
    fill(ring, clock, range(500))
    window = ring.window(0, 0, 499 * INTERVAL_US)
    assert 4.0 <= (window.ends_us - window.starts_us) / 1e6 <= 5.0


def test_a_gop_larger_than_half_the_ring_is_counted_and_ends_there(tmp_path: Path, clock: Clock) -> None:
    counters = Counters()
    ring = Ring(RingSettings(tmp_path, max_bytes=100_000), counters, clock)
    ring.begin(facts())
    for number in range(190):
        ring.append(packet(number, 1_000, is_key=number in (0, 150)))
    assert counters.count("ring_packets_not_kept", "gop_larger_than_half_the_ring") == 1
    assert counters.count("ring_packets_not_kept", "no_segment_open") > 90
    assert ring.window(0, 0, 120 * INTERVAL_US).short_because == "ring_gap"
    assert ring.window(0, 140 * INTERVAL_US, 180 * INTERVAL_US).short_because == "ring_gap"
    assert ring.window(0, 150 * INTERVAL_US, 180 * INTERVAL_US).short_because is None


def test_a_gop_of_250_in_one_segment(tmp_path: Path, clock: Clock) -> None:
    ring = Ring(RingSettings(tmp_path), Counters(), clock)
    ring.begin(facts())
    for number in range(600):
        ring.append(packet(number, is_key=number % 250 == 0))
        clock.now_s += 0.04
    window = ring.window(0, 480 * INTERVAL_US, 520 * INTERVAL_US)
    assert [kept.pts_us // INTERVAL_US for kept in window.packets] == list(range(250, 521))


def test_nothing_is_kept_before_the_first_key_frame(tmp_path: Path, clock: Clock) -> None:
    counters = Counters()
    ring = Ring(RingSettings(tmp_path), counters, clock)
    ring.begin(facts())
    fill(ring, clock, range(7, 30))
    assert ring.window(0, 0, 29 * INTERVAL_US).starts_us == 10 * INTERVAL_US
    assert counters.count("ring_packets_not_kept", "no_segment_open") == 3


@pytest.mark.parametrize(
    ("code", "reason"), [(errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.EIO, "disk_error")]
)
def test_a_disk_that_says_no_is_counted_and_never_raises(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
) -> None:
    counters = Counters()
    ring = Ring(RingSettings(tmp_path, segment_seconds=0.4), counters, clock)
    ring.begin(facts())
    fill(ring, clock, range(30))
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", _refuse(code))
        fill(ring, clock, range(30, 45))
    fill(ring, clock, range(45, 90))
    assert counters.count("ring_packets_not_kept", reason) >= 1
    window = ring.window(0, 42 * INTERVAL_US, 70 * INTERVAL_US)
    assert (window.starts_us, window.ends_us) == (50 * INTERVAL_US, 70 * INTERVAL_US)
    assert window.short_because == "ring_gap"


def test_a_folder_that_was_taken_away_is_counted(tmp_path: Path, clock: Clock) -> None:
    counters = Counters()
    folder = tmp_path / "ring"
    ring = Ring(RingSettings(folder, segment_seconds=0.0), counters, clock)
    folder.rename(tmp_path / "elsewhere")
    ring.begin(facts())
    fill(ring, clock, range(30))
    assert counters.count("ring_packets_not_kept", "disk_error") == 3
    with pytest.raises(PacketsGoneError):
        ring.window(0, 0, 10**9)


def test_a_full_disk_takes_the_oldest_and_goes_on(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk of 256 KB, which writes what still fits of a record and then says no."""
    real_write = os.write

    def write(file: int, record: bytes) -> int:
        left = 262_144 - sum(path.stat().st_size for path in tmp_path.iterdir())
        if left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real_write(file, record[:left])

    monkeypatch.setattr(os, "write", write)
    counters = Counters()
    ring = Ring(RingSettings(tmp_path, segment_seconds=0.4), counters, clock)
    ring.begin(facts())
    fill(ring, clock, range(1000), size_bytes=3_000)
    assert counters.count("ring_packets_not_kept", "disk_full") > 0
    assert counters.count("ring_segments_overwritten", "disk_full") > 0
    assert ring.window(0, 950 * INTERVAL_US, 999 * INTERVAL_US).packets
    assert ring.window(0, 950 * INTERVAL_US, 999 * INTERVAL_US) == RingReader(tmp_path).window(
        0, 950 * INTERVAL_US, 999 * INTERVAL_US
    )


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.integers(0, 3_000), min_size=1, max_size=40),
    keys=st.lists(st.booleans(), min_size=40, max_size=40),
    cut=st.integers(0, 10**6),
)
def test_any_tear_leaves_what_stands_before_it(sizes: list[int], keys: list[bool], cut: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, clock = Path(name), Clock()
        ring = Ring(RingSettings(folder, segment_seconds=10**6), Counters(), clock)
        ring.begin(facts())
        given_packets = [packet(0, sizes[0], is_key=True)]
        given_packets += [packet(n, size, keys[n]) for n, size in enumerate(sizes[1:], start=1)]
        ends = []
        path = folder / "seg-0000000000.ring"
        for own in given_packets:
            ring.append(own)
            ends.append(path.stat().st_size)
        length = cut % (ends[-1] + 1)
        os.truncate(path, length)
        whole = sum(end <= length for end in ends)
        if whole == 0:
            with pytest.raises(PacketsGoneError):
                RingReader(folder).window(0, 0, 10**12)
        else:
            window = RingReader(folder).window(0, 0, 10**12)
            assert list(window.packets) == given_packets[:whole]
            assert window.short_because == "worker_stopped"


@settings(deadline=None, max_examples=200)
@given(
    payloads=st.lists(st.binary(max_size=50), min_size=1, max_size=8), at=st.integers(0, 10**6), bit=st.integers(0, 7)
)
def test_any_changed_bit_ends_the_reading_before_it(payloads: list[bytes], at: int, bit: int) -> None:
    records = [pack_head(facts())]
    records += [
        pack_packet(n, KeptPacket(n, None, n, n, n == 0, payload)) + pack_frame(n, n)
        for n, payload in enumerate(payloads)
    ]
    records.append(pack_end())
    raw = bytearray(b"".join(records))
    before = list(read_records(bytes(raw)))
    place = at % len(raw)
    raw[place] ^= 1 << bit
    after = list(read_records(bytes(raw)))
    assert len(after) < len(before)
    assert after == before[: len(after)]


def test_a_kill_at_any_instant_leaves_a_readable_ring(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from streams.counters import Counters\n"
        "from streams.ring import Ring\n"
        "from streams.ring_settings import RingSettings\n"
        "from tests.streams.test_ring import facts, packet\n"
        "ring = Ring(RingSettings(pathlib.Path(sys.argv[1]), segment_seconds=0.005), Counters())\n"
        "ring.begin(facts())\n"
        "number = 0\n"
        "while True:\n"
        "    ring.append(packet(number, 20_000))\n"
        "    ring.note_frame(packet(number, 0).pts_us, number)\n"
        "    number += 1\n"
        "    if number % 40 == 0: print(number, flush=True)\n"
    )
    for round_number in range(3):
        folder = tmp_path / str(round_number)
        with subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            told = [int(child.stdout.readline()) for _ in range(3 + round_number * 2)][-1]
            child.send_signal(signal.SIGKILL)
        window = RingReader(folder).window(0, 0, 10**15)
        numbers = [kept.pts_us // INTERVAL_US for kept in window.packets]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert numbers[-1] >= told - 1
        assert all(kept == packet(number, 20_000) for number, kept in zip(numbers, window.packets, strict=True))


def test_leftovers_without_a_packet_are_removed(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "seg-0000000004.ring").write_bytes(b"torn")
    (tmp_path / "notes.txt").write_text("not ours")
    ring = Ring(RingSettings(tmp_path), Counters(), clock)
    ring.begin(facts())
    fill(ring, clock, range(3))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "seg-0000000005.ring"]


def test_segments_are_closed_to_other_users(tmp_path: Path, clock: Clock) -> None:
    ring = Ring(RingSettings(tmp_path), Counters(), clock)
    ring.begin(facts())
    fill(ring, clock, range(3))
    assert next(tmp_path.iterdir()).stat().st_mode & 0o777 == 0o600


def test_records_come_back_as_they_were() -> None:
    own = NumberedPacket(7, packet(3))
    raw = pack_head(facts(5)) + pack_packet(own.number, own.packet)
    assert list(read_records(raw)) == [facts(5), own]


def _refuse(code: int):  # type: ignore[no-untyped-def]
    def write(file: int, record: bytes) -> int:
        raise OSError(code, os.strerror(code))

    return write
