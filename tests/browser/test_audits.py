"""An auditor's way through a browser: a file refused, one imported, a comparison, a decision, a report."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from models.domain.store import StoredObject
from models.domain.visits import ZoneVisit
from models.verify.audit_report import verify_report
from models.verify.steps import Steps
from phatnguoi.bench.station_week import StationWeek, WeekPlan, report_id, station_week
from tests.api.audits.stations import STATION, add_station, inspections_csv, orders_csv
from tests.api.kit import WORKER
from tests.api.redactions import put
from tests.browser.conftest import OfficeServer, OpenPage, sign_in
from tests.browser.test_access import broken_rules

pytestmark = pytest.mark.browser
Shot = Callable[..., None]
PERIOD = "first=2026-11-02&last=2026-11-08"


@dataclass(frozen=True, slots=True)
class Drawn:
    week: StationWeek
    orders: Path
    inspections: Path


@pytest.fixture
def drawn(server: OfficeServer, tmp_path: Path) -> Drawn:
    """A week with two of each kind planted, its visits in the office; its files on the auditor's disk."""
    week = station_week(WeekPlan(seed=4, visits=150, records=50, ghosts=2, unordered=2, absent=2, down_hours=6))
    add_station(server.office)
    _give_pictures(week, server.folder / "store")
    for report in week.reports():
        server.office.visits.receive(WORKER, report)
    orders, inspections = tmp_path / "lenh.csv", tmp_path / "kiem-dinh.csv"
    orders.write_bytes(orders_csv(week.orders))
    inspections.write_bytes(inspections_csv(week.inspections))
    server.person("lan", "auditor")
    return Drawn(week, orders, inspections)


def _give_pictures(week: StationWeek, store: Path) -> None:
    """Exits that were planted bring a still, as a worker would leave it in the store."""
    body = io.BytesIO()
    Image.new("RGB", (640, 360), (70, 92, 110)).save(body, "JPEG")
    for visits in week.visits.values():
        for at, visit in enumerate(visits):
            if visit.id in week.unordered_visits:
                key = f"visits/{report_id(visit.id)}/still.jpg"
                visits[at] = _with(visit, put(store, key, body.getvalue()))


def _with(visit: ZoneVisit, stored: StoredObject) -> ZoneVisit:
    return visit.model_copy(update={"objects": (stored,)})


def _try(page: Page, kind: str, file: Path) -> None:
    page.goto(f"/audits/{STATION}/records?kind={kind}&{PERIOD}")
    page.get_by_label("Tệp CSV").set_input_files(file)
    page.get_by_text("Cách bến ghi tệp").click()
    page.get_by_label("Cách ghi giờ").select_option("DD/MM/YYYY HH:MM:SS")
    page.get_by_role("button", name="Thử tệp").click()
    page.wait_for_url("**/audits/files/*")


def _import(page: Page) -> None:
    page.get_by_role("button", name="Nhập toàn bộ tệp").click()
    expect(page.get_by_role("status")).to_contain_text("Đã nhập toàn bộ tệp")


def _check(page: Page, name: str, shot: Shot, found: dict[str, list[str]]) -> None:
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        found[f"{name}, {scheme}"] = broken_rules(page)
        shot(page, f"audits_{name}_{scheme}", whole=True)


