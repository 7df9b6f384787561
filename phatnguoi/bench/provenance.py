"""What a figure was measured with: versions, weights, revision, date."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import phatnguoi
from detector.rulebook import known_rules

PACKAGES = ("numpy", "opencv-python-headless", "openvino", "trackers", "eclipse-sumo")
ROOT = Path(phatnguoi.__file__).resolve().parents[1]
SIM_WEIGHTS = ROOT / "models" / "weights" / "phatnguoi-sim_openvino_model"


def provenance() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": _revision(),
        "versions": {"phatnguoi": version("phatnguoi")} | {name: _version(name) for name in PACKAGES},
        "rules": {code: rule.version for code, rule in sorted(known_rules().items())},
        "noise_sha256": _sha256(Path(__file__).with_name("noise.json")),
        "plan_sha256": _sha256(Path(__file__).with_name("plan.toml")),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _sha256(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def _revision() -> str | None:
    """The commit, with a `+` where the tree differs from it; None outside a checkout."""
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12"],
            cwd=ROOT, capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip()
