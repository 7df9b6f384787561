"""Weights are checked before anything opens them, and never half there."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

import phatnguoi.weights
from detector.vision.weights import open_weights
from phatnguoi.errors import CommandError
from phatnguoi.main import main
from phatnguoi.weights import SHIPPED, KnownWeights, check_sha256, known_weights


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHATNGUOI_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


def test_every_entry_names_licence_classes_and_what_it_was_measured_on() -> None:
    for known in known_weights().values():
        assert known.licence and known.classes and known.measured_on and known.folder


def test_list_tells_what_is_absent(own_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "list"]) == 0
    assert f"yolo11n  absent  {own_folder / 'yolo11n_openvino_model'}" in capsys.readouterr().out


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "pull", "yolo99x"]) == 2
    assert "'yolo99x': got an unknown name, expected one of ['yolo11n']" in capsys.readouterr().err


def test_weights_that_are_here_are_not_pulled_again(own_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own_folder / "yolo11n_openvino_model").mkdir(parents=True)
    assert main(["weights", "pull", "yolo11n"]) == 0
    assert "yolo11n is here" in capsys.readouterr().out


def test_other_bytes_are_not_opened(tmp_path: Path) -> None:
    forged = tmp_path / "yolo11n.pt"
    forged.write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    expected = known_weights()["yolo11n"].sha256
    with pytest.raises(CommandError, match=f"got SHA-256 [0-9a-f]{{64}}, expected {expected}; not opened"):
        check_sha256(forged, expected)
    assert check_sha256(forged, hashlib.sha256(forged.read_bytes()).hexdigest()) == forged


def test_the_way_to_ultralytics_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(phatnguoi.weights.importlib.util, "find_spec", lambda name: None)
    assert main(["weights", "pull", "yolo11n"]) == 2
    assert "Run `make install-yolo`" in capsys.readouterr().err


@pytest.mark.yolo
@pytest.mark.filterwarnings(
    "ignore:.*torch.jit.*:FutureWarning",
    "ignore:.*torch.jit.*:DeprecationWarning",
    "ignore:Converting a tensor to a Python boolean",  # torch's tracer, of a shape that the export fixes
)
class TestWithUltralytics:
    @pytest.fixture
    def seeded(self, tmp_path: Path) -> Path:
        """YOLO11n from its YAML with a seed: real architecture, untrained."""
        import torch
        from ultralytics import YOLO

        torch.manual_seed(7)
        path = tmp_path / "yolo11n.pt"
        YOLO("yolo11n.yaml").save(path)
        return path

    def test_a_brought_checkpoint_is_checked_and_exported(
        self, seeded: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known = KnownWeights(
            "yolo11n", "exported", "AGPL-3.0", "coco", "-", "yolo11n.pt", "https://127.0.0.1:9/yolo11n.pt",
            hashlib.sha256(seeded.read_bytes()).hexdigest(),
        )  # fmt: skip
        monkeypatch.setattr(phatnguoi.weights, "known_weights", lambda: {"yolo11n": known})
        assert main(["weights", "pull", "yolo11n", "--file", str(seeded)]) == 0
        assert sorted(path.suffix for path in (own_folder / "exported").iterdir()) == [".bin", ".xml", ".yaml"]

    def test_a_wrong_checkpoint_leaves_nothing(
        self, seeded: Path, own_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["weights", "pull", "yolo11n", "--file", str(seeded)]) == 2
        assert "not opened" in capsys.readouterr().err
        assert not own_folder.exists()

    def test_a_release_site_out_of_reach_names_the_file_to_bring(
        self, own_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        known = KnownWeights("yolo11n", "x", "AGPL-3.0", "coco", "-", "yolo11n.pt", "http://127.0.0.1:9/x.pt", "0" * 64)
        monkeypatch.setattr(phatnguoi.weights, "known_weights", lambda: {"yolo11n": known})
        assert main(["weights", "pull", "yolo11n"]) == 2
        assert f"put a folder exported elsewhere at {own_folder / 'x'}" in capsys.readouterr().err


class TestExport:
    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["--int8"], "got no --calibrate CLIP"),
            (["--out", "."], "exists, expected a name that is free"),
        ],
    )
    def test_bad_arguments_are_one_line(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
    ) -> None:
        words = words if "--out" in words else [*words, "--out", str(tmp_path / "made")]
        assert main(["weights", "export", str(SHIPPED / "phatnguoi-sim.pt"), *words]) == 2
        assert says in capsys.readouterr().err
        assert not (tmp_path / "made").exists()

    @pytest.mark.yolo
    def test_eight_bits_say_what_they_lose(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        clip, made = tmp_path / "clip.mp4", tmp_path / "made"
        world = "sim://crossing?seed=1003&fps=4&size=640x360&duration_s=6"
        assert main(["sim", "render", "--world", world, "--out", str(clip)]) == 0
        shipped = str(SHIPPED / "phatnguoi-sim_openvino_model")
        assert main(["weights", "export", shipped, "--int8", "--calibrate", str(clip), "--out", str(made)]) == 0
        told = re.search(r"boxes: (\d+) kept \(mean IoU (\d\.\d+)\), (\d+) lost", capsys.readouterr().out)
        assert told is not None
        kept, overlap, lost = int(told[1]), float(told[2]), int(told[3])
        assert kept > 10 * lost and overlap > 0.7
        exact = (SHIPPED / "phatnguoi-sim_openvino_model" / "phatnguoi-sim.bin").stat().st_size
        assert (made / "phatnguoi-sim.bin").stat().st_size < 0.7 * exact
        assert len(open_weights(made, (384, 640)).detector.detect([np.zeros((360, 640, 3), np.uint8)])) == 1
