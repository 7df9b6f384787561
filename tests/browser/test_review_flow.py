"""From case to case without a page load: what is held ready, what is kept, what can be taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from api.actor import Actor
from models.domain.manifest import SealedPlate
from tests.browser.conftest import (
    PASSWORD,
    OfficeServer,
    OpenPage,
    open_every_part,
    open_first,
    plate_field,
    ready,
    sign_in,
    take,
    until,
)

pytestmark = pytest.mark.browser
Shot = Callable[..., None]
PLATE = "75A-123.45"
AUDITOR = Actor(frozenset({"auditor"}))


def type_decision(page: Page, plate: str = PLATE) -> None:
    page.keyboard.press("b")
    page.keyboard.type(plate)
    for key in ("Enter", "2", "1"):
        page.keyboard.press(key)


def mark_the_document(page: Page) -> None:
    """A page load would take this away."""
    page.evaluate("window.isTheSame = true")


def is_the_same(page: Page) -> bool:
    return bool(page.evaluate("window.isTheSame === true"))


def number_of(page: Page) -> str:
    return page.locator(".case-root").get_attribute("data-number") or ""


def at_desk(server: OfficeServer, open_page: OpenPage, cases: int, *, may_fail: bool = False) -> tuple[Page, list[str]]:
    """A reviewer who has just taken the first of so many cases."""
    server.person("hoa", "reviewer")
    page = open_page(may_fail=may_fail)
    ids = [server.case(vehicle="car", point_px16=(1000 + 5000 * count, 2000)) for count in range(cases)]
    sign_in(page, "hoa")
    open_first(page)
    take(page)
    return page, ids


def test_the_next_case_is_there_without_a_page_load_and_back_leads_back(
    server: OfficeServer, open_page: OpenPage, shot: Shot
) -> None:
    page, ids = at_desk(server, open_page, 2)
    mark_the_document(page)
    first = page.url
    open_every_part(page)
    type_decision(page)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != first)
    assert page.url.endswith(f"/cases/{ids[1]}")
    assert number_of(page) == "2026-000002"
    expect(plate_field(page)).to_have_value("")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    expect(page.locator("#announcer")).to_contain_text("Hồ sơ 2026-000002: Vượt đèn đỏ")
    expect(page.locator("#undo-text")).to_have_text("Đã xác nhận hồ sơ 2026-000001")
    shot(page, "flow_next_case")
    until(page, "document.getElementById('clip').readyState >= 2")
    page.go_back()
    expect(page.locator(".case-root")).to_have_attribute("data-number", "2026-000001")
    page.go_forward()
    expect(page.locator(".case-root")).to_have_attribute("data-number", "2026-000002")
    assert is_the_same(page)


def test_the_next_case_is_held_for_this_reviewer_and_given_back_when_the_page_is_left(
    server: OfficeServer, open_page: OpenPage
) -> None:
    page, _ = at_desk(server, open_page, 2)
    until(page, "document.getElementById('main').dataset.ahead !== undefined")
    until_state(server, page, {"in_review": 2})
    page.goto("/queue")
    until_state(server, page, {"in_review": 1, "new": 1})


def until_state(server: OfficeServer, page: Page, expected: dict[str, int]) -> None:
    for _ in range(100):
        counts = server.office.cases.counts(AUDITOR)
        if all(counts[state] == count for state, count in expected.items()):  # type: ignore[index]
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"got {counts}, expected {expected}")


def test_nothing_typed_is_lost_when_the_session_ends_and_signing_in_leaves_the_case_where_it_is(
    server: OfficeServer, open_page: OpenPage, shot: Shot
) -> None:
    page, _ = at_desk(server, open_page, 2)
    mark_the_document(page)
    open_every_part(page)
    type_decision(page)
    page.context.clear_cookies()
    page.keyboard.press("Enter")
    door = page.get_by_role("dialog", name="Đăng nhập")
    expect(door).to_be_visible()
    expect(plate_field(page)).to_have_value(PLATE)
    shot(page, "flow_sign_in_here")
    door.get_by_label("Tên đăng nhập").fill("hoa")
    door.get_by_label("Mật khẩu").fill("sai mat khau")
    page.keyboard.press("Enter")
    expect(door.get_by_role("alert")).to_be_visible()
    door.get_by_label("Mật khẩu").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".case-root")).to_have_attribute("data-number", "2026-000002")
    assert is_the_same(page)
    expect(page.locator("#undo-text")).to_have_text("Đã xác nhận hồ sơ 2026-000001")


def test_no_plate_is_kept_in_the_browser_after_the_decision(server: OfficeServer, open_page: OpenPage) -> None:
    page, ids = at_desk(server, open_page, 2)
    kept = "JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage)])"
    open_every_part(page)
    type_decision(page)
    assert "123.45" in page.evaluate(kept)
    page.keyboard.press("Enter")
    expect(page.locator(".case-root")).to_have_attribute("data-case", ids[1])
    assert "123.45" not in page.evaluate(kept)
    page.keyboard.press("b")
    page.keyboard.type("30A")
    page.get_by_role("button", name="Đăng xuất").click()
    page.wait_for_url("**/login?**")
    assert "30A" not in page.evaluate(kept)


def test_a_refused_form_says_so_in_place_and_keeps_what_was_typed(
    server: OfficeServer, open_page: OpenPage, shot: Shot
) -> None:
    page, _ = at_desk(server, open_page, 1)
    mark_the_document(page)
    open_every_part(page)
    type_decision(page, "XYZ")
    page.keyboard.press("Enter")
    expect(page.locator("#problems")).to_be_focused()
    expect(plate_field(page)).to_have_value("XYZ")
    expect(page.get_by_role("radio", name="Ô tô con")).to_be_checked()
    expect(page.locator("#confirm")).to_have_attribute("aria-disabled", "false")
    assert is_the_same(page)
    shot(page, "flow_refused")


@pytest.mark.parametrize("server", [{"decision_effect_s": 10.0}], indirect=True)
def test_a_decision_is_undone_within_its_seconds_and_the_case_comes_back(
    server: OfficeServer, open_page: OpenPage, shot: Shot
) -> None:
    page, ids = at_desk(server, open_page, 2)
    mark_the_document(page)
    open_every_part(page)
    type_decision(page)
    page.keyboard.press("Enter")
    expect(page.locator(".case-root")).to_have_attribute("data-case", ids[1])
    expect(page.get_by_role("button", name="Hoàn tác")).to_be_visible()
    shot(page, "flow_undo")
    page.keyboard.press("u")
    expect(page.locator(".case-root")).to_have_attribute("data-case", ids[0])
    expect(plate_field(page)).to_be_visible()
    expect(page.locator("#undo-bar")).to_be_hidden()
    assert is_the_same(page)
    assert server.office.cases.line(AUDITOR, ids[0]).state == "in_review"
    page.keyboard.press("x")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.locator(".case-root")).to_have_attribute("data-case", ids[1])
    assert server.office.cases.line(AUDITOR, ids[0]).state == "decided"


def test_a_reading_that_differs_is_shown_after_the_plate_was_typed_and_settled_by_key(
    server: OfficeServer, open_page: OpenPage, shot: Shot
) -> None:
    server.person("hoa", "reviewer")
    case_id = server.case(vehicle="car", plate=SealedPlate(text="75A12346", unread_because=None))
    page = open_page()
    sign_in(page, "hoa")
    open_first(page)
    take(page)
    assert "12346" not in page.content()
    open_every_part(page)
    page.keyboard.press("b")
    page.keyboard.type(PLATE)
    page.keyboard.press("Enter")
    expect(page.locator(".characters .other").first).to_have_text("6")
    page.keyboard.press("2")
    page.keyboard.press("1")
    expect(page.get_by_role("checkbox", name="Đã xem lại ảnh")).to_be_focused()
    shot(page, "flow_differs")
    for key in ("Space", "Enter", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Phát thông báo").wait_for()
    assert server.office.cases.line(AUDITOR, case_id).state == "confirmed"


def test_n_leaves_a_case_for_the_one_held_ready(server: OfficeServer, open_page: OpenPage) -> None:
    page, ids = at_desk(server, open_page, 2)
    mark_the_document(page)
    page.keyboard.press("n")
    page.wait_for_url(f"**/cases/{ids[1]}")
    assert is_the_same(page)


def test_while_the_office_does_not_answer_nothing_is_lost(server: OfficeServer, open_page: OpenPage) -> None:
    page, _ = at_desk(server, open_page, 1, may_fail=True)
    open_every_part(page)
    type_decision(page)
    page.route("**/confirm", lambda route: route.abort())
    page.keyboard.press("Enter")
    expect(page.locator("#offline")).to_be_visible()
    expect(plate_field(page)).to_have_value(PLATE)
    page.unroute("**/confirm")
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Phát thông báo").wait_for()
    ready(page)
