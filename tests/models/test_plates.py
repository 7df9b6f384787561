"""The light grammar of plates: what may be typed, and what must be rejected as such."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.plates import PlateError, check_plate_fits, masked, normalised, parse_plate

FORMS = [
    ("75A-123.45", "car"),
    ("75A 1234", "car"),
    ("75-AA 123.45", "motorcycle_new"),
    ("75-H1 234.56", "motorcycle_old"),
    ("75-H1 2345", "motorcycle_old"),
    ("80A-123.45", "state_car"),
    ("75-MĐ1 123.45", "electric_motorcycle"),
    ("75LD-123.45", "special"),
    ("80-123-NG-45", "foreign"),
    ("AB 12-34", "military"),
]
NO_PLATES = [
    "",
    "13A-123.45",
    "42A-123.45",
    "75I-123.45",
    "75W-123.45",
    "75A-123.456.7",
    "ABCDEFG",
    "75A-12",
    "x" * 500,
]


@pytest.mark.parametrize(("typed", "kind"), FORMS)
def test_reads_each_form(typed: str, kind: str) -> None:
    assert kind in parse_plate(typed).kinds


@pytest.mark.parametrize("typed", NO_PLATES)
def test_refuses_what_is_no_plate_and_never_repeats_it(typed: str) -> None:
    with pytest.raises(PlateError, match="expected a plate such as") as caught:
        parse_plate(typed)
    assert not normalised(typed) or f" {normalised(typed)}" not in str(caught.value)


def test_a_car_plate_with_one_digit_too_many_is_a_motorcycles_and_no_car_carries_it() -> None:
    plate = parse_plate("75A123456")
    assert plate.kinds >= {"motorcycle_old"}
    with pytest.raises(PlateError, match="expected one that a car carries"):
        check_plate_fits(plate, "car", "white")
    check_plate_fits(plate, "motorcycle", "white")


@pytest.mark.parametrize(("typed", "colour"), [("AB1234", "white"), ("75A12345", "red"), ("80123NG45", "white")])
def test_army_and_diplomats_belong_to_another_authority(typed: str, colour: str) -> None:
    with pytest.raises(PlateError, match="OUTSIDE_JURISDICTION"):
        check_plate_fits(parse_plate(typed), "car", colour)  # type: ignore[arg-type]


def test_a_blue_plate_has_a_letter_of_the_states_series() -> None:
    check_plate_fits(parse_plate("75A12345"), "car", "blue")
    with pytest.raises(PlateError, match="blue"):
        check_plate_fits(parse_plate("75X12345"), "car", "blue")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("75A-123.45", "75A-***.45"), ("75AA12345", "75AA-***.45"), ("75B112345", "75B-***.45"), ("AB1234", "AB1-***.34")],
)
def test_a_masked_plate_keeps_province_series_and_two_digits(typed: str, shown: str) -> None:
    assert masked(typed) == shown


@given(st.text(max_size=40))
def test_any_text_is_a_plate_or_a_plain_refusal(typed: str) -> None:
    with contextlib.suppress(PlateError):
        assert parse_plate(typed).text == normalised(typed)
