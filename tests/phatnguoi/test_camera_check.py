"""`phatnguoi camera check`: what a camera is able to do, and why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from phatnguoi.main import main
from tests.conftest import ROOT

WORLD = "sim://crossing?seed=1003&fps=8&size=640x360&duration_s=12"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("camera") / "clip.mp4"
    assert main(["sim", "render", "--world", WORLD, "--out", str(path)]) == 0
    return path


@pytest.fixture
def camera_file(clip: Path, tmp_path: Path) -> Path:
    path = tmp_path / "camera.yaml"
    assert main(["sim", "camera", "--world", WORLD, "--source", str(clip), "--out", str(path)]) == 0
    return path


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    capsys.readouterr()
    code = main(["camera", "check", *words, "--seconds", "12", "--json"])
    rows = json.loads(capsys.readouterr().out)["checks"]
    return code, {row["what"]: row for row in rows}


def test_tells_what_it_measured_and_draws_it(
    camera_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "look.jpg"
    _, found = check(capsys, str(camera_file), "--picture", str(picture))
    assert found["stream"]["because"] == "h264, 640x360, 8.0 frames/s"
    assert found["key frames"]["verdict"] == found["clock"]["verdict"] == found["picture"]["verdict"] == "able"
    assert found["signal main"]["verdict"] in ("able", "unsure")
    assert "characters" in found["plates at stop"]["because"]
    assert cv2.imread(str(picture)).shape[1] == 960


def test_a_head_that_cannot_be_read_takes_its_rules_away(camera_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = camera_file.read_text().splitlines()
    number = next(n for n, line in enumerate(lines) if "head_px" in line)
    head, _, rest = lines[number].partition("head_px: [")
    lines[number] = head + "head_px: [2, 300, 40, 356" + rest[rest.index("]") :]
    camera_file.write_text("\n".join(lines))
    code, found = check(capsys, str(camera_file))
    rule = next(row for what, row in found.items() if what.startswith("rule red_light"))
    assert code == 1
    assert found["signal main"]["verdict"] == rule["verdict"] == "not_able"
    assert "signal main" in rule["because"]


def test_a_frame_of_another_shape_takes_every_rule_away(camera_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = camera_file.read_text()
    camera_file.write_text(text.replace("height: 360", "height: 480"))
    code, found = check(capsys, str(camera_file))
    assert code == 1
    assert {row["verdict"] for what, row in found.items() if what.startswith("rule")} == {"not_able"}


def test_a_recording_without_a_time_says_that_its_times_mean_nothing(
    camera_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line for line in camera_file.read_text().splitlines() if not line.startswith("starts_at")]
    camera_file.write_text("\n".join(lines))
    _, found = check(capsys, str(camera_file))
    assert found["clock"]["because"] == "a recording without starts_at: its times mean nothing"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["absent.yaml"], 2, "no such file"),
        (["CAMERA", "--seconds", "0"], 2, "expected 1..3600"),
        (["CAMERA", "--source", "absent.mp4"], 3, "absent.mp4"),
        (["CAMERA", "--weights", "absent"], 2, "absent"),
        (["CAMERA", "--picture", "absent/look.jpg"], 2, "no such folder"),
    ],
)
def test_bad_input_is_one_line(
    camera_file: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, says: str
) -> None:
    words = [str(camera_file) if word == "CAMERA" else word for word in words]
    assert main(["camera", "check", *words]) == code
    complaint = capsys.readouterr().err.strip()
    assert says in complaint and "\n" not in complaint


def test_real_heads_that_are_turned_away_are_not_able(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = check(capsys, str(ROOT / "cameras" / "crossroad_queue.yaml"))
    assert code == 1
    assert {row["verdict"] for what, row in found.items() if what.startswith("signal")} == {"not_able"}
