"""The grammar of Vietnamese plates, on the normalised string. A match proves a form, never a right read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from models.domain.scene import VehicleClass

PlateKind = Literal[
    "car", "motorcycle_new", "motorcycle_old", "state_car", "state_motorcycle", "electric_motorcycle", "special",
    "foreign", "military",
]  # fmt: skip
PlateColour = Literal["white", "yellow", "blue", "red", "white_red_letters", "yellow_red_letters"]
PLATE_COLOURS: tuple[PlateColour, ...] = (
    "white", "yellow", "blue", "red", "white_red_letters", "yellow_red_letters",
)  # fmt: skip
"""Background: private, commercial transport, state, army, diplomatic or international, special economic zone."""

_P = r"(?:1[124-9]|2\d|3\d|4[013789]|5\d|6\d|7\d|8[0-689]|9[02-57-9])"
_L20, _L20B, _L11, _N = "[A-HK-NPS-VX-Z]", "[A-FHK-NPRS-VX-Z]", "[A-HK-M]", r"(?:\d{5}|\d{4})"
_FORMS: tuple[tuple[PlateKind, re.Pattern[str]], ...] = (
    ("car", re.compile(f"{_P}{_L20}{_N}")),
    ("motorcycle_new", re.compile(f"{_P}{_L20}{_L20B}{_N}")),
    ("motorcycle_old", re.compile(f"{_P}{_L20}[1-9]{_N}")),
    ("state_car", re.compile(f"{_P}{_L11}{_N}")),
    ("state_motorcycle", re.compile(f"{_P}{_L11}[1-9]{_N}")),
    ("electric_motorcycle", re.compile(rf"{_P}MD[1-9]?\d{{5}}")),
    ("special", re.compile(f"{_P}(?:LD|DA|RM|MK|HC|KT|CD|TD|LB|CT|R|T){_N}")),
    ("foreign", re.compile(rf"{_P}(?:\d{{3}}(?:NG|QT|CV|NN)|(?:NG|QT|CV|NN)\d{{3}})\d{{2,3}}")),
    ("military", re.compile(r"[A-Z]{2}\d{4}")),
)
_FOREIGN, _MILITARY = (dict(_FORMS)[kind] for kind in ("foreign", "military"))
_ON_MOTORCYCLES: frozenset[PlateKind] = frozenset(
    {"motorcycle_new", "motorcycle_old", "state_motorcycle", "electric_motorcycle", "special", "foreign"}
)
_ON_CARS: frozenset[PlateKind] = frozenset({"car", "state_car", "special", "foreign"})
_STATE: frozenset[PlateKind] = frozenset({"state_car", "state_motorcycle"})
OUTSIDE_COLOURS: frozenset[PlateColour] = frozenset({"red", "white_red_letters"})
"""Army and diplomatic plates: another authority decides."""


class PlateError(ValueError):
    """What was typed is no plate, or not the plate of this vehicle. The message never repeats the plate."""


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate that fits at least one form."""

    text: str
    kinds: frozenset[PlateKind]


def normalised(typed: str) -> str:
    """Upper case, Đ as D, everything but 0-9 and A-Z dropped."""
    return re.sub("[^0-9A-Z]", "", typed.upper().replace("Đ", "D"))


def parse_plate(typed: str) -> Plate:
    """What was typed, as a plate.

    Raises:
        PlateError: it fits no form; the message says how many characters were read.
    """
    text = normalised(typed)
    kinds = frozenset(kind for kind, form in _FORMS if form.fullmatch(text))
    if not kinds:
        raise PlateError(f"got {len(text)} letters and digits that fit no form, expected a plate such as 75A-123.45")
    return Plate(text, kinds)


def authority_aside(text: str, colour: PlateColour) -> Literal["military", "diplomatic"] | None:
    """Army and diplomatic plates belong to another authority, by their form or by their colour."""
    if colour == "red" or _MILITARY.fullmatch(text):
        return "military"
    is_diplomatic = _FOREIGN.fullmatch(text) is not None and re.search("NG|QT", text) is not None
    return "diplomatic" if is_diplomatic or colour == "white_red_letters" else None


def check_plate_fits(plate: Plate, vehicle: VehicleClass, colour: PlateColour) -> None:
    """Plate, class and colour must be able to belong together.

    Raises:
        PlateError: they cannot, or another authority is competent.
    """
    if authority_aside(plate.text, colour) is not None:
        raise PlateError("got an army or diplomatic plate, expected the case to be rejected as OUTSIDE_JURISDICTION")
    allowed = _ON_MOTORCYCLES if vehicle == "motorcycle" else _ON_CARS
    if not plate.kinds & allowed:
        raise PlateError(f"got a plate of kind {', '.join(sorted(plate.kinds))}, expected one that a {vehicle} carries")
    if colour == "blue" and not plate.kinds & allowed & _STATE:
        raise PlateError("got a blue plate with a letter that the state's series lack, expected one of A-H, K-M")


def masked(text: str) -> str:
    """`75A-***.45`: province, series and the last two digits."""
    text = normalised(text)
    series = re.match(r"\d{2}(?:[A-Z]{1,2}|\d{3}[A-Z]{2}|[A-Z]\d)", text)
    front = series.group() if series and len(text) - series.end() >= 4 else text[:3]
    return f"{front}-***.{text[-2:]}"
