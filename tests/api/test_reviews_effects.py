"""A decision waits, can be undone, and is looked at again by somebody who knows nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from api.actor import Actor
from api.errors import CaseHeldError, InputError, NoticeNotAllowedError, UndoTooLateError
from models.domain.cases import BLIND_STATES, MoveNotAllowedError
from models.tables import CaseRow, ReviewRow
from tests.api.kit import SmallOffice, small_office

TYPED = {"plate": "75-B1 123.45", "vehicle": "motorcycle", "plate_colour": "white"}
OTHER = {**TYPED, "plate": "75-B1 123.46"}
EFFECT = timedelta(seconds=10)


@pytest.fixture
def fair(database_url: str, tmp_path: Path) -> Iterator[SmallOffice]:
    """An office as it is installed: decisions wait ten seconds, and a second person looks."""
    small = small_office(database_url, tmp_path, decision_effect_s=10.0, second_review=True, sample_key="k" * 32)
    yield small
    small.office.close()


def settle(here: SmallOffice) -> None:
    here.clock.turn(EFFECT)
    here.office.reviews.take_effect()


def say(here: SmallOffice, actor: Actor, case_id: str, answer: str = "yes") -> None:
    here.office.reviews.take(actor, case_id)
    if answer == "no":
        here.office.reviews.reject(actor, case_id, reason="PERMITTED_TURN")
    else:
        here.office.reviews.confirm(actor, case_id, **(TYPED if answer == "yes" else OTHER))


def test_nothing_follows_from_a_decision_before_ten_seconds(fair: SmallOffice) -> None:
    case_id, first = fair.new_case(), fair.person("reviewer")
    say(fair, first, case_id)
    fair.clock.turn(EFFECT - timedelta(milliseconds=1))
    assert fair.office.reviews.take_effect() == 0
    assert fair.state(case_id) == "decided"
    with pytest.raises(MoveNotAllowedError):
        fair.office.notices.issue(fair.person("supervisor"), case_id)
    fair.clock.turn(timedelta(milliseconds=1))
    assert fair.office.reviews.take_effect() == 1
    assert fair.state(case_id) == "second_review"
    assert fair.office.reviews.take_effect() == 0


def test_undoing_is_a_second_row_and_gives_the_case_back(fair: SmallOffice) -> None:
    case_id, first = fair.new_case(), fair.person("reviewer")
    say(fair, first, case_id)
    fair.clock.turn(timedelta(seconds=9))
    fair.office.reviews.undo(first, case_id)
    assert fair.state(case_id) == "in_review"
    fair.clock.turn(timedelta(seconds=1))
    fair.office.reviews.reject(first, case_id, reason="PERMITTED_TURN")
    with fair.office.database.reading() as session:
        rows = session.query(ReviewRow).filter_by(case_id=case_id).order_by(ReviewRow.decided_at, ReviewRow.id)
        assert [row.decision for row in rows] == ["confirm", "undo", "reject"]
    settle(fair)
    assert fair.state(case_id) in ("rejected", "second_review")


def test_nobody_undoes_too_late_or_what_another_decided(fair: SmallOffice) -> None:
    case_id, first = fair.new_case(), fair.person("reviewer")
    say(fair, first, case_id)
    with pytest.raises(UndoTooLateError):
        fair.office.reviews.undo(fair.person("reviewer", "supervisor"), case_id)
    fair.clock.turn(EFFECT)
    with pytest.raises(UndoTooLateError):
        fair.office.reviews.undo(first, case_id)


def test_two_who_agree_end_it_and_only_then_a_notice_goes_out(fair: SmallOffice) -> None:
    case_id, first, second = fair.new_case(), fair.person("reviewer"), fair.person("reviewer")
    say(fair, first, case_id)
    settle(fair)
    with pytest.raises(CaseHeldError):
        fair.office.reviews.take(first, case_id)
    assert fair.office.reviews.next_case(first) is None
    assert fair.office.reviews.next_case(second) == case_id
    say(fair, second, case_id)
    settle(fair)
    assert fair.state(case_id) == "confirmed"
    assert fair.office.notices.issue(second, case_id).number


@pytest.mark.parametrize(("one", "other"), [("yes", "no"), ("yes", "another plate")])
@pytest.mark.parametrize(("word", "end"), [("yes", "confirmed"), ("no", "rejected")])
def test_two_who_differ_go_to_a_supervisor_who_ends_it(
    fair: SmallOffice, one: str, other: str, word: str, end: str
) -> None:
    first, second = fair.person("reviewer", "supervisor"), fair.person("reviewer")
    case_id = fair.new_case()
    say(fair, first, case_id, one)
    settle(fair)
    say(fair, second, case_id, other)
    settle(fair)
    assert fair.state(case_id) == "disputed"
    with pytest.raises(MoveNotAllowedError):
        fair.office.reviews.take(fair.person("reviewer"), case_id)
    with pytest.raises(CaseHeldError):
        fair.office.reviews.take(first, case_id)
    supervisor = fair.person("supervisor")
    say(fair, supervisor, case_id, word)
    settle(fair)
    assert fair.state(case_id) == end
    with fair.office.database.reading() as session:
        assert session.get_one(CaseRow, case_id).plate == ("75B112345" if word == "yes" else None)


def test_a_second_decision_is_undone_into_second_review(fair: SmallOffice) -> None:
    case_id, first, second = fair.new_case(), fair.person("reviewer"), fair.person("reviewer")
    say(fair, first, case_id)
    settle(fair)
    say(fair, second, case_id, "no")
    fair.office.reviews.undo(second, case_id)
    assert fair.state(case_id) == "second_review"
    fair.office.reviews.confirm(second, case_id, **TYPED)
    settle(fair)
    assert fair.state(case_id) == "confirmed"


def test_an_effect_survives_the_process_that_decided(fair: SmallOffice) -> None:
    """What waits lies in the database: another office on it finds it."""
    case_id = fair.new_case()
    say(fair, fair.person("reviewer"), case_id)
    fair.office.database.engine.dispose()
    settle(fair)
    assert fair.state(case_id) == "second_review"


def test_a_second_reviewer_needs_plate_and_class_too(fair: SmallOffice) -> None:
    case_id, second = fair.new_case(), fair.person("reviewer")
    say(fair, fair.person("reviewer"), case_id)
    settle(fair)
    fair.office.reviews.take(second, case_id)
    with pytest.raises(InputError):
        fair.office.reviews.confirm(second, case_id, **(TYPED | {"plate": ""}))
    assert fair.state(case_id) in BLIND_STATES


def test_a_held_second_review_goes_back_when_the_lease_ends(fair: SmallOffice) -> None:
    case_id, second = fair.new_case(), fair.person("reviewer")
    say(fair, fair.person("reviewer"), case_id)
    settle(fair)
    fair.office.reviews.take(second, case_id)
    fair.clock.turn(timedelta(minutes=31))
    assert fair.office.reviews.release_lapsed() == 1
    assert fair.office.reviews.next_case(fair.person("reviewer")) == case_id


def test_a_warning_case_is_looked_at_twice_and_still_gets_no_notice(fair: SmallOffice) -> None:
    case_id, second = fair.new_case(mode="warning"), fair.person("reviewer")
    for actor in (fair.person("reviewer"), second):
        say(fair, actor, case_id)
        settle(fair)
    with pytest.raises(NoticeNotAllowedError):
        fair.office.notices.issue(second, case_id)
