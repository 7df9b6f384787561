"""Lamps: one picture, then phases over time."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from detector.vision.phases import PhaseReader
from detector.vision.signals import FAINT_STRENGTH, Glimpse, read_lamp
from models.domain.frame import BGR
from models.domain.scene import SignalState

INTERVAL_US = 100_000
COLOURS: dict[SignalState, tuple[int, int, int]] = {
    "red": (40, 30, 240),
    "amber": (20, 150, 250),
    "green": (190, 220, 20),
}
PLACES: dict[SignalState, int] = {"red": 12, "amber": 32, "green": 52}


def head(state: SignalState, haze: float = 0.0, shape: tuple[int, int] = (64, 24)) -> BGR:
    """A drawn lamp head: dark housing, one lamp lit; haze mixes grey over it."""
    picture = np.full((64, 24, 3), 25, np.uint8)
    if state in COLOURS:
        cv2.circle(picture, (12, PLACES[state]), 7, COLOURS[state], -1)
    hazy = picture * (1 - haze) + 150 * haze
    return cv2.resize(hazy.astype(np.uint8), shape[::-1], interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("state", ["red", "amber", "green"])
@pytest.mark.parametrize("haze", [0.0, 0.4])
def test_reads_a_lit_lamp(state: SignalState, haze: float) -> None:
    assert read_lamp(head(state, haze)).state == state


@pytest.mark.parametrize("state", ["red", "amber", "green"])
def test_reads_a_far_lamp_of_few_pixels(state: SignalState) -> None:
    assert read_lamp(head(state, shape=(22, 9))).state == state


@pytest.mark.parametrize("state", ["red", "amber", "green"])
def test_reads_a_lying_head_from_left_to_right(state: SignalState) -> None:
    assert read_lamp(np.ascontiguousarray(head(state).transpose(1, 0, 2)), "horizontal").state == state


@pytest.mark.parametrize("state", ["red", "amber", "green"])
def test_reads_a_faint_lamp_that_looks_like_one(state: SignalState) -> None:
    assert read_lamp(head(state, 0.91)).state == state


@pytest.mark.parametrize("state", ["red", "amber", "green"])
def test_a_faint_colour_that_is_no_spot_at_its_place_is_unknown(state: SignalState) -> None:
    """Leaves at the edge, a lamp's colour at another lamp's place."""
    faint = head(state, 0.91)
    assert read_lamp(faint[::-1] if state != "amber" else np.roll(faint, 20, axis=0)).state == "unknown"
    leaves = head("off", 0.91)
    row = PLACES[state]
    leaves[row - 4 : row + 5, 0:5] = faint[row, 12]
    assert read_lamp(leaves).strength >= FAINT_STRENGTH
    assert read_lamp(leaves).state == "unknown"


def test_a_red_lamp_so_bright_that_its_middle_is_orange_is_red() -> None:
    picture = head("red")
    cv2.circle(picture, (12, PLACES["red"]), 5, COLOURS["amber"], -1)
    assert read_lamp(picture).state == "red"


def test_a_dark_head_is_unknown() -> None:
    assert read_lamp(head("off")).state == "unknown"


def test_red_and_green_at_once_is_unknown() -> None:
    assert read_lamp(np.maximum(head("red"), head("green"))).state == "unknown"


def test_foliage_and_sky_are_no_lamps() -> None:
    leaves = np.zeros((64, 24, 3), np.uint8)
    leaves[:] = (50, 120, 80)
    sky = np.zeros((64, 24, 3), np.uint8)
    sky[:] = (230, 190, 140)
    half = leaves.copy()
    half[:32] = sky[:32]
    assert {read_lamp(picture).state for picture in (leaves, sky, half)} == {"unknown"}


def test_a_cut_of_nothing_is_unknown() -> None:
    assert read_lamp(np.zeros((0, 0, 3), np.uint8)).state == "unknown"


def followed(states: list[SignalState], strength: float = 120.0) -> tuple[list[SignalState], PhaseReader]:
    reader = PhaseReader("main")
    seen = []
    for number, state in enumerate(states):
        lit = Glimpse(state, strength if state != "off" else 0.0, 40.0)
        glimpse = Glimpse("unknown", 0.0, 40.0) if state == "off" else lit
        glimpse = Glimpse("unknown", strength / 2, 40.0) if state == "unknown" else glimpse
        seen.append(reader.observe(glimpse, number, number * INTERVAL_US, INTERVAL_US).state)
    return seen, reader


def test_onset_and_its_uncertainty() -> None:
    _, reader = followed([*["green"] * 30, *["amber"] * 30, *["red"] * 5])
    red = reader.phases[-1]
    assert (red.state, red.onset_us, red.uncertainty_us) == ("red", 6_000_000, INTERVAL_US)
    assert red.amber_us == 3_000_000


def test_amber_cut_off_by_the_start_has_no_known_length() -> None:
    _, reader = followed([*["amber"] * 10, *["red"] * 5])
    assert (reader.phases[-1].state, reader.phases[-1].amber_us) == ("red", None)


def test_a_red_from_the_start_is_believed_after_two_seconds() -> None:
    states, reader = followed(["red"] * 30)
    assert states[:20] == ["unknown"] * 20
    assert states[20:] == ["red"] * 10
    assert reader.phases[-1].onset_us is None


def test_a_red_car_behind_a_dark_head_is_no_red() -> None:
    states, reader = followed([*["unknown"] * 20, *["red"] * 8, *["unknown"] * 20])
    assert set(states) == {"unknown"}
    assert {phase.state for phase in [*reader.drain(), reader.phases[-1]]} == {"unknown"}


def test_one_wrong_glimpse_changes_nothing() -> None:
    states, _ = followed([*["green"] * 30, "red", *["green"] * 10])
    assert set(states[21:]) == {"green"}


def test_a_bus_before_the_lamp_for_a_second_leaves_one_red() -> None:
    states, reader = followed([*["green"] * 30, *["red"] * 30, *["unknown"] * 10, *["red"] * 10])
    assert states[68] == "unknown"
    assert (reader.phases[-1].state, reader.phases[-1].held_since_us) == ("red", 3_000_000)


def test_a_long_gap_begins_a_new_red_without_onset() -> None:
    _, reader = followed([*["green"] * 30, *["red"] * 30, *["unknown"] * 40, *["red"] * 10])
    assert (reader.phases[-1].onset_us, reader.phases[-1].held_since_us) == (None, 10_000_000)


def test_dark_after_lit_is_off() -> None:
    states, _ = followed([*["green"] * 30, *["off"] * 10])
    assert states[-1] == "off"


def test_a_flashing_red_is_never_red() -> None:
    flashing: list[SignalState] = (["red"] * 6 + ["off"] * 6) * 12
    states, _ = followed(flashing)
    assert "red" not in states[60:]


def test_red_beyond_all_measure_is_unknown() -> None:
    states, _ = followed([*["green"] * 30, *["red"] * 3200])
    assert states[200] == "red"
    assert states[-1] == "unknown"


def test_hanoi_lamp_follows_the_truth(shared_data: Path) -> None:
    """Drawn loosely, with the countdown above it, as the truth file draws it."""
    truth: dict[int, str] = {}
    for state, first, last in (("amber", 0, 2), ("red", 3, 254), ("green", 255, 383)):
        truth |= dict.fromkeys(range(first, last + 1), state)
    right = 0
    with av.open(str(shared_data / "redlight_hanoi" / "clip.mp4")) as clip:
        for number, frame in enumerate(clip.decode(video=0)):
            right += read_lamp(frame.to_ndarray(format="bgr24")[140:240, 535:580]).state == truth[number]
    assert right / len(truth) >= 0.98


def test_lamp_heads_of_the_streets_are_read_or_left_unknown_and_never_wrong(shared_data: Path) -> None:
    """Upright heads of signals_cinta. One half, by name, was looked at while the limits were set; both must hold."""
    counts: Counter[tuple[int, bool, bool]] = Counter()
    for image in sorted((shared_data / "signals_cinta" / "images").glob("*.jpg")):
        picture, name = cv2.imread(str(image)), image.name.split("_jpg")[0]
        assert picture is not None
        half = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2
        rows = (image.parents[1] / "labels" / f"{image.stem}.txt").read_text().splitlines()
        for number, x, y, w, h in ([float(word) for word in row.split()] for row in rows):
            height, width = picture.shape[:2]
            x1, x2 = max(0, round((x - w / 2) * width)), round((x + w / 2) * width)
            y1, y2 = max(0, round((y - h / 2) * height)), round((y + h / 2) * height)
            if y2 - y1 < 1.5 * (x2 - x1):
                continue
            state = read_lamp(picture[y1:y2, x1:x2]).state
            counts[half, state == ("green", "red", "amber")[int(number)], state == "unknown"] += 1
    for half in (0, 1):
        right, wrong, unknown = counts[half, True, False], counts[half, False, False], counts[half, False, True]
        assert right / (right + wrong + unknown) >= 0.85
        assert wrong == 0
