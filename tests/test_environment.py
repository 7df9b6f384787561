"""What is installed is what the project says: headless OpenCV, no torch, and nothing that no code uses."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_walls import ROOMS

IMPORT_NAMES = {
    "argon2-cffi": "argon2",
    "fpdf2": "fpdf",
    "opencv-python": "cv2",
    "pillow": "PIL",
    "pydantic-settings": "pydantic_settings",
    "prometheus-client": "prometheus_client",
    "pyyaml": "yaml",
}
USED_BY_NAME_ONLY = {
    "python-multipart": "fastapi reads forms with it",
    "tzdata": "zoneinfo reads it where the system has no time zones",
}
MAPPED_BY_CV2 = """
import cv2, json, re
maps = open("/proc/self/maps").read()
libraries = sorted(set(re.findall(r"(lib[A-Za-z0-9_+-]+?)[-.0-9a-f]*\\.so", maps)))
print(json.dumps({"libraries": libraries, "gui": re.search(r"GUI:\\s+(\\S+)", cv2.getBuildInformation()).group(1)}))
"""


def _locked(name: str) -> set[str]:
    text = (ROOT / "requirements" / name).read_text()
    return set(re.findall(r"^([a-z0-9._-]+)==", text, flags=re.MULTILINE))


def test_cv2_is_imported_with_no_library_of_a_screen() -> None:
    """cv2 runs in a process into which neither libGL nor libX11 nor libglib is ever loaded."""
    done = subprocess.run([sys.executable, "-c", MAPPED_BY_CV2], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert loaded["gui"] == "NONE"
    assert not {"libGL", "libX", "libX11", "libxcb", "libglib", "libgthread"} & set(loaded["libraries"])


def test_one_opencv_is_installed_and_it_is_the_headless_one() -> None:
    installed = {name.lower() for name in importlib.metadata.packages_distributions()["cv2"]}
    assert installed == {"opencv-python-headless"}


@pytest.mark.parametrize("lock", ["base.lock", "dev.lock", "yolo.lock"])
def test_the_locks_resolve_opencv_to_the_headless_build(lock: str) -> None:
    assert {name for name in _locked(lock) if name.startswith("opencv")} == {"opencv-python-headless"}


def test_torch_comes_with_the_extra_yolo_alone() -> None:
    assert not {"torch", "ultralytics"} & (_locked("base.lock") | _locked("dev.lock"))
    assert {"torch", "ultralytics"} <= _locked("yolo.lock")


def test_every_locked_package_has_a_hash() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        entries = re.split(r"\n(?=\S)", lock.read_text().strip())
        without = [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]
        assert not without, f"{lock.name}: {without}"


def _imported(room: Path) -> set[str]:
    names: set[str] = set()
    for path in room.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names


def test_product_code_uses_every_package_that_pyproject_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["yolo"]]
    names = {re.split(r"[\[<>=; ]", text)[0] for text in wanted} - USED_BY_NAME_ONLY.keys()
    imported = set().union(*(_imported(ROOT / room) for room in ROOMS))
    unused = {name for name in names if IMPORT_NAMES.get(name, name) not in imported}
    assert not unused, f"named in pyproject.toml, imported nowhere: {sorted(unused)}"