def test_an_auditor_s_path(server: OfficeServer, open_page: OpenPage, drawn: Drawn, shot: Shot, tmp_path: Path) -> None:
    page, axe = open_page(), dict[str, list[str]]()
    sign_in(page, "lan")
    page.get_by_role("link", name="Kiểm tra bến").click()
    page.get_by_role("link", name="Bến xe phía Nam").click()

    bad = tmp_path / "sai.csv"
    bad.write_bytes(drawn.orders.read_bytes().replace(b"HUE-DN", b"=1+1", 3))
    _try(page, "transport_order", bad)
    expect(page.get_by_role("row").filter(has_text="công thức")).to_have_count(3)
    expect(page.get_by_role("button", name="Nhập toàn bộ tệp")).to_have_count(0)
    _check(page, "refused", shot, axe)

    _try(page, "transport_order", drawn.orders)
    _check(page, "tried", shot, axe)
    _import(page)
    _try(page, "inspection", drawn.inspections)
    _import(page)
    page.goto(f"/audits/{STATION}/records?{PERIOD}")
    _check(page, "records", shot, axe)

    page.goto(f"/audits/{STATION}?{PERIOD}")
    page.get_by_role("button", name="Đối chiếu lại kỳ này").click()
    expect(page.get_by_role("status")).to_contain_text("đối chiếu lại")
    _check(page, "station", shot, axe)
    _decide(page, shot, axe)
    _report(server, page, tmp_path)
    assert {name: broken for name, broken in axe.items() if broken} == {}


def _decide(page: Page, shot: Shot, axe: dict[str, list[str]]) -> None:
    """By keyboard: a decision without a reason is refused and keeps what was typed; with one it stands."""
    page.get_by_role("link", name="Rời bến không có lệnh").first.click()
    expect(page.locator("img.evidence")).to_be_visible()
    assert page.evaluate("document.querySelector('img.evidence').naturalWidth") == 640
    page.get_by_role("textbox", name="Trả lời của bến").fill("Xe ra xưởng sửa phanh")
    page.get_by_role("radio", name="Đã giải trình").press("Space")
    page.get_by_role("button", name="Ghi kết luận").press("Enter")
    expect(page.get_by_text("Ghi lý do, ít nhất 3 ký tự.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Trả lời của bến")).to_have_value("Xe ra xưởng sửa phanh")
    _check(page, "finding", shot, axe)
    page.get_by_role("textbox", name="Lý do").fill("Có phiếu sửa xe của xưởng")
    page.get_by_role("button", name="Ghi kết luận").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("giải trình")
    expect(page.get_by_role("button", name="Ghi kết luận")).to_have_count(0)
    _check(page, "decided", shot, axe)


def _report(server: OfficeServer, page: Page, folder: Path) -> None:
    page.goto(f"/audits/{STATION}?{PERIOD}")
    for name, form in (("Báo cáo JSON", "json"), ("Báo cáo PDF", "pdf")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        download.value.save_as(folder / f"report.{form}")
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert server.office.signer is not None
    body = (folder / "report.json").read_bytes()
    report = verify_report("report.json", body, server.office.signer.trust, Steps())
    explained = [finding for finding in report.findings if finding.state == "explained"]
    assert [finding.station_answer for finding in explained] == ["Xe ra xưởng sửa phanh"]
    assert [len(finding.evidence) for finding in explained] == [1]


def test_on_a_phone(server: OfficeServer, open_page: OpenPage, drawn: Drawn, shot: Shot) -> None:
    page = open_page(phone=True)
    sign_in(page, "lan")
    for kind, file in (("transport_order", drawn.orders), ("inspection", drawn.inspections)):
        _try(page, kind, file)
        _import(page)
    page.goto(f"/audits/{STATION}?{PERIOD}")
    page.get_by_role("button", name="Đối chiếu lại kỳ này").click()
    expect(page.get_by_role("status")).to_contain_text("đối chiếu lại")
    spills = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    shot(page, "audits_phone_station", whole=True)
    assert page.evaluate(spills) == 0
    page.get_by_role("link", name="Rời bến không có lệnh").first.click()
    shot(page, "audits_phone_finding", whole=True)
    assert page.evaluate(spills) == 0


def test_a_reviewer_has_no_such_section(server: OfficeServer, open_page: OpenPage) -> None:
    server.person("hoa", "reviewer")
    page = open_page()
    sign_in(page, "hoa")
    expect(page.get_by_role("link", name="Kiểm tra bến")).to_have_count(0)
    answer = page.goto("/audits")
    assert answer is not None and answer.status == 403
