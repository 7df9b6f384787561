"""From the queue to the notice and back, in a real browser: an H.264 and an H.265 camera."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from api.web import pages_queue
from tests.browser.conftest import (
    OfficeServer,
    OpenPage,
    open_every_part,
    open_first,
    plate_field,
    ready,
    sign_in,
    take,
    until,
)
from tests.browser.packages import ACT_FRAME, RATE_FPS, SECONDS

pytestmark = pytest.mark.browser
Shot = Callable[..., None]
PLATE = "75A-123.45"


def _clip(page: Page, expression: str) -> float:
    return float(page.evaluate(f"(() => {{ const clip = document.getElementById('clip'); return {expression}; }})()"))


def _settled(page: Page) -> None:
    until(page, "(() => { const c = document.getElementById('clip'); return c.readyState >= 2 && !c.seeking; })()")


def _watch_the_clip(page: Page) -> None:
    """The clip plays, a seek lands, a step moves by one frame."""
    _settled(page)
    assert _clip(page, "clip.videoWidth") == 640
    assert _clip(page, "clip.duration") == pytest.approx(SECONDS, abs=0.2)
    page.keyboard.press("Space")
    until(page, "document.getElementById('clip').currentTime > 0.3")
    page.keyboard.press("Space")
    page.keyboard.press("a")
    _settled(page)
    assert _clip(page, "clip.currentTime") == pytest.approx(ACT_FRAME / RATE_FPS, abs=0.05)
    before = _clip(page, "clip.currentTime")
    page.keyboard.press("ArrowRight")
    until(page, f"document.getElementById('clip').currentTime > {before + 0.01}")
    _settled(page)
    assert _clip(page, "clip.currentTime") - before == pytest.approx(1.5 / RATE_FPS, abs=0.05)
    page.locator("#seek").fill("850")
    _settled(page)
    assert _clip(page, "clip.currentTime") == pytest.approx(0.85 * SECONDS, abs=0.1)
    assert _clip(page, "clip.seekable.end(0)") == pytest.approx(SECONDS, abs=0.2)


def _confirm(page: Page) -> None:
    open_every_part(page)
    page.keyboard.press("b")
    page.keyboard.type(PLATE)
    page.get_by_role("radio", name="Ô tô con").check(force=True)
    page.get_by_role("radio", name="Trắng, chữ đen").check(force=True)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status").filter(has_text="Đã xác nhận")).to_be_visible()
    page.get_by_role("button", name="Phát thông báo").wait_for()


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_reviewer_decides_and_a_citizen_reads(
    server: OfficeServer, open_page: OpenPage, shot: Shot, codec: str
) -> None:
    server.person("hoa", "reviewer")
    case_id = server.case(codec=codec, vehicle="car")
    desk = open_page()
    desk.goto("/login")
    shot(desk, f"{codec}_01_login")
    sign_in(desk, "hoa")
    shot(desk, f"{codec}_02_queue")

    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    ready(desk)
    assert desk.url.endswith(f"/cases/{case_id}")
    take(desk)
    _watch_the_clip(desk)
    expect(desk.get_by_text("Bản xem H.264 của phim gốc (HEVC)")).to_have_count(1 if codec == "hevc" else 0)
    shot(desk, f"{codec}_03_case_clip")
    desk.keyboard.press("2")
    desk.keyboard.press("o")
    expect(desk.locator('[data-view="at"] .overlay')).to_be_visible()
    shot(desk, f"{codec}_04_case_picture")
    desk.keyboard.press("z")
    expect(desk.locator('[data-view="at"] a')).to_have_class("zoomable zoomed")
    desk.keyboard.press("o")
    desk.wait_for_timeout(200)
    shot(desk, f"{codec}_05_case_zoomed")

    _confirm(desk)
    desk.keyboard.press("i")
    address = desk.locator("#issued-link").input_value()
    shot(desk, f"{codec}_06_case_issued")

    phone = open_page(phone=True)
    phone.goto(address)
    for words in ("Trang này không bao giờ yêu cầu chuyển tiền", "19001075", "75A-***.45", "Lý Thường Kiệt"):
        expect(phone.get_by_text(words).first).to_be_visible()
    shot(phone, f"{codec}_07_notice")
    shot(phone, f"{codec}_07_notice_whole", whole=True)
    phone.get_by_label("Biển số đầy đủ").fill("75A-999.99")
    phone.get_by_role("button", name="Xem hình").click()
    expect(phone.get_by_role("alert")).to_contain_text("Không mở được hình")
    shot(phone, f"{codec}_08_notice_wrong_plate")
    phone.get_by_label("Biển số đầy đủ").fill(PLATE)
    phone.get_by_role("button", name="Xem hình").click()
    picture = phone.locator("#act-picture")
    picture.wait_for()
    until(phone, "document.getElementById('act-picture').naturalWidth > 0")
    shot(phone, f"{codec}_09_notice_picture")

    phone.get_by_label("Tôi không lái xe lúc đó").check()
    phone.get_by_label("Nói rõ").fill("Hôm đó người khác lái.")
    phone.get_by_role("button", name="Gửi ý kiến").click()
    expect(phone.get_by_role("status")).to_contain_text("Đã nhận ý kiến của bạn")
    shot(phone, f"{codec}_10_notice_contested")
    assert server.office.cases.counts(_everyone())["contested"] == 1


def _everyone():  # type: ignore[no-untyped-def]
    from api.actor import Actor

    return Actor(frozenset({"auditor"}))


def test_somebody_else_withdraws_and_the_notice_says_so_at_once(
    server: OfficeServer, open_page: OpenPage, shot: Shot
) -> None:
    server.person("hoa", "reviewer")
    server.person("minh", "reviewer", "supervisor")
    server.case(vehicle="car", camera_id="sim-cam", is_simulated=True)
    first = open_page()
    sign_in(first, "hoa")
    first.goto("/queue")
    open_first(first)
    take(first)
    shot(first, "simulated_case")
    _confirm(first)
    first.keyboard.press("i")
    address = first.locator("#issued-link").input_value()
    phone = open_page(phone=True, scheme="dark")
    phone.goto(address)
    expect(phone.get_by_text("MÔ PHỎNG: bộ nhận dạng này chỉ biết thế giới mô phỏng")).to_be_visible()
    phone.get_by_label("Tôi khiếu nại").check()
    phone.get_by_label("Nói rõ").fill("Xe tôi đang ở nhà.")
    phone.get_by_role("button", name="Gửi ý kiến").click()

    first.goto("/queue?show=contested")
    open_first(first)
    first.keyboard.press("t")
    expect(first.get_by_text("bạn đã từng duyệt nó")).to_be_visible()
    shot(first, "contested_not_yours")

    second = open_page(scheme="dark")
    sign_in(second, "minh")
    second.goto("/queue?show=contested")
    shot(second, "contested_queue_dark")
    open_first(second)
    second.keyboard.press("t")
    expect(second.get_by_text("Xe tôi đang ở nhà.")).to_be_visible()
    second.get_by_role("button", name="Giữ nguyên thông báo").wait_for()
    second.get_by_label("Lý do").fill("Hình không cho thấy biển số của xe này.")
    shot(second, "contested_case_dark")
    second.get_by_role("button", name="Rút thông báo").click()
    expect(second.get_by_role("status").filter(has_text="Đã rút lại")).to_be_visible()
    phone.reload()
    expect(phone.get_by_role("status")).to_contain_text("Thông báo này đã được rút")
    shot(phone, "notice_withdrawn_dark")


def test_a_reviewer_rejects_by_keyboard_and_stands_at_the_next_case(
    server: OfficeServer, open_page: OpenPage, shot: Shot
) -> None:
    server.person("hoa", "reviewer")
    server.case(vehicle="car")
    server.case(vehicle="motorcycle", point_px16=(9000, 2000))
    page = open_page()
    sign_in(page, "hoa")
    open_first(page)
    take(page)
    first = page.url
    page.keyboard.press("x")
    until(page, "document.getElementById('reject').open")
    page.keyboard.press("c")
    shot(page, "reject_reasons")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.partition("?")[0] != first)
    expect(page.locator("#undo-text")).to_contain_text("Đã loại hồ sơ 2026-000001")
    plate_field(page).wait_for()


def test_a_case_is_confirmed_and_issued_by_keyboard_alone(
    server: OfficeServer, open_page: OpenPage, shot: Shot
) -> None:
    """At most 12 key presses besides the plate, from the case's page on."""
    server.person("hoa", "reviewer")
    server.case(vehicle="car")
    page, pressed = open_page(), 0
    sign_in(page, "hoa")

    def press(*keys: str) -> None:
        nonlocal pressed
        for key in keys:
            page.keyboard.press(key)
            pressed += 1

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    ready(page)
    press("t")
    plate_field(page).wait_for()
    press("a")
    page.locator('.thumb[data-show="clip"] .seen').wait_for()
    press("1", "2", "3", "b")
    page.keyboard.type(PLATE)
    press("Enter", "2", "1")
    shot(page, "keyboard_confirm")
    press("Enter")
    page.get_by_role("button", name="Phát thông báo").wait_for()
    ready(page)
    press("i")
    page.locator("#issued-link").wait_for()
    assert pressed <= 12


