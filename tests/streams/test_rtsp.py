"""Real RTSP over loopback: the same frames as from the file, and every way in which a camera goes away."""

from __future__ import annotations

import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from streams.cut import decode_at, write_clip
from streams.open import open_source
from streams.ring_settings import RingSettings
from tests.servers import RtspServer, free_port
from tests.streams.clips import make_clip, pictures_of
from tests.streams.watching import Watching

pytestmark = pytest.mark.server
Serve = Callable[[Path], RtspServer]


@pytest.fixture
def media(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_gives_the_same_frames_as_the_file(tmp_path: Path, media: Path, rtsp_server: Serve, codec: str) -> None:
    path = make_clip(media / "clip.mp4", codec, frames=100, gop=25)
    expected = pictures_of(path)
    server = rtsp_server(media)
    camera = open_source(server.url("clip.mp4", play_count=1), ring=RingSettings(tmp_path / "ring"))
    with Watching(camera) as watching:
        watching.until(lambda: any(frame.index >= 99 for frame in watching.frames), 20, "last frame of the clip")
        watching.until(lambda: watching.reconnects("unreachable") >= 1, 5, "end of the clip")
        frames = [frame for frame in watching.frames if frame.connection == 0]
        assert camera.packets is not None
        assert frames[-1].index == 99  # not one was lost on the way to the decoder
        assert len(frames) > 80
        assert all(np.array_equal(frame.image, expected[frame.index]) for frame in frames)
        assert all(abs(frame.pts_us - frame.index * 40_000) <= 50 for frame in frames)
        missed = sum(frame.lost_before for frame in frames)
        assert len(frames) + missed == 100
        assert camera.counters.count("frames_dropped", "newer_frame_came") >= missed
        window = camera.packets.window(0, frames[60].pts_us, frames[-1].pts_us)
        found = decode_at(window, [frame.pts_us for frame in frames[60:]])
        assert all(np.array_equal(found[frame.pts_us], frame.image) for frame in frames[60:])
        times = dict(zip((kept.pts_us for kept in window.in_presentation_order()), window.times_us, strict=True))
        assert all(times[frame.pts_us] == round(frame.captured_at.timestamp() * 1e6) for frame in frames[60:])
        facts = write_clip(window, tmp_path / "cut.mp4")
        cut = pictures_of(tmp_path / "cut.mp4")
        assert len(cut) == facts.frame_count == 100 - window.first_frame_index
        assert np.array_equal(cut[-1], expected[99])


def test_settles_its_clock_and_tells_the_true_time(media: Path, rtsp_server: Serve) -> None:
    make_clip(media / "clip.mp4", frames=250, gop=25)
    with Watching(open_source(rtsp_server(media).url("clip.mp4"))) as watching:
        watching.until_frames(75)
        frame, taken_at = watching.frames[-1], datetime.now(UTC)
    assert (frame.clock.source, frame.clock.settling) == ("rtcp", False)
    assert frame.clock.camera_offset_us is not None and abs(frame.clock.camera_offset_us) < 500_000
    assert abs((taken_at - frame.captured_at).total_seconds()) < 1.0
    assert watching.frames[0].clock.settling


def test_a_camera_whose_clock_is_40_s_wrong(tmp_path: Path, media: Path) -> None:
    """The real server, in a process whose clock is 40 s ahead."""
    make_clip(media / "clip.mp4", frames=250, gop=25)
    port = free_port()
    script = (
        "import sys, time; true = time.time; time.time = lambda: true() + 40\n"
        f"sys.argv = ['rtsp-server', '--dir', {str(media)!r}, '--host', '127.0.0.1', '--port', '{port}',"
        f" '--control-port', '{free_port()}']\n"
        "from server_demo import main; main()"
    )
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen([sys.executable, "-c", script], stdout=log, stderr=log)
    try:
        url = f"rtsp://127.0.0.1:{port}/clip.mp4?play_count=0"
        with Watching(open_source(url)) as watching:
            watching.until_frames(75, within_s=20)
            frame, taken_at = watching.frames[-1], datetime.now(UTC)
    finally:
        server.kill()
        server.wait()
    assert (frame.clock.source, frame.clock.settling) == ("arrival", False)
    assert frame.clock.camera_offset_us is not None
    assert frame.clock.camera_offset_us == pytest.approx(40_000_000, abs=500_000)
    assert abs((taken_at - frame.captured_at).total_seconds()) < 1.0
    assert watching.camera.counters.count("clock_disbelieved") == 1


def test_a_frozen_stream_ends_within_5_s_and_comes_back(media: Path, rtsp_server: Serve) -> None:
    make_clip(media / "clip.mp4", frames=250, gop=25)
    server = rtsp_server(media)
    with Watching(open_source(server.url("clip.mp4"))) as watching:
        watching.until_frames(20)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            took_s = watching.until(lambda: watching.reconnects("frozen") >= 1, 8, "end of the frozen stream")
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert took_s < 5.0
        last = watching.frames[-1]
        watching.until(lambda: watching.frames[-1].connection > last.connection, 20, "frame after the freeze")
        first = next(frame for frame in watching.frames if frame.connection > last.connection)
        assert first.index > last.index
        assert first.clock.settling


def test_a_server_that_is_killed_is_waited_for(media: Path, tmp_path: Path) -> None:
    make_clip(media / "clip.mp4", frames=250, gop=25)
    with RtspServer(media, tmp_path / "one.log") as server:
        watching = Watching(open_source(server.url("clip.mp4"), ring=RingSettings(tmp_path / "ring")))
        watching.__enter__()
        watching.until_frames(20)
        os.kill(server.pid, signal.SIGKILL)
        took_s = watching.until(lambda: watching.reconnects("unreachable") >= 1, 5, "broken connection")
        port = server.port
    try:
        assert took_s < 2.0
        assert watching.camera.pulse.reading().state in ("waiting", "connecting")
        assert watching.camera.packets is not None and watching.camera.packets.reach(0).is_ended
        with RtspServer(media, tmp_path / "two.log", port=port):
            watching.until(lambda: watching.frames[-1].connection == 1, 20, "frame of the second server")
            indices = [frame.index for frame in watching.frames]
            assert indices == sorted(set(indices))
    finally:
        watching.__exit__()


def test_a_path_that_the_camera_does_not_have_is_refused(
    media: Path, rtsp_server: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), Watching(open_source(rtsp_server(media).url("none.mp4"))) as watching:
        watching.until(lambda: watching.reconnects("refused") >= 1, 10, "refusal")
        watching.until(lambda: watching.camera.pulse.reading().state == "refused", 2, "refused pulse")
    assert watching.frames == []
    refusal = next(record for record in caplog.records if record.message == "camera away")
    assert "404" in vars(refusal)["failure"]
    assert vars(refusal)["wait_s"] >= 100


def test_a_dead_camera_costs_no_cpu_and_no_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"rtsp://operator:Geheim99@127.0.0.1:{free_port()}/stream1"
    with caplog.at_level(logging.DEBUG), Watching(open_source(url, ring=RingSettings(tmp_path / "ring"))) as watching:
        watching.until(lambda: watching.reconnects("unreachable") >= 2, 10, "second try")
        before, threads = resource.getrusage(resource.RUSAGE_SELF), threading.active_count()
        time.sleep(5)
        after = resource.getrusage(resource.RUSAGE_SELF)
        assert threading.active_count() == threads
        assert 1 <= watching.camera.pulse.reading().beat_age_s + 1 < 3
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert cpu_s < 0.25  # of 5 s
    assert after.ru_maxrss - before.ru_maxrss < 2_000  # kB
    assert list((tmp_path / "ring").iterdir()) == []
    told = caplog.text + " ".join(str(vars(record)) for record in caplog.records)
    assert "cannot connect" in told and "Geheim99" not in told and "operator" not in told


def test_a_slow_consumer_never_lags(media: Path, rtsp_server: Serve) -> None:
    make_clip(media / "clip.mp4", frames=250, gop=25)
    camera = open_source(rtsp_server(media).url("clip.mp4"))
    ages_s = []
    for number, frame in enumerate(camera.source.frames()):
        ages_s.append((datetime.now(UTC) - frame.captured_at).total_seconds())
        time.sleep(0.2)
        if number == 20:
            break
    camera.source.close()
    assert max(ages_s[8:]) < 0.5
    assert camera.counters.count("frames_dropped", "newer_frame_came") > 40


def test_closes_at_once_from_another_thread(media: Path, rtsp_server: Serve) -> None:
    make_clip(media / "clip.mp4", frames=250, gop=25)
    with Watching(open_source(rtsp_server(media).url("clip.mp4"))) as watching:
        watching.until_frames(5)
        begun_s = time.monotonic()
    assert time.monotonic() - begun_s < 3.0
    assert watching.failure is None
