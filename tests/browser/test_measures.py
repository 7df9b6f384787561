"""The page of measures in a real browser: axe in both themes, and no spill on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from api.measures.alarms import raise_alarm
from tests.api.kit import AGENCY, HandClock, SmallOffice
from tests.browser.conftest import OfficeServer, OpenPage, sign_in
from tests.browser.test_access import broken_rules

pytestmark = pytest.mark.browser


def test_the_page_of_measures_holds_to_wcag_and_fits_a_phone(
    server: OfficeServer, open_page: OpenPage, shot: Callable[..., None]
) -> None:
    server.person("hoa", "reviewer", "supervisor")
    case_id = server.case()
    page = open_page()
    sign_in(page, "hoa")
    reviewer = SmallOffice(server.office, HandClock(server.office.clock()), server.folder, "").person("reviewer")
    server.office.reviews.take(reviewer, case_id)
    server.office.reviews.reject(reviewer, case_id, reason="NOT_AN_OFFENCE")
    with server.office.database.writing() as session:
        now = server.office.clock() - timedelta(minutes=1)
        raise_alarm(session, now, "deadline", case_id, "notice_near", AGENCY, {"state": "in_review"})
    page.goto("/measures")
    assert page.locator("table.lines").count() >= 2
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        assert broken_rules(page) == []
        shot(page, f"measures_{scheme}", whole=True)
    page.set_viewport_size({"width": 390, "height": 844})
    shot(page, "measures_phone", whole=True)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
