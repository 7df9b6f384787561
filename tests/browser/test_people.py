"""Accounts in a real browser: axe in both themes, the second factor set up with the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pyotp
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PASSWORD, OfficeServer, OpenPage
from tests.browser.test_access import broken_rules

pytestmark = pytest.mark.browser
Shot = Callable[..., None]


def _enter(page: Page, username: str, code: str = "") -> None:
    page.goto("/login")
    page.get_by_label("Tên đăng nhập").fill(username)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_label("Mã của ứng dụng xác thực").fill(code)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/(queue|people|account)$"))


def test_pages_about_people_hold_to_wcag_and_a_second_factor_is_set_up_by_keyboard(
    server: OfficeServer, open_page: OpenPage, shot: Shot
) -> None:
    server.person("hoa", "reviewer", "supervisor", "administrator")
    server.person("minh", "reviewer")
    server.case()
    page, found = open_page(), {}

    def check(name: str) -> None:
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            found[f"{name}, {scheme}"] = broken_rules(page)
            shot(page, f"people_{scheme}_{name}", whole=True)

    _enter(page, "hoa")
    page.goto("/account")
    check("account")
    page.get_by_role("button", name="Cài đặt ứng dụng xác thực").focus()
    page.keyboard.press("Enter")
    page.locator("#code").wait_for()
    check("second_factor")
    totp = pyotp.TOTP(page.locator(".secret").inner_text().replace(" ", ""))
    page.locator("#code").fill(totp.at(datetime.now(UTC)))
    page.keyboard.press("Enter")
    page.locator(".codes").wait_for()
    check("recovery_codes")
    for name, path in (("list", "/people"), ("new", "/people/new"), ("lookups", "/people/lookups")):
        page.goto(path)
        check(name)
    page.goto("/people")
    page.get_by_role("link", name="Trần Văn Minh").click()
    page.wait_for_url("**/people/*")
    check("person")
    page.goto("/search?number=1")
    check("search")
    assert {name: rules for name, rules in found.items() if rules} == {}
    assert page.locator("#lines tbody tr").count() == 1


def test_on_a_phone_no_page_about_people_spills(server: OfficeServer, open_page: OpenPage, shot: Shot) -> None:
    server.person("hoa", "supervisor", "administrator")
    page = open_page(phone=True)
    _enter(page, "hoa")
    for path in ("/account", "/people", "/people/new", "/people/lookups", "/search"):
        page.goto(path)
        shot(page, f"people_phone_{path.rpartition('/')[2]}", whole=True)
        spills = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert spills == 0, f"{path}: got a page that is {spills} px too wide, expected none"
