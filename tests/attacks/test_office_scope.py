"""Nobody sees, or touches, a case of another agency or camera group: every route, every query."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import func, select

from api.actor import Actor
from api.cases.listing import COUNTED, QueueFilter, queue_page, state_counts
from api.cases.register import group_camera
from api.cases.repository import find_case
from api.errors import CaseNotFoundError, InputError, NotFoundError
from api.people import passwords
from models.domain.cases import CaseState, Role
from models.tables import AuditRow, CaseRow
from phatnguoi.bench.office_fill import AGENCIES, PlannedCase, agency_of, camera_id, fill, group_of, planned
from tests.api.kit import AGENCY, CAMERA, SmallOffice
from tests.api.web.site import PASSWORD, Browser, Site, open_site, routes_of
from tests.conftest import ROOT

ELSEWHERE = {"another agency": ("Đội CSGT số 2", None), "another camera group": (AGENCY, ["cầu"])}
FIELDS = {
    "plate": "75-B1 678.90", "vehicle": "motorcycle", "plate_colour": "white", "reason": "camera_fault", "text": "x",
}  # fmt: skip


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(passwords, "_HASHER", passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    site = open_site(tmp_path)
    yield site
    site.small.office.close()


def _case_routes(site: Site) -> list[tuple[str, str]]:
    """Method and path of every route of a case that is for people; the citizen's have a code of their own."""
    found = [
        (method, route.path)
        for route in routes_of(site.app)
        if "{case_id}" in route.path
        for method in sorted(route.methods or ())
        if not route.path.startswith(("/t/", "/api/notices/"))
    ]
    assert len(found) >= 9
    return found


def _stranger(site: Site, where: str, *roles: Role) -> Browser:
    from api.people.accounts import add_person

    agency, groups = ELSEWHERE[where]
    now = site.small.clock.now
    name = f"stranger-{len(site.people)}"
    site.people[name] = add_person(
        site.small.office.database, name, PASSWORD, roles, now, agency=agency, camera_groups=groups
    )
    browser = site.browser()
    browser.sign_in(name)
    return browser


def _rows(site: Site, case_id: str) -> int:
    with site.small.office.database.reading() as session:
        return session.scalar(select(func.count()).select_from(AuditRow).where(AuditRow.case_id == case_id)) or 0


@pytest.mark.parametrize("where", ELSEWHERE)
@pytest.mark.parametrize("state", ["new", "in_review", "confirmed", "contested"])
def test_no_route_shows_or_moves_a_case_of(site: Site, where: str, state: CaseState) -> None:
    case_id = site.small.new_case()
    browser = _stranger(site, where, "reviewer", "supervisor", "auditor", "administrator")
    site.small.set_state(case_id, state)
    rows = _rows(site, case_id)
    for method, path in _case_routes(site):
        browser.get("/account")  # for a token
        address = re.sub(r"\{[a-z_]+(:path)?\}", "b_at.jpg", path.replace("{case_id}", case_id))
        answer = browser.post(address, FIELDS) if method == "POST" else browser.get(address)
        assert answer.status_code in (403, 404, 405, 422), f"{method} {path}: got {answer.status_code}"
        assert "Lý Thường Kiệt" not in answer.text, f"{method} {path}"
    assert site.small.state(case_id) == state and _rows(site, case_id) == rows


@pytest.mark.parametrize("where", ELSEWHERE)
def test_no_list_and_no_look_up_shows_a_case_of(site: Site, where: str) -> None:
    case_id = site.small.new_case()
    browser = _stranger(site, where, "supervisor")
    for path in ("/queue", "/search?number=1", f"/search?camera={CAMERA}&first=2026-11-01&last=2026-11-20"):
        assert case_id not in browser.get(path).text
    site.small.set_state(case_id, "notice_issued")
    browser.get("/search")
    found = browser.post("/search", {"plate": "75-B1 123.45", "reason": "court"})
    assert found.status_code == 200 and case_id not in found.text
    own = site.signed_in("own", "supervisor")
    own.get("/search")
    assert case_id in own.post("/search", {"plate": "75-B1 123.45", "reason": "court"}).text


def test_a_camera_that_moves_to_a_group_takes_its_cases_along(here: SmallOffice) -> None:
    case_id = here.new_case()
    inside = here.person("reviewer", agency=AGENCY, camera_groups=frozenset({"cầu"}))
    boss = here.person("administrator", agency=AGENCY)
    with here.office.database.reading() as session, pytest.raises(CaseNotFoundError):
        find_case(session, inside, case_id)
    with here.office.database.writing() as session:
        group_camera(session, here.clock.now, boss, CAMERA, "cầu")
    with here.office.database.reading() as session:
        assert find_case(session, inside, case_id).id == case_id
    assert here.office.cases.read(inside, here.new_case(point_px16=(900, 900))).line.camera_id == CAMERA


