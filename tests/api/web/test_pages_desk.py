"""Before a confirmation: every part opened, the plate typed before the reading is given, a difference settled."""

from __future__ import annotations

import pytest

from models.domain.manifest import SealedPlate
from tests.api.web.site import Browser, Site

PARTS = ("clip", "before", "at", "beyond")
PLATE = "75-B1 678.90"
TYPED = {"plate": PLATE, "vehicle": "motorcycle", "plate_colour": "white"}


def taken(site: Site, **changes: object) -> tuple[Browser, str]:
    case_id = site.small.new_case(**changes)
    browser = site.signed_in("hoa", "reviewer")
    browser.get(f"/cases/{case_id}")
    browser.post(f"/cases/{case_id}/take")
    return browser, case_id


def read_as(text: str | None) -> SealedPlate:
    return SealedPlate(text=text, unread_because=None if text else "blurred")


def open_all(browser: Browser, case_id: str) -> None:
    for part in PARTS:
        assert browser.post(f"/cases/{case_id}/opened", {"part": part}).status_code == 204


@pytest.mark.parametrize("unopened", PARTS)
def test_nobody_confirms_with_a_part_unopened(site: Site, unopened: str) -> None:
    browser, case_id = taken(site)
    for part in PARTS:
        if part != unopened:
            browser.post(f"/cases/{case_id}/opened", {"part": part})
    answer = browser.post(f"/cases/{case_id}/confirm", TYPED)
    assert answer.status_code == 422 and "Chưa xác nhận được, còn phải mở" in answer.text
    assert site.small.state(case_id) == "in_review"


def test_nobody_confirms_what_lacks_a_part(site: Site) -> None:
    pictures = {"b_at.jpg": b"at", "c_beyond.jpg": b"beyond", "citizen.jpg": b"pixels", "clip.mp4": b"m"}
    browser, case_id = taken(site, pictures=pictures)
    answer = browser.post(f"/cases/{case_id}/confirm", TYPED | {"shown": "all"})
    assert answer.status_code == 422 and "gói chứng cứ thiếu: ảnh trước" in answer.text
    assert browser.post(f"/cases/{case_id}/reject", {"reason": "INSUFFICIENT_EVIDENCE"}).status_code == 200


def test_confirms_when_every_part_was_opened(site: Site) -> None:
    browser, case_id = taken(site)
    open_all(browser, case_id)
    assert browser.post(f"/cases/{case_id}/confirm", TYPED).status_code == 200
    assert site.small.state(case_id) != "in_review"


def test_the_reading_is_given_only_for_a_typed_plate(site: Site) -> None:
    browser, case_id = taken(site, plate=read_as("75B1|67899"))
    assert "75B167899" not in browser.get(f"/cases/{case_id}").text
    assert "67899" not in browser.post(f"/cases/{case_id}/plate", {"plate": "7"}).text
    answer = browser.post(f"/cases/{case_id}/plate", {"plate": PLATE})
    assert "Máy đọc khác" in answer.text and '<td class="other">9</td>' in answer.text
    answer = browser.post(f"/cases/{case_id}/plate", {"plate": "75-B1 678.99"})
    assert "Máy đọc giống" in answer.text


def test_a_difference_is_settled_in_the_open(site: Site) -> None:
    browser, case_id = taken(site, plate=read_as("75B1|67899"))
    open_all(browser, case_id)
    answer = browser.post(f"/cases/{case_id}/confirm", TYPED)
    assert answer.status_code == 422 and "Xem lại ảnh" in answer.text and 'name="settled"' in answer.text
    assert browser.post(f"/cases/{case_id}/confirm", TYPED | {"settled": "typed"}).status_code == 200
    page = browser.get(f"/cases/{case_id}").text
    assert "giữ biển số đã gõ dù máy đọc khác" in page or site.small.state(case_id) == "decided"


def test_what_the_reader_left_unread_needs_no_settling(site: Site) -> None:
    browser, case_id = taken(site, plate=read_as(None))
    open_all(browser, case_id)
    assert browser.post(f"/cases/{case_id}/confirm", TYPED).status_code == 200


def test_only_who_holds_the_case_opens_parts_and_types_plates(site: Site) -> None:
    _, case_id = taken(site)
    other = site.signed_in("minh", "reviewer")
    other.get(f"/cases/{case_id}")
    assert other.post(f"/cases/{case_id}/opened", {"part": "clip"}).status_code == 409
    assert other.post(f"/cases/{case_id}/plate", {"plate": PLATE}).status_code == 409


def test_what_was_opened_before_the_case_was_given_back_counts_no_more(site: Site) -> None:
    browser, case_id = taken(site)
    open_all(browser, case_id)
    browser.get(f"/cases/{case_id}")
    browser.post(f"/cases/{case_id}/release")
    browser.get(f"/cases/{case_id}")
    browser.post(f"/cases/{case_id}/take")
    assert browser.post(f"/cases/{case_id}/confirm", TYPED).status_code == 422
