"""A camera that was moved, softened, covered, blinded or frozen says so, and comes back by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.suspension import Suspension
from detector.vision.picture_watch import Ailment, PictureWatch
from models.domain.frame import BGR, FILE_CLOCK, Frame

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
HALF_S = 500_000
GRAIN = np.random.default_rng(3).integers(0, 9, size=(360, 640, 3), dtype=np.uint8)
Change = Callable[[BGR], BGR]


@cache
def _empty_street() -> BGR:
    """Blocks of many sizes and greys, sharp edges."""
    rng = np.random.default_rng(1)
    image = np.full((360, 640, 3), 120, dtype=np.uint8)
    for _ in range(160):
        x, y = (int(v) for v in rng.integers(0, (620, 340)))
        w, h = (int(v) for v in rng.integers(6, 70, size=2))
        cv2.rectangle(image, (x, y), (x + w, y + h), [int(v) for v in rng.integers(20, 235, size=3)], -1)
    return image


def _frames(count: int, change: Change = lambda image: image, first: int = 0) -> Iterator[Frame]:
    """Half-second frames of the street with grain, and a bus that drives through."""
    for number in range(first, first + count):
        image = _empty_street().copy()
        left = (number * 60) % 640
        image[150:260, left : left + 160] = (40, 40, 200)
        image = change(image)
        at = timedelta(microseconds=number * HALF_S)
        seen = cv2.add(image, np.roll(GRAIN, 37 * number, axis=1))
        yield Frame(number, number * HALF_S, START + at, seen, FILE_CLOCK)


def _shifted(image: BGR) -> BGR:
    return np.ascontiguousarray(np.roll(image, (6, 12), (0, 1)))


def _turned(image: BGR) -> BGR:
    turn = cv2.getRotationMatrix2D((320, 180), 3, 1)
    return np.asarray(cv2.warpAffine(image, turn, (640, 360), borderMode=cv2.BORDER_REFLECT), dtype=np.uint8)


def _soft(image: BGR) -> BGR:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 2.5), dtype=np.uint8)


def _half_covered(image: BGR) -> BGR:
    covered = image.copy()
    covered[:, :460] = 100
    return covered


CHANGES: list[tuple[Ailment, Change]] = [
    ("moved", _shifted),
    ("moved", _turned),
    ("moved", lambda image: np.ascontiguousarray(image[::-1, ::-1])),
    ("defocused", _soft),
    ("covered", lambda image: np.full_like(image, 90)),
    ("covered", _half_covered),
    ("dark", lambda image: (image // 20).astype(np.uint8)),
]


@pytest.mark.parametrize(("ailment", "change"), CHANGES)
def test_says_what_ails_it_and_comes_back(ailment: Ailment, change: Change) -> None:
    watch = PictureWatch()
    for frame in _frames(30):
        watch.observe(frame)
    assert watch.ailments == ()
    for frame in _frames(24, change, first=30):
        watch.observe(frame)
    assert watch.ailments[0] == ailment
    for frame in _frames(30, first=54):
        watch.observe(frame)
    assert watch.ailments == ()


HARMLESS: dict[str, Change] = {
    "a cloud": lambda image: (image * 0.7).astype(np.uint8),
    "the sun": lambda image: np.clip(image * 1.25, 0, 255).astype(np.uint8),
    "a pixel of shake": lambda image: np.ascontiguousarray(np.roll(image, 2, 1)),
    "a coach that stops": lambda image: cv2.rectangle(image.copy(), (200, 120), (430, 280), (60, 90, 60), -1).astype(
        np.uint8
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_is_not_ailed_by(name: str) -> None:
    watch = PictureWatch()
    for frame in _frames(30):
        watch.observe(frame)
    for frame in _frames(40, HARMLESS[name], first=30):
        watch.observe(frame)
        assert watch.ailments == ()


def test_the_same_pixels_for_five_seconds_are_a_frozen_picture() -> None:
    watch = PictureWatch()
    still = next(_frames(1))
    for number in range(9):
        watch.observe(replace(still, index=number, pts_us=number * HALF_S))
        assert watch.ailments == ()
    for number in range(9, 12):
        watch.observe(replace(still, index=number, pts_us=number * HALF_S))
    assert watch.ailments == ("frozen",)
    watch.observe(replace(next(_frames(1, first=99)), pts_us=12 * HALF_S))
    assert watch.ailments == ()


def test_a_camera_that_was_turned_while_the_worker_was_down_is_found_out(tmp_path: Path) -> None:
    kept = tmp_path / "references" / "cam.png"
    before = Suspension("cam", kept)
    for frame in _frames(20):
        assert before.observe(frame) == ()
    after = Suspension("cam", kept)
    for frame in _frames(24, _shifted):
        after.observe(frame)
    assert after.reasons == ("camera_moved",)


def test_a_reference_that_is_no_picture_is_made_anew(tmp_path: Path) -> None:
    kept = tmp_path / "cam.png"
    kept.write_bytes(b"no picture")
    suspension = Suspension("cam", kept)
    for frame in _frames(20):
        assert suspension.observe(frame) == ()
    assert cv2.imread(str(kept)) is not None


@pytest.mark.parametrize(("uncertainty_us", "ntp_us"), [(40_000_000, None), (1_000, 3_000_000), (1_000, -3_000_000)])
def test_a_clock_that_is_off_suspends(uncertainty_us: int, ntp_us: int | None) -> None:
    clock = replace(FILE_CLOCK, uncertainty_us=uncertainty_us, ntp_offset_us=ntp_us)
    suspension = Suspension("cam")
    assert suspension.observe(replace(next(_frames(1)), clock=clock)) == ("clock_off",)
    assert suspension.observe(next(_frames(1, first=1))) == ()