@pytest.mark.parametrize("group", ["x" * 61, " cầu", "c\nu"])
def test_no_group_has_such_a_name(here: SmallOffice, group: str) -> None:
    with here.office.database.writing() as session, pytest.raises(InputError):
        group_camera(session, here.clock.now, here.person("administrator"), CAMERA, group)


def test_nobody_groups_a_camera_of_another_agency(here: SmallOffice) -> None:
    boss = here.person("administrator", agency="Đội CSGT số 2")
    with here.office.database.writing() as session, pytest.raises(NotFoundError):
        group_camera(session, here.clock.now, boss, CAMERA, "cầu")


CASES = 400
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SCOPES: dict[str, tuple[str | None, frozenset[str] | None]] = {
    "all": (None, None),
    "one agency": (AGENCIES[0], None),
    "two groups": (AGENCIES[1], frozenset({"nhóm 1", "nhóm 3"})),
    "no group that is": (AGENCIES[1], frozenset({"nhóm 9"})),
    "no group at all": (AGENCIES[1], frozenset()),
}


@pytest.fixture
def filled(here: SmallOffice) -> SmallOffice:
    fill(here.office.database, CASES, NOW)
    return here


def _sees(scope: tuple[str | None, frozenset[str] | None], case: PlannedCase) -> bool:
    agency, groups = scope
    is_there = agency is None or agency_of(case.camera) == agency
    return is_there and (groups is None or group_of(case.camera) in groups)


@pytest.mark.parametrize("name", SCOPES)
def test_pages_hold_every_case_of_ones_scope_once_in_order_and_no_other(filled: SmallOffice, name: str) -> None:
    """Against the plain way: all that there is, filtered and sorted."""
    agency, groups = SCOPES[name]
    actor = Actor(frozenset({"reviewer"}), None, agency, None, groups)
    with filled.office.database.reading() as session:
        for states in (("new",), ("rejected", "withdrawn", "expired"), get_args(CaseState)):
            for wanted in (QueueFilter(), QueueFilter(camera_id(7)), QueueFilter(rule="u_turn"),
                           QueueFilter(camera_id(7), "u_turn"), QueueFilter("no-such-camera")):  # fmt: skip
                seen: list[str] = []
                while page := queue_page(session, actor, states, 17, seen[-1] if seen else None, wanted):
                    seen += [row.id for row in page]
                assert seen == [
                    case.id
                    for case in planned(CASES, NOW)
                    if case.state in states
                    and _sees(SCOPES[name], case)
                    and wanted.camera_id in (None, camera_id(case.camera))
                    and wanted.rule in (None, case.rule)
                ]


@pytest.mark.parametrize("name", SCOPES)
def test_tabs_count_ones_scope(filled: SmallOffice, name: str) -> None:
    agency, groups = SCOPES[name]
    actor = Actor(frozenset({"reviewer"}), None, agency, None, groups)
    with filled.office.database.reading() as session:
        counts = state_counts(session, actor, ["new", "rejected"])
    expected = {"new": 0, "rejected": 0}
    for case in planned(CASES, NOW):
        if case.state in expected and _sees(SCOPES[name], case):
            expected[case.state] += 1
    assert counts == expected and max(counts.values()) < COUNTED


def _queries_of_cases(path: Path) -> Iterator[ast.Call]:
    """Every `select(… CaseRow …)` of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        is_select = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "select"
        if is_select and any("CaseRow" in ast.unparse(each) for each in node.args):  # type: ignore[attr-defined]
            yield node  # type: ignore[misc]


def test_pages_ask_the_database_nothing_about_cases_themselves() -> None:
    """Rooms of services may: the test above asks each route. A page never does."""
    for path in sorted((ROOT / "api" / "web").rglob("*.py")):
        assert not list(_queries_of_cases(path)), f"{path.name}: got a query of cases, expected a service to ask"
    assert list(_queries_of_cases(ROOT / "api" / "cases" / "listing.py"))


def test_case_rows_hold_their_cameras_place(here: SmallOffice) -> None:
    case_id = here.new_case()
    with here.office.database.reading() as session:
        case = session.get_one(CaseRow, case_id)
        assert (case.agency, case.camera_group) == (AGENCY, "")
