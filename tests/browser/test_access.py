"""What everybody must be able to use: WCAG by axe, narrow screens, the keyboard, no script at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OfficeServer, OpenPage, open_every_part, plate_field, ready, sign_in, take

pytestmark = pytest.mark.browser
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
NARROW_PX = 320
Shot = Callable[..., None]


def broken_rules(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]


def _spills(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_no_page_breaks_wcag_2_2_aa_as_far_as_axe_can_tell(
    server: OfficeServer, open_page: OpenPage, shot: Shot
) -> None:
    """Each page in light and dark."""
    server.person("hoa", "reviewer", "supervisor")
    case_id = server.case(vehicle="car")
    server.case(vehicle="car", camera_id="sim-cam", is_simulated=True)
    page, found = open_page(), {}

    def check(name: str) -> None:
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            found[f"{name}, {scheme}"] = broken_rules(page)
            shot(page, f"{scheme}_{name}")

    page.goto("/login")
    check("login")
    page.get_by_label("Tên đăng nhập").fill("hoa")
    page.get_by_label("Mật khẩu").fill("sai mat khau")
    page.get_by_role("button", name="Đăng nhập").click()
    check("login_refused")
    sign_in(page, "hoa")
    check("queue")
    page.goto("/queue?show=closed")
    check("queue_empty")
    page.goto(f"/cases/{case_id}")
    ready(page)
    take(page)
    for panel in page.locator("details.panel > summary").all():
        panel.click()
    check("case")
    open_every_part(page)
    page.keyboard.press("o")
    page.keyboard.press("Control+Enter")
    page.locator("#problems").wait_for()
    check("case_problems")
    page.keyboard.press("?")
    check("case_keys")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    check("case_reject")
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.type("75A12345")
    page.get_by_role("radio", name="Ô tô con").check(force=True)
    page.get_by_role("radio", name="Trắng, chữ đen").check(force=True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#undo-text")).to_contain_text("Đã xác nhận")
    page.wait_for_url(lambda url: case_id not in url)
    check("case_next")
    page.goto(f"/cases/{case_id}")
    page.get_by_role("button", name="Phát thông báo").wait_for()
    check("case_confirmed")
    page.keyboard.press("i")
    address = page.locator("#issued-link").input_value()
    check("case_issued")
    page.goto(address)
    check("notice")
    page.goto(f"{address}&lang=en")
    check("notice_english")
    page.goto("/t/none?c=none")
    check("notice_missing")
    page.goto("/nowhere")
    check("nowhere")
    assert {name: broken for name, broken in found.items() if broken} == {}


def test_nothing_spills_over_a_narrow_screen(server: OfficeServer, open_page: OpenPage, shot: Shot) -> None:
    server.person("hoa", "reviewer")
    case_id = server.case(vehicle="car", camera_id="sim-cam", is_simulated=True)
    page = open_page(phone=True, viewport={"width": NARROW_PX, "height": 700})
    spills = {}
    page.goto("/login")
    spills["login"] = _spills(page)
    sign_in(page, "hoa")
    spills["queue"] = _spills(page)
    shot(page, "narrow_queue", whole=True)
    page.goto(f"/cases/{case_id}")
    spills["case"] = _spills(page)
    page.get_by_role("button", name="Nhận duyệt").click()
    plate_field(page).wait_for()
    spills["case form"] = _spills(page)
    shot(page, "narrow_case", whole=True)
    open_every_part(page)
    plate_field(page).fill("75A12345")
    page.get_by_role("radio", name="Ô tô con").check(force=True)
    page.get_by_role("radio", name="Trắng, chữ đen").check(force=True)
    page.get_by_role("button", name="Xác nhận vi phạm").click()
    page.get_by_role("button", name="Phát thông báo").click()
    page.goto(page.locator("#issued-link").input_value())
    spills["notice"] = _spills(page)
    shot(page, "narrow_notice", whole=True)
    assert {name: px for name, px in spills.items() if px > 0} == {}


def test_works_without_any_script(server: OfficeServer, open_page: OpenPage, shot: Shot) -> None:
    server.person("hoa", "reviewer")
    case_id = server.case(vehicle="car")
    page = open_page(java_script_enabled=False)
    sign_in(page, "hoa")
    page.goto(f"/cases/{case_id}")
    page.get_by_role("button", name="Nhận duyệt").click()
    plate_field(page).fill("75A-123.45")
    page.get_by_role("radio", name="Ô tô con").check(force=True)
    page.get_by_role("radio", name="Trắng, chữ đen").check(force=True)
    shot(page, "without_script")
    page.get_by_role("button", name="Xác nhận vi phạm").click()
    page.get_by_role("button", name="Phát thông báo").click()
    expect(page.locator("#issued-link")).to_be_visible()


def test_letters_can_be_switched_off(server: OfficeServer, open_page: OpenPage) -> None:
    """WCAG 2.1.4: somebody who speaks to the machine must not reject a case by saying a word."""
    server.person("hoa", "reviewer")
    case_id = server.case(vehicle="car")
    page = open_page()
    sign_in(page, "hoa")
    page.goto(f"/cases/{case_id}")
    ready(page)
    page.get_by_role("button", name="Phím tắt").click()
    page.get_by_label("Dùng phím tắt một chữ").uncheck()
    page.reload()
    ready(page)
    page.keyboard.press("t")
    page.wait_for_timeout(300)
    expect(page.get_by_role("button", name="Nhận duyệt")).to_be_visible()
