"""Faults that only a GStreamer server can make: lost packets over UDP, passwords. From apt: .ci/apt-packages.txt."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from streams.open import open_source
from streams.ring_settings import RingSettings
from tests.servers import free_port
from tests.streams.clips import make_clip, pictures_of
from tests.streams.watching import Watching

SYSTEM_PYTHON = "/usr/bin/python3"
CAMERA = Path(__file__).with_name("gstreamer_camera.py")
PROBE = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"

pytestmark = pytest.mark.server


class GstreamerCamera:
    """Serves one file at /camera until the block ends."""

    def __init__(self, path: Path, log_path: Path, codec: str, drop: float, user: str, password: str) -> None:
        self.port = free_port()
        command = [SYSTEM_PYTHON, str(CAMERA), str(self.port), str(path), codec, str(drop), user, password]
        with log_path.open("w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", log_path.read_text()

    def url(self, credentials: str = "", transport: str = "tcp") -> str:
        return f"rtsp://{credentials}127.0.0.1:{self.port}/camera#transport={transport}"

    def __enter__(self) -> GstreamerCamera:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


Serve = Callable[..., GstreamerCamera]


@pytest.fixture(scope="session")
def gstreamer() -> None:
    if subprocess.run([SYSTEM_PYTHON, "-c", PROBE], capture_output=True, check=False).returncode != 0:
        pytest.skip("no GStreamer RTSP server: apt-get install the gstreamer lines of .ci/apt-packages.txt")


@pytest.fixture
def serve(gstreamer: None, tmp_path: Path) -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(
            path: Path, codec: str = "h264", drop: float = 0.0, user: str = "", password: str = ""
        ) -> GstreamerCamera:
            log_path = tmp_path / "gstreamer.log"
            return stack.enter_context(GstreamerCamera(path, log_path, codec, drop, user, password))

        yield start


def clip(tmp_path: Path, codec: str, b_frames: int, frames: int = 90) -> Path:
    return make_clip(tmp_path / "clip.mp4", codec, frames, gop=25, b_frames=b_frames, size_px=(320, 176))


@pytest.mark.parametrize(
    ("encoder", "codec", "b_frames", "drop"),
    [
        ("libx264", "h264", 0, 0.03),
        ("libx264", "h264", 3, 0.03),
        ("libx265", "h265", 0, 0.03),
        ("libx265", "h265", 3, 0.03),
        ("libx264", "h264", 3, 0.0),
        ("libx265", "h265", 0, 0.0),
    ],
)
def test_over_udp_no_frame_is_trusted_that_is_not_right(
    tmp_path: Path, serve: Serve, encoder: str, codec: str, b_frames: int, drop: float
) -> None:
    """Of every frame that is not flagged, each pixel is compared with the file's."""
    path = clip(tmp_path, encoder, b_frames)
    expected = pictures_of(path)
    camera = open_source(serve(path, codec, drop).url(transport="udp"))
    with Watching(camera) as watching:
        watching.until(lambda: bool(watching.frames) and watching.frames[-1].pts_us > 2_400_000, 20, "end of the clip")
    frames = [frame for frame in watching.frames if frame.connection == 0]
    trusted = [frame for frame in frames if not frame.is_corrupt]
    first = _number_of(trusted[0].image, expected)
    numbers = [first + round((frame.pts_us - trusted[0].pts_us) / 40_000) for frame in trusted]
    wrong = [n for n, frame in zip(numbers, trusted, strict=True) if not np.array_equal(frame.image, expected[n])]
    assert wrong == []
    if drop:
        assert camera.counters.count("packets_damaged", "lost_on_the_way") > 0
        assert camera.counters.count("frames_corrupt") > 0
        assert len(trusted) >= 5
    else:
        assert len(trusted) == len(frames) > 30


def _number_of(image: np.ndarray, expected: list[np.ndarray]) -> int:
    distances = [np.abs(image.astype(int) - other).mean() for other in expected]
    return int(np.argmin(distances))


@pytest.mark.parametrize("credentials", ["operator:falsch77@", "operator:@", ""])
def test_a_wrong_password_is_refused_and_never_told(
    tmp_path: Path, serve: Serve, credentials: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(clip(tmp_path, "libx264", 0, frames=50), user="operator", password="richtig88")
    with caplog.at_level(logging.DEBUG), Watching(open_source(server.url(credentials))) as watching:
        watching.until(lambda: watching.reconnects("refused") >= 1, 10, "refusal")
    told = caplog.text + " ".join(str(vars(record)) for record in caplog.records)
    assert "401" in told
    assert "falsch77" not in told and "operator:" not in told
    assert watching.frames == []


def test_the_right_password_gives_frames(tmp_path: Path, serve: Serve) -> None:
    server = serve(clip(tmp_path, "libx264", 0), user="operator", password="p@ss/w0rd:")
    environment = {"CAM_PW": "p@ss/w0rd:"}
    with Watching(open_source(server.url("operator:${CAM_PW}@"), environment=environment)) as watching:
        watching.until_frames(10)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_frozen_stream_ends_within_5_s_on_either_transport(tmp_path: Path, serve: Serve, transport: str) -> None:
    server = serve(clip(tmp_path, "libx264", 0, frames=250))
    camera = open_source(server.url(transport=transport), ring=RingSettings(tmp_path / "ring"))
    with Watching(camera) as watching:
        watching.until_frames(20)
        os.kill(server.process.pid, signal.SIGSTOP)
        try:
            took_s = watching.until(lambda: watching.reconnects("frozen") >= 1, 8, "end of the frozen stream")
        finally:
            os.kill(server.process.pid, signal.SIGCONT)
        assert took_s < 5.0
        connection = watching.frames[-1].connection
        watching.until(lambda: watching.frames[-1].connection > connection, 20, "frame after the freeze")
