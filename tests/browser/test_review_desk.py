"""The reviewer's desk: what is seen, what is drawn, what is held, and what may be decided when."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OfficeServer, OpenPage, ready, sign_in, take, until

pytestmark = pytest.mark.browser
Shot = Callable[..., None]


def open_case(page: Page, case_id: str) -> None:
    page.goto(f"/cases/{case_id}")
    ready(page)


def test_line_lane_lamp_and_track_are_drawn_on_demand_over_a_clean_picture(
    server: OfficeServer, open_page: OpenPage, shot: Shot
) -> None:
    server.person("hoa", "reviewer")
    page = open_page()
    case_id = server.case(vehicle="car")
    sign_in(page, "hoa")
    open_case(page, case_id)
    take(page)
    page.keyboard.press("2")
    overlay = page.locator('[data-view="at"] .overlay')
    expect(overlay).to_be_hidden()
    assert page.locator(".drawn-line").count() == page.locator("#legend .drawn-line").count()
    page.keyboard.press("o")
    expect(overlay.locator(".drawn-line")).to_have_attribute("points", "172,300 500,300")
    expect(overlay.locator("polygon.drawn-lamp")).to_be_visible()
    expect(overlay.locator("polygon.drawn-lane")).to_be_visible()
    expect(overlay.locator(".drawn-track")).to_have_attribute("points", re.compile(r"^330,470 .* 330,108$"))
    expect(page.locator("#legend")).to_contain_text("vạch")
    shot(page, "desk_drawn_picture")
    page.keyboard.press("v")
    page.keyboard.press("a")
    expect(page.locator('[data-view="clip"] rect.drawn-vehicle')).to_have_attribute("visibility", "visible")
    shot(page, "desk_drawn_clip")


def test_zooms_and_pans_by_keyboard_and_pointer(server: OfficeServer, open_page: OpenPage, shot: Shot) -> None:
    server.person("hoa", "reviewer")
    page = open_page()
    case_id = server.case(vehicle="car")
    sign_in(page, "hoa")
    open_case(page, case_id)
    page.keyboard.press("2")
    picture = page.locator('[data-view="at"] img')
    page.keyboard.press("z")
    expect(picture).to_have_css("transform", "matrix(3, 0, 0, 3, 0, 0)")
    before = picture.evaluate("picture => picture.style.transformOrigin")
    page.keyboard.press("ArrowRight")
    assert picture.evaluate("picture => picture.style.transformOrigin") != before
    page.keyboard.press("+")
    expect(page.locator("#zoom-figure")).to_have_text("4.5×")
    shot(page, "desk_zoomed")
    after = picture.evaluate("picture => picture.style.transformOrigin")
    box = picture.bounding_box()
    assert box is not None
    stage = page.locator("#stage").bounding_box()
    assert stage is not None
    page.mouse.move(stage["x"] + 300, stage["y"] + 200)
    page.mouse.down()
    page.mouse.move(stage["x"] + 240, stage["y"] + 170, steps=4)
    page.mouse.up()
    assert picture.evaluate("picture => picture.style.transformOrigin") != after
    expect(page.locator("#zoom-figure")).to_have_text("4.5×")
    page.keyboard.press("0")
    expect(page.locator("#zoom-figure")).to_have_text("1×")


def test_says_which_part_is_still_to_be_opened(server: OfficeServer, open_page: OpenPage, shot: Shot) -> None:
    server.person("hoa", "reviewer")
    page = open_page()
    case_id = server.case(vehicle="car")
    sign_in(page, "hoa")
    open_case(page, case_id)
    take(page)
    why, button = page.locator("#confirm-why"), page.locator("#confirm")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(why).to_have_text("Chưa xác nhận được, còn phải mở: đoạn phim, ảnh trước, ảnh lúc vi phạm, ảnh sau")
    shot(page, "desk_unopened")
    for key in "123":
        page.keyboard.press(key)
    expect(why).to_have_text("Chưa xác nhận được, còn phải mở: đoạn phim")
    page.keyboard.press("a")
    expect(button).to_have_attribute("aria-disabled", "false")
    expect(why).to_be_hidden()
    shot(page, "desk_opened")


def test_the_keys_stand_over_the_page(server: OfficeServer, open_page: OpenPage, shot: Shot) -> None:
    server.person("hoa", "reviewer")
    page = open_page()
    case_id = server.case(vehicle="car")
    sign_in(page, "hoa")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Phím tắt")).to_be_visible()
    page.keyboard.press("Escape")
    open_case(page, case_id)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Phím tắt")).to_be_visible()
    shot(page, "desk_keys")
    page.keyboard.press("t")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Phím tắt")).to_be_hidden()
    assert server.office.cases.line(_auditor(), case_id).state == "new"


def _auditor():  # type: ignore[no-untyped-def]
    from api.actor import Actor

    return Actor(frozenset({"auditor"}))


def test_somebody_else_who_takes_the_case_is_told_of(server: OfficeServer, open_page: OpenPage, shot: Shot) -> None:
    server.person("hoa", "reviewer")
    server.person("minh", "reviewer")
    case_id = server.case(vehicle="car")
    mine, other = open_page(), open_page()
    sign_in(mine, "hoa")
    open_case(mine, case_id)
    sign_in(other, "minh")
    open_case(other, case_id)
    take(other)
    expect(mine.locator("#moved")).to_be_visible()
    expect(mine.locator("#moved")).to_contain_text("minh")
    shot(mine, "desk_taken_by_another")
    mine.goto("/queue?show=mine")
    until(mine, "document.querySelector('.count[data-states=\"new\"]').textContent === '0'")


SIZES = {
    "1366": (1366, 768),
    "1920": (1920, 1080),
    "tablet": (820, 1180),
    "tablet_wide": (1180, 820),
    "phone": (390, 844),
}


def test_fits_a_desk_a_tablet_and_a_phone_in_both_themes(server: OfficeServer, open_page: OpenPage, shot: Shot) -> None:
    """Nothing spills to the side, and what is used most stands on the first screen of a desk."""
    server.person("hoa", "reviewer", "supervisor")
    server.case(vehicle="car", camera_id="sim-cam", is_simulated=True)
    page = open_page()
    case_id = server.case(vehicle="car")
    sign_in(page, "hoa")
    spills = {}

    def look(name: str) -> None:
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            spills[f"{name} {size}"] = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                shot(page, f"size_{size}_{name}_{scheme}")

    look("queue")
    open_case(page, case_id)
    take(page)
    look("case")
    for size in ("1366", "1920"):
        page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
        for wanted in ("#confirm", "#reject summary", ".thumb[data-show='beyond']"):
            box = page.locator(wanted).bounding_box()
            assert box is not None and box["y"] + box["height"] <= SIZES[size][1], (size, wanted, box)
    page.keyboard.press("x")
    look("reject")
    assert {name: px for name, px in spills.items() if px > 0} == {}
