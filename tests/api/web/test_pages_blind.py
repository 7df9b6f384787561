"""The second reviewer is told nothing of the first: asked of every page and every answer that they can reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from api.cases.schemas import CaseFile
from api.office import open_office
from models.domain.review import is_drawn
from tests.api.kit import SmallOffice, settings_for, small_office
from tests.api.web.site import Browser, Site, open_site, routes_of

FIRST_PLATE = "75-B1 678.90"
READ = {"text": "59-X3|111.22", "unread_because": None, "characters_permille": [910] * 9}
SECRETS = re.compile(r"75.?B1.?678|67890|678\.90|59.?X3|11122|111\.22|the-first", re.IGNORECASE)
TYPED = {"plate": FIRST_PLATE, "vehicle": "motorcycle", "plate_colour": "white", "shown": "all", "settled": "typed"}
EFFECT = timedelta(seconds=10)
FAIR = {"decision_effect_s": 10.0, "second_review": True, "sample_key": "k" * 32}


@pytest.fixture
def fair_site(tmp_path: Path) -> Iterator[Site]:
    site = open_site(tmp_path, **FAIR)
    yield site
    site.small.office.close()


def settle(here: SmallOffice) -> None:
    here.clock.turn(EFFECT)
    here.office.reviews.take_effect()


def answers(site: Site, browser: Browser, case_id: str, submission_id: str) -> Iterator[tuple[str, str]]:
    """Every page that can be opened, with this case wherever a page asks for one."""
    names = {"case_id": case_id, "submission_id": submission_id, "camera_id": "hn-ltk-hb", "name": "{name}"}
    files = [each.name for each in site.small.office.cases.read(site.small.person("auditor"), case_id).evidence]
    for route in routes_of(site.app):
        if "GET" not in (route.methods or ()) or route.path == "/live":
            continue
        for path in _filled(route, names, [*files, "manifest.json", "manifest_dsse.json"]):
            yield path, browser.get(path).text
    for query in ("?show=second_review", "?show=mine", "?show=confirmed", "?show=closed", "?show=new"):
        yield query, browser.get(f"/queue{query}").text
    browser.get(f"/cases/{case_id}")
    for act in ("/opened", "/release", "/take"):
        yield act, browser.post(f"/cases/{case_id}{act}", {"part": "clip"}).text
    yield "/ahead", browser.post("/ahead", {"seen": ""}).text
    yield "wrong", browser.post(f"/cases/{case_id}/confirm", {"plate": "", "shown": "all"}).text


def _filled(route: APIRoute, names: dict[str, str], files: list[str]) -> list[str]:
    path = re.sub(r"\{(\w+)(:\w+)?\}", lambda found: names.get(found[1], "1"), route.path)
    return [path.replace("{name}", name) for name in files] if "{name}" in path else [path]


def test_no_answer_tells_the_second_reviewer_anything_of_the_first(fair_site: Site) -> None:
    site = fair_site
    first, second = site.signed_in("the-first", "reviewer"), site.signed_in("the-other", "reviewer")
    case_id = site.small.new_case(plate=READ)
    submission_id = site.small.office.cases.read(site.small.person("auditor"), case_id).manifest.id
    first.get(f"/cases/{case_id}")
    first.post(f"/cases/{case_id}/take")
    assert first.post(f"/cases/{case_id}/confirm", TYPED).status_code == 200
    assert site.small.state(case_id) == "decided"
    told = {path for path, text in answers(site, second, case_id, submission_id) if SECRETS.search(text)}
    assert told == set(), "while the decision waits for its effect"
    settle(site.small)
    assert site.small.state(case_id) == "second_review"
    second.get(f"/cases/{case_id}")
    assert second.post(f"/cases/{case_id}/take").status_code == 200
    found = dict(answers(site, second, case_id, submission_id))
    assert len(found) > 25
    told = {
        path: text[max(0, hit.start() - 80) : hit.end() + 40]
        for path, text in found.items()
        if (hit := SECRETS.search(text))
    }
    assert told == {}
    own = second.post(f"/cases/{case_id}/plate", {"plate": "75-B1 678.91"}).text
    assert "678.90" not in own and "67890" not in own, "the reading comes for a typed plate; the first's never"


def test_a_case_that_was_confirmed_and_one_that_was_rejected_look_the_same(database_url: str, tmp_path: Path) -> None:
    """Sampled rejections come back as blindly as confirmations: nobody can tell which of the two it is."""
    here = small_office(database_url, tmp_path, **FAIR)
    yes, no = here.new_case(), here.new_case(point_px16=(9000, 3000))
    here.office.close()
    key = next(key for key in (f"{number:032}" for number in range(2000)) if is_drawn(no, key.encode()))
    here = SmallOffice(
        open_office(settings_for(database_url, tmp_path, **(FAIR | {"sample_key": key})), here.clock),
        here.clock,
        here.folder,
        here.worker_key,
    )
    first, second = here.person("reviewer"), here.person("reviewer")
    for case_id in (yes, no):
        here.office.reviews.take(first, case_id)
    here.office.reviews.confirm(first, yes, plate=FIRST_PLATE, vehicle="motorcycle", plate_colour="white")
    here.office.reviews.reject(first, no, reason="PERMITTED_TURN")
    settle(here)
    for case_id in (yes, no):
        here.office.reviews.take(second, case_id)
    one, other = (_said(here.office.cases.read(second, case_id)) for case_id in (yes, no))
    assert one == other
    here.office.close()


def _said(file: CaseFile) -> tuple[object, ...]:
    audit = [(line.who, line.role, line.what, line.source, line.target, line.reason) for line in file.audit]
    typed = (file.plate, file.plate_read, file.vehicle_typed, file.plate_colour, file.reject_reason)
    return (file.line.state, file.moves, typed, file.notice_number, file.manifest.plate, audit)