def test_nobody_confirms_without_evidence_that_was_changed(
    server: OfficeServer, open_page: OpenPage, shot: Shot
) -> None:
    server.person("hoa", "reviewer")
    case_id = server.case(vehicle="car")
    for copy in (server.folder / "cache").rglob("*"):
        if copy.is_file():
            copy.unlink()
    picture = next((server.folder / "store").rglob("b_at.jpg/*"))
    picture.write_bytes(picture.read_bytes()[:-1] + b"!")
    page = open_page(may_fail=True)
    sign_in(page, "hoa")
    page.goto(f"/cases/{case_id}")
    ready(page)
    take(page)
    page.get_by_role("button", name="Lúc vi phạm", exact=True).click()
    expect(page.get_by_role("button", name="Xác nhận vi phạm")).to_be_disabled()
    expect(page.get_by_role("alert")).to_contain_text("Đừng quyết định khi thiếu nó")
    shot(page, "evidence_changed")


def test_the_queue_renews_itself_and_says_that_a_case_is_simulated(
    server: OfficeServer, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages_queue, "RENEW_S", 1)
    server.person("hoa", "reviewer")
    page = open_page()
    sign_in(page, "hoa")
    expect(page.get_by_text("Không có hồ sơ mới")).to_be_visible()
    server.case(vehicle="car", camera_id="sim-cam", is_simulated=True)
    expect(page.locator(".row-link")).to_be_visible()
    expect(page.get_by_text("MÔ PHỎNG: bộ nhận dạng này chỉ biết thế giới mô phỏng")).to_be_visible()


def test_what_was_typed_survives_an_ended_session(server: OfficeServer, open_page: OpenPage) -> None:
    server.person("hoa", "reviewer")
    server.case(vehicle="car")
    page = open_page()
    sign_in(page, "hoa")
    open_first(page)
    take(page)
    plate_field(page).fill(PLATE)
    page.get_by_role("radio", name="Ô tô con").check(force=True)
    page.context.clear_cookies()
    page.reload()
    page.wait_for_url(lambda url: "/login?" in url)
    page.get_by_label("Tên đăng nhập").fill("hoa")
    page.get_by_label("Mật khẩu").fill("mat khau rat dai 1")
    page.get_by_role("button", name="Đăng nhập").click()
    page.wait_for_url("**/cases/*")
    expect(plate_field(page)).to_have_value(PLATE)
    expect(page.get_by_role("radio", name="Ô tô con")).to_be_checked()
