"""The citizen's page: what it says at once, what it keeps until the plate is typed, and what it never says."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import segno

from tests.api.web.site import Browser, Site


def _issued(site: Site) -> tuple[str, str, str]:
    """Case id, address, code."""
    case_id = site.small.new_case()
    address = site.issued(site.signed_in("hoa", "reviewer"), case_id)
    return case_id, address, address.partition("?c=")[2]


def _type_plate(site: Site, case_id: str, code: str, plate: str) -> tuple[Browser, int, str]:
    browser = site.browser()
    browser.get("/login")  # any form's token serves: it is the browser's, not the link's
    browser.get(f"/t/{case_id}?c={code}")
    answer = browser.post(f"/t/{case_id}/plate", {"c": code, "plate": plate})
    return browser, answer.status_code, answer.text


def test_says_at_once_what_happened_and_who_to_ask(site: Site) -> None:
    _, address, _ = _issued(site)
    page = site.browser().get(address).text
    for words in (
        "vượt đèn đỏ", "08:59:00, 20/11/2026", "Lý Thường Kiệt", "điểm c khoản 7 Điều 7 NĐ 168/2024", "75B-***.90",
        "Đội CSGT số 1", "0234 000 000", "19001075", "chưa đối chiếu NĐ 238/2026, 336/2025",
        "Trang này không bao giờ yêu cầu chuyển tiền", "không thay thế thông báo theo Mẫu 01",
        "Kiểm tra mà không cần đường dẫn",
    ):  # fmt: skip
        assert words in page


def test_never_shows_the_plate_or_a_way_to_pay(site: Site) -> None:
    _, address, _ = _issued(site)
    page = site.browser().get(address).text
    assert "67890" not in page and "678.90" not in page
    assert "<img" not in page
    assert all(word not in page.lower() for word in ("vietcombank", "iban", "/pay", "momo"))


def test_the_picture_opens_with_the_full_plate(site: Site) -> None:
    case_id, address, code = _issued(site)
    browser, status, page = _type_plate(site, case_id, code, "75-b1 678.90")
    assert status == 200 and "act-picture" in page
    assert browser.client.get(f"/t/{case_id}/picture?c={code}").content == b"pixels"
    assert site.browser().get(f"/t/{case_id}/picture?c={code}").status_code == 404
    site.small.clock.turn(timedelta(minutes=16))
    assert "act-picture" not in browser.get(address).text


@pytest.mark.parametrize("name", ["b_at.jpg", "clip.mp4", "vehicle.jpg"])
def test_nothing_but_the_pixelated_picture(site: Site, name: str) -> None:
    case_id, _, code = _issued(site)
    browser, _, _ = _type_plate(site, case_id, code, "75B167890")
    assert browser.get(f"/cases/{case_id}/evidence/{name}").url.path == "/login"


def test_one_answer_for_wrong_plate_unknown_link_and_no_tries_left(site: Site) -> None:
    case_id, _, code = _issued(site)
    answers = [_type_plate(site, case_id, code, "75B154321")[1:] for _ in range(5)]
    answers.append(_type_plate(site, case_id, code, "75B167890")[1:])  # right, but too late
    unknown = "A" * len(code)
    answers.append(_type_plate(site, case_id, unknown, "75B167890")[1:])
    texts = {(status, _bare(text, code, unknown)) for status, text in answers}
    assert len(texts) == 1 and next(iter(texts))[0] == 422


def _bare(text: str, *codes: str) -> str:
    import re

    text = re.sub(r'name="form_token" value="[^"]+"', "", text)
    for part in (*codes, "75B154321", "75B167890"):
        text = text.replace(part, "")
    return text


def test_what_was_typed_is_not_lost(site: Site) -> None:
    case_id, _, code = _issued(site)
    assert 'value="75B199999"' in _type_plate(site, case_id, code, "75B199999")[2]


def test_a_code_opens_its_own_case_only(site: Site) -> None:
    case_id, _, code = _issued(site)
    other = site.small.new_case(point_px16=(9000, 3000))
    browser = site.browser()
    assert browser.get(f"/t/{other}?c={code}").status_code == 404
    assert browser.get(f"/t/{case_id}?c={code[:-1]}").status_code == 404
    assert "Đường dẫn sai, đã hết hạn" in browser.get(f"/t/{case_id}").text


def test_a_link_ends_after_thirty_days(site: Site) -> None:
    _, address, _ = _issued(site)
    site.small.clock.turn(timedelta(days=31))
    assert site.browser().get(address).status_code == 404


def test_contesting_is_heard_and_escaped(site: Site) -> None:
    case_id, address, code = _issued(site)
    browser = site.browser()
    browser.get(address)
    words = "Không phải tôi <script>alert(1)</script>"
    page = browser.post(f"/t/{case_id}/contest", {"c": code, "kind": "not_driving", "text": words}).text
    assert "Đã nhận ý kiến của bạn" in page and site.small.state(case_id) == "contested"
    case_page = site.signed_in("minh", "reviewer").get(f"/cases/{case_id}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in case_page and "<script>alert" not in case_page


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("", "vì", "Chọn một trong hai"),
        ("contest", "", "Viết vài lời"),
        ("contest", "x" * 2001, "Rút ngắn"),
    ],
)
def test_a_wrong_statement_says_what_to_do_and_is_kept(site: Site, kind: str, text: str, words: str) -> None:
    case_id, address, code = _issued(site)
    browser = site.browser()
    browser.get(address)
    answer = browser.post(f"/t/{case_id}/contest", {"c": code, "kind": kind, "text": text})
    assert answer.status_code == 422 and words in answer.text and text in answer.text
    assert site.small.state(case_id) == "notice_issued"


def test_reads_in_english_and_keeps_to_it(site: Site) -> None:
    _, address, _ = _issued(site)
    browser = site.browser()
    assert "This page never asks you to transfer money" in browser.get(f"{address}&lang=en").text
    assert 'lang="en"' in browser.get(address).text
    assert 'lang="vi"' in browser.get(f"{address}&lang=vi").text


def test_is_kept_out_of_caches_and_search_engines(site: Site) -> None:
    _, address, _ = _issued(site)
    answer = site.browser().get(address)
    assert answer.headers["cache-control"] == "no-store" and answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.text


def test_the_only_qr_code_leads_to_the_offices_own_checking_page(site: Site) -> None:
    """Its fingerprint stands behind the #, which no browser sends."""
    _, address, _ = _issued(site)
    page = site.browser().get(address).text
    found = re.search(r'href="([^"]+/verify#[0-9a-f]{64})" id="verify"', page)
    assert found is not None
    assert found[1].startswith(str(site.small.office.settings.public_url))
    assert page.count('class="qr"') == 1
    assert segno.make(found[1], error="m").svg_inline(scale=4, svgclass="qr", lineclass=None, border=4) in page
