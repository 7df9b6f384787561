"""Every page under the strict policy: nothing inline, nothing from elsewhere, every form with its token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from api.people import passwords
from api.web.headers import CONTENT_SECURITY_POLICY, SECURITY_HEADERS
from tests.api.web.site import Site, open_site, routes_of

STREAMS = {"/live"}


class _Markup(HTMLParser):
    """What the policy forbids, and forms that change something without a token."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._form: tuple[str, bool] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if (tag == "script" and not values.get("src") and values.get("type") != "application/json") or tag == "style":
            self.found.append(f"inline <{tag}>")
        self.found += [f"{tag} {name}=" for name in values if name == "style" or name.startswith("on")]
        for name in ("src", "href", "action", "formaction"):
            if re.match(r"(https?:)?//|javascript:", values.get(name) or ""):
                self.found.append(f"{tag} {name}={values[name]}")
        if tag == "form":
            self._form = (values.get("action") or "", values.get("method") != "post")
        if tag == "input" and values.get("name") == "form_token" and self._form:
            self._form = (self._form[0], True)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form:
            if not self._form[1]:
                self.found.append(f"form {self._form[0]} without a token")
            self._form = None


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        site = open_site(tmp_path_factory.mktemp("site"))
        yield site
        site.small.office.close()


def test_no_page_holds_what_the_policy_forbids(site: Site) -> None:
    """Each GET route, for a person with every role and for nobody."""
    case_id = site.small.new_case()
    boss = site.signed_in("boss", "reviewer", "supervisor", "auditor", "administrator", "operations")
    site.person("hoa", "reviewer")
    known = {"case_id": case_id, "person_id": site.people["hoa"], "name": "b_at.jpg"}
    paths = {route.path for route in routes_of(site.app) if "GET" in (route.methods or ())} - STREAMS
    shown = 0
    for path in sorted(paths):
        address = re.sub(r"\{(\w+)(?::path)?\}", lambda found: known.get(found[1], "none"), path)
        for browser in (boss, site.browser()):
            answer = browser.get(address)
            is_fine = answer.status_code < 500 or path == "/readyz"  # no job runs here
            assert is_fine, f"{address}: got {answer.status_code}"
            for name, value in SECURITY_HEADERS.items():
                assert answer.headers[name], f"{address}: got no {name}, expected {value}"
            if "text/html" not in answer.headers.get("content-type", ""):
                continue
            shown += 1
            markup = _Markup()
            markup.feed(answer.text)
            assert markup.found == [], f"{address}: got {markup.found}"
    assert shown > 20


def test_the_policy_itself_lets_nothing_inline_or_foreign_in() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert rules["default-src"] == "'none'" and rules["frame-ancestors"] == "'none'" and rules["base-uri"] == "'none'"
    assert {value for name, value in rules.items() if name.endswith("-src")} == {"'none'", "'self'"}


def test_pages_are_kept_by_no_cache(site: Site) -> None:
    browser = site.signed_in("lan", "reviewer")
    for path in ("/queue", "/account", "/search"):
        assert browser.get(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/static/", "/static/../settings.py", "/static/%2e%2e/settings.py", "/static/fonts/"])
def test_no_folder_is_listed_and_no_way_leads_out_of_it(site: Site, path: str) -> None:
    assert site.browser().get(path).status_code == 404


def test_code_of_the_pages_writes_no_markup_of_its_own() -> None:
    """`Markup(…)` and `|safe` switch the escaping off: each place is known."""
    from tests.conftest import ROOT

    web = ROOT / "api" / "web"
    assert [path.name for path in sorted(web.rglob("*.html")) if re.search(r"\|\s*safe", path.read_text())] == []
    made = [str(path.relative_to(web)) for path in sorted(web.rglob("*.py")) if "Markup(" in Path(path).read_text()]
    assert made == ["pages_account.py", "pages_notice.py", "render.py"]
