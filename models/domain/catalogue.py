"""The offence catalogue: effective-dated, keyed on the day of the offence, not yet checked by a person."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from models.domain.scene import VehicleClass

IS_CHECKED = False
"""Becomes True only when a person has compared every row with the decrees named in UNCHECKED_NOTE."""
UNCHECKED_NOTE = "chưa đối chiếu NĐ 238/2026, 336/2025"
_CAR_LIKE: frozenset[str] = frozenset({"car", "bus", "truck"})


@dataclass(frozen=True, slots=True)
class Offence:
    """One act for one kind of vehicle. Amounts in VND, for individuals."""

    code: str
    description: str
    reference: str
    minimum_vnd: int
    maximum_vnd: int
    points: int
    decree: str
    valid_from: date
    valid_to: date | None
    to_check: str


class CatalogueRowMissingError(LookupError):
    """No row for this act, vehicle class and day: claimed, counted, but never a case."""


@cache
def _rows() -> tuple[dict[str, str], ...]:
    text = files("models.domain").joinpath("fines_vn.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def act_codes() -> frozenset[str]:
    return frozenset(row["code"] for row in _rows())


def _offences(rows: Iterable[dict[str, str]], prefix: str) -> Iterable[Offence]:
    for row in rows:
        if row[f"{prefix}_ref"]:
            yield Offence(
                code=row["code"],
                description=row["description_vi"],
                reference=row[f"{prefix}_ref"],
                minimum_vnd=int(row[f"{prefix}_min_vnd"]),
                maximum_vnd=int(row[f"{prefix}_max_vnd"]),
                points=int(row[f"{prefix}_points"]),
                decree=row["decree"],
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                to_check=row["amended_by_to_check"],
            )


def find_offence(code: str, vehicle: VehicleClass, day: date) -> Offence:
    """The row in force on the day of the offence (the day in the agency's own zone).

    Raises:
        CatalogueRowMissingError: none is.
    """
    prefix = "moto" if vehicle == "motorcycle" else "car" if vehicle in _CAR_LIKE else None
    if prefix is not None:
        for offence in _offences((row for row in _rows() if row["code"] == code), prefix):
            if offence.valid_from <= day and (offence.valid_to is None or day <= offence.valid_to):
                return offence
    raise CatalogueRowMissingError(f"no row of the catalogue for act {code}, vehicle {vehicle}, day {day.isoformat()}")


def find_offences(code: str) -> Iterable[tuple[str, Offence]]:
    """Every row of one act, of any day: "car" (with bus and truck) or "motorcycle", and the row."""
    rows = [row for row in _rows() if row["code"] == code]
    for prefix, vehicle in (("car", "car"), ("moto", "motorcycle")):
        for offence in _offences(rows, prefix):
            yield vehicle, offence


def catalogue_begins() -> date:
    """The first day of which the catalogue knows anything."""
    return min(date.fromisoformat(row["valid_from"]) for row in _rows())


def has_row(code: str, vehicle: VehicleClass, day: date) -> bool:
    try:
        find_offence(code, vehicle, day)
    except CatalogueRowMissingError:
        return False
    return True
