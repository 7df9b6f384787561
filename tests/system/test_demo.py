"""The demo cannot succeed by accident: without a camera, or with weights that see nothing, it fails and says so."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from phatnguoi.demo import EXPORTED
from tests.conftest import ROOT

pytestmark = [pytest.mark.server, pytest.mark.slow]
LIMIT_S = 150.0


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A fresh folder for a demo, which shares the clip that was drawn before."""
    clips = ROOT / "var" / "demo" / "clips"
    clips.mkdir(parents=True, exist_ok=True)
    (tmp_path / "clips").symlink_to(clips)
    return tmp_path


def _start(directory: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "phatnguoi.main", "demo", "--once", "--directory", str(directory), *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _pids(directory: Path) -> dict[str, int]:
    path = directory / "small-once" / "processes.json"
    deadline_s = time.monotonic() + LIMIT_S
    while not path.exists() and time.monotonic() < deadline_s:
        time.sleep(0.1)
    time.sleep(0.1)
    pids: dict[str, int] = json.loads(path.read_text())
    return pids


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _make_noise(model: Path) -> None:
    """Every convolution's kernel becomes noise; the network still runs."""
    rng = np.random.default_rng(7)
    weights = model.with_suffix(".bin")
    content = bytearray(weights.read_bytes())
    constants = re.findall(r'<data element_type="f16" shape="[^"]*" offset="(\d+)" size="(\d+)"', model.read_text())
    large = [(int(offset), int(size)) for offset, size in constants if int(size) > 512]
    assert len(large) > 50
    for offset, size in large:
        content[offset : offset + size] = (0.1 * rng.standard_normal(size // 2)).astype(np.float16).tobytes()
    weights.write_bytes(content)


def test_weights_of_noise_bring_no_case(directory: Path, tmp_path: Path) -> None:
    noise = tmp_path / EXPORTED.name
    shutil.copytree(EXPORTED, noise)
    _make_noise(next(noise.glob("*.xml")))
    demo = _start(directory, "--weights", str(noise), "--within-s", "40")
    _, complaint = demo.communicate(timeout=LIMIT_S)
    assert demo.returncode == 1
    assert "no case of a true violation in the queue within 40 s" in complaint


def test_a_camera_that_is_gone_ends_the_demo_and_leaves_nothing_running(directory: Path) -> None:
    demo = _start(directory)
    pids = _pids(directory)
    assert set(pids) == {"camera", "office", "worker"}
    secret = directory / "small-once" / "passwords.json"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    os.kill(pids["camera"], signal.SIGKILL)
    _, complaint = demo.communicate(timeout=LIMIT_S)
    assert demo.returncode == 1
    assert "camera ended with -9" in complaint
    assert not [name for name, pid in pids.items() if _is_alive(pid)]


def test_a_killed_demo_leaves_nothing_running(directory: Path) -> None:
    demo = _start(directory)
    pids = _pids(directory)
    demo.kill()
    demo.communicate(timeout=LIMIT_S)
    deadline_s = time.monotonic() + 20
    while any(_is_alive(pid) for pid in pids.values()) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert not [name for name, pid in pids.items() if _is_alive(pid)]
