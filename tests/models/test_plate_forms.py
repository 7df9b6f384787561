"""Every form of a plate, as it is written and as the grammar knows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.plate_forms import FORMS, PROVINCE_CODES, Form, line_counts, written
from models.domain.plates import PlateError, authority_aside, normalised, parse_plate

NEVER_ISSUED = (13, 42, 44, 45, 46, 87, 91, 96)
IS_ONE = [
    ("75A-123.45", {"car"}),
    ("75A-1234", {"car"}),
    ("75-AA 123.45", {"motorcycle_new"}),
    ("75-AR 123.45", {"motorcycle_new"}),
    ("75-H1 234.56", {"motorcycle_old"}),
    ("75-H1 2345", {"motorcycle_old", "car"}),
    ("80B-123.45", {"state_car"}),
    ("80-B1 123.45", {"state_motorcycle"}),
    ("75-MĐ1 123.45", {"electric_motorcycle"}),
    ("75-MĐ 123.45", {"electric_motorcycle"}),
    *[(f"75{series}-123.45", {"special"}) for series in ("LD", "DA", "RM", "MK", "HC", "KT", "CD", "TĐ", "LB", "CT")],
    ("75R-123.45", {"special"}),
    ("75T-123.45", {"special"}),
    *[(f"80-123-{series}-45", {"foreign"}) for series in ("NG", "QT", "CV", "NN")],
    ("80-NG-123-45", {"foreign"}),
    ("AB 12-34", {"military"}),
]
IS_NONE = [
    *[f"{code}A-123.45" for code in NEVER_ISSUED],
    "10A-123.45",
    *[f"75{letter}-123.45" for letter in "IJOQW"],
    "75-A0 123.45",
    "75-AG 123.45",
    "75-GI 123.45",
    "75A-123",
    "75A-123.456.7",
    "80-123-XX-45",
    "80-12-NG-45",
    "ABC 1234",
    "AB 123",
    "",
]
AMBIGUOUS = [("75A12345", "motorcycle_old"), ("75LD12345", "motorcycle_new"), ("75A123456", "motorcycle_old")]


@pytest.mark.parametrize(("typed", "kinds"), IS_ONE)
def test_is_a_plate_of_its_kinds(typed: str, kinds: set[str]) -> None:
    assert kinds <= parse_plate(typed).kinds


@pytest.mark.parametrize("typed", IS_NONE)
def test_is_no_plate(typed: str) -> None:
    with pytest.raises(PlateError):
        parse_plate(typed)


@pytest.mark.parametrize(("typed", "also"), AMBIGUOUS)
def test_the_string_alone_does_not_tell_the_vehicle(typed: str, also: str) -> None:
    assert also in parse_plate(typed).kinds


def test_81_codes_are_issued() -> None:
    assert len(PROVINCE_CODES) == 81
    assert PROVINCE_CODES.isdisjoint(NEVER_ISSUED)


@st.composite
def plates_of_a_form(draw: st.DrawFn) -> tuple[str, ...]:
    form: Form = draw(st.sampled_from([form for forms in FORMS.values() for form in forms]))
    lines = ["".join(draw(st.sampled_from(allowed)) for allowed in line) for line in form.lines]
    if form.has_code:
        lines[0] = str(draw(st.sampled_from(sorted(PROVINCE_CODES)))) + lines[0][2:]
    return tuple(lines)


@given(plates_of_a_form())
def test_whatever_a_reader_may_choose_is_a_plate_by_law(lines: tuple[str, ...]) -> None:
    assert parse_plate("".join(lines)).text == "".join(lines)


@given(plates_of_a_form())
def test_what_is_written_reads_back(lines: tuple[str, ...]) -> None:
    assert normalised(written(lines)) == "".join(lines)


@given(plates_of_a_form(), st.integers(0, 20), st.sampled_from("IJOQW"))
def test_a_letter_that_no_series_has_makes_it_none_but_an_army_plate(
    lines: tuple[str, ...], place: int, letter: str
) -> None:
    text = "".join(lines)
    place %= len(text)
    bent = text[:place] + letter + text[place + 1 :]
    try:
        kinds = parse_plate(bent).kinds
    except PlateError:
        return
    assert kinds == {"military"} or letter in "Q"


@pytest.mark.parametrize(
    ("lines", "text"),
    [(("75A12345",), "75A-123.45"), (("59S2", "46039"), "59-S2|460.39"), (("30A", "99524"), "30A|995.24"),
     (("75MD1", "12345"), "75-MD1|123.45"), (("AB1234",), "AB-12-34"), (("80123NG45",), "80-123-NG-45")],
)  # fmt: skip
def test_is_written_as_on_the_plate(lines: tuple[str, ...], text: str) -> None:
    assert written(lines) == text


def test_the_ratio_decides_the_lines_but_between_it_leaves_both() -> None:
    assert (line_counts(4.7), line_counts(1.36), line_counts(2.0), line_counts(2.7)) == ((1,), (2,), (2,), (2, 1))


@pytest.mark.parametrize(
    ("text", "colour", "aside"),
    [("AB1234", "white", "military"), ("75A12345", "red", "military"), ("80NG12345", "white", "diplomatic"),
     ("80123NN45", "white", None), ("75A12345", "white_red_letters", "diplomatic"), ("75A12345", "yellow", None)],
)  # fmt: skip
def test_army_and_diplomats_are_routed_aside(text: str, colour: str, aside: str | None) -> None:
    assert authority_aside(text, colour) == aside  # type: ignore[arg-type]
