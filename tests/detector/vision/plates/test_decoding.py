"""From what a network says, step by step, to a plate that the grammar allows."""

from __future__ import annotations

import numpy as np
import pytest

from detector.vision.plates.agreement import Reading, agree
from detector.vision.plates.decoding import LineSlots, Slot, decode, line_slots
from detector.vision.plates.networks import ALPHABET, Steps


def slots(text: str, share: float = 0.98, **others: dict[int, dict[str, float]]) -> LineSlots:
    """A line as a network sees it; `at` gives other shares for a place."""
    at = others.get("at", {})
    made = []
    for place, character in enumerate(text):
        shares = np.full(36, (1 - share) / 40, np.float32)
        for one, value in at.get(place, {character: share}).items():
            shares[ALPHABET.index(one)] = value
        made.append(Slot(shares, (place + 0.5) / len(text)))
    return LineSlots(tuple(made))


def test_repeated_characters_are_two_only_with_a_gap_between_them() -> None:
    shares = np.zeros((5, 37), np.float32)
    for step, character in enumerate(["1", "1", None, "1", "2"]):
        shares[step, 0 if character is None else ALPHABET.index(character) + 1] = 0.9
    line = line_slots(Steps(shares, np.zeros(5, np.float32), 5))
    assert [ALPHABET[int(slot.shares.argmax())] for slot in line.slots] == ["1", "1", "2"]


@pytest.mark.parametrize(
    ("place", "seen", "meant"), [(0, "S", "7"), (2, "0", "D"), (4, "B", "8"), (7, "Q", "0")],
    ids=["letter for a digit of the code", "0 for D", "B for 8", "Q for 0"],
)  # fmt: skip
def test_a_character_that_cannot_stand_there_is_repaired_and_marked(place: int, seen: str, meant: str) -> None:
    text = "75D12345"
    other = {seen: 0.6, meant: 0.3}
    found = decode([slots(text, at={place: other})], 1)
    assert found is not None
    assert found.text == text[:place] + meant + text[place + 1 :]
    assert found.is_repaired


@pytest.mark.parametrize("fourth", ["1", "A"])
def test_the_fourth_place_of_a_motorbike_is_never_forced(fourth: str) -> None:
    found = decode([slots("59H" + fourth), slots("12345")], 2)
    assert found is not None
    assert (found.text, found.is_repaired) == ("59H" + fourth + "12345", False)


def test_a_code_that_was_never_issued_is_not_read() -> None:
    found = decode([slots("13A12345")], 1)
    assert found is None or min(found.characters) < 0.1


def test_readings_that_differ_are_unsure_where_they_differ() -> None:
    one, other = (slots("59H1"), slots("12345")), (slots("59H1"), slots("12845"))
    agreed = agree([Reading(one), Reading(other)], 2)
    assert agreed is not None
    assert agreed.confidence < 0.55
    assert agreed.decoded.characters[0] > 0.9


def test_a_reading_with_a_missing_character_takes_from_all_the_others() -> None:
    agreed = agree([Reading((slots("59H1"), slots("12345"))), Reading((slots("59H1"), slots("1234")))], 2)
    assert agreed is not None
    assert agreed.confidence < 0.55


def test_a_dot_in_four_digits_tells_that_one_is_missing() -> None:
    line = slots("5610")
    agreed = agree([Reading((slots("59C1"), LineSlots(line.slots, dots=(2,))))], 2)
    assert agreed is not None
    assert agreed.is_gapped


def test_a_wide_step_between_digits_tells_that_one_is_missing() -> None:
    line = slots("1234")
    wide = [Slot(slot.shares, place) for slot, place in zip(line.slots, (0.1, 0.5, 0.7, 0.9), strict=True)]
    agreed = agree([Reading((slots("59C1"), LineSlots(tuple(wide))))], 2)
    assert agreed is not None
    assert agreed.is_gapped


def test_five_digits_with_a_wide_step_are_whole() -> None:
    lower = slots("12345")
    apart = LineSlots((lower.slots[0], *(Slot(slot.shares, slot.place + 0.2) for slot in lower.slots[1:])))
    agreed = agree([Reading((slots("59H1"), apart))], 2)
    assert agreed is not None
    assert not agreed.is_gapped


@pytest.mark.parametrize(("two", "other"), [("2", "Z"), ("4", "L"), ("8", "B")])
def test_between_look_alikes_a_series_with_a_digit_is_the_likelier(two: str, other: str) -> None:
    found = decode([slots("59C" + two, at={3: {two: 0.4, other: 0.55}}), slots("24729")], 2)
    assert found is not None
    assert found.lines == ("59C" + two, "24729")
    assert found.characters[3] > 0.9


def test_a_series_of_two_letters_that_is_seen_is_read() -> None:
    found = decode([slots("59CZ"), slots("24729")], 2)
    assert found is not None
    assert found.lines == ("59CZ", "24729")


def test_the_bar_of_an_electric_motorbikes_letter_follows_from_its_series() -> None:
    found = decode([slots("23MD1", at={3: {"0": 0.55, "D": 0.35}}), slots("00726")], 2)
    assert found is not None
    assert found.text == "23MD100726"
    assert min(found.characters) > 0.9 and found.is_repaired


def test_what_nobody_sees_is_not_made_sure_by_what_stands_around_it() -> None:
    found = decode([slots("59U1", at={2: {"0": 0.95, "U": 0.03}}), slots("79751")], 2)
    assert found is not None
    assert min(found.characters) < 0.2
