"""What each role may see and do on a case, and what the page says when it may not."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from models.domain.cases import REJECT_REASONS, Role
from tests.api.kit import AGENCY
from tests.api.web.site import Site

PLATE = "75B112345"
READERS: tuple[Role, ...] = ("reviewer", "supervisor", "auditor")
OTHERS: tuple[Role, ...] = ("administrator", "operations")


@pytest.mark.parametrize("role", OTHERS)
def test_outside_the_police_roles_nothing_is_shown(site: Site, role: Role) -> None:
    case_id = site.small.confirmed_case(site.small.person("reviewer"))
    browser = site.browser()
    site.person("someone", role)
    browser.sign_in("someone")
    answers = [browser.get("/queue"), browser.get(f"/cases/{case_id}")]
    answers.append(browser.get(f"/cases/{case_id}/evidence/b_at.jpg"))
    for answer in answers:
        assert answer.status_code == 403
        assert "12345" not in answer.text and "123.45" not in answer.text


@pytest.mark.parametrize("role", READERS)
def test_the_police_roles_see_the_plate(site: Site, role: Role) -> None:
    case_id = site.small.confirmed_case(site.small.person("reviewer"))
    assert "75-B1 123.45" in site.signed_in("someone", role).get(f"/cases/{case_id}").text


def test_another_agencys_case_does_not_exist(site: Site) -> None:
    case_id = site.small.new_case()
    browser = site.signed_in("hoa", "reviewer", agency="Đội khác")
    assert browser.get(f"/cases/{case_id}").status_code == 404
    assert site.signed_in("minh", "reviewer", agency=AGENCY).get(f"/cases/{case_id}").status_code == 200


def test_an_auditor_has_no_buttons(site: Site) -> None:
    case_id = site.small.new_case()
    page = site.signed_in("kiem", "auditor").get(f"/cases/{case_id}").text
    assert f"/cases/{case_id}/" in page and not re.search(rf'action="/cases/{case_id}/', page)


def test_an_auditor_is_refused_the_move_itself(site: Site) -> None:
    case_id = site.small.new_case()
    browser = site.signed_in("kiem", "auditor")
    browser.get(f"/cases/{case_id}")
    assert browser.post(f"/cases/{case_id}/take").status_code == 409
    assert site.small.state(case_id) == "new"


def test_shows_what_decides(site: Site) -> None:
    case_id = site.small.new_case()
    page = site.signed_in("hoa", "reviewer").get(f"/cases/{case_id}").text
    for words in ("1,50 giây", "± 0,09 giây", "điểm c khoản 7 Điều 7 NĐ 168/2024", "4.000.000 – 6.000.000 đồng"):
        assert words in page
    assert "chưa đối chiếu NĐ 238/2026, 336/2025" in page
    assert "MÔ PHỎNG" not in page


def test_a_simulated_case_says_so_plainly(site: Site) -> None:
    with site.small.office.database.writing() as session:
        from tests.api.kit import camera_row

        session.add(camera_row(site.small.clock.now, id="sim-cam", is_simulated=True))
    case_id = site.small.new_case(camera_id="sim-cam", is_simulated=True)
    browser = site.signed_in("hoa", "reviewer")
    address = site.issued(browser, case_id)
    for page in (
        browser.get("/queue?show=notice_issued"),
        browser.get(f"/cases/{case_id}"),
        site.browser().get(address),
    ):
        assert "MÔ PHỎNG: bộ nhận dạng này chỉ biết thế giới mô phỏng" in page.text


def test_confirming_says_everything_that_is_wrong_and_loses_nothing(site: Site) -> None:
    case_id = site.small.new_case()
    browser = site.signed_in("hoa", "reviewer")
    browser.get(f"/cases/{case_id}")
    browser.post(f"/cases/{case_id}/take")
    answer = browser.post(f"/cases/{case_id}/confirm", {"plate": '75A-12"><script>', "plate_colour": "yellow"})
    assert answer.status_code == 422
    assert "không phải một biển số" in answer.text and "Chọn loại phương tiện" in answer.text
    assert 'value="75A-12&#34;&gt;&lt;script&gt;"' in answer.text
    assert re.search(r'value="yellow" checked', answer.text)
    assert site.small.state(case_id) == "in_review"


@pytest.mark.parametrize(
    ("plate", "vehicle", "colour", "words"),
    [
        ("", "car", "white", "Gõ biển số đúng như nhìn thấy"),
        ("75AA-123.45", "car", "white", "không thể thuộc loại xe"),
        ("AB1234", "car", "white", "không thể thuộc loại xe"),
        ("75A-123.45", "bicycle", "white", "Danh mục không có hành vi này"),
    ],
)
def test_a_plate_that_cannot_be_is_refused(site: Site, plate: str, vehicle: str, colour: str, words: str) -> None:
    case_id = site.small.new_case()
    browser = site.signed_in("hoa", "reviewer")
    browser.get(f"/cases/{case_id}")
    browser.post(f"/cases/{case_id}/take")
    typed = {"plate": plate, "vehicle": vehicle, "plate_colour": colour, "shown": "all"}
    answer = browser.post(f"/cases/{case_id}/confirm", typed)
    assert answer.status_code == 422 and words in answer.text
    assert site.small.state(case_id) == "in_review"


def test_rejecting_leads_to_the_next_case(site: Site) -> None:
    first = site.small.new_case()
    second = site.small.new_case(point_px16=(9000, 3000))
    browser = site.signed_in("hoa", "reviewer")
    browser.get(f"/cases/{first}")
    browser.post(f"/cases/{first}/take")
    answer = browser.post(f"/cases/{first}/reject", {"reason": "PLATE_UNREADABLE"})
    assert answer.url.path == f"/cases/{second}" and "Đã loại hồ sơ trước" in answer.text
    assert (site.small.state(first), site.small.state(second)) == ("rejected", "in_review")


def test_rejecting_needs_a_coded_reason(site: Site) -> None:
    case_id = site.small.new_case()
    browser = site.signed_in("hoa", "reviewer")
    browser.get(f"/cases/{case_id}")
    browser.post(f"/cases/{case_id}/take")
    assert "Chọn một lý do loại" in browser.post(f"/cases/{case_id}/reject", {"reason": "because"}).text
    assert site.small.state(case_id) == "in_review"


def test_every_reason_has_its_own_key(site: Site) -> None:
    case_id = site.small.new_case()
    browser = site.signed_in("hoa", "reviewer")
    browser.get(f"/cases/{case_id}")
    page = browser.post(f"/cases/{case_id}/take").text
    keys = dict(re.findall(r'name="reason" value="(\w+)" data-reason-key="(\w)"', page))
    assert set(keys) == set(REJECT_REASONS) and len(set(keys.values())) == len(REJECT_REASONS)


def test_a_held_case_has_no_form_for_others(site: Site) -> None:
    case_id = site.small.new_case()
    first, second = site.signed_in("hoa", "reviewer"), site.signed_in("minh", "reviewer")
    first.get(f"/cases/{case_id}")
    first.post(f"/cases/{case_id}/take")
    page = second.get(f"/cases/{case_id}").text
    assert "Người khác đang duyệt" in page and "/confirm" not in page
    typed = {"plate": "75-B1 123.45", "vehicle": "motorcycle", "plate_colour": "white"}
    assert second.post(f"/cases/{case_id}/confirm", typed).status_code == 409


def test_the_link_is_shown_once(site: Site) -> None:
    case_id = site.small.new_case()
    browser = site.signed_in("hoa", "reviewer")
    address = site.issued(browser, case_id)
    code = address.partition("?c=")[2]
    assert len(code) >= 22  # 128 bits
    assert code not in browser.get(f"/cases/{case_id}").text
    assert browser.post(f"/cases/{case_id}/issue").status_code == 409


def test_a_contested_case_goes_to_somebody_else(site: Site) -> None:
    case_id = site.small.new_case()
    first = site.signed_in("hoa", "reviewer")
    address = site.issued(first, case_id)
    site.small.clock.turn(timedelta(minutes=30))
    citizen = site.browser()
    citizen.get(address)
    citizen.post(f"/t/{case_id}/contest", {"c": address.partition("?c=")[2], "kind": "contest", "text": "Tôi rẽ phải"})
    first.get(f"/cases/{case_id}")
    refused = first.post(f"/cases/{case_id}/take")
    assert refused.status_code == 409 and "bạn đã từng duyệt nó" in refused.text
    second = site.signed_in("minh", "reviewer")
    second.get(f"/cases/{case_id}")
    assert "Tôi rẽ phải" in second.post(f"/cases/{case_id}/take").text
    answer = second.post(f"/cases/{case_id}/uphold", {"reason": "Hình ảnh rõ ràng"})
    assert site.small.state(case_id) == "notice_issued" and "Đã giữ nguyên" in answer.text


def test_a_supervisor_withdraws_with_a_reason(site: Site) -> None:
    case_id = site.small.new_case()
    address = site.issued(site.signed_in("hoa", "reviewer"), case_id)
    chief = site.signed_in("minh", "supervisor")
    chief.get(f"/cases/{case_id}")
    assert chief.post(f"/cases/{case_id}/withdraw", {"reason": "  "}).status_code == 422
    assert site.small.state(case_id) == "notice_issued"
    chief.post(f"/cases/{case_id}/withdraw", {"reason": "Camera bị xê dịch"})
    assert site.small.state(case_id) == "withdrawn"
    page = site.browser().get(address).text
    assert page.index("đã được rút") < page.index("Sự việc") and "Camera bị xê dịch" in page


def test_evidence_is_served_in_ranges(site: Site) -> None:
    case_id = site.small.new_case()
    browser = site.signed_in("hoa", "reviewer")
    answer = browser.client.get(f"/cases/{case_id}/evidence/clip.mp4", headers={"range": "bytes=100-199"})
    assert (answer.status_code, len(answer.content)) == (206, 100)
    assert answer.headers["content-range"] == "bytes 100-199/3000"


def test_evidence_that_was_changed_is_never_shown(site: Site) -> None:
    package = site.small.seal()
    site.small.submit(package)
    site.small.verify()
    case_id = site.small.office.submissions.answer("worker-1", package.message.id).case_id
    site.small.office.files._seen.clear()
    for path in (site.small.folder / "cache").rglob("*"):
        path.is_file() and path.unlink()
    package.path("b_at.jpg").write_bytes(b"another picture")
    answer = site.signed_in("hoa", "reviewer").get(f"/cases/{case_id}/evidence/b_at.jpg")
    assert answer.status_code >= 500 and b"another picture" not in answer.content


def test_after_a_year_nothing_is_decided_and_the_page_says_why(site: Site) -> None:
    case_id = site.small.new_case()
    site.small.clock.turn(timedelta(days=366))
    browser = site.signed_in("hoa", "reviewer")
    browser.get(f"/cases/{case_id}")
    browser.post(f"/cases/{case_id}/take")
    typed = {"plate": "75-B1 678.90", "vehicle": "motorcycle", "plate_colour": "white", "shown": "all"}
    answer = browser.post(f"/cases/{case_id}/confirm", typed)
    assert answer.status_code == 409 and "Đã hết thời hiệu một năm" in answer.text


def test_a_case_of_warning_mode_never_offers_a_notice(site: Site) -> None:
    case_id = site.small.new_case(mode="warning")
    browser = site.signed_in("hoa", "reviewer")
    site.confirmed(browser, case_id)
    page = browser.get(f"/cases/{case_id}").text
    assert "không bao giờ thành thông báo" in page and f"/cases/{case_id}/issue" not in page
