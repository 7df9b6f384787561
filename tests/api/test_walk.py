"""From a sealed package to a notice that its owner reads."""

from __future__ import annotations

from tests.api.kit import SmallOffice


def test_a_claim_becomes_a_notice(here: SmallOffice) -> None:
    reviewer = here.person("reviewer")
    case_id = here.new_case()
    assert here.office.reviews.next_case(reviewer) == case_id
    here.office.reviews.confirm(reviewer, case_id, plate="75-B1 123.45", vehicle="motorcycle", plate_colour="white")
    issued = here.office.notices.issue(reviewer, case_id)
    view = here.office.notices.view(issued.code)
    assert (view.act_code, view.reference, view.minimum_vnd, view.points) == ("RED_LIGHT", "7.7.c", 4_000_000, 4)
    assert view.unchecked_note == "chưa đối chiếu NĐ 238/2026, 336/2025"
    visit = here.office.notices.open_picture(issued.code, "75b1-12345")
    assert visit is not None
    assert here.office.notices.picture(issued.code, visit).path.read_bytes() == b"pixels"
    here.office.notices.contest(issued.code, "not_driving", "")
    other = here.person("reviewer")
    here.office.reviews.take(other, case_id)
    here.office.reviews.withdraw(other, case_id, reason="người khác lái")
    assert here.office.notices.view(issued.code).withdrawn_reason == "người khác lái"
    assert [line.what for line in here.office.cases.read(other, case_id).audit] == [
        "case_created", "redacted", "take", "confirm", "settle_confirmed", "issue_notice", "picture_opened",
        "contest", "take", "withdraw", "view",
    ]  # fmt: skip
