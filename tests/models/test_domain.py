"""Ids, the catalogue, the table of moves: values that everybody relies on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.cases import CASE_STATES, MOVES, REJECT_REASONS, ROLES, MoveNotAllowedError, find_move
from models.domain.catalogue import CatalogueRowMissingError, act_codes, find_offence
from models.domain.geometry import BoxPx, PointPx
from models.domain.violation import claim_id
from tests.conftest import ROOT

ACT = datetime(2026, 11, 20, 2, 0, 0, 829_000, tzinfo=UTC)


def test_a_claim_id_is_26_letters_and_digits() -> None:
    name = claim_id("hn-ltk-hb", "red_light", "a" * 64, ACT, PointPx(470.0, 397.2))
    assert len(name) == 26
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_the_same_instant_in_another_zone_is_the_same_claim() -> None:
    there = ACT.astimezone(timezone(timedelta(hours=7)))
    point = PointPx(470, 397)
    assert claim_id("c-1", "red_light", "a", ACT, point) == claim_id("c-1", "red_light", "a", there, point)


@pytest.mark.parametrize(
    "other",
    [
        ("c-2", "red_light", "a", ACT, PointPx(470, 397)),
        ("c-1", "wrong_way", "a", ACT, PointPx(470, 397)),
        ("c-1", "red_light", "b", ACT, PointPx(470, 397)),
        ("c-1", "red_light", "a", ACT + timedelta(milliseconds=1), PointPx(470, 397)),
        ("c-1", "red_light", "a", ACT, PointPx(471, 397)),
    ],
)
def test_every_part_counts(other: tuple[str, str, str, datetime, PointPx]) -> None:
    assert claim_id("c-1", "red_light", "a", ACT, PointPx(470, 397)) != claim_id(*other)


def test_the_catalogue_is_the_shared_one() -> None:
    shared = ROOT.parent / "shared" / "fines_vn.csv"
    if not shared.exists():
        pytest.skip("no shared catalogue: ../shared is absent")
    assert (ROOT / "models" / "domain" / "fines_vn.csv").read_bytes() == shared.read_bytes()


def test_a_car_and_a_motorbike_have_their_own_clause() -> None:
    day = date(2026, 11, 20)
    assert (find_offence("RED_LIGHT", "car", day).reference, find_offence("RED_LIGHT", "bus", day).points) == (
        "6.9.b",
        4,
    )
    assert find_offence("RED_LIGHT", "motorcycle", day).minimum_vnd == 4_000_000


@pytest.mark.parametrize(
    ("code", "vehicle", "day"),
    [
        ("RED_LIGHT", "bicycle", date(2026, 1, 1)),
        ("RED_LIGHT", "car", date(2024, 12, 31)),
        ("EMERGENCY_LANE", "motorcycle", date(2026, 1, 1)),
        ("NO_SUCH_ACT", "car", date(2026, 1, 1)),
    ],
)
def test_without_a_row_nothing_is_found(code: str, vehicle: str, day: date) -> None:
    with pytest.raises(CatalogueRowMissingError, match=code):
        find_offence(code, vehicle, day)  # type: ignore[arg-type]


def test_every_act_has_a_row() -> None:
    assert {"RED_LIGHT", "WRONG_WAY", "WRONG_LANE", "SIGN_MARKING"} <= act_codes()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", CASE_STATES)
def test_a_move_is_in_the_table_or_it_is_not_made(state: str, role: str) -> None:
    for name in sorted({move.name for move in MOVES}):
        allowed = [m for m in MOVES if (m.name, m.source) == (name, state) and role in m.roles]
        if allowed:
            assert find_move(name, state, role) == allowed[0]  # type: ignore[arg-type]
        else:
            with pytest.raises(MoveNotAllowedError):
                find_move(name, state, role)  # type: ignore[arg-type]


def test_only_a_citizen_contests_and_only_the_office_expires() -> None:
    assert {role for move in MOVES if move.name == "contest" for role in move.roles} == {"citizen"}
    assert {role for move in MOVES if move.name == "expire" for role in move.roles} == {"office"}


def test_reasons_to_reject_are_coded_and_unique() -> None:
    assert len(set(REJECT_REASONS)) == len(REJECT_REASONS) == 22


@given(*[st.floats(0, 4000)] * 4)
def test_quantised_boxes_are_sixteenths(a: float, b: float, c: float, d: float) -> None:
    box = BoxPx(a, b, c, d).quantised()
    assert box == box.quantised()
    assert all((value * 16).is_integer() for value in (box.x1, box.y1, box.x2, box.y2))
