"""Accounts in the browser: what an administrator may do, what everybody may do with their own account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from api.people import passwords
from tests.api.kit import AGENCY
from tests.api.web.site import PASSWORD, Browser, Site, open_site

OTHER_PASSWORD = "mot cau khac han di"
SECRET = re.compile(r'<p class="secret">([A-Z2-7 ]+)</p>')
FIRST_PASSWORD = re.compile(r'<p class="secret">([\w-]+)</p>')
CODE = re.compile(r"<li>((?:[a-z0-9]{4}-){5}[a-z0-9]{4})</li>")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(passwords, "_HASHER", passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobodys_hash.cache_clear()
    site = open_site(tmp_path)
    yield site
    site.small.office.close()
    passwords._nobodys_hash.cache_clear()


def _enrolled(site: Site, browser: Browser) -> tuple[pyotp.TOTP, list[str]]:
    """An authenticator, set up as a person does it; and the recovery codes."""
    browser.get("/account")
    found = SECRET.search(browser.post("/account/second-factor").text)
    assert found is not None
    totp = pyotp.TOTP(found.group(1).replace(" ", ""))
    answer = browser.post("/account/second-factor/confirm", {"code": totp.at(site.small.clock.now)})
    codes = CODE.findall(answer.text)
    assert len(codes) == 10
    site.small.clock.turn(timedelta(seconds=30))
    return totp, codes


def _enter(site: Site, username: str, code: str, password: str = PASSWORD) -> bool:
    browser = site.browser()
    browser.get("/login")
    answer = browser.post("/login", {"username": username, "password": password, "code": code, "next": ""})
    return answer.status_code == 200 and answer.url.path != "/login"


def test_the_password_alone_is_not_enough_any_more(site: Site) -> None:
    totp, _ = _enrolled(site, site.signed_in("hoa", "reviewer"))
    now = site.small.clock.now
    assert not _enter(site, "hoa", "")
    assert not _enter(site, "hoa", totp.at(now + timedelta(minutes=5)))
    assert not _enter(site, "hoa", totp.at(now), password="a wrong password")
    assert _enter(site, "hoa", totp.at(now))


def test_no_code_is_taken_twice(site: Site) -> None:
    totp, _ = _enrolled(site, site.signed_in("hoa", "reviewer"))
    code = totp.at(site.small.clock.now)
    assert _enter(site, "hoa", code) and not _enter(site, "hoa", code)
    assert not _enter(site, "hoa", totp.at(site.small.clock.now - timedelta(seconds=30)))  # nor an older one


def test_a_recovery_code_stands_in_once(site: Site) -> None:
    _, codes = _enrolled(site, site.signed_in("hoa", "reviewer"))
    assert _enter(site, "hoa", codes[3].upper()) and not _enter(site, "hoa", codes[3])


def test_wrong_codes_lock_the_account_like_wrong_passwords(site: Site) -> None:
    totp, _ = _enrolled(site, site.signed_in("hoa", "reviewer"))
    for _ in range(8):
        assert not _enter(site, "hoa", "000000")
    assert not _enter(site, "hoa", totp.at(site.small.clock.now))


def test_a_role_that_needs_a_second_factor_opens_nothing_without(tmp_path: Path, site: Site) -> None:
    (tmp_path / "strict").mkdir()
    strict = open_site(tmp_path / "strict", second_factor_roles=("reviewer",))
    strict.person("hoa", "reviewer")
    browser = strict.browser()
    assert browser.sign_in("hoa").url.path == "/account"
    assert "ứng dụng xác thực" in browser.get("/queue").text and browser.get("/queue").url.path == "/account"
    _enrolled(strict, browser)
    assert browser.get("/queue").url.path == "/queue"
    strict.small.office.close()


def test_an_office_that_asks_nobody_for_a_second_factor_says_so_at_its_door(tmp_path: Path, site: Site) -> None:
    words = "không bắt buộc xác thực hai bước"
    assert words in site.browser().get("/login").text and words in site.browser().sign_in("nobody").text
    (tmp_path / "strict").mkdir()
    strict = open_site(tmp_path / "strict", second_factor_roles=("administrator",))
    assert words not in strict.browser().get("/login").text
    strict.small.office.close()


def test_an_office_that_asks_for_second_factors_needs_a_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="PHATNGUOI_PEOPLE_KEY"):
        open_site(tmp_path, second_factor_roles=("reviewer",), people_key=None)


def test_an_administrator_adds_a_person_who_must_change_the_password(site: Site) -> None:
    boss = site.signed_in("quan", "administrator")
    boss.get("/people/new")
    typed = {"username": "Lan", "display_name": "Nguyễn Thị Lan", "roles": "reviewer", "agency": "*", "groups": "*"}
    found = FIRST_PASSWORD.search(boss.post("/people/new", typed).text)
    assert found is not None
    lan = site.browser()
    assert lan.sign_in("lan", found.group(1)).url.path == "/account" and lan.get("/queue").url.path == "/account"
    changed = {"old": found.group(1), "new": OTHER_PASSWORD, "again": OTHER_PASSWORD}
    assert lan.post("/account/password", changed).status_code == 200
    assert lan.get("/queue").url.path == "/queue"
    assert not _enter(site, "lan", "", found.group(1)) and _enter(site, "lan", "", OTHER_PASSWORD)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"old": "a wrong password", "new": OTHER_PASSWORD, "again": OTHER_PASSWORD}, "hiện tại không đúng"),
        ({"old": PASSWORD, "new": OTHER_PASSWORD, "again": PASSWORD}, "không giống nhau"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "phải khác"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "quá ngắn hoặc dễ đoán"),
        ({"old": PASSWORD, "new": "hoahoahoahoahoa", "again": "hoahoahoahoahoa"}, "quá ngắn hoặc dễ đoán"),
    ],
)
def test_a_password_is_not_changed(site: Site, typed: dict[str, str], said: str) -> None:
    browser = site.signed_in("hoa", "reviewer")
    browser.get("/account")
    answer = browser.post("/account/password", typed)
    assert answer.status_code == 422 and said in answer.text
    assert _enter(site, "hoa", "")


def test_changing_the_password_ends_the_other_sessions(site: Site) -> None:
    browser, other = site.signed_in("hoa", "reviewer"), site.browser()
    other.sign_in("hoa")
    browser.get("/account")
    browser.post("/account/password", {"old": PASSWORD, "new": OTHER_PASSWORD, "again": OTHER_PASSWORD})
    assert browser.get("/queue").url.path == "/queue" and other.get("/queue").url.path == "/login"


def test_a_person_ends_a_session_of_theirs_and_of_nobody_else(site: Site) -> None:
    browser, other = site.signed_in("hoa", "reviewer"), site.browser()
    other.sign_in("hoa")
    stranger = site.signed_in("minh", "reviewer")
    ends = re.findall(r"/account/sessions/\w+/end", browser.get("/account").text)
    assert len(ends) == 1  # the page offers all but its own
    assert stranger.post(ends[0]).status_code == 404 and other.get("/queue").url.path == "/queue"
    browser.post(ends[0])
    assert other.get("/queue").url.path == "/login" and browser.get("/queue").url.path == "/queue"


def test_an_administrator_ends_every_session_of_a_person(site: Site) -> None:
    browser, boss = site.signed_in("hoa", "reviewer"), site.signed_in("quan", "administrator")
    boss.get(f"/people/{site.people['hoa']}")
    boss.post(f"/people/{site.people['hoa']}/sessions/end")
    assert browser.get("/queue").url.path == "/login"


def test_an_administrator_closes_reopens_and_resets(site: Site) -> None:
    _, boss = site.signed_in("hoa", "reviewer"), site.signed_in("quan", "administrator")
    path = f"/people/{site.people['hoa']}"
    boss.get(path)
    assert boss.post(f"{path}/close").status_code == 200 and not _enter(site, "hoa", "")
    assert boss.post(f"{path}/reopen").status_code == 200 and _enter(site, "hoa", "")
    found = FIRST_PASSWORD.search(boss.post(f"{path}/reset").text)
    assert found is not None and not _enter(site, "hoa", "") and _enter(site, "hoa", "", found.group(1))


def test_a_reset_of_the_second_factor_lets_the_password_in_alone_once_more(site: Site) -> None:
    hoa, boss = site.signed_in("hoa", "reviewer"), site.signed_in("quan", "administrator")
    _enrolled(site, hoa)
    boss.get(f"/people/{site.people['hoa']}")
    found = FIRST_PASSWORD.search(boss.post(f"/people/{site.people['hoa']}/reset", {"second_factor": "yes"}).text)
    assert found is not None and _enter(site, "hoa", "", found.group(1))


def test_other_roles_end_the_sessions(site: Site) -> None:
    hoa, boss = site.signed_in("hoa", "reviewer"), site.signed_in("quan", "administrator")
    path = f"/people/{site.people['hoa']}"
    boss.get(path)
    assert boss.post(f"{path}/change", {"roles": "auditor", "agency": AGENCY, "groups": "*"}).status_code == 200
    assert hoa.get("/queue").url.path == "/login"
    assert hoa.sign_in("hoa").url.path == "/queue" and "/next" not in hoa.get("/queue").text


@pytest.mark.parametrize("act", ["change", "close", "reopen", "reset"])
def test_nobody_does_it_to_themselves(site: Site, act: str) -> None:
    boss = site.signed_in("quan", "administrator")
    boss.get("/people")
    answer = boss.post(f"/people/{site.people['quan']}/{act}", {"roles": "auditor", "agency": "*", "groups": "*"})
    assert answer.status_code in (409, 422) and boss.get("/people").status_code == 200


@pytest.mark.parametrize("role", ["reviewer", "supervisor", "auditor", "operations"])
@pytest.mark.parametrize("act", ["", "/change", "/close", "/reopen", "/reset", "/sessions/end"])
def test_only_an_administrator_may(site: Site, role: str, act: str) -> None:
    site.person("hoa", "reviewer")
    browser = site.signed_in("minh", role)  # type: ignore[arg-type]
    browser.get("/account")
    path = f"/people/{site.people['hoa']}{act}"
    answer = browser.post(path, {"roles": "administrator", "agency": "*", "groups": "*"}) if act else browser.get(path)
    assert answer.status_code == 403 and _enter(site, "hoa", "")


def test_an_administrator_of_one_agency_sees_and_gives_no_other(site: Site) -> None:
    site.person("hoa", "reviewer", agency="Đội CSGT số 2")
    site.person("lan", "reviewer", agency=AGENCY)
    boss = site.signed_in("quan", "administrator", agency=AGENCY)
    page = boss.get("/people").text
    assert site.people["lan"] in page and site.people["hoa"] not in page
    for act in ("", "/reset", "/close"):
        path = f"/people/{site.people['hoa']}{act}"
        assert (boss.post(path) if act else boss.get(path)).status_code == 404
    boss.get("/people/new")
    for agency in ("*", "Đội CSGT số 2"):
        typed = {"username": "moi", "roles": "reviewer", "agency": agency, "groups": "*"}
        assert boss.post("/people/new", typed).status_code == 422
    path = f"/people/{site.people['lan']}/change"
    assert boss.post(path, {"roles": "reviewer", "agency": "*", "groups": "*"}).status_code == 422


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"username": "la n"}, "chỉ gồm chữ"),
        ({"username": ""}, "chỉ gồm chữ"),
        ({"roles": ""}, "ít nhất một vai trò"),
        ({"roles": "office"}, "ít nhất một vai trò"),
        ({"username": "QUAN"}, "đã có người dùng"),
        ({"groups": "other/group", "agency": AGENCY}, "ít nhất một nhóm camera"),
    ],
)
def test_a_wrong_form_keeps_what_was_typed(site: Site, typed: dict[str, str], said: str) -> None:
    boss = site.signed_in("quan", "administrator")
    boss.get("/people/new")
    whole = {"username": "lan", "display_name": "Lan & <b>", "roles": "reviewer", "agency": "*", "groups": "*"}
    answer = boss.post("/people/new", whole | typed)
    assert answer.status_code == 422 and said in answer.text and "Lan &amp; &lt;b&gt;" in answer.text


def test_every_act_on_an_account_is_in_the_audit_log(site: Site) -> None:
    from sqlalchemy import select

    from models.tables import AuditRow

    hoa, boss = site.signed_in("hoa", "reviewer"), site.signed_in("quan", "administrator")
    path = f"/people/{site.people['hoa']}"
    boss.get(path)
    for act in ("sessions/end", "close", "reopen", "reset"):
        boss.post(f"{path}/{act}")
        boss.get(path)
    _enrolled(site, boss)
    with site.small.office.database.reading() as session:
        rows = session.execute(select(AuditRow.what, AuditRow.person_id, AuditRow.details)).all()
    done = {what: (person_id, details) for what, person_id, details in rows}
    for what in ("sessions_ended", "person_closed", "person_reopened", "password_reset"):
        assert done[what] == (site.people["quan"], {"person": site.people["hoa"]})
    assert done["second_factor_set"] == (site.people["quan"], {})
    assert hoa.get("/queue").url.path == "/login"
