"""Counting heads on motorcycles: which networks will do, and what is counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detector.vision.helmets import MOST_TRACKS, Heads, HelmetReader, open_helmets
from detector.vision.vehicles import Floats, WeightsUnusableError
from models.domain.geometry import BoxPx
from models.domain.scene import Track, VehicleClass

HELMET, HEAD, PERSON = 0, 1, 2
Row = tuple[float, float, float, float, int, float]


class DrawnNetwork:
    """Keeps the port's contract; answers with rows that the test wrote."""

    input_px = (320, 320)

    def __init__(self, rows: list[Row], names: tuple[str, ...] = ("Helmet", "head", "person")) -> None:
        self._rows, self.names = rows, names
        self.looks = 0

    def forward(self, batch: Floats) -> Floats:
        self.looks += 1
        output = np.zeros((1, 4 + len(self.names), max(1, len(self._rows))), np.float32)
        for number, (x, y, w, h, label, score) in enumerate(self._rows):
            output[0, :4, number] = (x, y, w, h)
            output[0, 4 + label, number] = score
        return output


IMAGE = np.zeros((480, 640, 3), np.uint8)


def motorcycle(track_id: int = 1, height: float = 120.0, vehicle: VehicleClass | None = "motorcycle") -> Track:
    return Track(track_id, vehicle, BoxPx(300, 300 - height, 300 + height / 2, 300), 0.9)


def counted(rows: list[Row]) -> Heads:
    return HelmetReader(DrawnNetwork(rows)).look(IMAGE, [motorcycle()], (1.0, 1.0))[1]


COUNTS = {
    "nobody": ([], Heads(0, 0)),
    "a helmet and a bare head": ([(140, 60, 40, 40, HELMET, 0.9), (180, 70, 40, 40, HEAD, 0.8)], Heads(1, 1)),
    "one head, seen as both: the surer counts": (
        [(140, 60, 40, 40, HELMET, 0.9), (141, 61, 40, 40, HEAD, 0.6)],
        Heads(0, 1),
    ),
    "too weak": ([(140, 60, 40, 40, HEAD, 0.3)], Heads(0, 0)),
    "down at the wheels": ([(140, 300, 40, 40, HEAD, 0.9)], Heads(0, 0)),
    "a person is no head": ([(140, 60, 40, 40, PERSON, 0.9)], Heads(0, 0)),
}


@pytest.mark.parametrize(("rows", "heads"), COUNTS.values(), ids=COUNTS.keys())
def test_counts_heads(rows: list[Row], heads: Heads) -> None:
    assert counted(rows) == heads


def test_only_motorcycles_that_are_large_enough_are_looked_at_and_only_a_few() -> None:
    network = DrawnNetwork([])
    tracks = [motorcycle(1, 40.0), motorcycle(2, vehicle="car"), motorcycle(3, vehicle=None)]
    assert HelmetReader(network).look(IMAGE, tracks, (1.0, 1.0)) == {}
    assert len(HelmetReader(network).look(IMAGE, [motorcycle(n) for n in range(20)], (1.0, 1.0))) == MOST_TRACKS
    assert network.looks == MOST_TRACKS


@pytest.mark.parametrize("names", [("person", "car"), ("helmet", "person"), ("head", "person")])
def test_weights_without_such_classes_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(WeightsUnusableError, match=r"expected one for a helmet .* and one for a bare head"):
        HelmetReader(DrawnNetwork([], names))


def test_without_weights_nobody_looks() -> None:
    assert open_helmets(None) is None


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnusableError, match=r"none\.onnx: no such file"):
        open_helmets(tmp_path / "none.onnx")
