"""What a worker does for the office's editor: pictures, trials that leave nothing behind, files that it may run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from api.cameras.jpeg import check_jpeg
from detector.camera_files import CameraFiles, sha256_of
from detector.errors import CameraFileRefusedError
from detector.folders import WorkerFolders
from detector.jobs.kind import JobBench, known_kinds
from detector.jobs.kinds import reload_camera, snapshot
from detector.recent import Glimpse, glimpses, kept
from detector.store import FolderStore
from models.camera_file import CameraFileError, load_camera_file
from models.domain.camera_jobs import Seen, Trial
from models.domain.jobs import JobReport, WorkerJob
from phatnguoi.demo import EXPORTED
from phatnguoi.main import main
from streams.counters import Counters
from streams.file_packets import FilePackets
from streams.ring import Ring
from streams.ring_settings import RingSettings
from tests.detector.kit import START, write_video

WORLD = "sim://crossing?seed=676&fps=6&size=640x360&duration_s=8&violators=4"
CAMERA = "sim-676"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded camera with its file: `camera.yaml` beside `clip.mp4`."""
    folder = tmp_path_factory.mktemp("recording")
    assert main(["sim", "render", "--world", WORLD, "--out", str(folder / "clip.mp4")]) == 0
    assert main(["sim", "camera", "--world", WORLD, "--source", "clip.mp4", "--out", str(folder / "camera.yaml")]) == 0
    return folder / "camera.yaml"


def changed(path: Path, **changes: Any) -> str:
    return yaml.safe_dump(yaml.safe_load(path.read_text(encoding="utf-8")) | changes, allow_unicode=True)


def files_of(tmp_path: Path, *own: Path, sources: tuple[str, ...] = ()) -> CameraFiles:
    return CameraFiles(own, WorkerFolders(tmp_path / "worker").cameras, sources)


def job(kind: str, text: str, camera_id: str = CAMERA, **details: Any) -> WorkerJob:
    known = {"camera": camera_id, "file": text, "file_sha256": sha256_of(text)} | details
    return WorkerJob(id="0" * 26, kind=kind, subject="1" * 26, lease="2" * 26, lease_s=60, details=known)


def do(tmp_path: Path, cameras: CameraFiles, asked: WorkerJob) -> tuple[JobReport, dict[str, bytes]]:
    store = FolderStore(tmp_path / "store")
    pictures: dict[str, bytes] = {}
    bench = JobBench(
        WorkerFolders(tmp_path / "worker"), store, None, cameras=cameras, weights=EXPORTED,
        put_picture=lambda _job, name, body: pictures.__setitem__(name, body),
    )  # fmt: skip
    return known_kinds()[asked.kind](asked, bench), pictures


def test_a_snapshot_is_two_plain_pictures_of_the_camera(recording: Path, tmp_path: Path) -> None:
    report, pictures = do(tmp_path, files_of(tmp_path, recording), job("snapshot", recording.read_text()))
    seen = Seen.model_validate(report.details)
    assert (report.state, seen.width, seen.height) == ("done", 640, 360)
    assert {name: check_jpeg(body) for name, body in pictures.items()} == {
        "live.jpg": (640, 360),
        "road.jpg": (640, 360),
    }


def test_the_road_is_shown_without_who_moved_on_it() -> None:
    rng = np.random.default_rng(1)
    road = rng.integers(90, 130, (120, 160, 3), dtype=np.uint8)
    seen = []
    for place in range(9):
        image = road.copy()
        image[40:80, 15 * place : 15 * place + 20] = (255, 0, 255)
        seen.append(Glimpse(place, image))
    empty = snapshot._road(seen, EXPORTED)
    assert not (np.abs(empty.astype(int) - (255, 0, 255)).sum(axis=2) < 60).any()
    assert np.abs(empty.astype(int) - road).mean() < 12


def test_without_a_network_to_find_people_nothing_of_the_road_is_sharp() -> None:
    image = np.tile(np.array([0, 255], dtype=np.uint8), (240, 160))[..., None].repeat(3, axis=2)
    blocks = snapshot._road([Glimpse(0, image)], None)
    assert np.abs(np.diff(blocks[:, :, 0].astype(int), axis=1)).max() < 40


