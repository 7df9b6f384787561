"""One case: what a reviewer sees of it, and what they may decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

from api.cases.schemas import CaseFile
from api.errors import CaseHeldError, InputError
from api.evidence import file_response
from api.office import Office, OfficeHere
from api.people.sessions import SignedIn
from api.reviews.desk import Compared
from api.web import format
from api.web.access import CheckedForm, Person
from api.web.case_view import case_view, rule_name
from api.web.confirming import try_confirm
from api.web.decision import REJECT_GROUPS, problem_text
from api.web.drawing import case_drawing
from api.web.failures import PageRoute
from api.web.pages_queue import TABS, said_text
from api.web.render import fragment, page, page_text
from api.web.text import Text
from models.domain.catalogue import has_row
from models.domain.plates import OUTSIDE_COLOURS, PLATE_COLOURS
from models.domain.scene import VEHICLE_CLASSES

NOTHING_TYPED = {"settled": "", "plate": "", "vehicle": "", "plate_colour": "", "reason": "", "text": ""}
SWAP_HEADER = "x-swap"
"""Sent by the script that swaps cases in place."""
SEEN_LIMIT = 200
UNDOING = frozenset({"undo", "undo_second", "undo_supervisor"})
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class IssuedView:
    """The link, shown once."""

    number: str
    url: str
    until: str


@router.get("/cases/{case_id}")
def show_case(request: Request, person: Person, office: OfficeHere, case_id: str, said: str = "") -> Response:
    return _case_page(request, person, office, case_id, said=said_text(said))


@router.get("/cases/{case_id}/evidence/{name}")
def show_evidence(person: Person, office: OfficeHere, case_id: str, name: str) -> FileResponse:
    return file_response(office.cases.evidence(person.actor, case_id, name))


@router.get("/cases/{case_id}/drawn")
def show_drawing(person: Person, office: OfficeHere, case_id: str) -> Response:
    """What the script draws over the pictures on demand."""
    drawing = case_drawing(office, person, office.cases.read(person.actor, case_id))
    return JSONResponse(drawing, headers={"Cache-Control": "private, no-store"})


@router.post("/ahead")
def hold_ahead(request: Request, person: Person, form: CheckedForm, office: OfficeHere) -> Response:
    """The case after this one, held and drawn before it is asked for; 204: there is none.

    What this person holds already, and has not just looked at, comes first: a lost page loses no case.
    """
    seen = set(form["seen"].split(",")[-SEEN_LIMIT:])
    held = (line.id for line in office.cases.mine(person.actor, TABS["mine"]) if line.id not in seen)
    case_id = next(held, None) or office.reviews.next_case(person.actor)
    if case_id is None or case_id in seen:
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    answer = _case_page(request, person, office, case_id)
    answer.headers["X-Case"] = case_id
    return answer


@router.post("/next")
def take_next(person: Person, form: CheckedForm, office: OfficeHere) -> Response:
    return _next(office, person, "")


@router.post("/cases/{case_id}/take")
def take(request: Request, person: Person, form: CheckedForm, office: OfficeHere, case_id: str) -> Response:
    try:
        office.reviews.take(person.actor, case_id)
    except CaseHeldError:
        return _case_page(request, person, office, case_id, is_refused=True)
    return RedirectResponse(f"/cases/{case_id}", status_code=303)


@router.post("/cases/{case_id}/release")
def release(person: Person, form: CheckedForm, office: OfficeHere, case_id: str) -> Response:
    office.reviews.release(person.actor, case_id)
    return RedirectResponse("/queue?said=released", status_code=303)


@router.post("/cases/{case_id}/opened", status_code=204)
def note_opened(person: Person, form: CheckedForm, office: OfficeHere, case_id: str) -> Response:
    office.desk.open_part(person.actor, case_id, form["part"])
    return Response(status_code=204)


@router.post("/cases/{case_id}/plate")
def compare_plate(request: Request, person: Person, form: CheckedForm, office: OfficeHere, case_id: str) -> Response:
    """The machine's reading, for whoever has typed theirs; a fragment of the page."""
    t = page_text(request)
    try:
        compared = office.desk.compare_plate(person.actor, case_id, form["plate"])
    except InputError:
        return fragment(request, "plate_compared.html", problem=t("decision.error_plate_form"))
    return fragment(request, "plate_compared.html", settled=False, **compared_values(compared))


@router.post("/cases/{case_id}/confirm")
def confirm(request: Request, person: Person, form: CheckedForm, office: OfficeHere, case_id: str) -> Response:
    typed = {name: form[name] for name in ("plate", "vehicle", "plate_colour", "settled", "shown")}
    file = office.cases.read(person.actor, case_id)
    wrong, compared = try_confirm(office, person, file, typed, page_text(request))
    if not wrong:
        return _decided(request, office, f"/cases/{case_id}?said=confirmed") or _seen(case_id, "confirmed")
    return _case_page(request, person, office, case_id, typed=typed, wrong=wrong, compared=compared)


@router.post("/cases/{case_id}/undo")
def undo(person: Person, form: CheckedForm, office: OfficeHere, case_id: str) -> Response:
    office.reviews.undo(person.actor, case_id)
    return RedirectResponse(f"/cases/{case_id}?said=undone", status_code=303)


@router.post("/cases/{case_id}/reject")
def reject(request: Request, person: Person, form: CheckedForm, office: OfficeHere, case_id: str) -> Response:
    try:
        office.reviews.reject(person.actor, case_id, reason=form["reason"])
    except InputError as error:
        wrong = {"reason": problem_text("reject", error.field, page_text(request))}
        return _case_page(request, person, office, case_id, wrong=wrong)
    return _decided(request, office, f"/cases/{case_id}?said=rejected") or _next(office, person, "rejected")


