"""What leaves the police shows the accused vehicle and the lamp, and nobody else. It errs to too much."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from detector.errors import RedactionFailedError
from detector.evidence.package import Package, make_package
from detector.evidence.scene_lines import read_scene_lines, scene_lines
from detector.redaction.pictures import COARSE_ROWS, FINE_ROWS, Sight, redacted
from detector.redaction.redact import redact
from detector.redaction.sights import Sights
from models.domain.camera import Camera, RuleEntry
from models.domain.frame import BGR
from models.domain.geometry import BoxPx
from models.domain.scene import Scene, Track
from models.sealed_camera import sealed_camera_json
from models.verify.derived import check_originals, parse_derived
from models.verify.envelope import DERIVED_TYPE, open_envelope
from models.verify.keys import new_key
from streams.file_packets import FilePackets
from tests.detector.kit import START, make_claim, vehicle_box, write_video

CAMERA = Camera.model_validate(
    {
        "schema": 1, "id": "hn-ltk-hb", "name": "x", "source": "clip.mp4", "frame": {"width": 320, "height": 240},
        "signals": [{"id": "main", "head_px": [280, 10, 300, 60]}],
        "lines": [{"id": "stop", "points_px": [[100, 150], [220, 150]], "from_px": [160, 20]}],
    }
)  # fmt: skip
ENTRY = RuleEntry.model_validate({"rule": "red_light", "line": "stop", "signal": "main"})


def noise(width: int = 320, height: int = 240) -> BGR:
    return np.random.default_rng(3).integers(0, 255, (height, width, 3), dtype=np.uint8)


def legible(original: BGR, shown: BGR, box: BoxPx) -> bool:
    """Some of the original pixels can still be read there."""
    a, b = (image[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)].astype(int) for image in (original, shown))
    return float(np.mean(np.abs(a - b).max(axis=2) < 4)) > 0.5


def test_everybody_else_is_hidden_whether_or_not_anything_saw_them() -> None:
    image, accused = noise(), BoxPx(100, 100, 160, 200)
    shown = redacted(image, Sight(accused, (BoxPx(200, 100, 240, 180),)), CAMERA, "car", rule="red_light")
    assert not legible(image, shown, BoxPx(200, 100, 240, 180))  # a vehicle that the network saw
    assert not legible(image, shown, BoxPx(20, 20, 60, 60))  # a face that it did not see
    assert legible(image, shown, BoxPx(102, 152, 158, 198))  # the accused's plate
    assert legible(image, shown, BoxPx(282, 12, 298, 58))  # the lamp


def test_the_heads_in_and_on_the_accused_vehicle_are_hidden() -> None:
    image, accused = noise(), BoxPx(100, 100, 160, 200)
    for vehicle, share in (("motorcycle", 0.35), ("car", 0.5), ("bus", 0.6)):
        shown = redacted(image, Sight(accused), CAMERA, vehicle, rule="red_light")  # type: ignore[arg-type]
        assert not legible(image, shown, BoxPx(100, 100, 160, 100 + 100 * share))
    shown = redacted(image, Sight(accused), CAMERA, "motorcycle", rule="no_helmet")
    assert legible(image, shown, BoxPx(100, 100, 160, 130))  # there would be nothing to see


def test_another_vehicle_in_front_of_the_accused_hides_it_and_its_own_second_box_does_not() -> None:
    image, accused = noise(), BoxPx(100, 100, 160, 200)
    shown = redacted(image, Sight(accused, (BoxPx(90, 160, 130, 220),)), CAMERA, "car", rule="red_light")
    assert not legible(image, shown, BoxPx(100, 162, 128, 198))
    shown = redacted(image, Sight(accused, (BoxPx(98, 102, 162, 201),)), CAMERA, "car", rule="red_light")
    assert legible(image, shown, BoxPx(102, 152, 158, 198))


def test_where_the_accused_is_not_known_nothing_is_laid_open() -> None:
    image = noise()
    shown = redacted(image, Sight(None), CAMERA, "car", rule="red_light")
    assert not legible(image, shown, BoxPx(100, 100, 160, 200))


@pytest.mark.parametrize(("height", "plate_px"), [(480, 14), (540, 18), (1080, 40)])
def test_a_plate_is_less_than_three_blocks_high_and_two_where_a_vehicle_was_seen(height: int, plate_px: int) -> None:
    """A character needs five or more rows to be told from another."""
    assert plate_px / (height / FINE_ROWS) <= 2.0
    assert plate_px / (height / COARSE_ROWS) < 1.0


def test_between_two_scenes_the_accused_has_driven_evenly_and_all_others_are_hidden() -> None:
    def scene(frame: int, x: float) -> Scene:
        box = BoxPx(x, 100, x + 40, 140)
        other = Track(2, "car", BoxPx(x + 100, 10, x + 140, 50), 0.9)
        return Scene(frame, frame * 400_000, 400_000, (Track(1, "car", box, 0.9), other), people=(box,))

    sights = Sights([scene(0, 0), scene(1, 80)], 1)
    halfway = sights.at(200_000)
    assert halfway.accused == BoxPx(40, 100, 80, 140)
    assert len(halfway.others) == 4
    assert sights.at(400_000).accused == BoxPx(80, 100, 120, 140)
    assert sights.at(1_200_000) == Sight(None)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """A package of the white square, with its camera, as the packager writes it but for the replay."""
    folder = tmp_path_factory.mktemp("redaction")
    write_video(folder / "clip.mp4")
    claim = make_claim()
    scenes = [replace(scene, people=(BoxPx(10, 10, 50, 90),)) for scene in read_scene_lines(claim.scene)]
    claim = replace(claim, scene=scene_lines(scenes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("detector.evidence.package.check_decision", lambda *_: None)
        sealed = replace(claim, camera_json=sealed_camera_json(CAMERA, ENTRY).decode())
        return make_package(sealed, FilePackets(folder / "clip.mp4", START), folder / "package")


def test_the_derived_manifest_names_every_original_and_is_signed(package: Package, tmp_path: Path) -> None:
    key = new_key()
    made = redact(package.folder, tmp_path / "out", key)
    body = (made.folder / "derived.json").read_bytes()
    derived = parse_derived(body)
    check_originals(derived, package.manifest, package.manifest_sha256)
    originals = {"a_before.jpg", "b_at.jpg", "c_beyond.jpg", "clip.mp4"}
    assert {file.original for file in derived.files} == originals
    for file in derived.files:
        assert hashlib.sha256((made.folder / file.name).read_bytes()).hexdigest() == file.sha256
    envelope = open_envelope("e", (made.folder / "derived_dsse.json").read_bytes(), DERIVED_TYPE)
    assert envelope.payload(key.public) == body
    assert set(made.names) == {path.name for path in made.folder.iterdir()}


def test_the_pictures_are_those_of_the_act(package: Package, tmp_path: Path) -> None:
    made = redact(package.folder, tmp_path / "out", None)
    for name, index in (("redacted_before.jpg", 60), ("redacted_at.jpg", 70), ("redacted_beyond.jpg", 80)):
        image = cv2.imread(str(made.folder / name))
        box = vehicle_box(index)
        assert image is not None
        assert image[int(box.y2) - 8, int((box.x1 + box.x2) / 2)].min() > 200  # the lower part, laid open


def test_the_clip_keeps_its_frames_and_times_and_plays_in_browsers(package: Package, tmp_path: Path) -> None:
    made = redact(package.folder, tmp_path / "out", None)
    with av.open(str(made.folder / "redacted_clip.mp4")) as clip, av.open(str(package.folder / "clip.mp4")) as original:
        assert clip.streams.video[0].codec_context.name == "h264"
        times = [round(float(frame.time or 0), 3) for frame in clip.decode(video=0)]
        assert times == [round(float(frame.time or 0), 3) for frame in original.decode(video=0)]


def test_the_same_package_gives_the_same_bytes(package: Package, tmp_path: Path) -> None:
    first, second = (redact(package.folder, tmp_path / name, None).derived for name in ("a", "b"))
    assert first == second


def test_it_ends_at_its_limit_of_cpu_time(package: Package, tmp_path: Path) -> None:
    with pytest.raises(RedactionFailedError, match="cpu_limit"):
        redact(package.folder, tmp_path / "out", None, cpu_limit_s=0.0)


@pytest.mark.parametrize("name", ["clip.mp4", "b_at.jpg", "scene.jsonl", "camera.json"])
def test_a_damaged_package_is_not_redacted(name: str, package: Package, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in package.folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / name).write_bytes((copy / name).read_bytes()[:-1] + b"\0")
    with pytest.raises(RedactionFailedError, match=f"package_damaged: {name}: got "):
        redact(copy, tmp_path / "out", None)
    (copy / name).unlink()
    with pytest.raises(RedactionFailedError, match="package_damaged"):
        redact(copy, tmp_path / "out", None)
