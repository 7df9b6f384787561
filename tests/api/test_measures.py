"""Measures: a share says how sure it is, a flawed camera stops at once, and no deadline runs out unheard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from api.actor import Actor
from api.errors import CameraNotFoundError, CameraOnHoldError, InputError, NotAllowedError, NoticeNotAllowedError
from api.measures.known import KnownNegatives
from models.domain.cases import MoveNotAllowedError, Role
from models.domain.deadlines import deadlines
from models.domain.review import Interval
from models.domain.rubber_stamp import is_rubber_stamp
from models.tables import CaseRow, IncidentRow, SettledRow, new_id
from tests.api.kit import AGENCY, CAMERA, START, SmallOffice

ZONE = "Asia/Ho_Chi_Minh"
NEVER = Interval(0, 0)
Said = tuple[str, str | None, str, str | None]
"""First decision, second decision, outcome, reason."""
ROLES_OUTSIDE: tuple[Role, ...] = ("administrator", "operations")


def copies(here: SmallOffice, count: int) -> list[str]:
    """So many cases: one made the honest way, the others copied from it, for tests that only count."""
    first = here.unredacted_case()
    ids = [first]
    with here.office.database.writing() as session:
        case = session.get_one(CaseRow, first)
        incident = session.get_one(IncidentRow, case.incident_id)
        for number in range(1, count):
            ids.append(new_id(here.clock.now))
            changes = {"id": ids[-1], "number": f"copy-{number}", "submission_id": ids[-1], "incident_id": ids[-1]}
            session.add(IncidentRow(**(_columns(incident) | {"id": ids[-1]})))
            session.flush()
            session.add(CaseRow(**(_columns(case) | changes)))
    return ids


def _columns(row: CaseRow | IncidentRow) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def settle(here: SmallOffice, people: Sequence[Actor], said: Sequence[Said]) -> None:
    """Settled cases as they would come of these decisions."""
    ids = copies(here, len(said))
    with here.office.database.writing() as session:
        for case_id, (first, second, outcome, reason) in zip(ids, said, strict=True):
            session.add(
                SettledRow(
                    case_id=case_id,
                    camera_id=CAMERA,
                    rule="red_light",
                    first_person_id=people[0].person_id,
                    second_person_id=people[1].person_id if second else None,
                    first_decision=first,
                    second_decision=second,
                    outcome=outcome,
                    reason=reason,
                    is_error=None if second is None else first[0] != outcome[0],
                    settled_at=here.clock.now,
                )
            )


def span(here: SmallOffice) -> tuple[datetime, datetime]:
    return here.clock.now - timedelta(days=1), here.clock.now + timedelta(days=1)


def test_issued_wrong_and_reasons_by_camera_and_rule(here: SmallOffice) -> None:
    people = [here.person("reviewer"), here.person("reviewer")]
    said: list[Said] = [("confirm", "confirm", "confirmed", None), ("confirm", None, "confirmed", None)]
    said += [("reject", None, "rejected", "NOT_AN_OFFENCE"), ("confirm", "reject", "rejected", "PLATE_UNREADABLE")]
    settle(here, people, said)
    found = here.office.measures.measures(here.person("auditor"), *span(here))
    (line,) = found.cameras
    assert (line.camera_id, line.rule, line.issued) == (CAMERA, "red_light", Interval(2, 4))
    assert line.reasons == (("NOT_AN_OFFENCE", 1), ("PLATE_UNREADABLE", 1))
    assert line.wrong == Interval(1, 4), "an unreadable plate is not the camera's fault"
    assert line.first_wrong == Interval(1, 2)
    assert line.issued.is_too_few
    (pair,) = found.agreements
    assert (pair.cases, pair.agreed, pair.kappa) == (2, Interval(1, 2), None), "two are too few to tell"


def test_agreement_is_cohens_kappa_once_there_is_enough(here: SmallOffice) -> None:
    people = [here.person("reviewer"), here.person("reviewer")]
    same: list[Said] = [("confirm", "confirm", "confirmed", None)] * 20 + [
        ("reject", "reject", "rejected", "DUPLICATE")
    ] * 10
    settle(here, people, [*same, *[("confirm", "reject", "rejected", "DUPLICATE")] * 5])
    (pair,) = here.office.measures.measures(here.person("supervisor"), *span(here)).agreements
    agreed, chance = 30 / 35, (25 * 20 + 10 * 15) / 35**2
    assert pair.kappa == pytest.approx((agreed - chance) / (1 - chance))
    assert pair.agreed == Interval(30, 35)


def test_measures_are_for_supervisors_and_auditors_of_the_agency(here: SmallOffice) -> None:
    people = [here.person("reviewer"), here.person("reviewer")]
    settle(here, people, [("confirm", None, "confirmed", None)])
    for role in ("reviewer", *ROLES_OUTSIDE):
        with pytest.raises(NotAllowedError):
            here.office.measures.measures(here.person(role), *span(here))
    stranger = here.office.measures.measures(here.person("auditor", agency="Đội CSGT số 2"), *span(here))
    assert (stranger.cameras, stranger.agreements, stranger.reviewers) == ((), (), ())


@pytest.mark.parametrize(
    ("hasty", "known", "expected"),
    [
        (Interval(0, 500), NEVER, False),
        (Interval(25, 500), NEVER, False),  # 5 %: the interval still reaches below
        (Interval(50, 500), NEVER, True),
        (Interval(20, 29), NEVER, False),  # too few to tell
        (Interval(0, 500), Interval(10, 10), False),
        (Interval(0, 500), Interval(9, 10), False),
        (Interval(0, 500), Interval(60, 80), True),
        (NEVER, NEVER, False),
    ],
)
def test_a_rubber_stamp_is_named_only_where_there_is_no_doubt(hasty: Interval, known: Interval, expected: bool) -> None:
    assert is_rubber_stamp(hasty, known) is expected


def test_who_decides_without_looking_rings_an_alarm_once_a_day(here: SmallOffice) -> None:
    reviewer, supervisor = here.person("reviewer"), here.person("supervisor")
    for number, case_id in enumerate(copies(here, 31)):
        here.office.reviews.take(reviewer, case_id)
        here.clock.turn(timedelta(seconds=2 if number < 20 else 60))
        here.office.reviews.reject(reviewer, case_id, reason="TIMING_MARGIN")
    assert (here.office.alarms.ring_stamps(), here.office.alarms.ring_stamps()) == (1, 0)
    (alarm,) = here.office.alarms.newest(supervisor)
    assert (alarm.kind, alarm.subject) == ("rubber_stamp", reviewer.person_id)
    assert (alarm.facts["hasty"], alarm.facts["timed"]) == (20, 31)


def test_a_flaw_freezes_the_camera_and_lists_what_was_sent(here: SmallOffice) -> None:
    reviewer, boss, other = here.person("reviewer"), here.person("supervisor"), here.person("supervisor")
    issued = here.confirmed_case(reviewer)
    here.office.notices.issue(reviewer, issued)
    waiting = here.unredacted_case(point_px16=(9000, 3000))
    held = here.unredacted_case(point_px16=(7000, 3000))
    here.office.reviews.take(reviewer, held)
    (sent,) = here.office.holds.flag_flaw(boss, CAMERA, "đồng hồ sai giờ")
    assert (sent.case_id, sent.is_withdrawn) == (issued, False)
    for attempt in (
        lambda: here.office.reviews.take(reviewer, waiting),
        lambda: here.office.reviews.reject(reviewer, held, reason="CLOCK_UNSYNCED"),
        lambda: here.confirm(reviewer, held),
        lambda: here.office.holds.flag_flaw(boss, CAMERA, "lần nữa"),
    ):
        with pytest.raises(CameraOnHoldError):
            attempt()
    assert here.office.reviews.next_case(reviewer) is None
    with pytest.raises(CameraOnHoldError, match="expected another supervisor"):
        here.office.holds.lift(boss, CAMERA, "đã sửa")
    assert here.office.holds.lift(other, CAMERA, "đã sửa và kiểm tra") == 1
    assert here.office.holds.standing(boss, CAMERA) == []
    here.office.reviews.take(reviewer, waiting)


def test_a_confirmed_case_of_a_held_camera_gets_no_notice(here: SmallOffice) -> None:
    reviewer = here.person("reviewer")
    case_id = here.confirmed_case(reviewer)
    here.office.holds.flag_flaw(here.person("supervisor"), CAMERA, "vạch dừng lệch")
    with pytest.raises(CameraOnHoldError):
        here.office.notices.issue(reviewer, case_id)


def test_a_hold_needs_words_and_one_of_the_agency(here: SmallOffice) -> None:
    boss = here.person("supervisor")
    for words in ("", "   ", "x" * 501):
        with pytest.raises(InputError):
            here.office.holds.flag_flaw(boss, CAMERA, words)
    with pytest.raises(CameraNotFoundError):
        here.office.holds.flag_flaw(here.person("supervisor", agency="Đội CSGT số 2"), CAMERA, "lỗi")
    for role in ("auditor", *ROLES_OUTSIDE):
        with pytest.raises(NotAllowedError):
            here.office.holds.flag_flaw(here.person(role), CAMERA, "lỗi")


@pytest.mark.parametrize(("wrong", "of", "expected"), [(3, 29, 0), (29, 29, 0), (3, 40, 0), (12, 40, 1)])
def test_a_camera_is_suspended_where_its_numbers_leave_no_doubt(
    here: SmallOffice, wrong: int, of: int, expected: int
) -> None:
    people = [here.person("reviewer"), here.person("reviewer")]
    said: list[Said] = [("reject", None, "rejected", "NOT_AN_OFFENCE")] * wrong
    settle(here, people, [*said, *[("confirm", None, "confirmed", None)] * (of - wrong)])
    assert here.office.holds.suspend_due() == expected
    assert here.office.holds.suspend_due() == 0
    boss = here.person("supervisor")
    assert [hold.kind for hold in here.office.holds.standing(boss, CAMERA)] == ["suspension"] * expected
    if expected:
        here.clock.turn(timedelta(hours=1))
        here.office.holds.lift(boss, CAMERA, "đã căn chỉnh lại")
        assert here.office.holds.suspend_due() == 0, "what was before the repair does not count again"


def test_deadlines_are_local_days_and_what_runs_out_first_is_first() -> None:
    ends = datetime.fromisoformat("2027-11-20T17:30:00+00:00")  # the 21st in Huế
    found = deadlines("in_review", date(2026, 11, 30), ends, None, ZONE)
    assert [(due.kind, due.day) for due in found] == [
        ("notice", date(2026, 11, 30)), ("limitation", date(2027, 11, 21)),
    ]  # fmt: skip
    sent_at = datetime.fromisoformat("2026-11-20T17:30:00+00:00")
    (due,) = deadlines("notice_issued", date(2026, 11, 30), ends, sent_at, ZONE)
    assert (due.kind, due.day, due.days_left(date(2026, 12, 12))) == ("no_show", date(2026, 12, 11), -1)
    assert deadlines("rejected", date(2026, 11, 30), ends, None, ZONE) == ()


def test_every_deadline_rings_before_and_after_it_runs_out_and_only_once(here: SmallOffice) -> None:
    boss, case_id = here.person("supervisor"), here.unredacted_case()

    def marks() -> list[str]:
        while here.office.alarms.ring_deadlines():
            pass
        return [alarm.mark for alarm in reversed(here.office.alarms.newest(boss)) if alarm.subject == case_id]

    here.clock.now = START + timedelta(days=6)
    assert marks() == []
    here.clock.now = START + timedelta(days=7)
    assert marks() == ["notice_near"]
    here.clock.now = START + timedelta(days=10)
    assert marks() == ["notice_near"], "the tenth day is still in time"
    here.clock.now = START + timedelta(days=11)
    assert marks() == ["notice_near", "notice_over"]
    here.clock.now = START + timedelta(days=340)
    assert marks() == ["notice_near", "notice_over", "limitation_near"]
    whats = [line.what for line in here.office.cases.read(boss, case_id).audit]
    assert whats.count("alarm") == 3


def test_the_day_of_no_show_rings_from_the_day_of_sending(here: SmallOffice) -> None:
    reviewer, boss = here.person("reviewer"), here.person("supervisor", agency=AGENCY)
    here.office.notices.issue(reviewer, here.confirmed_case(reviewer))
    for days, expected in (
        (16, []),
        (17, ["no_show_near"]),
        (20, ["no_show_near"]),
        (21, ["no_show_near", "no_show_over"]),
    ):
        here.clock.now = START + timedelta(days=days)
        here.office.alarms.ring_deadlines()
        assert [alarm.mark for alarm in reversed(here.office.alarms.newest(boss))] == expected
    assert here.office.alarms.newest(here.person("auditor", agency="Đội CSGT số 2")) == []


def settle_twice(here: SmallOffice, case_id: str, people: Sequence[Actor]) -> None:
    """As two persons who looked blind and both said no would leave it."""
    here.office.reviews.take(people[0], case_id)
    here.office.reviews.reject(people[0], case_id, reason="NOT_AN_OFFENCE")
    here.office.cases.read(people[1], case_id)
    with here.office.database.writing() as session:
        settled = session.get_one(SettledRow, case_id)
        settled.second_person_id, settled.second_decision = people[1].person_id, "reject"


def test_a_known_negative_is_a_case_like_any_other_that_never_reaches_a_notice(
    here: SmallOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.measures.known.SHARE", 1.0)
    first, second, third = here.person("reviewer"), here.person("reviewer"), here.person("reviewer")
    original = here.new_case()
    settle_twice(here, original, (first, second))
    known = KnownNegatives(here.office.database, here.clock)
    assert (known.seed(), known.seed()) == (True, False), "an original is used once"
    for saw in (first, second):
        assert here.office.reviews.next_case(saw) is None
    copy = here.office.reviews.next_case(third)
    assert copy is not None and copy != original
    mine, theirs = (here.office.cases.read(third, key) for key in (copy, original))
    assert mine.line.number != theirs.line.number
    assert [file.sha256 for file in mine.evidence] == [file.sha256 for file in theirs.evidence]
    assert [line.what for line in mine.audit][:1] == [line.what for line in theirs.audit][:1]
    assert here.office.cases.evidence(third, copy, "b_at.jpg").path.exists()
    here.confirm(third, copy)
    assert here.state(copy) == "rejected"
    with pytest.raises(MoveNotAllowedError):
        here.office.notices.issue(here.person("supervisor"), copy)
    here.set_state(copy, "confirmed")
    with pytest.raises(NoticeNotAllowedError, match="made to measure reviewers"):
        here.office.notices.issue(here.person("supervisor"), copy)
    reviewers = here.office.measures.measures(here.person("auditor"), *span(here)).reviewers
    shown = {line.username: line.known_caught for line in reviewers if line.known_caught.of}
    assert list(shown.values()) == [Interval(0, 1)]
