"""Every move, from every state, by every role: allowed exactly where the one table says so."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest
from sqlalchemy import func, select

from api.actor import CITIZEN, OFFICE, Actor
from api.audit import make_move
from api.errors import CaseMovedError, InputError
from models.domain.cases import CASE_STATES, MOVES, ROLES, MoveName, MoveNotAllowedError, Role
from models.tables import AuditRow, CaseRow
from tests.api.kit import SmallOffice

NAMES: tuple[MoveName, ...] = get_args(MoveName)


def actors(here: SmallOffice) -> dict[Role, Actor]:
    people: dict[Role, Actor] = {"office": OFFICE, "citizen": CITIZEN}
    for role in ROLES:
        if role not in people:
            people[role] = here.person(role)
    return people


def test_every_move_from_every_state_by_every_role(here: SmallOffice) -> None:
    people, case_id = actors(here), here.new_case()
    table = {(move.name, move.source, role): move for move in MOVES for role in move.roles}
    assert {name for name, _, _ in table} == set(NAMES)
    for name, source, role in itertools.product(NAMES, CASE_STATES, ROLES):
        move = table.get((name, source, role))
        with here.office.database.writing() as session:
            case = session.get_one(CaseRow, case_id)
            case.state = source
            session.flush()
            rows = session.scalar(select(func.count()).select_from(AuditRow))
            if move is None:
                with pytest.raises(MoveNotAllowedError):
                    make_move(session, here.clock.now, people[role], case, name, reason="why")
                assert case.state == source
                assert session.scalar(select(func.count()).select_from(AuditRow)) == rows
                continue
            make_move(session, here.clock.now, people[role], case, name, reason="why")
            session.flush()
            last = session.scalars(select(AuditRow).order_by(AuditRow.id.desc())).first()
            assert case.state == move.target
            assert last is not None
            assert (last.what, last.role, last.source, last.target) == (name, role, source, move.target)
            assert (last.person_id, last.session_id) == (people[role].person_id, people[role].session_id)


@pytest.mark.parametrize("move", [move for move in MOVES if move.needs_reason], ids=lambda m: f"{m.name}-{m.source}")
def test_a_move_that_needs_a_reason_is_refused_without_one(here: SmallOffice, move: object) -> None:
    case_id = here.new_case()
    name, source, role = move.name, move.source, sorted(move.roles)[0]  # type: ignore[attr-defined]
    here.set_state(case_id, source)
    with pytest.raises(InputError, match="got no reason"), here.office.database.writing() as session:
        make_move(session, here.clock.now, actors(here)[role], session.get_one(CaseRow, case_id), name)
    assert here.state(case_id) == source


def test_move_and_audit_row_stand_or_fall_together(here: SmallOffice) -> None:
    case_id, reviewer = here.new_case(), here.person("reviewer")
    with pytest.raises(ZeroDivisionError), here.office.database.writing() as session:
        make_move(session, here.clock.now, reviewer, session.get_one(CaseRow, case_id), "take")
        session.flush()
        raise ZeroDivisionError
    assert here.state(case_id) == "new"
    with here.office.database.reading() as session:
        assert session.scalars(select(AuditRow).where(AuditRow.what == "take")).all() == []


def test_a_case_that_somebody_moved_meanwhile_is_not_moved_again(here: SmallOffice) -> None:
    case_id, reviewer = here.new_case(), here.person("reviewer")
    with here.office.database.reading() as session:
        seen = session.get_one(CaseRow, case_id)
    here.office.reviews.take(here.person("reviewer"), case_id)
    with pytest.raises(CaseMovedError, match="somebody has just moved"), here.office.database.writing() as session:
        make_move(session, here.clock.now, reviewer, seen, "take")


def test_whoever_has_two_roles_acts_in_the_one_that_may(here: SmallOffice) -> None:
    both = here.person("auditor", "supervisor")
    case_id = here.confirmed_case(here.person("reviewer"))
    here.office.reviews.withdraw(both, case_id, reason="sai biển số")
    line = here.office.cases.read(both, case_id).audit[-2]
    assert (line.what, line.role, line.reason) == ("withdraw", "supervisor", "sai biển số")
