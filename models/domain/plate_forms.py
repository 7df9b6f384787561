"""Which characters may stand where on a plate, by its lines: what a reader may choose from. `plates.py` has the law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PROVINCE_CODES = frozenset(range(11, 100)) - {13, 42, 44, 45, 46, 87, 91, 96}
"""81 codes; 75 is Huế, 80 the central offices."""
FIRST_LETTERS = "ABCDEFGHKLMNPSTUVXYZ"
SECOND_LETTERS = "ABCDEFHKLMNPRSTUVXYZ"
STATE_LETTERS = "ABCDEFGHKLM"
SPECIAL_SERIES = ("LD", "DA", "RM", "MK", "HC", "KT", "CD", "TD", "LB", "CT", "R", "T")
FOREIGN_SERIES = ("NG", "QT", "CV", "NN")
DIPLOMATIC_SERIES = ("NG", "QT")
DIGITS, ONE_TO_NINE = "0123456789", "123456789"
ARMY_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

LineCount = Literal[1, 2]
RARE_SERIES = 0.05
"""How often one given series of two letters is met on a motorbike, against one of letter and digit. It exists since
15/08/2023, and was 5 of 315 labelled plates. It decides only between look-alikes: 2 and Z, 4 and L, 8 and B."""
ONE_LINE_FROM, TWO_LINES_TO = 3.0, 2.5
"""Width over height of the rectified plate: from 3.0 one line, below 2.5 two, between them both are tried."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a plate may be written.

    Attributes:
        lines: the characters that may stand at each place, line by line.
        has_code: the first two characters are a province code.
        weight: how often one plate of this form is met, against one of the commonest form.
    """

    lines: tuple[tuple[str, ...], ...]
    has_code: bool = True
    weight: float = 1.0

    @property
    def lengths(self) -> tuple[int, ...]:
        return tuple(len(line) for line in self.lines)


def _digits(count: int) -> tuple[str, ...]:
    return (DIGITS,) * count


def _forms_of_one_line() -> list[Form]:
    code = _digits(2)
    forms = [Form(((*code, *series, *_digits(n)),)) for series in ((FIRST_LETTERS,), *SPECIAL_SERIES) for n in (4, 5)]
    forms += [Form(((*code, *_digits(3), *series, *_digits(n)),)) for series in FOREIGN_SERIES for n in (2, 3)]
    forms += [Form(((*code, *series, *_digits(3 + n)),)) for series in FOREIGN_SERIES for n in (2, 3)]
    return [*forms, Form(((ARMY_LETTERS, ARMY_LETTERS, *_digits(4)),), has_code=False)]


def _forms_of_two_lines() -> list[Form]:
    code = _digits(2)
    common: list[tuple[str, ...]] = [(FIRST_LETTERS,), (FIRST_LETTERS, ONE_TO_NINE)]
    rare = [(FIRST_LETTERS, SECOND_LETTERS), *(tuple(letters) for letters in SPECIAL_SERIES)]
    forms = [Form(((*code, *letters), _digits(n))) for letters in common for n in (4, 5)]
    forms += [Form(((*code, *letters), _digits(n)), weight=RARE_SERIES) for letters in rare for n in (4, 5)]
    forms.append(Form(((*code, "R", ONE_TO_NINE), _digits(4))))  # seen on old motorbikes of the codes 50 to 59
    forms += [Form(((*code, *letters), _digits(5))) for letters in (("M", "D"), ("M", "D", ONE_TO_NINE))]
    forms += [Form(((*code, *letters), _digits(3 + n))) for letters in FOREIGN_SERIES for n in (2, 3)]
    forms += [Form(((*code, *_digits(3)), (*letters, *_digits(n)))) for letters in FOREIGN_SERIES for n in (2, 3)]
    return [*forms, Form(((ARMY_LETTERS, ARMY_LETTERS), _digits(4)), has_code=False)]


FORMS: dict[LineCount, tuple[Form, ...]] = {1: tuple(_forms_of_one_line()), 2: tuple(_forms_of_two_lines())}


def line_counts(ratio: float) -> tuple[LineCount, ...]:
    """How many lines a plate of this width over height may have, the likelier first."""
    if ratio >= ONE_LINE_FROM:
        return (1,)
    return (2,) if ratio < TWO_LINES_TO else (2, 1)


def written(lines: tuple[str, ...]) -> str:
    """As on the plate: `59-S2|460.39`, `51G-217.97`. `|` parts the lines."""
    if len(lines) == 2:
        top, bottom = lines
        top = f"{top[:2]}-{top[2:]}" if len(top) >= 4 and top[2].isalpha() else top
        return f"{top}|{_dotted(bottom)}"
    (line,) = lines
    if line[:2].isalpha():
        return f"{line[:2]}-{line[2:4]}-{line[4:]}"
    letters = [place for place, character in enumerate(line) if character.isalpha()]
    if letters[0] == 2:
        return f"{line[: letters[-1] + 1]}-{_dotted(line[letters[-1] + 1 :])}"
    return f"{line[:2]}-{line[2:5]}-{line[5:7]}-{line[7:]}"


def _dotted(digits: str) -> str:
    return f"{digits[:3]}.{digits[3:]}" if len(digits) == 5 and digits.isdigit() else digits
