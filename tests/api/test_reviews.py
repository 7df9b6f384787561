"""Decisions: nobody is accused without a plate, nobody decides what another holds, nothing expires silently."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from api.cases.intake import limitation_end
from api.errors import (
    CaseHeldError,
    CaseMovedError,
    CaseNotFoundError,
    InputError,
    LimitationPassedError,
    NotAllowedError,
)
from models.domain.cases import REJECT_REASONS, MoveNotAllowedError
from tests.api.kit import AGENCY, START, SmallOffice

TYPED = {"plate": "75-B1 123.45", "vehicle": "motorcycle", "plate_colour": "white"}


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"plate": ""}, "plate", "expected a plate such as"),
        ({"plate": "?????"}, "plate", "expected a plate such as"),
        ({"plate": "75A-023.45"}, "plate", "expected one that a motorcycle carries"),
        ({"plate": "AB-12-34"}, "plate", "OUTSIDE_JURISDICTION"),
        ({"vehicle": ""}, "vehicle", "expected one of the list"),
        ({"vehicle": "bicycle"}, "vehicle", "has a row for"),
        ({"plate_colour": ""}, "plate_colour", "expected one of the list"),
        ({"plate_colour": "pink"}, "plate_colour", "expected one of the list"),
    ],
)
def test_confirming_needs_plate_class_and_colour(
    here: SmallOffice, change: dict[str, str], field: str, message: str
) -> None:
    case_id, reviewer = here.new_case(), here.person("reviewer")
    here.office.reviews.take(reviewer, case_id)
    if field == "vehicle" and change["vehicle"] == "bicycle":
        change = {**change, "plate": "75A-123.45"}
    with pytest.raises(InputError, match=message) as caught:
        here.office.reviews.confirm(reviewer, case_id, **(TYPED | change))
    assert caught.value.field == field
    assert here.state(case_id) == "in_review"
    assert here.office.cases.read(reviewer, case_id).plate is None


def test_a_reviewer_decides_only_what_they_hold(here: SmallOffice) -> None:
    case_id, holder, other = here.new_case(), here.person("reviewer"), here.person("reviewer")
    here.office.reviews.take(holder, case_id)
    for attempt in (
        lambda: here.office.reviews.take(other, case_id),
        lambda: here.office.reviews.confirm(other, case_id, **TYPED),
        lambda: here.office.reviews.reject(other, case_id, reason="DUPLICATE"),
        lambda: here.office.reviews.release(other, case_id),
    ):
        with pytest.raises(CaseHeldError):
            attempt()
    here.office.reviews.release(here.person("supervisor"), case_id)
    assert here.state(case_id) == "new"


def test_every_coded_reason_rejects(here: SmallOffice) -> None:
    reviewer = here.person("reviewer")
    for number, reason in enumerate(REJECT_REASONS):
        case_id = here.new_case(point_px16=(2000 * number + 100, 3000))
        here.office.reviews.take(reviewer, case_id)
        here.office.reviews.reject(reviewer, case_id, reason=reason)
        file = here.office.cases.read(reviewer, case_id)
        assert (file.line.state, file.moves, file.audit[-2].reason, file.reject_reason) == (
            "rejected",
            (),
            reason,
            reason,
        )


@pytest.mark.parametrize("reason", ["", "because", "plate_unreadable"])
def test_a_rejection_without_a_coded_reason_is_refused(here: SmallOffice, reason: str) -> None:
    case_id, reviewer = here.new_case(), here.person("reviewer")
    here.office.reviews.take(reviewer, case_id)
    with pytest.raises(InputError):
        here.office.reviews.reject(reviewer, case_id, reason=reason)
    assert here.state(case_id) == "in_review"


def test_a_lease_that_ended_gives_the_case_to_the_next(here: SmallOffice) -> None:
    case_id, slow, quick = here.new_case(), here.person("reviewer"), here.person("reviewer")
    here.office.reviews.take(slow, case_id)
    here.clock.turn(timedelta(minutes=29))
    here.office.reviews.take(slow, case_id)  # renews
    here.clock.turn(timedelta(minutes=29))
    assert here.office.reviews.release_lapsed() == 0
    here.clock.turn(timedelta(minutes=2))
    here.office.reviews.take(quick, case_id)
    with pytest.raises(CaseHeldError):
        here.office.reviews.confirm(slow, case_id, **TYPED)
    here.clock.turn(timedelta(minutes=31))
    assert here.office.reviews.release_lapsed() == 1
    assert here.state(case_id) == "new"
    whats = [(line.what, line.role) for line in here.office.cases.read(quick, case_id).audit]
    assert whats.count(("release", "office")) == 2


def test_two_reviewers_confirm_at_once_and_one_wins(here: SmallOffice) -> None:
    """Both hold it, as only a broken lease could make them: the database still lets one decision through."""
    reviewers = [here.person("reviewer", "supervisor") for _ in range(2)]
    for number in range(5):
        case_id = here.new_case(point_px16=(100 + 2000 * number, 3000))
        outcomes = _at_once(
            lambda who, case_id=case_id: (  # type: ignore[misc]
                here.office.reviews.take(who, case_id),
                here.office.reviews.confirm(who, case_id, **TYPED),
            ),
            reviewers,
        )
        assert sorted(outcomes) == ["lost", "won"], outcomes
        whats = [line.what for line in here.office.cases.read(reviewers[0], case_id).audit]
        assert (whats.count("take"), whats.count("confirm")) == (1, 1)


def test_two_requests_of_one_reviewer_decide_once(here: SmallOffice) -> None:
    reviewer, case_id = here.person("reviewer"), here.new_case()
    here.office.reviews.take(reviewer, case_id)
    outcomes = _at_once(lambda who: here.office.reviews.confirm(who, case_id, **TYPED), [reviewer] * 4)
    assert sorted(outcomes) == ["lost", "lost", "lost", "won"]


def _at_once(act: object, who: list[object]) -> list[str]:
    outcomes: list[str] = []
    barrier = threading.Barrier(len(who))

    def run(actor: object) -> None:
        barrier.wait()
        try:
            act(actor)  # type: ignore[operator]
            outcomes.append("won")
        except (CaseHeldError, CaseMovedError, MoveNotAllowedError):
            outcomes.append("lost")

    threads = [threading.Thread(target=run, args=(actor,)) for actor in who]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_a_contested_case_goes_to_somebody_who_had_not_seen_it(here: SmallOffice) -> None:
    first, looker, fresh = here.person("reviewer"), here.person("reviewer"), here.person("reviewer")
    case_id = here.confirmed_case(first)
    code = here.office.notices.issue(first, case_id).code
    here.office.cases.read(looker, case_id)
    here.clock.turn(timedelta(days=1))
    here.office.notices.contest(code, "contest", "Tôi nhường đường cho xe cứu thương.")
    for seen in (first, looker):
        with pytest.raises(CaseHeldError, match="has seen this case"):
            here.office.reviews.take(seen, case_id)
        with pytest.raises(CaseHeldError):
            here.office.reviews.uphold(seen, case_id, reason="rõ ràng")
        assert here.office.reviews.next_case(seen) is None
    here.clock.turn(timedelta(minutes=1))
    here.office.cases.read(fresh, case_id)  # reading it now does not bar
    assert here.office.reviews.next_case(fresh) == case_id
    assert "uphold" in here.office.cases.read(fresh, case_id).moves
    here.office.reviews.uphold(fresh, case_id, reason="hình ảnh rõ ràng")
    assert here.state(case_id) == "notice_issued"


def test_a_reviewer_may_withdraw_only_the_contested_case_they_took_a_supervisor_any(here: SmallOffice) -> None:
    first, fresh = here.person("reviewer"), here.person("reviewer")
    case_id = here.confirmed_case(first)
    code = here.office.notices.issue(first, case_id).code
    with pytest.raises(MoveNotAllowedError):
        here.office.reviews.withdraw(first, case_id, reason="nhầm")
    here.clock.turn(timedelta(minutes=1))
    here.office.notices.contest(code, "not_driving", "")
    with pytest.raises(CaseHeldError):
        here.office.reviews.withdraw(fresh, case_id, reason="nhầm")
    with pytest.raises(InputError):
        here.office.reviews.withdraw(here.person("supervisor"), case_id, reason="   ")
    here.office.reviews.withdraw(here.person("supervisor"), case_id, reason="nhầm xe")
    assert here.state(case_id) == "withdrawn"


def test_the_limitation_is_one_calendar_year_of_the_agencys_zone() -> None:
    late = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)  # 01:30 on the 21st in Huế
    assert limitation_end(late, "Asia/Ho_Chi_Minh") == datetime(2027, 11, 20, 18, 30, tzinfo=UTC)
    leap = datetime(2028, 2, 29, 3, 0, tzinfo=UTC)
    assert limitation_end(leap, "Asia/Ho_Chi_Minh") == datetime(2029, 2, 28, 3, 0, tzinfo=UTC)


def test_after_the_limitation_nothing_is_decided_and_nothing_expires_silently(here: SmallOffice) -> None:
    reviewer = here.person("reviewer")
    held = here.new_case()
    confirmed = here.confirmed_case(reviewer, point_px16=(9000, 3000))
    here.office.reviews.take(reviewer, held)
    here.clock.turn(timedelta(days=366))
    here.office.reviews.release_lapsed()
    here.office.reviews.take(reviewer, held)
    with pytest.raises(LimitationPassedError, match="expected a day before 2027-11-20"):
        here.office.reviews.confirm(reviewer, held, **TYPED)
    with pytest.raises(LimitationPassedError):
        here.office.notices.issue(reviewer, confirmed)
    assert here.office.reviews.expire_due() == 2
    assert here.office.reviews.expire_due() == 0
    for case_id in (held, confirmed):
        line = here.office.cases.read(reviewer, case_id).audit[-2]
        assert (line.what, line.role, line.target, line.reason) == ("expire", "office", "expired", "limitation")


def test_the_queue_shows_what_runs_out_first_page_by_page(here: SmallOffice) -> None:
    reviewer = here.person("reviewer")
    hours = (5, 1, 3, 2, 4)
    ids = {hour: here.new_case(occurred_at=START - timedelta(hours=hour)) for hour in hours}
    first = here.office.cases.queue(reviewer, ["new"], limit=3)
    assert [line.id for line in first] == [ids[5], ids[4], ids[3]]
    rest = here.office.cases.queue(reviewer, ["new"], limit=3, after=first[-1].id)
    assert [line.id for line in rest] == [ids[2], ids[1]]
    assert (first[0].notice_due_on, first[0].days_left) == (date(2026, 11, 30), 10)
    assert here.office.cases.counts(reviewer)["new"] == 5
    assert here.office.reviews.next_case(reviewer) == ids[5]


def test_the_cases_of_another_agency_are_not_there(here: SmallOffice) -> None:
    case_id = here.new_case()
    stranger, local = here.person("reviewer", agency="Đội CSGT số 2"), here.person("reviewer", agency=AGENCY)
    assert here.office.cases.queue(stranger, ["new"]) == ()
    assert here.office.cases.counts(stranger)["new"] == 0
    assert here.office.reviews.next_case(stranger) is None
    for attempt in (
        lambda: here.office.cases.read(stranger, case_id),
        lambda: here.office.cases.evidence(stranger, case_id, "b_at.jpg"),
        lambda: here.office.reviews.take(stranger, case_id),
    ):
        with pytest.raises(CaseNotFoundError):
            attempt()
    assert here.office.cases.queue(local, ["new"])[0].id == case_id


@pytest.mark.parametrize("role", ["administrator", "operations", "worker", "keeper", "citizen"])
def test_only_the_police_see_a_case(here: SmallOffice, role: str) -> None:
    case_id = here.new_case()
    outsider = here.person(role)  # type: ignore[arg-type]
    for attempt in (
        lambda: here.office.cases.read(outsider, case_id),
        lambda: here.office.cases.queue(outsider, ["new"]),
        lambda: here.office.cases.evidence(outsider, case_id, "b_at.jpg"),
    ):
        with pytest.raises(NotAllowedError):
            attempt()


def test_an_unknown_case_is_not_found(here: SmallOffice) -> None:
    for case_id in ("", "nobody", "x" * 26, "x" * 5000, "\x00" * 26, "../../etc/passwd", "é" * 26):
        with pytest.raises(CaseNotFoundError):
            here.office.cases.read(here.person("reviewer"), case_id)
