"""`phatnguoi plate`, and `phatnguoi run --plates all` on the junction whose near cars can be read."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from phatnguoi.bench.plate_pictures import draw
from phatnguoi.main import main

JUNCTION = """
schema: 1
id: hn-junction-1600
name: Hanoi junction
source: {source}
timezone: Asia/Ho_Chi_Minh
site: {{address: Hà Nội, lat: 21.02, lon: 105.85, agency: CSGT, kind: police_device}}
frame: {{width: 1600, height: 1200}}
rules: []
"""


def test_tells_a_plate_as_one_json_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = draw(np.random.default_rng(11), 2, 24)
    cv2.imwrite(str(tmp_path / "plate.png"), drawn.image)
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((60, 80, 3), 90, np.uint8))
    assert main(["plate", "--json", str(tmp_path / "plate.png"), str(tmp_path / "empty.png")]) == 0
    read, unread = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (read["image"], read["reason"], read["text"].count("|")) == ("plate.png", None, 1)
    assert (unread["text"], unread["reason"] is None) == (None, False)


@pytest.mark.parametrize("content", [None, b"", b"no picture"])
def test_what_is_no_picture_is_refused_in_one_line(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.jpg"
    if content is not None:
        path.write_bytes(content)
    assert main(["plate", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_the_near_cars_of_the_junction_are_read_and_nothing_else(shared_data: Path, tmp_path: Path) -> None:
    clip = shared_data / "clips" / "hanoi_junction_1600x1200_5fps.mp4"
    camera = tmp_path / "camera.yaml"
    camera.write_text(JUNCTION.format(source=clip), encoding="utf-8")
    weights = shared_data / "models" / "yolo11n_int8_openvino_model"
    out = tmp_path / "out"
    assert main(["run", str(camera), "--out", str(out), "--weights", str(weights), "--plates", "all"]) == 0
    lines = [json.loads(line) for line in (out / "plates.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["plate"] for line in lines} == {"30Y-0040", "99E|002.55", "89A-078.69", None}
    assert all((line["plate"] is None) == (line["reason"] is not None) for line in lines)
