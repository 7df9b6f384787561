"""Accounts, for administrators; unusual look-ups, for supervisors and auditors."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from api.actor import PEOPLES_ROLES
from api.errors import InputError
from api.office import OfficeHere
from api.people.accounts import Accounts, checked_scope
from api.people.errors import NameTakenError, OwnAccountError
from api.people.lookups import CONSIDERED, LookupReport
from api.people.schemas import PersonLine, Scope
from api.people.sessions import SignedIn
from api.web import format
from api.web.access import CheckedForm, Form, Person
from api.web.failures import PageRoute
from api.web.pages_account import session_lines
from api.web.render import page, page_text
from models.domain.cases import Role

EVERY = "*"
"""In forms: every agency, or every camera group."""
SAID = ("changed", "closed", "reopened", "sessions_ended")
NOTHING_TYPED: dict[str, Any] = {"username": "", "display_name": "", "roles": (), "agency": "", "groups": (EVERY,)}
router = APIRouter(prefix="/people", route_class=PageRoute, include_in_schema=False)


def get_accounts(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts


People = Annotated[Accounts, Depends(get_accounts)]


@router.get("")
def show_people(request: Request, person: Person, people: People) -> Response:
    lines = people.list(person.actor)
    return page(request, "people.html", person=person, at="people", lines=lines, own_id=person.person_id)


@router.get("/new")
def show_new(request: Request, person: Person, people: People) -> Response:
    return _new_page(request, person, people, NOTHING_TYPED)


@router.post("/new")
def add(request: Request, person: Person, form: CheckedForm, people: People) -> Response:
    t = page_text(request)
    typed = _typed(form)
    try:
        scope = _scope(form)
        password = people.add(person.actor, form["username"], form["display_name"], _roles(form), scope)
    except InputError as error:
        return _new_page(request, person, people, typed, t(f"people.wrong_{error.field}"))
    except NameTakenError:
        return _new_page(request, person, people, typed, t("people.wrong_taken"))
    return _password_page(request, person, form["username"].lower(), password)


@router.get("/lookups")
def show_lookups(request: Request, person: Person, office: OfficeHere) -> Response:
    lines = LookupReport(office.database, office.clock).make(person.actor)
    return page(request, "lookups.html", person=person, at="lookups", lines=lines, days=CONSIDERED.days)


@router.get("/{person_id}")
def show_person(request: Request, person: Person, people: People, person_id: str, said: str = "") -> Response:
    return _person_page(request, person, people, person_id, said=f"people.said_{said}" if said in SAID else None)


@router.post("/{person_id}/change")
def change(request: Request, person: Person, form: CheckedForm, people: People, person_id: str) -> Response:
    try:
        people.change(person.actor, person_id, _roles(form), _scope(form))
    except InputError as error:
        return _person_page(request, person, people, person_id, problem=f"people.wrong_{error.field}")
    except OwnAccountError:
        return _person_page(request, person, people, person_id, problem="people.wrong_own")
    return RedirectResponse(f"/people/{person_id}?said=changed", status_code=303)


@router.post("/{person_id}/close")
def close(person: Person, form: CheckedForm, people: People, person_id: str) -> Response:
    people.close(person.actor, person_id)
    return RedirectResponse(f"/people/{person_id}?said=closed", status_code=303)


@router.post("/{person_id}/reopen")
def reopen(person: Person, form: CheckedForm, people: People, person_id: str) -> Response:
    people.reopen(person.actor, person_id)
    return RedirectResponse(f"/people/{person_id}?said=reopened", status_code=303)


@router.post("/{person_id}/reset")
def reset(request: Request, person: Person, form: CheckedForm, people: People, person_id: str) -> Response:
    password = people.reset(person.actor, person_id, second_factor=form["second_factor"] == "yes")
    line, _ = people.read(person.actor, person_id)
    return _password_page(request, person, line.username, password)


@router.post("/{person_id}/sessions/end")
def end_sessions(person: Person, form: CheckedForm, people: People, person_id: str) -> Response:
    people.end_sessions(person.actor, person_id)
    return RedirectResponse(f"/people/{person_id}?said=sessions_ended", status_code=303)


def _roles(form: Form) -> list[Role]:
    return cast("list[Role]", form.all("roles"))


def _scope(form: Form) -> Scope:
    """Groups are sent as `agency/group`: those of another agency than the chosen one count for nothing."""
    agency, groups = form["agency"], form.all("groups")
    if EVERY in groups:
        return checked_scope(None if agency == EVERY else agency, None)
    mine = [group.removeprefix(f"{agency}/") for group in groups if group.startswith(f"{agency}/")]
    return checked_scope(None if agency == EVERY else agency, mine)


def _typed(form: Form) -> dict[str, Any]:
    return {
        "username": form["username"],
        "display_name": form["display_name"],
        "roles": tuple(_roles(form)),
        "agency": form["agency"],
        "groups": tuple(form.all("groups")),
    }


def _choices(person: SignedIn, people: Accounts) -> dict[str, Any]:
    places = people.groups(person.actor)
    own = {person.actor.agency} - {None}
    return {
        "all_roles": PEOPLES_ROLES,
        "agencies": sorted({agency for agency, _ in places} | cast("set[str]", own)),
        "groups": [(agency, group) for agency, group in places if group],
        "may_give_every_agency": person.actor.agency is None,
        "may_give_every_group": person.actor.camera_groups is None,
        "every": EVERY,
    }


def _new_page(
    request: Request, person: SignedIn, people: Accounts, typed: dict[str, Any], problem: str | None = None
) -> Response:
    status = 422 if problem else 200
    values = _choices(person, people) | {"typed": typed, "problem": problem}
    return page(request, "person_new.html", status=status, person=person, at="people", page_url="/people/new", **values)


def _person_page(
    request: Request,
    person: SignedIn,
    people: Accounts,
    person_id: str,
    *,
    said: str | None = None,
    problem: str | None = None,
) -> Response:
    line, sessions = people.read(person.actor, person_id)
    values = _choices(person, people) | {
        "line": line,
        "typed": _of_line(line),
        "is_own": line.id == person.person_id,
        "sessions": session_lines(request, sessions, person.session_id, format.OFFICE_ZONE),
        "problem": page_text(request)(problem) if problem else None,
        "said": said,
    }
    status = 422 if problem else 200
    return page(
        request, "person.html", status=status, person=person, at="people", page_url=f"/people/{line.id}", **values
    )


def _of_line(line: PersonLine) -> dict[str, Any]:
    scope = line.scope
    groups = (EVERY,) if scope.groups is None else tuple(f"{scope.agency}/{each}" for each in scope.groups)
    return NOTHING_TYPED | {"roles": line.roles, "agency": scope.agency or EVERY, "groups": groups}


def _password_page(request: Request, person: SignedIn, username: str, password: str) -> Response:
    values: dict[str, Any] = {"username": username, "password": password}
    return page(request, "person_password.html", person=person, at="people", page_url="/people", **values)
