"""Every answer carries the strict policy; nothing is fetched from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.web.headers import CONTENT_SECURITY_POLICY
from tests.api.web.site import Site


@pytest.mark.parametrize("path", ["/login", "/queue", "/nowhere", "/t/none?c=none", "/static/office.css", "/healthz"])
def test_stands_on_every_answer(site: Site, path: str) -> None:
    headers = site.browser().get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


def test_allows_neither_inline_code_nor_other_hosts() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY and "http" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY and "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY


def test_an_unknown_address_is_a_page_for_people_and_json_for_programs(site: Site) -> None:
    browser = site.browser()
    assert "Không tìm thấy" in browser.get("/nowhere").text
    assert browser.get("/api/nowhere").headers["content-type"] == "application/json"


def test_assets_are_our_own_and_named_by_their_bytes(site: Site) -> None:
    page = site.browser().get("/login").text
    addresses = re.findall(r'(?:src|href)="([^"#?]+)\?v=', page)
    assert addresses and all(address.startswith("/static/") for address in addresses)
    for address in addresses:
        assert site.browser().get(address).status_code == 200


def test_pages_are_no_part_of_the_programs_interface(site: Site) -> None:
    paths = site.browser().get("/openapi.json").json()["paths"]
    assert not any(path.startswith(("/login", "/queue", "/cases", "/t/")) for path in paths)


def test_a_failure_is_a_page_that_gives_nothing_away(site: Site) -> None:
    browser = site.signed_in("hoa", "reviewer")
    site.app.state.sessions = None  # what no code expects
    answer = browser.get("/queue")
    assert answer.status_code == 500 and "Lỗi của hệ thống" in answer.text
    assert "NoneType" not in answer.text and answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


def test_a_database_that_is_gone_is_a_page_that_says_try_again(site: Site, tmp_path: Path) -> None:
    browser = site.signed_in("hoa", "reviewer")
    site.small.office.database.close()
    for path in tmp_path.glob("office.db*"):
        path.rename(path.with_suffix(".gone"))
    (tmp_path / "office.db").mkdir()
    answer = browser.get("/queue")
    assert answer.status_code == 503 and "Thử lại sau ít phút" in answer.text
