"""At the door: cookies behind https, refusals that all last alike, keys of workers that open nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.people import passwords
from api.people.accounts import close_account
from api.web import pages_login
from tests.api.kit import Web
from tests.api.web.site import PASSWORD, Site, open_site, routes_of


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = open_site(tmp_path)
    yield site
    site.small.office.close()


def test_behind_https_the_cookie_is_bound_to_this_host(tmp_path: Path) -> None:
    site = open_site(tmp_path, secure_cookies=True)
    site.person("hoa", "reviewer")
    browser = site.browser()
    browser.client.base_url = "https://testserver"
    browser.get("/login")
    typed = {"form_token": browser.token, "username": "hoa", "password": PASSWORD}
    answer = browser.client.post("/login", data=typed, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-phatnguoi_session=")
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=lax", "Path=/")) and "Domain" not in cookie
    assert "max-age" in answer.headers["strict-transport-security"]
    site.small.office.close()


def test_refusals_are_answered_at_the_same_beat(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits until a whole multiple of the beat since its question, whatever took how long."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(pages_login.asyncio, "sleep", sleep)
    for name in ("open", "closed"):
        site.person(name, "reviewer")
    close_account(site.small.office.database, site.people["closed"], site.small.clock.now)
    for name, password in (("nobody", PASSWORD), ("open", "wrong"), ("closed", PASSWORD)):
        assert site.browser().sign_in(name, password).status_code == 401
    assert len(waits) == 3


@pytest.mark.parametrize("elapsed_s", [0.0, 0.001, 0.39, 0.4, 0.41, 3.999])
def test_the_beat_hides_what_took_how_long(elapsed_s: float) -> None:
    beats = (elapsed_s + pages_login.until_the_beat(elapsed_s)) / pages_login.REFUSED_ANSWER_EVERY_S
    assert beats == pytest.approx(round(beats)) and beats * pages_login.REFUSED_ANSWER_EVERY_S < elapsed_s + 0.4001


def test_a_worker_key_opens_no_page_and_no_other_workers_claim(site: Site) -> None:
    small = site.small
    case_id = small.new_case()
    thief = Web(site.app, {"Authorization": f"Bearer {small.worker_key}", "accept": "text/html"})
    for path in ("/queue", f"/cases/{case_id}", "/people", "/search", "/account"):
        answer = thief.get(path)
        assert answer.status_code == 303 and answer.headers["location"].startswith("/login"), path
    posts = [
        route.path for route in routes_of(site.app) if "POST" in (route.methods or ()) and "{case_id}" in route.path
    ]
    assert posts
    for path in posts:
        if not path.startswith(("/t/", "/api/notices")):
            assert thief.post(path.replace("{case_id}", case_id)).status_code in (303, 401, 403), path
    assert small.state(case_id) == "new"
