"""How well the office reviews, for those who watch over it."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.office import OfficeHere
from api.web import format
from api.web.access import Person
from api.web.case_view import rule_name
from api.web.failures import PageRoute
from api.web.render import page, page_text
from api.web.text import Text
from models.domain.review import Interval

DAYS = 30
router = APIRouter(prefix="/measures", route_class=PageRoute, include_in_schema=False)


@router.get("")
def show_measures(request: Request, person: Person, office: OfficeHere) -> Response:
    t, now = page_text(request), office.clock()
    found = office.measures.measures(person.actor, now - timedelta(days=DAYS), now + timedelta(seconds=1))
    return page(
        request,
        "measures.html",
        person=person,
        at="measures",
        days=DAYS,
        found=found,
        alarms=office.alarms.newest(person.actor),
        share=lambda interval: share_words(interval, t),
        rule_name=lambda rule: rule_name(rule, t),
        local_time=lambda moment: format.local_time(moment, office.settings.agency_timezone, with_seconds=False),
    )


def share_words(interval: Interval, t: Text) -> str:
    """`3/40 (2–20 %)`; of nothing, nothing."""
    if not interval.of:
        return t("app.none")
    low, high = int(100 * interval.low), -int(-100 * interval.high // 1)
    return t("measures.share", count=interval.count, of=interval.of, low=low, high=high)
