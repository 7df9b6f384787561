"""The notice: shown to whoever has the link, its picture to whoever knows the plate, withdrawn at once."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from api.errors import InputError, NoticeNotAllowedError, NoticeNotFoundError
from api.notices.timing import answer_at
from models.domain.cases import MoveNotAllowedError
from models.tables import AuditRow, CaseRow, NoticeRow, NoticeVisitRow
from tests.api.kit import SmallOffice, camera_row

RIGHT = "75B112345"


def issued(here: SmallOffice) -> tuple[str, str]:
    """Case id and code of a fresh notice."""
    reviewer = here.person("reviewer")
    case_id = here.confirmed_case(reviewer)
    return case_id, here.office.notices.issue(reviewer, case_id).code


def test_the_code_has_128_bits_and_is_stored_nowhere(here: SmallOffice) -> None:
    _, code = issued(here)
    assert len(code) == 22
    with here.office.database.reading() as session:
        for table in ("notices", "audit", "cases", "deliveries"):
            assert code not in repr(session.connection().exec_driver_sql(f"SELECT * FROM {table}").all())


def test_a_notice_is_issued_once(here: SmallOffice) -> None:
    case_id, _ = issued(here)
    with pytest.raises(MoveNotAllowedError):
        here.office.notices.issue(here.person("supervisor"), case_id)


def test_a_warning_mode_case_never_gets_a_notice(here: SmallOffice) -> None:
    reviewer = here.person("reviewer")
    case_id = here.confirmed_case(reviewer, mode="warning")
    with pytest.raises(NoticeNotAllowedError, match="expected live"):
        here.office.notices.issue(reviewer, case_id)
    assert here.state(case_id) == "confirmed"
    assert "issue_notice" not in here.office.cases.read(reviewer, case_id).moves


def test_without_a_plate_there_is_no_notice(here: SmallOffice) -> None:
    case_id = here.new_case()
    with here.office.database.writing() as session:
        session.get_one(CaseRow, case_id).state = "confirmed"
    with pytest.raises(NoticeNotAllowedError, match="without a plate"):
        here.office.notices.issue(here.person("supervisor"), case_id)


def test_a_simulated_case_gets_only_a_simulated_notice(here: SmallOffice) -> None:
    with here.office.database.writing() as session:
        session.add(camera_row(here.clock.now, id="sim-1", is_simulated=True))
    reviewer = here.person("reviewer")
    simulated = here.confirmed_case(reviewer, camera_id="sim-1", is_simulated=True)
    real = here.confirmed_case(reviewer)
    assert here.office.notices.issue(reviewer, simulated).number == "MÔ PHỎNG 2026-000001"
    assert here.office.notices.issue(reviewer, real).number == "2026-000001/TB"


def test_the_vehicle_that_the_reviewer_typed_decides_the_row(here: SmallOffice) -> None:
    reviewer, case_id = here.person("reviewer"), here.new_case(vehicle="motorcycle")
    here.office.reviews.take(reviewer, case_id)
    here.office.reviews.confirm(reviewer, case_id, plate="75A-023.45", vehicle="car", plate_colour="white")
    view = here.office.notices.view(here.office.notices.issue(reviewer, case_id).code)
    assert (view.vehicle, view.reference, view.minimum_vnd, view.maximum_vnd) == (
        "car",
        "6.9.b",
        18_000_000,
        20_000_000,
    )
    assert view.plate_masked == "75A-***.45"


def test_an_unknown_link_shows_nothing(here: SmallOffice) -> None:
    issued(here)
    for code in ("", "x", "A" * 22, "\x00", "é", "\ud800"):
        with pytest.raises(NoticeNotFoundError):
            here.office.notices.view(code)
        assert here.office.notices.open_picture(code, RIGHT) is None
        with pytest.raises(NoticeNotFoundError):
            here.office.notices.contest(code, "contest", "Không phải tôi")


def test_a_link_ends_after_thirty_days(here: SmallOffice) -> None:
    _, code = issued(here)
    here.clock.turn(timedelta(days=30) - timedelta(seconds=1))
    assert here.office.notices.view(code).tries_left == 5
    here.clock.turn(timedelta(seconds=1))
    with pytest.raises(NoticeNotFoundError):
        here.office.notices.view(code)
    assert here.office.notices.open_picture(code, RIGHT) is None


@pytest.mark.parametrize("plate", ["", "75B1", "75B112346", "75*", "%", "00000000", "75B112345 OR 1=1", "\x00"])
def test_only_the_full_plate_opens_the_picture(here: SmallOffice, plate: str) -> None:
    _, code = issued(here)
    assert here.office.notices.open_picture(code, plate) is None
    assert here.office.notices.view(code).tries_left == 4
    assert here.office.notices.open_picture(code, "75-b1 123.45") is not None
    assert here.office.notices.view(code).tries_left == 4


def test_after_five_wrong_tries_not_even_the_right_plate_opens(here: SmallOffice) -> None:
    _, code = issued(here)
    for left in (4, 3, 2, 1, 0, 0):
        assert here.office.notices.open_picture(code, "75B199999") is None
        assert here.office.notices.view(code).tries_left == left
    assert here.office.notices.open_picture(code, RIGHT) is None
    with here.office.database.reading() as session:
        rows = session.scalars(select(AuditRow.what).where(AuditRow.what.like("picture%"))).all()
    assert rows == ["picture_refused"] * 5  # a shut link does not fill the log


def test_a_visit_ends_and_belongs_to_its_link(here: SmallOffice) -> None:
    case_id, code = issued(here)
    visit = here.office.notices.open_picture(code, RIGHT)
    assert visit is not None
    assert here.office.notices.picture(code, visit).name == "redacted_at.jpg"
    reviewer = here.person("reviewer")
    other = here.office.notices.issue(reviewer, here.confirmed_case(reviewer, point_px16=(9000, 3000))).code
    for wrong in ((code, "x"), (code, ""), (other, visit)):
        with pytest.raises(NoticeNotFoundError):
            here.office.notices.picture(*wrong)
    here.clock.turn(timedelta(minutes=16))
    with pytest.raises(NoticeNotFoundError):
        here.office.notices.picture(code, visit)
    assert here.office.notices.forget_visits() == 1
    with here.office.database.reading() as session:
        assert session.scalars(select(NoticeVisitRow)).all() == []
    assert case_id


def test_a_withdrawal_is_seen_at_once(here: SmallOffice) -> None:
    case_id, code = issued(here)
    assert here.office.notices.view(code).withdrawn_at is None
    here.office.reviews.withdraw(here.person("supervisor"), case_id, reason="Nhầm biển số")
    view = here.office.notices.view(code)
    assert (view.state, view.withdrawn_at, view.withdrawn_reason) == ("withdrawn", here.clock.now, "Nhầm biển số")


def test_a_contest_needs_plain_words(here: SmallOffice) -> None:
    case_id, code = issued(here)
    for text in ("", "   ", "x" * 2001, "a\x00b", "a\x1bb"):
        with pytest.raises(InputError) as caught:
            here.office.notices.contest(code, "contest", text)
        assert caught.value.field == "text"
    assert here.state(case_id) == "notice_issued"


def test_a_contest_is_heard_once_and_shown_to_the_reviewer(here: SmallOffice) -> None:
    case_id, code = issued(here)
    here.office.notices.contest(code, "contest", "Tôi nhường đường\r\ncho xe cứu thương.")
    assert here.office.notices.view(code).has_contested
    file = here.office.cases.read(here.person("supervisor"), case_id)
    assert (file.line.state, file.contest_kind) == ("contested", "contest")
    assert file.contest == "Tôi nhường đường\ncho xe cứu thương."
    with pytest.raises(MoveNotAllowedError):
        here.office.notices.contest(code, "not_driving", "")


def test_the_audit_log_holds_no_plate(here: SmallOffice) -> None:
    case_id, code = issued(here)
    here.office.notices.open_picture(code, "75B154321")
    here.office.notices.contest(code, "not_driving", "")
    with here.office.database.reading() as session:
        log = repr(session.connection().exec_driver_sql("SELECT * FROM audit").all())
        assert session.scalars(select(NoticeRow.case_id)).one() == case_id
    for plate in (RIGHT, "12345", "54321"):
        assert plate not in log


def test_right_wrong_and_unknown_are_answered_at_the_same_time(here: SmallOffice) -> None:
    """Each question's own work stays far below the time at which every answer is given."""
    _, code = issued(here)
    limit_s = here.office.settings.citizen_answer_after_s
    for link, plate in ((code, RIGHT), (code, "75B100000"), ("A" * 22, RIGHT)):
        started_s = time.monotonic()
        here.office.notices.open_picture(link, plate)
        assert time.monotonic() - started_s < limit_s / 2
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    asyncio.run(answer_at(time.monotonic() - 0.1, 0.4, wait))
    asyncio.run(answer_at(time.monotonic() - 0.5, 0.4, wait))
    assert waits == [pytest.approx(0.3, abs=0.05)]
