"""The door: one answer for every refusal, cookies that scripts cannot read, sessions that end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.people.accounts import close_account
from api.web.pages_login import local_path
from tests.api.web.site import PASSWORD, Site


def test_leads_to_the_queue(site: Site) -> None:
    browser = site.signed_in("hoa", "reviewer")
    assert browser.last is not None and "Hàng chờ duyệt" in browser.last.text


def test_leads_back_to_where_one_was_going(site: Site) -> None:
    case_id = site.small.new_case()
    site.person("hoa", "reviewer")
    browser = site.browser()
    assert browser.get(f"/cases/{case_id}").url.path == "/login"
    answer = browser.post("/login", {"username": "hoa", "password": PASSWORD, "next": f"/cases/{case_id}"})
    assert answer.url.path == f"/cases/{case_id}"


@pytest.mark.parametrize("wish", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "", "/login"])
def test_never_leads_elsewhere(wish: str) -> None:
    assert local_path(wish) == "/queue"


def test_says_the_same_for_unknown_wrong_closed_and_locked(site: Site) -> None:
    for name in ("open", "closed", "locked"):
        site.person(name, "reviewer")
    close_account(site.small.office.database, site.people["closed"], site.small.clock.now)
    answers = set()
    for name, password in [("nobody", PASSWORD), ("open", "wrong"), ("closed", PASSWORD)]:
        answer = site.browser().sign_in(name, password)
        answers.add((answer.status_code, _without_what_was_typed(answer.text, name)))
    assert len(answers) == 1 and next(iter(answers))[0] == 401


def _without_what_was_typed(text: str, name: str) -> str:
    import re

    return re.sub(r'name="form_token" value="[^"]+"', "", text.replace(f'value="{name}"', ""))


def test_keeps_the_typed_name_never_the_password(site: Site) -> None:
    answer = site.browser().sign_in("hoa<script>", "a wrong password")
    assert "hoa&lt;script&gt;" in answer.text and "a wrong password" not in answer.text


def test_slows_one_address_down(site: Site) -> None:
    site.app.state.sign_in_pace._spent["testclient"] = (10.0, site.app.state.sign_in_pace._clock())
    answer = site.browser().sign_in("hoa", "wrong")
    assert answer.status_code == 429 and "Đợi" in answer.text


def test_the_cookie_is_out_of_reach(site: Site) -> None:
    site.person("hoa", "reviewer")
    browser = site.browser()
    browser.get("/login")
    answer = browser.client.post(
        "/login",
        data={"form_token": browser.token, "username": "hoa", "password": PASSWORD},
        follow_redirects=False,
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("phatnguoi_session=") and "HttpOnly" in cookie and "SameSite=lax" in cookie


def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    browser = site.signed_in("hoa", "reviewer")
    kept = browser.client.cookies["phatnguoi_session"]
    assert "Đã đăng xuất" in browser.post("/logout").text
    browser.client.cookies.set("phatnguoi_session", kept)
    assert browser.get("/queue").url.path == "/login"


def test_a_closed_account_is_out_at_once(site: Site) -> None:
    browser = site.signed_in("hoa", "reviewer")
    close_account(site.small.office.database, site.people["hoa"], site.small.clock.now)
    assert browser.get("/queue").url.path == "/login"


@pytest.mark.parametrize("wait", [timedelta(minutes=61), timedelta(hours=9)])
def test_a_session_ends(site: Site, wait: timedelta) -> None:
    browser = site.signed_in("hoa", "reviewer")
    site.small.clock.turn(wait)
    assert browser.get("/queue").url.path == "/login"


def test_a_session_in_use_goes_on(site: Site) -> None:
    browser = site.signed_in("hoa", "reviewer")
    for _ in range(4):
        site.small.clock.turn(timedelta(minutes=40))
        assert browser.get("/queue").url.path == "/queue"
