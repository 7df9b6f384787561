"""Looking cases up. Numbers and cameras by address; a plate by a form, for a reason, and never in an address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.cases.schemas import CaseLine
from api.cases.search import LOOKUP_REASONS, PLATE_READERS, Found
from api.errors import InputError
from api.office import Office, OfficeHere
from api.people.sessions import SignedIn
from api.web import format
from api.web.access import CheckedForm, Person
from api.web.case_view import rule_name
from api.web.failures import PageRoute
from api.web.render import page, page_text
from api.web.text import Text

router = APIRouter(prefix="/search", route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class FoundLine:
    id: str
    number: str
    act: str
    place: str
    occurred: str
    state: str


@router.get("")
def search(
    request: Request,
    person: Person,
    office: OfficeHere,
    number: str = "",
    camera: str = "",
    first: str = "",
    last: str = "",
    after: str | None = None,
) -> Response:
    asked = {"number": number[:40], "camera": camera[:40], "first": first[:10], "last": last[:10]}
    try:
        if number:
            return _page(request, person, office, asked, office.search.by_number(person.actor, number))
        if camera:
            days = _day("first", first), _day("last", last)
            return _page(request, person, office, asked, office.search.by_camera(person.actor, camera, *days, after))
    except InputError as error:
        return _page(request, person, office, asked, None, page_text(request)(f"search.wrong_{error.field}"))
    return _page(request, person, office, asked, None)


@router.post("")
def search_plate(request: Request, person: Person, form: CheckedForm, office: OfficeHere) -> Response:
    try:
        found = office.search.by_plate(person.actor, form["plate"], form["reason"])
    except InputError as error:
        return _page(request, person, office, {}, None, page_text(request)(f"search.wrong_{error.field}"))
    return _page(request, person, office, {}, found)


def _day(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(field, f"got {text[:20]!r}, expected a day such as 2026-11-23") from None


def _page(
    request: Request,
    person: SignedIn,
    office: Office,
    asked: dict[str, str],
    found: Found | None,
    problem: str | None = None,
) -> Response:
    t, today = page_text(request), format.local_day(office.clock(), format.OFFICE_ZONE)
    default = {"number": "", "camera": "", "first": f"{today - timedelta(days=6)}", "last": f"{today}"}
    values: dict[str, Any] = {
        "asked": default | {name: text for name, text in asked.items() if text},
        "cameras": office.cases.cameras(person.actor),
        "lines": None if found is None else [_line(line, t) for line in found.lines],
        "next_after": found.next_after if found else None,
        "may_ask_for_plates": bool(person.actor.roles.intersection(PLATE_READERS)),
        "reasons": LOOKUP_REASONS,
        "problem": problem,
    }
    status = 422 if problem else 200
    return page(request, "search.html", status=status, person=person, at="search", page_url="/search", **values)


def _line(line: CaseLine, t: Text) -> FoundLine:
    return FoundLine(
        id=line.id,
        number=line.number,
        act=rule_name(line.rule, t),
        place=line.address,
        occurred=format.local_time(line.occurred_at, line.timezone),
        state=line.state,
    )
