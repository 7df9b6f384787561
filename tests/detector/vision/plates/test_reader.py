"""The shipped reader on pictures: proofread crops, a whole vehicle, and what nobody could read."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.vision.plates import PlateReader, open_plate_reader
from models.domain.frame import BGR
from models.domain.plates import normalised
from phatnguoi.bench.plate_pictures import draw


@pytest.fixture(scope="module")
def reader() -> PlateReader:
    return open_plate_reader()


def picture(path: Path) -> BGR:
    image = cv2.imread(str(path))
    assert image is not None
    return np.asarray(image, np.uint8)


def test_of_25_proofread_crops_24_are_right_and_none_is_wrong(reader: PlateReader, shared_data: Path) -> None:
    plates = shared_data / "plates_vn"
    with (plates / "proofread.csv").open(newline="", encoding="utf-8") as file:
        rows = [(row["image"], normalised(row["text"])) for row in csv.DictReader(file)]
    readings = [(reader.read(picture(plates / "crops" / name)), text) for name, text in rows]
    given = [one.text == text for one, text in readings if one.reason is None]
    assert all(given)
    assert len(given) >= 24


@pytest.mark.parametrize("line_count", [1, 2])
def test_reads_a_drawn_plate_and_tells_its_lines_and_colour(reader: PlateReader, line_count: int) -> None:
    drawn = draw(np.random.default_rng(11), line_count, 24)
    found = reader.read(drawn.image)
    assert (found.lines, found.reason) == (drawn.lines, None)
    assert found.character_px == pytest.approx(24, rel=0.35)


@pytest.mark.parametrize("line_count", [1, 2])
def test_withholds_what_is_too_small(reader: PlateReader, line_count: int) -> None:
    drawn = draw(np.random.default_rng(3), line_count, 4)
    assert reader.read(drawn.image).reason in ("too_small", "no_plate")


def test_withholds_what_lies_under_glare(reader: PlateReader) -> None:
    drawn = draw(np.random.default_rng(7), 2, 24)
    height, width = drawn.image.shape[:2]
    spoilt = drawn.image.copy()
    cv2.ellipse(spoilt, (width // 2, round(height * 0.7)), (width // 5, height // 4), 20, 0, 360, (255, 255, 255), -1)
    found = reader.read(spoilt)
    assert found.reason is not None or found.lines == drawn.lines


def test_sees_no_plate_in_noise(reader: PlateReader) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    assert reader.read(noise).reason is not None


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (5, 5), (2000, 30)])
def test_any_picture_gets_an_answer(reader: PlateReader, shape: tuple[int, int]) -> None:
    assert reader.read(np.zeros((*shape, 3), np.uint8)).reason is not None


def test_the_same_picture_gives_the_same_reading(reader: PlateReader) -> None:
    drawn = draw(np.random.default_rng(9), 2, 14)
    assert reader.read(drawn.image) == reader.read(drawn.image)
