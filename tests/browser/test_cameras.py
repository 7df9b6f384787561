"""A camera from nothing to its first file, in a browser, with a real worker on a simulated camera."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from api.actor import OFFICE
from api.cameras.files import read_text
from api.cases.register import add_worker_key, register_camera
from api.log.signing_keys import enrol_key
from detector.camera_files import CameraFiles, sha256_of
from models.tables import AcceptanceRow, CaseRow, SubmissionRow
from models.verify.keys import new_key, write_key_file
from phatnguoi.demo import EXPORTED
from phatnguoi.main import main
from tests.api.kit import CAMERA as KNOWN
from tests.api.test_cameras import text_of
from tests.browser.conftest import PASSWORD, OfficeServer, OpenPage, until
from tests.browser.test_access import broken_rules
from tests.conftest import ROOT
from tests.servers import ChildProcess, RtspServer

pytestmark = [pytest.mark.browser, pytest.mark.server, pytest.mark.slow]
WORLD = "sim://crossing?seed=676&fps=6&size=640x360&duration_s=10&violators=4"
CAMERA, WATCHER = "sim-new", "watcher"
ANSWERED_MS = 60_000
Shot = Callable[..., None]


@dataclass(slots=True)
class Place:
    """A simulated camera over RTSP, its finished file, and the worker that may watch it."""

    source: str
    text: str
    worker: ChildProcess
    files: CameraFiles


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("camera") / "clip.mp4"
    assert main(["sim", "render", "--world", WORLD, "--out", str(path)]) == 0
    return path


@pytest.fixture
def place(server: OfficeServer, clip: Path, tmp_path: Path) -> Iterator[Place]:
    with RtspServer(clip.parent, tmp_path / "camera.log") as camera:
        source, path, now = camera.url(clip.name), tmp_path / "camera.yaml", server.office.clock()
        assert main(["sim", "camera", "--world", WORLD, "--source", source, "--out", str(path)]) == 0
        content = yaml.safe_load(path.read_text(encoding="utf-8")) | {"id": CAMERA}
        content.pop("starts_at")
        key = new_key()
        write_key_file(tmp_path / "key.pem", key)
        with server.office.database.writing() as session:
            secret = add_worker_key(session, now, OFFICE, WATCHER)
            enrol_key(session, now, OFFICE, WATCHER, key.public)
        worker = _worker(server, tmp_path, secret, source)
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)
        yield Place(source, text, worker, CameraFiles((), tmp_path / "worker" / "cameras"))
        worker.stop()


def _worker(server: OfficeServer, folder: Path, secret: str, source: str) -> ChildProcess:
    """Started without a camera: the office gives it the first."""
    settings = {
        "PHATNGUOI_WORKER_FOLDER": str(folder / "worker"), "PHATNGUOI_STORE": f"folder://{folder / 'store'}",
        "PHATNGUOI_OFFICE_URL": server.url, "PHATNGUOI_WORKER_KEY": secret, "PHATNGUOI_HEALTH_PORT": "0",
        "PHATNGUOI_SIGNING_KEY_FILE": str(folder / "key.pem"), "PHATNGUOI_JOB_POLL_S": "0.3",
        "PHATNGUOI_CAMERA_SOURCES": f'["{source}"]', "PHATNGUOI_PLATES": "false",
    }  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PHATNGUOI_")}
    command = [sys.executable, "-m", "phatnguoi.main", "worker", "--weights", str(EXPORTED)]
    return ChildProcess(
        command, log_path=folder / "worker.log", environment=environment | settings, working_directory=ROOT
    )


def sign_in(page: Page, username: str) -> None:
    page.goto("/login")
    page.get_by_label("Tên đăng nhập").fill(username)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.get_by_role("button", name="Đăng xuất").wait_for()


def _text(page: Page) -> str:
    return page.get_by_label("Tệp camera (YAML)").input_value()


def _type_text(page: Page, text: str) -> None:
    page.get_by_label("Tệp camera (YAML)").fill(text)


def _answered(page: Page, words: str) -> None:
    expect(page.locator("#spoken")).to_contain_text(words, timeout=ANSWERED_MS)


def _take_picture(page: Page, place: Place) -> None:
    """What is known of a new camera: who it is and where it streams. Its picture tells the rest."""
    start = {
        "schema": 1, "id": CAMERA, "name": "Ngã tư mới", "source": place.source,
        "site": {"address": "Ngã tư", "agency": "Đội CSGT số 1"}, "frame": {"width": 1920, "height": 1200},
    }  # fmt: skip
    _type_text(page, yaml.safe_dump(start, allow_unicode=True, sort_keys=False))
    page.get_by_label("Máy trạm", exact=True).select_option(WATCHER)
    page.get_by_label("Điện thoại đơn vị").fill("0234 000 111")
    expect(page.locator("#problem")).to_be_hidden()
    page.get_by_role("button", name="Lấy ảnh mới").click()
    _answered(page, "Khung hình 640×360")
    expect(page.locator("#stage image")).to_have_count(1)
    expect(page.locator("#stage image")).to_have_attribute("width", "640")


def _draw_by_keyboard(page: Page) -> None:
    """A line is added, moved, taken back and brought again; numbers, picture and text say the same."""
    page.get_by_role("toolbar", name="Thêm một phần").get_by_role("button", name="+ Vạch").press("Enter")
    first = page.locator('[data-id="lines-0-points_px-0"]')
    expect(first).to_be_focused()
    before = float(page.locator("#field-lines-0-points_px-0-x").input_value())
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    moved = page.locator("#field-lines-0-points_px-0-x")
    expect(moved).to_have_value(f"{before + 11:g}")
    page.keyboard.press("Control+z")
    expect(moved).to_have_value(f"{before:g}")
    page.keyboard.press("Control+y")
    expect(moved).to_have_value(f"{before + 11:g}")
    page.locator("#field-lines-0-points_px-0-y").fill("300")
    page.locator("#field-lines-0-points_px-0-y").press("Enter")
    until(page, "document.getElementById('text').value.includes(', 300]')")
    assert yaml.safe_load(_text(page))["lines"][0]["points_px"][0] == [before + 11, 300]


def _drag(page: Page) -> None:
    at = page.locator('[data-id="lines-0-points_px-1"] .dot').bounding_box()
    assert at is not None
    x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
    before = yaml.safe_load(_text(page))["lines"][0]["points_px"][1]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y - 20, steps=4)
    page.mouse.up()
    page.wait_for_timeout(600)
    after = yaml.safe_load(_text(page))["lines"][0]["points_px"][1]
    assert after[0] > before[0] and after[1] < before[1]


def _see_errors_at_their_field(page: Page, place: Place) -> None:
    content = yaml.safe_load(place.text)
    content["rules"] = [{"rule": "red_light", "line": "stpo", "signal": "main", "mode": "live"}]
    _type_text(page, yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    expect(page.locator("#problem-message")).to_contain_text("did you mean 'stop'?")
    expect(page.locator("#own-rules-0-settings")).to_have_attribute("aria-invalid", "true")


def test_a_camera_comes_into_force_by_two_persons_and_a_worker(
    server: OfficeServer, place: Place, open_page: OpenPage, shot: Shot
) -> None:
    server.person("hoa", "administrator")
    server.person("minh", "administrator", "supervisor")
    desk = open_page()
    sign_in(desk, "hoa")
    desk.goto("/cameras/new")
    _take_picture(desk, place)
    shot(desk, "cameras_01_picture", whole=True)
    _draw_by_keyboard(desk)
    _drag(desk)
    shot(desk, "cameras_02_drawn")
    _see_errors_at_their_field(desk, place)
    shot(desk, "cameras_03_error")

    _type_text(desk, place.text)
    expect(desk.locator("#stage .grid polyline").first).to_be_attached()
    expect(desk.locator("#part-ground-0")).to_contain_text("Sai số 0.000 m")
    expect(desk.locator("#problem")).to_be_hidden()
    desk.get_by_role("button", name="Thử quy tắc").click()
    expect(desk.locator("#trial")).to_be_visible(timeout=ANSWERED_MS)
    expect(desk.locator("#trial-body")).to_contain_text("rule red_light")
    shot(desk, "cameras_04_trial", whole=True)
    assert broken_rules(desk) == []

    desk.get_by_role("button", name="Đề xuất để người thứ hai phê duyệt").click()
    desk.wait_for_url("**/cameras/files/*")
    expect(desk.get_by_text("cần một người thứ hai")).to_be_visible()
    expect(desk.get_by_role("button", name="Phê duyệt")).to_have_count(0)
    shot(desk, "cameras_05_proposal")
    assert broken_rules(desk) == []
    assert place.files.ids() == ()

    _approve(open_page(viewport={"width": 820, "height": 1180}), desk.url, place, shot)
    desk.goto(f"/cameras/new?copy={CAMERA}")
    copied = yaml.safe_load(_text(desk))
    assert copied["lines"] == yaml.safe_load(place.text)["lines"]
    assert (copied["id"], copied["source"]) == ("", "")
    with server.office.database.reading() as session:
        made = session.scalars(select(SubmissionRow.camera_id)).all()
        assert set(made) <= {CAMERA}
        assert all(mode == "warning" for mode in session.scalars(select(CaseRow.mode)))


def _approve(tablet: Page, address: str, place: Place, shot: Shot) -> None:
    sign_in(tablet, "minh")
    tablet.goto(address)
    shot(tablet, "cameras_06_tablet_proposal", whole=True)
    tablet.get_by_role("button", name="Phê duyệt và đưa tới máy trạm").click()
    tablet.wait_for_url(f"**/cameras/{CAMERA}?said=approved")
    runs = "fetch(location.href).then((a) => a.text()).then((t) => t.includes('Camera đang chạy với tệp'))"
    until(tablet, runs, within_s=60)
    tablet.reload()
    shot(tablet, "cameras_07_tablet_camera", whole=True)
    assert broken_rules(tablet) == []
    assert place.files.ids() == (CAMERA,)
    assert place.files.running(CAMERA) == sha256_of((place.files.folder / f"{CAMERA}.yaml").read_text(encoding="utf-8"))


def test_a_rule_is_accepted_by_two_persons_on_the_camera_s_page(
    server: OfficeServer, open_page: OpenPage, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.domain.acceptance.LEAST_REVIEWED", 1)
    server.person("hoa", "reviewer")
    server.person("minh", "supervisor")
    now = server.office.clock()
    with server.office.database.writing() as session:
        file = read_text(text_of(id=KNOWN))
        register_camera(session, now, OFFICE, file, unit_telephone="0234 1", mode="live")
        session.execute(update(AcceptanceRow).values(revoked_at=now))
    case_id = server.case(vehicle="car", mode="warning")
    with server.office.database.writing() as session:
        session.get_one(CaseRow, case_id).state = "confirmed"
    first, second = open_page(), open_page()
    sign_in(first, "hoa")
    first.goto(f"/cameras/{KNOWN}")
    first.get_by_role("button", name="Đề nghị nghiệm thu").click()
    expect(first.get_by_text("Cần một người khác ký")).to_be_visible()
    expect(first.get_by_role("button", name="Nghiệm thu (người thứ hai)")).to_have_count(0)
    sign_in(second, "minh")
    second.goto(f"/cameras/{KNOWN}")
    shot(second, "cameras_08_acceptance", whole=True)
    assert broken_rules(second) == []
    second.get_by_role("button", name="Nghiệm thu (người thứ hai)").click()
    expect(second.get_by_text("Đã nghiệm thu", exact=False).first).to_be_visible()
    second.get_by_label("Lý do thu hồi").fill("vạch dừng kẻ lại")
    second.get_by_role("button", name="Thu hồi").click()
    expect(second.get_by_role("status")).to_contain_text("trở lại chế độ cảnh báo")


def test_the_editor_measures_grows_and_fits_every_screen(server: OfficeServer, open_page: OpenPage, shot: Shot) -> None:
    server.person("hoa", "administrator")
    with server.office.database.writing() as session:
        register_camera(session, server.office.clock(), OFFICE, read_text(text_of(id=KNOWN)), unit_telephone="0234 1")
    desk = open_page(scheme="dark")
    sign_in(desk, "hoa")
    desk.goto(f"/cameras/{KNOWN}/edit")
    handles = desk.locator('[data-id^="lines-0-points_px"]')
    handles.first.focus()
    desk.keyboard.press("Insert")
    expect(handles).to_have_count(3)
    handles.nth(1).focus()
    desk.keyboard.press("Delete")
    expect(handles).to_have_count(2)
    _measure(desk)
    desk.locator("#part-ground-0").click()
    shot(desk, "cameras_09_dark")
    assert broken_rules(desk) == []
    phone = open_page(phone=True, viewport={"width": 320, "height": 700})
    sign_in(phone, "hoa")
    for address in ("/cameras", f"/cameras/{KNOWN}", f"/cameras/{KNOWN}/edit"):
        phone.goto(address)
        assert phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    shot(phone, "cameras_10_phone", whole=True)


def _measure(page: Page) -> None:
    """The nearest edge of the surveyed part is 7 m wide."""
    page.get_by_role("button", name="Đo chiều dài").click()
    scale, left, top = page.evaluate(
        "(() => { const m = document.getElementById('stage').getScreenCTM(); return [m.a, m.e, m.f]; })()"
    )
    for x, y in ((100, 400), (500, 400)):
        page.mouse.click(left + x * scale, top + y * scale)
    expect(page.locator("#spoken")).to_contain_text("7.00 m")
    page.get_by_label("Chiều dài thật, mét").fill("7.5")
    expect(page.locator("#spoken")).to_contain_text("lệch -0.50 m (-6.7 %)")


def test_a_camera_is_proposed_without_any_script(server: OfficeServer, open_page: OpenPage) -> None:
    server.person("hoa", "administrator")
    page = open_page(java_script_enabled=False)
    sign_in(page, "hoa")
    page.goto("/cameras/new")
    page.get_by_label("Điện thoại đơn vị").fill("0234 000 111")
    _type_text(page, text_of(colour="red"))
    page.get_by_role("button", name="Đề xuất để người thứ hai phê duyệt").click()
    expect(page.locator("#problem")).to_contain_text("unknown key 'colour'")
    _type_text(page, text_of())
    page.get_by_role("button", name="Đề xuất để người thứ hai phê duyệt").click()
    expect(page.get_by_text("Chờ người thứ hai")).to_be_visible()
