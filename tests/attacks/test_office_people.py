"""What people of the office could try: signing after the account is closed, deciding without a session, gossip."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from api.actor import Actor
from api.audit import record
from api.errors import InputError, NotAllowedError
from api.people.accounts import close_account, end_sessions
from api.people.errors import NotSignedInError
from api.people.live import check_live
from api.people.lookups import CASES_USUAL, CONSIDERED, PLATES_USUAL, VIEWS_OF_ONE_CASE, LookupReport
from models.domain.cases import REJECT_REASONS
from models.tables import AuditRow, LoginSessionRow, PersonRow, ReviewRow
from phatnguoi.bench.office_fill import fill, planned
from tests.api.kit import SmallOffice


def _close(here: SmallOffice, actor: Actor) -> None:
    close_account(here.office.database, actor.person_id or "", here.clock.now)


def _flag_only(here: SmallOffice, actor: Actor) -> None:
    with here.office.database.writing() as session:
        session.get_one(PersonRow, actor.person_id).is_active = False


def _end_session(here: SmallOffice, actor: Actor) -> None:
    with here.office.database.writing() as session:
        end_sessions(session, actor.person_id or "", here.clock.now)


def _outlive(here: SmallOffice, actor: Actor) -> None:
    with here.office.database.writing() as session:
        session.get_one(LoginSessionRow, actor.session_id).expires_at = here.clock.now


ENDS: dict[str, Callable[[SmallOffice, Actor], None]] = {
    "account closed": _close,
    "account closed, session forgotten": _flag_only,
    "session ended": _end_session,
    "session expired": _outlive,
}


@pytest.mark.parametrize("how", ENDS)
def test_nothing_is_signed_once_the(here: SmallOffice, how: str) -> None:
    """The request was let in before; the transaction of the decision asks again."""
    actor, case_id = here.person("reviewer"), here.new_case()
    here.office.reviews.take(actor, case_id)
    ENDS[how](here, actor)
    acts: list[Callable[[], object]] = [
        lambda: here.office.reviews.reject(actor, case_id, reason=REJECT_REASONS[0]),
        lambda: here.office.reviews.release(actor, case_id),
        lambda: here.office.cases.read(actor, case_id),
    ]
    for act in acts:
        with pytest.raises(NotSignedInError):
            act()
    with here.office.database.reading() as session:
        assert session.scalars(select(ReviewRow)).all() == []
    assert here.state(case_id) == "in_review"


@pytest.mark.parametrize("bent", ["no session", "another person's session", "a session that never was"])
def test_nothing_is_signed_with(here: SmallOffice, bent: str) -> None:
    actor, other, case_id = here.person("reviewer"), here.person("reviewer"), here.new_case()
    sessions = {"no session": None, "another person's session": other.session_id, "a session that never was": "x" * 26}
    forged = Actor(actor.roles, actor.person_id, actor.agency, sessions[bent])
    with pytest.raises(NotSignedInError):
        here.office.reviews.take(forged, case_id)
    assert here.state(case_id) == "new"


def test_every_row_of_a_decision_bears_the_live_session(here: SmallOffice) -> None:
    actor = here.person("reviewer")
    case_id = here.confirmed_case(actor)
    with here.office.database.reading() as session:
        reviews = session.scalars(select(ReviewRow).where(ReviewRow.case_id == case_id)).all()
        audit = session.scalars(select(AuditRow).where(AuditRow.person_id == actor.person_id)).all()
    assert reviews and all(row.session_id == actor.session_id for row in reviews)
    assert audit and all(row.session_id == actor.session_id for row in audit)


def test_an_account_is_closed_wholly_before_or_wholly_after_a_decision(here: SmallOffice) -> None:
    """On PostgreSQL the closing waits for the open transaction; SQLite lets one writer in at a time anyway."""
    if here.office.database.is_sqlite:
        return
    actor = here.person("reviewer")
    refused: list[type[Exception]] = []

    def close() -> None:
        with here.office.database.writing() as session:
            session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            try:
                session.get_one(PersonRow, actor.person_id).is_active = False
                session.flush()
            except OperationalError as error:
                refused.append(type(error))
                raise

    def close_refused() -> None:
        with pytest.raises(OperationalError):
            close()

    with here.office.database.writing() as session:
        check_live(session, here.clock.now, actor)
        thread = threading.Thread(target=close_refused)
        thread.start()
        thread.join(20)
    assert refused == [OperationalError]
    close()  # afterwards nothing stands in the way


def test_a_reviewer_looks_no_plate_up(here: SmallOffice) -> None:
    for role in ("reviewer", "administrator", "operations"):
        with pytest.raises(NotAllowedError):
            here.office.search.by_plate(here.person(role), "75B112345", "court")  # type: ignore[arg-type]


@pytest.mark.parametrize("reason", ["", "I wonder", "75B112345"])
def test_no_plate_is_looked_up_without_a_coded_reason(here: SmallOffice, reason: str) -> None:
    with pytest.raises(InputError, match="coded reason"):
        here.office.search.by_plate(here.person("supervisor"), "75B112345", reason)


def test_a_look_up_stands_in_the_log_with_its_reason_and_without_the_plate(here: SmallOffice) -> None:
    boss = here.person("supervisor")
    here.confirmed_case(here.person("reviewer"))
    assert len(here.office.search.by_plate(boss, "75-B1 123.45", "complaint").lines) == 1
    with here.office.database.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.what == "plate_looked_up")).one()
    assert (row.person_id, row.details) == (boss.person_id, {"reason": "complaint", "found": 1})


@pytest.mark.parametrize(
    ("text_typed", "found"), [("2026-000001", 1), ("1", 1), ("2026-000002", 0), ("2025-000001", 0)]
)
def test_a_number_is_looked_up(here: SmallOffice, text_typed: str, found: int) -> None:
    here.new_case()
    assert len(here.office.search.by_number(here.person("reviewer"), text_typed).lines) == found


@pytest.mark.parametrize("text_typed", ["", "x", "1' OR '1'='1", "2026-000001; DROP TABLE cases", "75B112345"])
def test_what_is_no_number_is_refused(here: SmallOffice, text_typed: str) -> None:
    with pytest.raises(InputError):
        here.office.search.by_number(here.person("reviewer"), text_typed)


def _look(here: SmallOffice, actor: Actor, case_id: str, times: int) -> None:
    for _ in range(times):
        here.office.cases.read(actor, case_id)


def test_the_report_asks_about_who_looks_again_and_again(here: SmallOffice) -> None:
    gossip, worker = here.person("reviewer"), here.person("reviewer")
    case_id = here.new_case()
    here.office.reviews.take(worker, case_id)
    _look(here, worker, case_id, 2 * VIEWS_OF_ONE_CASE)  # their own task
    _look(here, gossip, case_id, VIEWS_OF_ONE_CASE)
    lines = LookupReport(here.office.database, here.clock).make(here.person("supervisor"))
    assert [(line.person_id, line.cases, line.most_views, line.is_unusual) for line in lines] == [
        (gossip.person_id, 1, VIEWS_OF_ONE_CASE, True)
    ]


@pytest.mark.parametrize(
    ("own", "peer", "is_unusual"), [(CASES_USUAL, 0, False), (CASES_USUAL + 1, 0, True), (CASES_USUAL + 1, 10, False)]
)
def test_the_report_compares_with_those_of_the_same_role(
    here: SmallOffice, own: int, peer: int, is_unusual: bool
) -> None:
    one, other, boss = here.person("auditor"), here.person("auditor"), here.person("supervisor")
    fill(here.office.database, CASES_USUAL + 1, here.clock.now)
    cases = [case.id for case in planned(CASES_USUAL + 1, here.clock.now)]
    for actor, count in ((one, own), (other, peer)):
        for case_id in cases[:count]:
            here.office.cases.read(actor, case_id)
    lines = {line.person_id: line for line in LookupReport(here.office.database, here.clock).make(boss)}
    assert lines[one.person_id or ""].is_unusual is is_unusual


def test_the_report_asks_about_many_plates_and_forgets_after_a_month(here: SmallOffice) -> None:
    boss, auditor = here.person("supervisor"), here.person("auditor")
    for _ in range(PLATES_USUAL):
        here.office.search.by_plate(boss, "75B199999", "court")
    report = LookupReport(here.office.database, here.clock)
    assert [(line.person_id, line.plates, line.is_unusual) for line in report.make(auditor)] == [
        (boss.person_id, PLATES_USUAL, True)
    ]
    here.clock.turn(CONSIDERED + timedelta(seconds=1))
    assert report.make(auditor) == []


def test_the_report_is_for_supervisors_and_auditors_and_for_their_own_scope(here: SmallOffice) -> None:
    report = LookupReport(here.office.database, here.clock)
    for role in ("reviewer", "administrator", "operations"):
        with pytest.raises(NotAllowedError):
            report.make(here.person(role))  # type: ignore[arg-type]
    here.office.search.by_plate(here.person("supervisor"), "75B199999", "court")
    assert report.make(here.person("supervisor", agency="Đội CSGT số 2")) == []


def test_a_row_of_the_log_is_not_written_in_the_name_of_somebody_who_left(here: SmallOffice) -> None:
    actor = here.person("auditor")
    _close(here, actor)
    with here.office.database.writing() as session, pytest.raises(NotSignedInError):
        record(session, here.clock.now, actor, "auditor", "view")
