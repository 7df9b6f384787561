"""A package is whole or absent, the same twice, and never about anything but its claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from detector.errors import PackageDamagedError, PackageNotReadyError, PackageRefusedError
from detector.evidence import seal
from detector.evidence.package import load_package, make_package
from detector.evidence.scene_lines import read_scene_lines
from models.domain.geometry import BoxPx
from models.domain.manifest import MANIFEST_LIMIT_BYTES
from streams.errors import PacketsGoneError
from streams.file_packets import FilePackets
from streams.packets import PacketStore, PacketWindow, Reach, ShortBecause
from tests.detector.kit import INTERVAL_US, START, make_claim, vehicle_box, write_video

NAMES = {
    "manifest.json", "scene.jsonl", "clip.mp4", "a_before.jpg", "b_at.jpg", "c_beyond.jpg", "vehicle.jpg",
    "citizen.jpg",
}  # fmt: skip


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    write_video(path)
    return path


@pytest.fixture
def packets(video: Path) -> FilePackets:
    return FilePackets(video, START)


class BoundedPackets:
    """A `PacketStore` that holds only the stream times of one span, as a ring that overwrites does."""

    def __init__(self, whole: PacketStore, from_us: int, to_us: int, short_because: ShortBecause) -> None:
        self._whole, self._from_us, self._to_us, self._why = whole, from_us, to_us, short_because

    def window(self, connection: int, from_us: int, to_us: int) -> PacketWindow:
        if to_us < self._from_us or from_us > self._to_us:
            raise PacketsGoneError("ring: nothing of it is kept")
        window = self._whole.window(connection, max(from_us, self._from_us), min(to_us, self._to_us))
        is_short = from_us < self._from_us or to_us > self._to_us
        return replace(window, short_because=self._why if is_short else None)

    def reach(self, connection: int) -> Reach:
        return Reach(self._to_us, is_ended=False)


def _picture(path: Path) -> np.ndarray:
    image = cv2.imread(str(path))
    assert image is not None
    return image


def _is_white(image: np.ndarray, box: BoxPx) -> bool:
    inside = image[int(box.y1) + 4 : int(box.y2) - 4, int(box.x1) + 4 : int(box.x2) - 4]
    return inside.size > 0 and float(inside.mean()) > 200


def test_holds_every_file_of_the_contract(packets: FilePackets, tmp_path: Path) -> None:
    package = make_package(make_claim(), packets, tmp_path / "p")
    assert {path.name for path in package.folder.iterdir()} == NAMES
    assert {file.name for file in package.manifest.files} == NAMES - {"manifest.json"}
    assert not (tmp_path / "p.partial").exists()
    assert load_package(package.folder) == package


def test_each_picture_shows_the_vehicle_where_the_claim_says(packets: FilePackets, tmp_path: Path) -> None:
    package = make_package(make_claim(act=70, before=60, beyond=80), packets, tmp_path / "p")
    for name, index in (("a_before.jpg", 60), ("b_at.jpg", 70), ("c_beyond.jpg", 80)):
        image = _picture(package.folder / name)
        assert image.shape == (240, 320, 3)
        assert _is_white(image, vehicle_box(index))
        assert not _is_white(image, vehicle_box(index + 35))


def test_the_vehicle_is_cut_out_with_a_margin(packets: FilePackets, tmp_path: Path) -> None:
    image = _picture(make_package(make_claim(), packets, tmp_path / "p").folder / "vehicle.jpg")
    assert image.shape[:2] == (52, 52)
    assert float(image[10:-10, 10:-10].mean()) > 200
    assert float(image[:3].mean()) < 150


def test_a_citizen_sees_the_accused_vehicle_and_nothing_else(packets: FilePackets, tmp_path: Path) -> None:
    folder = make_package(make_claim(), packets, tmp_path / "p").folder
    seen, hidden = _picture(folder / "b_at.jpg").astype(int), _picture(folder / "citizen.jpg").astype(int)
    box = vehicle_box(70)
    assert _is_white(hidden.astype(np.uint8), box)
    outside = np.ones(seen.shape[:2], dtype=bool)
    outside[int(box.y1) - 10 : int(box.y2) + 10, int(box.x1) - 10 : int(box.x2) + 10] = False
    neighbours = np.abs(np.diff(seen, axis=1)).mean(axis=2)[outside[:, 1:]]
    blocks = np.abs(np.diff(hidden, axis=1)).mean(axis=2)[outside[:, 1:]]
    assert blocks.mean() < neighbours.mean() / 8


def test_the_same_claim_gives_the_same_bytes(packets: FilePackets, tmp_path: Path) -> None:
    first, second = (make_package(make_claim(), packets, tmp_path / name) for name in ("one", "two"))
    assert first.manifest_sha256 == second.manifest_sha256


def test_the_clip_is_the_cameras_own_and_its_times_are_sealed(packets: FilePackets, tmp_path: Path) -> None:
    claim = make_claim()
    package = make_package(claim, packets, tmp_path / "p")
    clip = package.manifest.clip
    assert clip is not None
    assert clip.short_because is None
    assert (clip.starts_before_act_us, clip.ends_after_act_us) == (5_000_000, 5_000_000)
    with av.open(str(package.folder / "clip.mp4")) as file:
        assert sum(1 for _ in file.decode(video=0)) == clip.frame_count == len(clip.times_us)
    assert clip.times_us[70 - clip.first_frame_index] == package.manifest.occurred_at_us


def test_scene_jsonl_holds_what_the_rule_saw(packets: FilePackets, tmp_path: Path) -> None:
    claim = make_claim()
    folder = make_package(claim, packets, tmp_path / "p").folder
    raw = (folder / "scene.jsonl").read_bytes()
    assert raw == claim.scene
    assert [scene.frame_index for scene in read_scene_lines(raw)] == list(range(10, 81))


def test_says_why_the_clip_is_shorter(packets: FilePackets, tmp_path: Path) -> None:
    late = BoundedPackets(packets, 60 * INTERVAL_US, 10**9, "ring_overwritten")
    clip = make_package(make_claim(), late, tmp_path / "p").manifest.clip
    assert clip is not None
    assert clip.short_because == "ring_overwritten"
    assert clip.starts_before_act_us < 5_000_000


def test_waits_for_what_comes_after_the_act_only_when_told_to(packets: FilePackets, tmp_path: Path) -> None:
    running = BoundedPackets(packets, 0, 85 * INTERVAL_US, "not_yet_received")
    with pytest.raises(PackageNotReadyError, match=r"got packets to 8\d00000 µs, expected 12000000 µs"):
        make_package(make_claim(), running, tmp_path / "p", may_wait=True)
    assert not (tmp_path / "p").exists()
    assert make_package(make_claim(), running, tmp_path / "p").manifest.clip is not None


def test_a_vehicle_that_waited_long_is_still_shown_before_the_line(packets: FilePackets, tmp_path: Path) -> None:
    claim = make_claim(act=130, before=5, beyond=140)
    package = make_package(claim, packets, tmp_path / "p")
    assert _is_white(_picture(package.folder / "a_before.jpg"), vehicle_box(5))
    assert package.manifest.moments[0].pts_us < claim.clip_from_us


def test_refuses_when_a_picture_is_gone(packets: FilePackets, tmp_path: Path) -> None:
    late = BoundedPackets(packets, 65 * INTERVAL_US, 10**9, "ring_overwritten")
    claim = make_claim(act=70, before=20, beyond=80)
    with pytest.raises(PackageRefusedError, match="picture_missing: before"):
        make_package(claim, late, tmp_path / "p")
    assert list(tmp_path.iterdir()) == []


def test_refuses_when_nothing_is_kept(packets: FilePackets, tmp_path: Path) -> None:
    with pytest.raises(PackageRefusedError, match="packets_gone"):
        make_package(replace(make_claim(), connection=3), packets, tmp_path / "p")


def test_refuses_the_packets_of_another_recording(video: Path, tmp_path: Path) -> None:
    next_day = FilePackets(video, START + timedelta(days=1))
    with pytest.raises(PackageRefusedError, match="other_recording"):
        make_package(make_claim(), next_day, tmp_path / "p")


def test_refuses_a_vehicle_outside_the_picture(packets: FilePackets, tmp_path: Path) -> None:
    claim = make_claim()
    moments = [replace(moment, box=BoxPx(900, 900, 950, 950)) for moment in claim.violation.moments]
    violation = replace(claim.violation, moments=(moments[0], moments[1], moments[2]))
    with pytest.raises(PackageRefusedError, match="vehicle_outside_picture"):
        make_package(replace(claim, violation=violation), packets, tmp_path / "p")
    assert list(tmp_path.iterdir()) == []


def test_boxes_are_scaled_to_the_picture(packets: FilePackets, tmp_path: Path) -> None:
    claim = make_claim()
    doubled = [
        replace(moment, box=BoxPx(2 * moment.box.x1, 2 * moment.box.y1, 2 * moment.box.x2, 2 * moment.box.y2))
        for moment in claim.violation.moments
    ]
    violation = replace(claim.violation, moments=(doubled[0], doubled[1], doubled[2]))
    camera = claim.camera.model_copy(update={"frame_width_px": 640, "frame_height_px": 480})
    here = make_package(claim, packets, tmp_path / "one").folder
    there = make_package(replace(claim, violation=violation, camera=camera), packets, tmp_path / "two").folder
    assert (here / "vehicle.jpg").read_bytes() == (there / "vehicle.jpg").read_bytes()


def _flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: _flip(folder / "b_at.jpg"),
        lambda folder: (folder / "clip.mp4").unlink(),
        lambda folder: (folder / "scene.jsonl").write_bytes(b""),
        lambda folder: (folder / "manifest.json").write_bytes(b"{}"),
        lambda folder: (folder / "manifest.json").unlink(),
    ],
    ids=["one bit of a picture", "clip gone", "scene emptied", "manifest emptied", "manifest gone"],
)
def test_a_damaged_package_is_seen_and_made_anew(
    packets: FilePackets, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    package = make_package(make_claim(), packets, tmp_path / "p")
    harm(package.folder)
    with pytest.raises(PackageDamagedError):
        load_package(package.folder)
    assert make_package(make_claim(), packets, tmp_path / "p") == package


def test_a_half_written_package_is_thrown_away(packets: FilePackets, tmp_path: Path) -> None:
    (tmp_path / "p.partial").mkdir()
    (tmp_path / "p.partial" / "evil.jpg").write_bytes(b"half")
    package = make_package(make_claim(), packets, tmp_path / "p")
    assert {path.name for path in package.folder.iterdir()} == NAMES


def test_a_full_disk_leaves_nothing(packets: FilePackets, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"a file where the folder should come")
    with pytest.raises(OSError, match="p"):
        make_package(make_claim(), packets, tmp_path / "p" / "q")
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_times_are_left_out_of_a_manifest_that_would_be_too_large(
    packets: FilePackets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "MANIFEST_LIMIT_BYTES", 4_000)
    package = make_package(make_claim(), packets, tmp_path / "p")
    clip = package.manifest.clip
    assert clip is not None
    assert clip.times_us == ()
    assert clip.short_because == seal.TIMES_TRIMMED
    assert clip.frame_count == 101
    monkeypatch.setattr(seal, "MANIFEST_LIMIT_BYTES", 1_000)
    with pytest.raises(PackageRefusedError, match=r"manifest_too_large: got .* bytes, expected at most 1000"):
        make_package(make_claim(), packets, tmp_path / "q")


def test_an_h265_camera_gets_a_viewing_copy_that_says_so(tmp_path: Path) -> None:
    video = tmp_path / "h265.mp4"
    write_video(video, codec="libx265")
    package = make_package(make_claim(), FilePackets(video, START), tmp_path / "p")
    copies = {file.name: file.is_copy_of for file in package.manifest.files}
    assert copies["clip_view.mp4"] == "clip.mp4"
    assert copies["clip.mp4"] is None
    with av.open(str(package.folder / "clip_view.mp4")) as file:
        assert file.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in file.decode(video=0)) == package.manifest.clip.frame_count  # type: ignore[union-attr]


def test_the_hanoi_clip_gives_a_package(shared_data: Path, tmp_path: Path) -> None:
    packets = FilePackets(shared_data / "redlight_hanoi" / "clip.mp4", START)
    shown = [packet.pts_us for packet in packets.window(0, 0, 10**9).in_presentation_order()]
    claim = make_claim()
    moments = [
        replace(moment, frame_index=index, pts_us=shown[index], box=BoxPx(430, 330, 500, 397))
        for moment, index in zip(claim.violation.moments, (108, 113, 120), strict=True)
    ]
    times = [START + timedelta(microseconds=moment.pts_us) for moment in moments]
    claim = replace(
        claim,
        violation=replace(
            claim.violation,
            frame_index=113,
            pts_us=shown[113],
            moments=(moments[0], moments[1], moments[2]),
        ),
        camera=claim.camera.model_copy(update={"frame_width_px": 640, "frame_height_px": 480}),
        captured_at=times[1],
        moments_captured_at=(times[0], times[1], times[2]),
    )
    package = make_package(claim, packets, tmp_path / "p")
    clip = package.manifest.clip
    assert clip is not None
    assert clip.short_because is None
    assert clip.starts_before_act_us >= 5_000_000
    assert (package.folder / "manifest.json").stat().st_size <= MANIFEST_LIMIT_BYTES