def test_pictures_come_from_the_ring_of_a_camera_that_is_watched(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4")
    window = FilePackets(tmp_path / "clip.mp4", START).window(0, 0, 14_000_000)
    ring = Ring(RingSettings(tmp_path / "ring"), Counters())
    ring.begin(window.facts)
    for packet in window.packets:
        ring.append(packet)
    ring.end()
    seen = glimpses(kept(tmp_path / "ring"))
    assert len(seen) > 3
    assert [one.captured_at_us for one in seen] == sorted(one.captured_at_us for one in seen)
    assert all(one.image.shape == (240, 320, 3) for one in seen)


def test_a_trial_tells_what_would_be_claimed_and_leaves_nothing_behind(recording: Path, tmp_path: Path) -> None:
    rules = [{"rule": "wrong_way", "lane": lane, "mode": "live", "distance_m": 3} for lane in ("ours", "oncoming")]
    text = changed(recording, rules=rules)
    own = files_of(tmp_path, recording)
    swapped = yaml.safe_load(text)
    for lane in swapped["lanes"]:
        lane["heading_px"] = lane["heading_px"][::-1]
    report, pictures = do(tmp_path, own, job("try_rules", yaml.safe_dump(swapped, allow_unicode=True), seconds=8))
    trial = Trial.model_validate_json(str(report.details["trial"]))
    assert report.state == "done" and trial.frames > 40
    assert trial.claims, "with the heading swapped everybody drives against it"
    assert {claim.rule for claim in trial.claims} == {"wrong_way"}
    assert {claim.picture for claim in trial.claims if claim.picture} == set(pictures)
    assert all(check_jpeg(body) == (640, 360) for body in pictures.values())
    assert any(check.what.startswith("rule wrong_way") for check in trial.checks)
    left = [path for path in (tmp_path / "worker").rglob("*") if path.is_file()]
    assert left == [] and not (tmp_path / "store").exists()


def test_a_rule_that_cannot_work_is_answered_with_its_place(recording: Path, tmp_path: Path) -> None:
    text = changed(recording, rules=[{"rule": "red_light", "line": "stop", "signal": "main", "margin": 3}])
    report, _ = do(tmp_path, files_of(tmp_path, recording), job("try_rules", text, seconds=5))
    trial = Trial.model_validate_json(str(report.details["trial"]))
    assert trial.problem_place == "rules.0.margin"
    assert trial.problem is not None and trial.problem.startswith("unknown setting 'margin'")


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        ("clip.mp4", True),
        ("rtsp://${U}:${P}@10.20.0.7/s1", True),
        ("rtsp://${U}:${P}@10.20.0.7.evil.example/s1", False),
        ("rtsp://${U}:${P}@10.20.0.7@evil.example/s1", False),
        ("rtsp://evil.example/${PHATNGUOI_WORKER_KEY}", False),
        ("/etc/passwd", False),
        ("sim://crossing?seed=1", False),
    ],
)
def test_an_office_cannot_make_a_worker_open_what_it_should_not(
    recording: Path, tmp_path: Path, source: str, allowed: bool
) -> None:
    files = files_of(tmp_path, recording, sources=("rtsp://${U}:${P}@10.20.0.*/s1",))
    text = changed(recording, source=source)
    if allowed:
        assert files.checked(text, CAMERA).camera.source == source
        return
    with pytest.raises(CameraFileRefusedError, match="does not allow"):
        files.checked(text, CAMERA)
    report, pictures = do(tmp_path, files, job("snapshot", text))
    assert (report.reason, report.is_final, pictures) == ("source_not_allowed", True, {})


def test_a_relative_source_is_still_meant_from_the_worker_s_own_file(recording: Path, tmp_path: Path) -> None:
    files = files_of(tmp_path, recording)
    files.publish(CAMERA, changed(recording, name="Tên mới"))
    file = files.in_force(CAMERA)
    assert file.camera.name == "Tên mới"
    assert file.source() == str(recording.parent / "clip.mp4")


@pytest.mark.parametrize("text", ["", "id: [", "id: other\n", "\x00"])
def test_an_office_s_file_that_cannot_be_used_leaves_the_own_one_in_force(
    recording: Path, tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    files = files_of(tmp_path, recording)
    files.publish(CAMERA, text)
    assert files.in_force(CAMERA).sha256 == load_camera_file(recording).sha256
    assert "the office's camera file cannot be used" in caplog.text


@pytest.mark.parametrize("camera_id", ["../evil", "a", "A" * 9, "x" * 41, "a/b"])
def test_a_camera_id_never_leads_out_of_the_folder(tmp_path: Path, camera_id: str) -> None:
    with pytest.raises(CameraFileRefusedError):
        files_of(tmp_path).publish(camera_id, "text")
    assert not (tmp_path / "worker").exists()


def reloaded(
    tmp_path: Path, files: CameraFiles, text: str, runs: Callable[[], str | None], **details: Any
) -> JobReport:
    """The job, while a camera's process notices each new file, and says on which it runs by `runs`."""
    ended = threading.Event()

    def camera() -> None:
        mark = files.mark(CAMERA)
        while not ended.wait(0.02):
            if files.mark(CAMERA) != mark:
                mark = files.mark(CAMERA)
                if (sha256 := runs()) is not None:
                    files.note_running(CAMERA, sha256)

    thread = threading.Thread(target=camera)
    thread.start()
    try:
        return do(tmp_path, files, job("reload_camera", text))[0]
    finally:
        ended.set()
        thread.join()


def test_a_file_is_loaded_only_when_the_camera_runs_on_it(recording: Path, tmp_path: Path) -> None:
    files, text = files_of(tmp_path, recording), changed(recording, name="Tên mới")
    report = reloaded(tmp_path, files, text, lambda: files.in_force(CAMERA).sha256)
    assert report.details == {"file_sha256": sha256_of(text)}
    assert files.in_force(CAMERA).camera.name == "Tên mới"


def test_a_camera_that_does_not_run_on_the_new_file_goes_back_to_the_old_one(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reload_camera, "RUNS_WITHIN_S", 0.3)
    files = files_of(tmp_path, recording)
    before = changed(recording, name="Tên cũ")
    files.publish(CAMERA, before)
    report = reloaded(tmp_path, files, changed(recording, name="Tên mới"), lambda: None)
    assert (report.reason, report.is_final) == ("does_not_run", True)
    assert files.in_force(CAMERA).camera.name == "Tên cũ"


def test_other_bytes_than_those_that_were_approved_are_not_loaded(recording: Path, tmp_path: Path) -> None:
    files = files_of(tmp_path, recording)
    report, _ = do(tmp_path, files, job("reload_camera", recording.read_text(), file_sha256="0" * 64))
    assert (report.reason, report.is_final) == ("other_file", True)
    assert files.ids() == ()


def test_a_camera_without_any_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CameraFileError, match="got no camera file"):
        files_of(tmp_path).in_force(CAMERA)


def test_a_large_picture_is_made_small_enough_for_the_office() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1600, 2400, 3), dtype=np.uint8)
    body = snapshot.small_jpeg(noise)
    assert check_jpeg(body) == (1920, 1280)
    assert cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR).shape == (1280, 1920, 3)
