"""The plate of a claim: read from the clip's frames where packages are made, sealed with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detector import plates
from detector.evidence.package import make_package
from detector.plates import PlateOfClaim, Sighting, best_sightings, is_large_enough, placed
from detector.vision.plates import PlateReader
from detector.vision.plates.voting import Seen
from models.domain.frame import BGR
from models.domain.geometry import BoxPx
from models.domain.plate_reading import PlateReading
from streams.file_packets import FilePackets
from tests.detector.kit import START, make_claim, write_video

CORNERS = ((5.0, 25.0), (35.0, 25.0), (35.0, 38.0), (5.0, 38.0))


class OneReader:
    """Reads the same plate everywhere; `of` counts its pictures."""

    def __init__(self, reading: PlateReading) -> None:
        self._reading = reading
        self.seen: list[tuple[int, ...]] = []

    def read(self, image: BGR) -> PlateReading:
        self.seen.append(image.shape)
        return self._reading


READ = PlateReading(("59H1", "12345"), (0.9,) * 9, None, corners=CORNERS, character_px=16, sharpness=0.5)


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> FilePackets:
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    write_video(path)
    return FilePackets(path, START)


@pytest.fixture
def small_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kit's vehicle is 40 px high."""
    monkeypatch.setattr(plates, "LEAST_CYCLE_HEIGHT_PX", 30.0)


@pytest.mark.usefixtures("small_counts")
def test_the_plate_of_eight_frames_is_sealed(packets: FilePackets, tmp_path: Path) -> None:
    reader = OneReader(READ)
    sealed = make_package(make_claim(), packets, tmp_path / "p", read_plate=PlateOfClaim(lambda: reader)).manifest.plate
    assert sealed is not None
    assert (sealed.text, sealed.unread_because, sealed.agreeing_frames) == ("59-H1|123.45", None, 8)
    assert sealed.characters_permille == (900,) * 9
    assert len(reader.seen) == 8


def test_a_vehicle_too_small_opens_no_reader(packets: FilePackets, tmp_path: Path) -> None:
    def refuse() -> PlateReader:
        raise AssertionError("opened")

    sealed = make_package(make_claim(), packets, tmp_path / "p", read_plate=PlateOfClaim(refuse)).manifest.plate
    assert sealed is not None
    assert (sealed.text, sealed.unread_because) == (None, "too_small")


@pytest.mark.usefixtures("small_counts")
def test_without_time_the_plate_is_left_unread_busy(packets: FilePackets, tmp_path: Path) -> None:
    read = PlateOfClaim(lambda: OneReader(READ), budget_s=-1.0)
    sealed = make_package(make_claim(), packets, tmp_path / "p", read_plate=read).manifest.plate
    assert sealed is not None
    assert sealed.unread_because == "busy"


def test_a_package_without_a_reader_keeps_the_bytes_that_it_had_before_there_was_one(
    packets: FilePackets, tmp_path: Path
) -> None:
    package = make_package(make_claim(), packets, tmp_path / "p")
    assert package.manifest.plate is None
    assert b'"plate"' not in (package.folder / "manifest.json").read_bytes()


def test_the_largest_frames_are_read_and_no_neighbours() -> None:
    sightings = [Sighting(number, number * 40_000, BoxPx(0, 0, 10 + number, 10)) for number in range(40)]
    chosen = best_sightings(sightings)
    assert [one.frame_index for one in chosen] == [25, 27, 29, 31, 33, 35, 37, 39]


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (READ, None),
        (replace(READ, corners=((5.0, 2.0), (35.0, 2.0), (35.0, 8.0), (5.0, 8.0))), "no_plate"),
        (replace(READ, corners=((5.0, 35.0), (35.0, 35.0), (35.0, 49.5), (5.0, 49.5))), "covered"),
    ],
    ids=["in its place", "text on the roof", "cut by the picture's edge"],
)
def test_a_plate_stands_low_on_a_vehicle_and_whole_in_the_picture(reading: PlateReading, reason: str | None) -> None:
    assert placed(Seen(3, reading), (60, 50), 50, (160, 100), (160, 100)).reading.reason == reason


def test_size_decides_by_the_kind_of_vehicle() -> None:
    assert is_large_enough("car", BoxPx(0, 0, 120, 60))
    assert not is_large_enough("car", BoxPx(0, 0, 60, 120))
    assert is_large_enough("motorcycle", BoxPx(0, 0, 60, 120))
