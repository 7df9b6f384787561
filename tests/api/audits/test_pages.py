"""The auditor's pages over HTTP: who is let in, uploads that are too large, days that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.handlers import UPLOAD_LIMIT_BYTES
from api.people import passwords
from models.domain.visits import VisitReport
from phatnguoi.bench.station_week import report_id
from tests.api.audits.stations import STATION, add_station
from tests.api.kit import CAMERA
from tests.api.web.site import Browser, Site, open_site

GOOD = "id,plate,depart_plan,depart_real,route\nL1,75B-012.34,,03/11/2026 10:00,Huế\n"
FIELDS = {
    "kind": "transport_order", "first_day": "2026-11-02", "last_day": "2026-11-08", "separator": "comma",
    "encoding": "auto", "time_form": "DD/MM/YYYY HH:MM", "column_number": "id", "column_plate": "plate",
    "column_planned_at": "depart_plan", "column_departed_at": "depart_real", "column_route": "route",
}  # fmt: skip


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    cheap = passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", cheap)
    site = open_site(tmp_path)
    add_station(site.small.office)
    yield site
    site.small.office.close()


def upload(browser: Browser, text: str = GOOD, **changes: str):  # type: ignore[no-untyped-def]
    browser.get(f"/audits/{STATION}/records")
    fields = {"form_token": browser.token} | FIELDS | changes
    return browser.client.post(f"/audits/{STATION}/records", data=fields, files={"file": ("lệnh.csv", text.encode())})


@pytest.mark.parametrize("address", ["/audits", f"/audits/{STATION}", f"/audits/{STATION}/records"])
def test_only_auditors_come_in(site: Site, address: str) -> None:
    assert site.browser().get(address).url.path == "/login"
    assert site.signed_in("hoa", "reviewer", "supervisor").get(address).status_code == 403
    assert site.signed_in("lan", "auditor").get(address).status_code == 200
    if address != "/audits":
        assert site.signed_in("thu", "auditor", agency="Sở khác").get(address).status_code == 404


def test_a_file_is_tried_then_imported(site: Site) -> None:
    browser = site.signed_in("lan", "auditor")
    tried = upload(browser)
    assert tried.status_code == 200 and "lệnh.csv" in tried.text
    browser._keep(tried)
    done = browser.post(f"{tried.url.path}/import")
    assert done.url.path == f"/audits/{STATION}"
    assert browser.post(f"{tried.url.path}/import").status_code == 409


@pytest.mark.parametrize(
    "changes",
    [{"first_day": "gestern"}, {"first_day": "2024-01-01"}, {"column_plate": "id"}, {"separator": "space"}],
    ids=["no day", "more than a year", "one header for two fields", "no separator that there is"],
)
def test_a_form_that_cannot_be_is_refused_and_says_so(site: Site, changes: dict[str, str]) -> None:
    answer = upload(site.signed_in("lan", "auditor"), **changes)
    assert answer.status_code == 422 and 'role="alert"' in answer.text


def test_an_upload_of_a_stranger_s_form_is_refused(site: Site) -> None:
    assert upload(site.signed_in("lan", "auditor"), form_token="x" * 43).status_code == 403


def test_an_upload_without_end_is_refused_before_it_is_read(site: Site) -> None:
    browser = site.signed_in("lan", "auditor")
    for headers in ({"content-length": str(UPLOAD_LIMIT_BYTES + 1)}, {"content-length": "x"}):
        answer = browser.client.post(f"/audits/{STATION}/records", headers=headers, content=b"x")
        assert answer.status_code == 413


def test_days_that_cannot_be_are_said_in_words(site: Site) -> None:
    browser = site.signed_in("lan", "auditor")
    assert browser.get(f"/audits/{STATION}?first=2026-01-01&last=2026-12-31").status_code == 422
    assert browser.get(f"/audits/{STATION}?first=x&last=y").status_code == 200
    assert browser.post(f"/audits/{STATION}/compare", {"first": "x", "last": "y"}).status_code == 422
    assert browser.get(f"/audits/{STATION}/report.json?first=2026-11-02&last=2026-11-08").status_code == 409


def test_the_door_for_visits_asks_for_a_worker_key(site: Site) -> None:
    client = site.browser().client
    report = VisitReport(id=report_id("x"), camera_id=CAMERA, sequence=1).model_dump_json()
    key = {"authorization": f"Bearer {site.small.worker_key}", "content-type": "application/json"}
    assert client.post("/api/visits", content=report).status_code == 401
    assert client.post("/api/visits", content=report, headers=key).status_code == 202
    assert client.post("/api/visits", content=report.replace(":1,", ':1,"x":1,', 1), headers=key).status_code == 422
    other = report.replace('"sequence":1', '"sequence":2')
    assert client.post("/api/visits", content=other, headers=key).status_code == 409
