"""Each wall between the rooms is broken once on purpose, in a copy, and the check must see it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROOMS = ("models", "streams", "detector", "api", "phatnguoi")
BREACHES = [
    ("models/domain/breach.py", "import streams", "phatnguoi above the worker"),
    ("streams/breach.py", "import detector", "phatnguoi above the worker"),
    ("detector/breach.py", "import api", "phatnguoi above the worker"),
    ("api/breach.py", "import detector", "phatnguoi above the worker"),
    ("api/breach.py", "import cv2", "the office's image has neither cv2"),
    ("api/breach.py", "import openvino", "the office's image has neither cv2"),
    ("detector/rules/breach.py", "import cv2", "rules and geometry are pure"),
    ("detector/geometry/breach.py", "import sqlite3", "rules and geometry are pure"),
    ("detector/breach.py", "import sqlalchemy", "only the office touches the tables"),
    ("models/domain/breach.py", "import models.tables", "only the office touches the tables"),
]


def _check(root: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    environment = {"PYTHONPATH": str(root), "COLUMNS": "200"}
    return subprocess.run(
        [program, "--no-cache"], cwd=root, capture_output=True, text=True, check=False, env=environment
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rooms in a folder of their own."""
    root = tmp_path_factory.mktemp("copy")
    for room in ROOMS:
        shutil.copytree(ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__", "weights", "web"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


@pytest.mark.parametrize(("file", "line", "contract"), BREACHES, ids=[f"{file}: {line}" for file, line, _ in BREACHES])
def test_a_breach_is_seen(copy: Path, file: str, line: str, contract: str) -> None:
    breach = copy / file
    breach.write_text(f"{line}\n")
    try:
        done = _check(copy)
    finally:
        breach.unlink()
    assert done.returncode == 1
    broken = [text for text in done.stdout.splitlines() if text.endswith(" BROKEN")]
    assert any(text.startswith(contract) for text in broken), done.stdout


def test_the_rooms_themselves_keep_every_wall(copy: Path) -> None:
    done = _check(copy)
    assert done.returncode == 0, done.stdout
