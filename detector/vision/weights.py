"""Which weights a worker runs: opened, hashed, and what they know."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import models
from detector.vision.openvino_network import OpenVinoNetwork, weights_sha256
from detector.vision.ultralytics_network import UltralyticsNetwork
from detector.vision.vehicles import Network, WeightsUnusableError, YoloDetector


@dataclass(frozen=True, slots=True)
class Weights:
    """An opened network with its identity.

    Attributes:
        name: of the file or folder.
        sha256: over the bytes that make the network.
        is_simulated: `weights.toml` says that these know only the simulated world.
    """

    detector: YoloDetector
    name: str
    sha256: str
    is_simulated: bool
    input_px: tuple[int, int]


def open_weights(path: Path, input_px: tuple[int, int], threads: int = 2) -> Weights:
    """Opens a network: a folder, `.xml` or `.onnx` by OpenVINO, a `.pt` by ultralytics.

    Raises:
        WeightsUnusableError: it cannot be run; one line says why.
    """
    network: Network
    if path.suffix == ".pt":
        sha256 = _sha256(path)
        network = UltralyticsNetwork(path, input_px, threads)
    else:
        network = OpenVinoNetwork(path, input_px, threads)
        sha256 = weights_sha256(path)
    name = path.name if path.is_dir() or path.suffix == ".pt" else path.parent.name + "/" + path.name
    return Weights(YoloDetector(network), name, sha256, _is_simulated(path), network.input_px)


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        raise WeightsUnusableError(f"weights {path}: no such file, expected a .pt checkpoint") from None


def _is_simulated(path: Path) -> bool:
    """True for weights that `models/weights/weights.toml` marks `knows = "simulated"`, by folder name."""
    register = Path(next(iter(models.__path__))) / "weights" / "weights.toml"
    entries: list[dict[str, Any]] = tomllib.loads(register.read_text(encoding="utf-8")).get("weights", [])
    places = {part.name for part in (path, path.parent)}
    return any(
        entry.get("knows") == "simulated" and not places.isdisjoint({entry.get("folder"), entry.get("file")})
        for entry in entries
    )
