"""Requests that no form sends, made from the interface's own description: nothing falls over, and nothing leaks.

The pages are no part of the description; here their routes are described too. `PHATNGUOI_OPENAPI_EXAMPLES` says how
many requests each operation gets from each caller.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from fastapi.openapi.utils import get_openapi
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode

from api.actor import OFFICE, PEOPLES_ROLES
from api.app import create_app
from api.cases.register import add_worker_key
from api.people import passwords
from api.web import pages_login
from tests.api.kit import WORKER, Web, camera_row
from tests.api.web.site import Site, open_site, routes_of

EXAMPLES = int(os.environ.get("PHATNGUOI_OPENAPI_EXAMPLES", "2"))
ELSEWHERE = "Đội CSGT số 2"
OTHER_PLACE = "Cầu Rồng"
NOBODY, OWN_WORKER, OTHER_WORKER = "nobody", "its worker", "another worker"
CALLERS = (NOBODY, OWN_WORKER, OTHER_WORKER, *PEOPLES_ROLES)
MAY_SAY_503 = {"/readyz"}
STREAMS = {"/live"}
"""Have no end for whoever may listen."""
ENDS_SESSIONS = {"/logout", "/account/password", "/account/sessions/{session_id}/end"}
"""Of the callers themselves; tests/api/people/test_pages.py asks them."""
FIELDS = ("plate", "vehicle", "plate_colour", "reason", "text", "username", "password", "code", "old", "new", "again",
          "next", "roles", "agency", "groups", "kind", "second_factor", "display_name")  # fmt: skip
HARMLESS = hypothesis.settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)  # fmt: skip


@dataclass(slots=True)
class Town:
    """An office of two agencies. Every caller belongs to the first; the secrets are the second's."""

    site: Site
    web: Web
    callers: dict[str, dict[str, str]]
    tokens: dict[str, str]
    known: tuple[str, ...]
    secrets: tuple[str, ...]
    operations: tuple[Any, ...]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        patch.setattr(pages_login, "REFUSED_ANSWER_EVERY_S", 0.01)
        site = open_site(folder)
        yield _town(site)
        site.small.office.close()


def _town(site: Site) -> Town:
    small = site.small
    with small.office.database.writing() as session:
        place = {"id": "elsewhere", "agency": ELSEWHERE, "address": OTHER_PLACE, "name": OTHER_PLACE}
        session.add(camera_row(small.clock.now, is_simulated=True, **place))
        other_key = add_worker_key(session, small.clock.now, OFFICE, "worker-2")
    own = small.new_case()
    foreign = small.new_case(camera_id="elsewhere", point_px16=(800, 800))
    there = small.person("reviewer", "supervisor", agency=ELSEWHERE)
    small.office.reviews.take(there, foreign)
    callers: dict[str, dict[str, str]] = {NOBODY: {}}
    callers[OWN_WORKER] = {"Authorization": f"Bearer {small.worker_key}"}
    callers[OTHER_WORKER] = {"Authorization": f"Bearer {other_key}"}
    tokens = {}
    for role in PEOPLES_ROLES:
        browser = site.signed_in(role, role, agency="Đội CSGT số 1")
        browser.get("/account")
        callers[role] = {"Cookie": f"phatnguoi_session={browser.client.cookies['phatnguoi_session']}"}
        tokens[role] = browser.token
    line = small.office.cases.read(there, foreign).line
    submissions = [small.office.cases.read(there, foreign).manifest.id]
    secrets = (line.number, OTHER_PLACE, small.office.cases.read(there, foreign).manifest.camera.name)
    known = (own, foreign, *submissions, site.people["reviewer"], "b_at.jpg", "elsewhere", WORKER)
    return Town(site, Web(site.app), callers, tokens, known, secrets[:2], tuple(_operations(site)))


def _operations(site: Site) -> list[Any]:
    routes = [copy(route) for route in routes_of(site.app)]
    for route in routes:
        route.include_in_schema = True
    described = get_openapi(title="office and pages", version="1", routes=routes)
    schema = schemathesis.openapi.from_dict(described)
    return [found.ok() for found in schema.get_all_operations()]


def _paths() -> list[str]:
    """Named without an office, so that each path is a test of its own."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        site = open_site(Path(folder))
        paths = sorted({route.path for route in routes_of(site.app)} - ENDS_SESSIONS)
        site.small.office.close()
    return paths


def _body(data: st.DataObject, town: Town, caller: str, case: Any) -> dict[str, Any]:
    """JSON as the description says; for forms fields that forms have, with the caller's own token."""
    if isinstance(case.body, dict | list):
        return {"json": case.body}
    if case.method == "POST" and not case.path.startswith("/api"):
        typed = data.draw(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=40), max_size=6))
        return {"data": {"form_token": town.tokens.get(caller, "none")} | typed}
    return {}


def _sent(data: st.DataObject, town: Town, caller: str, case: Any) -> tuple[str, Any]:
    parameters: Mapping[str, Any] = case.path_parameters or {}
    path = case.path
    for name, value in parameters.items():
        chosen = data.draw(st.sampled_from((*town.known, str(value))))
        path = path.replace("{" + name + "}", _in_path(chosen)).replace("{" + name + ":path}", _in_path(chosen))
    query = {name: value for name, value in (case.query or {}).items() if value is not None}
    headers = town.callers[caller]
    answer = town.web.request(case.method, path, params=query, headers=headers, **_body(data, town, caller, case))
    return path, answer


def _in_path(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="", errors="replace") or "-"


@pytest.mark.parametrize("path", _paths())
def test_nothing_falls_over_and_nothing_of_another_agency_comes(town: Town, path: str) -> None:
    operations = [each for each in town.operations if each.path == path]
    assert operations
    for operation in operations:
        for caller in (NOBODY, OWN_WORKER) if path in STREAMS else CALLERS:
            _attack(town, operation, caller)


def _attack(town: Town, operation: Any, caller: str) -> None:
    strategy = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)

    @HARMLESS
    @hypothesis.given(case=strategy, data=st.data())
    def send(case: Any, data: st.DataObject) -> None:
        path, answer = _sent(data, town, caller, case)
        is_fine = answer.status_code < 500 or (answer.status_code == 503 and path in MAY_SAY_503)
        assert is_fine, f"{caller}: {case.method} {path}: got {answer.status_code}: {answer.text[:300]}"
        leaked = [secret for secret in town.secrets if secret in answer.text]
        assert not leaked, f"{caller}: {case.method} {path}: got {leaked}"
        if path.startswith("/api") and answer.status_code == 422:
            assert set(answer.json()) <= {"code", "message", "field"}

    send()


def test_the_secrets_are_there_to_be_found(town: Town) -> None:
    """Otherwise the test above could not fail."""
    there = town.site.small.person("supervisor", agency=ELSEWHERE)
    lines = town.site.small.office.cases.queue(there, ["in_review", "new"])
    assert [(line.number, line.address) for line in lines] == [town.secrets]
    assert {line.address for line in town.site.small.office.cases.queue(there, ["new"])} <= {OTHER_PLACE}


def test_the_programs_interface_stays_as_it_is_described() -> None:
    """Pages are no part of it; every operation of a worker says what it answers without a key."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        site = open_site(Path(folder))
        described = create_app(site.small.office.settings, office=site.small.office).openapi()
        site.small.office.close()
    for path, operations in described["paths"].items():
        assert path.startswith(("/api/", "/healthz", "/readyz", "/metrics")), path
        for operation in operations.values():
            if operation.get("security"):
                assert "401" in operation["responses"], path
