"""Bad input, through the command that people type: one line that says what and where, the right exit code, nothing
half written."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from phatnguoi.main import main
from streams.simulated.clip import VideoForm, render_clip
from streams.simulated.settings import WorldSettings

PASSWORD = "very-secret-word"
VALID = """\
schema: 1
id: test-camera
name: Nút giao thử
source: clip.mp4
timezone: Asia/Ho_Chi_Minh
starts_at: 2026-11-02T07:30:00+07:00
site: {address: "Huế", agency: "Đội CSGT số 1", kind: police_device}
frame: {width: 640, height: 360}
signals:
  - {id: main, head_px: [600, 10, 620, 60], layout: vertical}
lines:
  - {id: stop, points_px: [[100, 200], [500, 220]], from_px: [300, 330]}
zones:
  - {id: trees, polygon_px: [[0, 0], [50, 0], [50, 50]], exclude: true}
rules:
  - {rule: red_light, line: stop, signal: main, mode: live}
"""


def _replaced(old: str, new: str) -> Callable[[Path], None]:
    def bend(folder: Path) -> None:
        assert VALID.count(old) == 1
        (folder / "camera.yaml").write_text(VALID.replace(old, new))

    return bend


def _no_camera_file(folder: Path) -> None:
    (folder / "camera.yaml").unlink()


def _no_yaml(folder: Path) -> None:
    (folder / "camera.yaml").write_text("schema: 1\nid: [unclosed\n")


def _no_clip(folder: Path) -> None:
    (folder / "clip.mp4").unlink()


def _torn_clip(folder: Path) -> None:
    clip = folder / "clip.mp4"
    clip.write_bytes(clip.read_bytes()[:3000])


def _words_as_clip(folder: Path) -> None:
    (folder / "clip.mp4").write_text("this is no video\n" * 100)


def _words_as_weights(folder: Path) -> None:
    (folder / "weights.xml").write_text("<net>no</net>")
    (folder / "weights.bin").write_bytes(b"")


def _no_weights(folder: Path) -> None:
    (folder / "weights.xml").unlink(missing_ok=True)


BAD: list[tuple[str, Callable[[Path], None], int, list[str]]] = [
    ("missing camera file", _no_camera_file, 2, ["camera.yaml: no such file"]),
    ("camera file that is no YAML", _no_yaml, 2, ["camera.yaml, line"]),
    ("unknown key", _replaced("layout: vertical", "layuot: vertical"), 2, ["line 10", "layuot", "'layout'"]),
    ("polygon with two points", _replaced("[[0, 0], [50, 0], [50, 50]]", "[[0, 0], [50, 0]]"), 2, ["line 14"]),
    ("line outside the frame", _replaced("[500, 220]", "[700, 220]"), 2, ["line 12", "[700, 220]", "640×360"]),
    ("unknown rule", _replaced("rule: red_light", "rule: red_lihgt"), 2, ["line 16", "red_lihgt", "red_light"]),
    ("rule that names no line", _replaced("line: stop,", "line: stpo,"), 2, ["line 16", "stpo"]),
    ("missing weights", _no_weights, 2, ["weights.xml"]),
    ("weights that are no model", _words_as_weights, 2, ["weights.xml", "no model"]),
    ("missing clip", _no_clip, 3, ["clip.mp4"]),
    ("torn clip", _torn_clip, 3, ["clip.mp4"]),
    ("clip that is no video", _words_as_clip, 3, ["clip.mp4"]),
]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    render_clip(WorldSettings(seed=1001, fps=5, width_px=640, height_px=360, duration_s=1), path, form=VideoForm())
    return path.read_bytes()


@pytest.fixture
def folder(tmp_path: Path, clip: bytes, shared_data: Path) -> Path:
    """Everything as it should be; each test bends one thing."""
    (tmp_path / "camera.yaml").write_text(VALID)
    (tmp_path / "clip.mp4").write_bytes(clip)
    weights = shared_data / "models" / "yolo11n_int8_openvino_model"
    for name in ("yolo11n.xml", "yolo11n.bin"):
        (tmp_path / name.replace("yolo11n", "weights")).symlink_to(weights / name)
    (tmp_path / "metadata.yaml").symlink_to(weights / "metadata.yaml")
    return tmp_path


def _run(folder: Path, *more: str) -> int:
    weights = str(folder / "weights.xml")
    return main(["run", str(folder / "camera.yaml"), "--out", str(folder / "out"), "--weights", weights, *more])


def test_the_unbent_input_is_taken(folder: Path) -> None:
    assert _run(folder) == 0
    assert (folder / "out" / "violations.jsonl").read_text() == ""


@pytest.mark.parametrize(("bend", "code", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_is_one_line_that_says_what_and_where(
    folder: Path, bend: Callable[[Path], None], code: int, words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("weights.xml", "weights.bin"):
        if bend is _words_as_weights:
            (folder / name).unlink()
    bend(folder)
    assert _run(folder) == code
    said = capfd.readouterr().err
    assert said.count("\n") == 1, said
    assert [word for word in words if word not in said] == [], said
    assert not list((folder / "out").glob("packages/*"))


@pytest.fixture
def camera_that_refuses() -> Iterator[int]:
    """The port of a camera that answers 401 to everything, as the RTSP standard has it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()
        server.settimeout(0.2)
        thread = threading.Thread(target=_refuse_all, args=(server, stop))
        thread.start()
        yield server.getsockname()[1]
        stop.set()
        thread.join()


def _refuse_all(server: socket.socket, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            connection, _ = server.accept()
        except TimeoutError:
            continue
        with connection:
            connection.settimeout(1.0)
            _refuse(connection)


def _refuse(connection: socket.socket) -> None:
    try:
        while request := connection.recv(4096):
            number = next(line for line in request.splitlines() if line.lower().startswith(b"cseq:"))
            connection.sendall(
                b"RTSP/1.0 401 Unauthorized\r\n" + number + b'\r\nWWW-Authenticate: Basic realm="camera"\r\n\r\n'
            )
    except (TimeoutError, ConnectionError):
        return


def test_a_wrong_password_is_refused_and_never_repeated(
    folder: Path, camera_that_refuses: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TEST_CAMERA_PASSWORD", PASSWORD)
    source = "rtsp://admin:${TEST_CAMERA_PASSWORD}@127.0.0.1:" + str(camera_that_refuses) + "/stream1"
    assert _run(folder, "--source", source) == 3
    said = capfd.readouterr().err
    assert said.count("\n") == 1, said
    assert "127.0.0.1" in said
    assert PASSWORD not in said
