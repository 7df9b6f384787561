"""The same clip over RTSP gives the same crossings as the file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.phatnguoi.test_run_footage import lines, scorer, truth_of
from tests.servers import RtspServer

CLIP_S = 64.0
SLACK_S = 12.0
"""Weights are loaded before the first frame, and the last clip wants five seconds after its act."""


@pytest.mark.server
@pytest.mark.slow
def test_hanoi_over_rtsp(shared_data: Path, tmp_path: Path, rtsp_server: Callable[[Path], RtspServer]) -> None:
    server = rtsp_server(shared_data / "redlight_hanoi")
    weights = shared_data / "models" / "yolo11n_int8_openvino_model"
    command = [sys.executable, "-m", "phatnguoi.main", "run", str(ROOT / "cameras" / "redlight_hanoi.yaml")]
    command += ["--out", str(tmp_path), "--weights", str(weights), "--source", server.url("clip.mp4")]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as worker:
        try:
            worker.wait(CLIP_S + SLACK_S)
        except subprocess.TimeoutExpired:
            worker.send_signal(signal.SIGINT)
        assert worker.wait(60) == 0
    result = scorer(shared_data).score(truth_of(shared_data / "redlight_hanoi"), lines(tmp_path / "violations.jsonl"))
    counters = json.loads((tmp_path / "counters.json").read_text(encoding="utf-8"))
    assert len(result["found"]) >= 9, (result, counters)
    assert len(result["false"]) <= 1, (result, counters)
    assert counters["streams"]["frames_read"] >= 380
    assert counters["frames"]["walked"] > 0
