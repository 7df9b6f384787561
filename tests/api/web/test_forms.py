"""No form of another session, of another site, or without a token moves anything."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.api.web.site import Browser, Site

MOVES = ("take", "release", "confirm", "reject", "issue", "uphold", "withdraw")


def _refused(browser: Browser, path: str, token: str | None, **headers: str) -> int:
    fields = {} if token is None else {"form_token": token}
    return browser.client.post(path, data=fields, headers=headers, follow_redirects=False).status_code


@pytest.mark.parametrize("move", MOVES)
def test_every_move_needs_the_sessions_token(site: Site, move: str) -> None:
    case_id = site.small.new_case()
    browser, other = site.signed_in("hoa", "reviewer", "supervisor"), site.signed_in("minh", "reviewer")
    path = f"/cases/{case_id}/{move}"
    assert _refused(browser, path, None) == 403
    assert _refused(browser, path, other.token) == 403
    assert site.small.state(case_id) == "new"


@pytest.mark.parametrize("path", ["/next", "/logout"])
def test_so_does_everything_else(site: Site, path: str) -> None:
    assert _refused(site.signed_in("hoa", "reviewer"), path, None) == 403


def test_another_site_is_refused_even_with_the_token(site: Site) -> None:
    case_id = site.small.new_case()
    browser = site.signed_in("hoa", "reviewer")
    browser.get(f"/cases/{case_id}")
    assert _refused(browser, f"/cases/{case_id}/take", browser.token, **{"sec-fetch-site": "cross-site"}) == 403
    assert site.small.state(case_id) == "new"


def test_the_login_form_is_bound_to_its_browser(site: Site) -> None:
    site.person("hoa", "reviewer")
    first, second = site.browser(), site.browser()
    first.get("/login")
    second.get("/login")
    assert _refused(second, "/login", first.token) == 403


@pytest.mark.parametrize("form", ["plate", "contest"])
def test_the_citizens_forms_too(site: Site, form: str) -> None:
    address = site.issued(site.signed_in("hoa", "reviewer"), site.small.new_case())
    path = address.partition("?")[0]
    assert _refused(site.browser(), f"{path}/{form}", None) == 403


def test_an_ended_session_leads_to_the_door_and_back(site: Site) -> None:
    case_id = site.small.new_case()
    browser = site.signed_in("hoa", "reviewer")
    browser.get(f"/cases/{case_id}")
    site.small.clock.turn(timedelta(hours=9))
    answer = browser.client.post(f"/cases/{case_id}/take", data={"form_token": browser.token}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?why=ended&next=/cases/{case_id}")
    assert "Phiên đã hết" in browser.get(answer.headers["location"]).text