@router.post("/cases/{case_id}/uphold")
def uphold(request: Request, person: Person, form: CheckedForm, office: OfficeHere, case_id: str) -> Response:
    try:
        office.reviews.uphold(person.actor, case_id, reason=form["reason"])
    except InputError as error:
        return _wrong_words(request, person, office, case_id, form, error)
    return RedirectResponse("/queue?show=contested&said=upheld", status_code=303)


@router.post("/cases/{case_id}/withdraw")
def withdraw(request: Request, person: Person, form: CheckedForm, office: OfficeHere, case_id: str) -> Response:
    try:
        office.reviews.withdraw(person.actor, case_id, reason=form["reason"])
    except InputError as error:
        return _wrong_words(request, person, office, case_id, form, error)
    return RedirectResponse(f"/cases/{case_id}?said=withdrawn", status_code=303)


@router.post("/cases/{case_id}/issue")
def issue(request: Request, person: Person, form: CheckedForm, office: OfficeHere, case_id: str) -> Response:
    """Not a redirect: the code is in this one answer, and nowhere else."""
    issued = office.notices.issue(person.actor, case_id)
    url = f"{str(office.settings.public_url).rstrip('/')}/t/{issued.case_id}?c={issued.code}"
    file = office.cases.read(person.actor, case_id)
    view = IssuedView(issued.number, url, format.local_time(issued.expires_at, file.line.timezone, with_seconds=False))
    return _case_page(request, person, office, case_id, issued=view)


def _seen(case_id: str, said: str) -> Response:
    return RedirectResponse(f"/cases/{case_id}?said={said}", status_code=303)


def _decided(request: Request, office: Office, stays_at: str) -> Response | None:
    """The answer to a script that has the next case ready: nothing to draw, and where to stay if there is no next."""
    if SWAP_HEADER not in request.headers:
        return None
    undo_s = f"{office.settings.decision_effect_s:g}"
    return Response(status_code=204, headers={"X-Stay": stays_at, "X-Undo-S": undo_s, "Cache-Control": "no-store"})


def compared_values(compared: Compared | None) -> dict[str, Any]:
    """Reading and typed plate side by side, character by character: (read, typed, whether they are the same)."""
    if compared is None:
        return {"compared": None, "characters": [], "problem": None}
    pairs = zip_longest(compared.reading or "", compared.typed, fillvalue="–")
    characters = [(read, typed, read == typed) for read, typed in pairs]
    return {"compared": compared, "characters": characters, "problem": None}


def _next(office: Office, person: SignedIn, said: str) -> Response:
    """The next case, taken; where none is left, the queue."""
    case_id = office.reviews.next_case(person.actor)
    if case_id is None:
        return RedirectResponse(f"/queue?said={said or 'none_left'}", status_code=303)
    return RedirectResponse(f"/cases/{case_id}?said={said}", status_code=303)


def _wrong_words(
    request: Request, person: SignedIn, office: Office, case_id: str, form: CheckedForm, error: InputError
) -> Response:
    wrong = {"reason-text": problem_text("words", error.field, page_text(request))}
    return _case_page(request, person, office, case_id, typed={"text": form["reason"]}, wrong=wrong)


def _case_page(
    request: Request,
    person: SignedIn,
    office: Office,
    case_id: str,
    *,
    typed: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
    issued: IssuedView | None = None,
    said: str | None = None,
    is_refused: bool = False,
    compared: Compared | None = None,
) -> Response:
    file = office.cases.read(person.actor, case_id)
    t = page_text(request)
    values: dict[str, Any] = {
        "file": file,
        "line": file.line,
        "plate": format.plate(file.plate or "", file.vehicle_typed or ""),
        "plate_read": format.plate(file.plate_read or "", file.vehicle_typed or ""),
        "case": case_view(file, office.clock(), t),
        "moves": [move for move in file.moves if not (is_refused and move == "take")],
        "others": file.others,
        "opened": office.desk.opened(person.actor, case_id) if "confirm" in file.moves else (),
        "settled": bool((typed or {}).get("settled")),
        **compared_values(compared),
        "rule_name": lambda rule: rule_name(rule, t),
        "typed": NOTHING_TYPED | dict(typed or {}),
        "wrong": wrong or {},
        "problems": list((wrong or {}).items()),
        "issued": issued,
        "undo": bool(UNDOING.intersection(file.moves)),
        "said": said,
        "held": _held(file, t, is_refused=is_refused),
        "vehicles": _vehicles(file),
        "colours": [colour for colour in PLATE_COLOURS if colour not in OUTSIDE_COLOURS],
        "reject_groups": REJECT_GROUPS,
    }
    status = 422 if wrong else 409 if is_refused else 200
    return page(request, "case.html", status=status, person=person, page_url=f"/cases/{case_id}", **values)


def _held(file: CaseFile, t: Text, *, is_refused: bool) -> str | None:
    """Why there is no form: somebody else holds the case, or this person has seen what is now contested."""
    line = file.line
    if is_refused and line.assigned_to is None:
        return t("decision.not_yours")
    is_open = line.state in TABS["mine"]
    return t("decision.held") if is_open and line.assigned_to and not line.is_mine else None


def _vehicles(file: CaseFile) -> list[str]:
    """The classes that the act has a row for on that day."""
    line = file.line
    day = format.local_day(line.occurred_at, line.timezone)
    return [name for name in VEHICLE_CLASSES if has_row(line.act_code, name, day)]
