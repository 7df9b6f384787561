"""The page of measures: for supervisors and auditors, with an interval beside every share."""

from __future__ import annotations

from api.web.pages_measures import share_words
from api.web.text import Text
from models.domain.review import Interval
from tests.api.web.site import Site


def test_shares_are_shown_with_what_is_sure_of_them() -> None:
    t = Text("en")
    assert share_words(Interval(3, 40), t) == "3/40 (2–20 %)"
    assert share_words(Interval(0, 0), t) == t("app.none")


def test_what_was_decided_stands_on_the_page(site: Site) -> None:
    reviewer, boss = site.small.person("reviewer"), site.signed_in("boss", "supervisor")
    case_id = site.small.new_case()
    site.small.office.reviews.take(reviewer, case_id)
    site.small.office.reviews.reject(reviewer, case_id, reason="NOT_AN_OFFENCE")
    other = site.small.new_case(point_px16=(9000, 3000))
    site.small.confirm(reviewer, other)
    shown = boss.get("/measures?lang=en")
    assert shown.status_code == 200
    assert "1/2 (9–91 %)" in shown.text, "one of two stood"
    assert "p-" + str(reviewer.person_id) in shown.text
    assert site.signed_in("auditor", "auditor").get("/measures").status_code == 200


def test_nobody_else_reads_measures(site: Site) -> None:
    for role in ("reviewer", "administrator", "operations"):
        assert site.signed_in(role, role).get("/measures").status_code == 403
