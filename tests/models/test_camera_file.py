"""A camera file: what is read from it, and the one clear error for each way of bending it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.camera_file import CameraFileError, load_camera_file
from tests.conftest import ROOT

VALID = """\
schema: 1
id: hn-ltk-hb
name: Lý Thường Kiệt – Hàng Bài
source: clip.mp4
timezone: Asia/Ho_Chi_Minh
starts_at: 2022-09-25T16:30:00+07:00
site: {address: "…", lat: 21.0245, lon: 105.8516, agency: "Đội CSGT số 1", kind: police_device}
frame: {width: 640, height: 480}
ground:
  points_px: [[100, 400], [540, 400], [420, 200], [220, 200]]
  points_m:  [[0, 0], [10, 0], [10, 30], [0, 30]]
signals:
  - {id: main, head_px: [535, 140, 580, 240], layout: vertical}
lines:
  - {id: stop, points_px: [[100, 380], [192, 384], [530, 400]], from_px: [330, 460]}
zones:
  - {id: no-parking, polygon_px: [[0, 0], [50, 0], [50, 50]]}
lanes:
  - {id: l1, polygon_px: [[0, 0], [50, 0], [50, 50]], heading_px: [[300, 470], [330, 300]], street: two_way}
rules:
  - {rule: red_light, line: stop, signal: main, mode: live, since: 2026-12-01, permitted: [right_turn]}
"""

BENT = {
    "unknown key": ("layout: vertical", "layuot: vertical", 13, "unknown key 'layuot', did you mean 'layout'?"),
    "missing key": ("id: hn-ltk-hb\n", "", 1, "id: missing"),
    "key twice": ("id: hn-ltk-hb\n", "id: hn-ltk-hb\nid: other\n", 3, "twice"),
    "polygon of two points": (
        "[[0, 0], [50, 0], [50, 50]]}\nlanes",
        "[[0, 0], [50, 0]]}\nlanes",
        17,
        "got 2 different",
    ),
    "polygon without area": ("[[0, 0], [50, 0], [50, 50]]}\nlanes", "[[0, 0], [9, 0], [50, 0]]}\nlanes", 17, "an area"),
    "line outside the frame": ("[100, 380]", "[100, 680]", 15, "[100, 680], expected it inside the frame 640×480"),
    "line of one point": ("[[100, 380], [192, 384], [530, 400]]", "[[100, 380], [100, 380]]", 15, "got 1 different"),
    "head turned inside out": ("[535, 140, 580, 240]", "[580, 140, 535, 240]", 13, "expected [x1, y1, x2, y2]"),
    "point of one number": ("from_px: [330, 460]", "from_px: [330]", 15, "expected a point [x, y]"),
    "unknown class of site": ("kind: police_device", "kind: police", 7, "kind"),
    "time without zone": ("16:30:00+07:00", "16:30:00", 6, "timezone"),
    "unknown time zone": ("Asia/Ho_Chi_Minh", "Mars/Olympus", 5, "expected an IANA name"),
    "three ground points": ("[[0, 0], [10, 0], [10, 30], [0, 30]]", "[[0, 0], [10, 0]]", 9, "4 or more"),
    "number that is none": ("lat: 21.0245", "lat: .nan", 7, "expected a finite number"),
    "one id for two lines": (
        "zones:",
        "  - {id: stop, points_px: [[1, 2], [3, 4]]}\nzones:",
        1,
        "got the id 'stop' twice",
    ),
    "no YAML": ("frame: {width: 640, height: 480}", "frame: {width: 640", 9, "no valid YAML"),
}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "camera.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_the_contracts_example(tmp_path: Path) -> None:
    path = written(tmp_path, VALID)
    file = load_camera_file(path)
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.camera.rules[0].settings == {"line": "stop", "signal": "main", "permitted": ["right_turn"]}
    assert file.source() == str(tmp_path / "clip.mp4")


@pytest.mark.parametrize(("old", "new", "line", "what"), BENT.values(), ids=BENT.keys())
def test_one_clear_error(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    assert VALID.count(old) == 1
    with pytest.raises(CameraFileError) as error:
        load_camera_file(written(tmp_path, VALID.replace(old, new)))
    message = str(error.value)
    assert what in message
    assert f"line {line}:" in message
    assert "\n" not in message


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(CameraFileError, match="no such file"):
        load_camera_file(tmp_path / "absent.yaml")


@pytest.mark.parametrize("content", [b"", b"- 1\n", b"\xff\xfe\x00", b"a: &x [*x]\n", b"[" * 50], ids=repr)
def test_what_is_no_camera_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "camera.yaml"
    path.write_bytes(content)
    with pytest.raises(CameraFileError):
        load_camera_file(path)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_file_torn_or_changed_anywhere_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    raw = bytearray(VALID.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=4))
    path = tmp_path_factory.mktemp("torn") / "camera.yaml"
    path.write_bytes(bytes(raw))
    try:
        load_camera_file(path)
    except CameraFileError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("path", sorted((ROOT / "cameras").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_cameras_that_we_ship_can_be_read(path: Path) -> None:
    load_camera_file(path)
