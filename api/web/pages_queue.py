"""The queue: what is new, what is in hand, what was contested, what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.actor import Actor
from api.cases.listing import COUNTED, QueueFilter
from api.cases.schemas import CaseLine
from api.office import Office, OfficeHere
from api.web import format
from api.web.access import Person
from api.web.case_checks import due_view, lease_words
from api.web.case_view import rule_name
from api.web.failures import PageRoute
from api.web.render import page, page_text
from api.web.text import Text
from models.domain.cases import CaseState

LINES_A_PAGE = 50
RENEW_S = 15
TABS: dict[str, tuple[CaseState, ...]] = {
    "new": ("new",),
    "mine": ("in_review", "second_review", "disputed", "contested"),
    "second_review": ("second_review",),
    "disputed": ("disputed",),
    "contested": ("contested",),
    "confirmed": ("confirmed",),
    "notice_issued": ("notice_issued",),
    "closed": ("rejected", "withdrawn", "expired"),
}
SAID = ("confirmed", "rejected", "released", "upheld", "withdrawn", "undone")
"""What may be said on top of a page after a decision; the address names it."""

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    count: str | None
    states: tuple[CaseState, ...]


@dataclass(frozen=True, slots=True)
class QueueLine:
    id: str
    number: str
    act: str
    place: str
    camera_id: str
    occurred: str
    vehicle: str
    due: str
    due_tone: str
    state: str
    is_simulated: bool
    holder: str | None


@router.get("/queue")
def show_queue(
    request: Request,
    person: Person,
    office: OfficeHere,
    show: str = "new",
    after: str | None = None,
    said: str = "",
    camera: str = "",
    rule: str = "",
) -> Response:
    show = show if show in TABS else "new"
    t = page_text(request)
    wanted = QueueFilter(camera or None, rule or None)
    lines, next_after = _lines(office, person.actor, show, after, wanted)
    counts = office.cases.counts(person.actor)
    tabs = [
        Tab(name, None if name == "mine" else _count(sum(counts[state] for state in states)), states)
        for name, states in TABS.items()
    ]
    return page(
        request,
        "queue.html",
        person=person,
        at="queue",
        said=said_text(said),
        show=show,
        after=after,
        wanted=wanted,
        cameras=office.cases.cameras(person.actor),
        rules=[(name, rule_name(name, t)) for name in office.cases.rules(person.actor)],
        tabs=tabs,
        lines=[_line(line, office, t) for line in lines],
        any_simulated=any(line.is_simulated for line in lines),
        next_after=next_after,
        renew_s=RENEW_S if not after and show not in ("closed", "notice_issued") else 0,
    )


def said_text(said: str) -> str | None:
    """The catalogue's key for what the address says has just been done."""
    if said == "none_left":
        return "queue.none_left"
    return f"queue.decided_{said}" if said in SAID else None


def _count(count: int) -> str:
    """Nobody counts on where the number tells nothing more."""
    return str(count) if count < COUNTED else f"{COUNTED}+"


def _lines(
    office: Office, actor: Actor, show: str, after: str | None, wanted: QueueFilter
) -> tuple[tuple[CaseLine, ...], str | None]:
    """One page of the queue, and the id to go on after."""
    if show == "mine":
        return office.cases.mine(actor, TABS[show]), None
    found = office.cases.queue(actor, TABS[show], limit=LINES_A_PAGE + 1, after=after, wanted=wanted)
    shown = found[:LINES_A_PAGE]
    return shown, shown[-1].id if len(found) > LINES_A_PAGE else None


def _line(line: CaseLine, office: Office, t: Text) -> QueueLine:
    due = due_view(line.state, line.notice_due_on, line.timezone, office.clock(), t) or ("", "calm")
    return QueueLine(
        id=line.id,
        number=line.number,
        act=rule_name(line.rule, t),
        place=line.address,
        camera_id=line.camera_id,
        occurred=format.local_time(line.occurred_at, line.timezone),
        vehicle=t(f"vehicle.{line.vehicle}"),
        due=due[0],
        due_tone=due[1],
        state=line.state,
        is_simulated=line.is_simulated,
        holder=lease_words(line, t),
    )


PASSING: tuple[CaseState, ...] = ("decided",)
"""Gone within seconds, and nobody can do anything with it but its own reviewer, by the undo bar."""
assert {state for states in TABS.values() for state in states} == set(get_args(CaseState)) - set(PASSING)
