"""The door: sign in, sign out."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.office import Office, OfficeHere
from api.people.errors import SignInRefusedError, TooManySignInsError
from api.people.pace import SignInPace
from api.people.sessions import Caller, SignedIn
from api.web.access import (
    AnyPerson,
    CheckedForm,
    PersonOrNobody,
    SessionsHere,
    drop_session,
    keep_session,
    session_cookie,
)
from api.web.failures import PageRoute
from api.web.render import page, page_text
from api.web.sections import sections_of

REFUSED_ANSWER_EVERY_S = 0.4
"""A refused sign-in is answered at a whole multiple of this after it came, whatever was wrong with it."""

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
def front(person: PersonOrNobody) -> RedirectResponse:
    return RedirectResponse(home(person) if person else "/queue", status_code=303)


@router.get("/login")
def show_login(request: Request, person: PersonOrNobody, next: str = "", why: str = "") -> Response:
    if person is not None:
        return RedirectResponse(_goal(next, person), status_code=303)
    problem = page_text(request)("sign_in.ended") if why == "ended" and next not in ("", "/queue") else None
    said = "sign_in.signed_out" if why == "signed_out" else None
    values: dict[str, Any] = {"problem": problem, "username": "", "next": local_path(next)}
    values["asks_nobody"] = _asks_nobody(request)
    return page(request, "login.html", said=said, **values)


@router.post("/login")
async def sign_in(request: Request, form: CheckedForm, office: OfficeHere, sessions: SessionsHere) -> Response:
    pace: SignInPace = request.app.state.sign_in_pace
    address = request.client.host if request.client else ""
    t, asked_at = page_text(request), time.monotonic()
    old = request.cookies.get(session_cookie(request))
    try:
        pace.check(address)
        token = await run_in_threadpool(
            sessions.sign_in,
            form["username"],
            form.raw("password"),
            office.clock(),
            code=form["code"],
            instead_of=old,
            caller=Caller(address, request.headers.get("user-agent")),
        )
    except TooManySignInsError as error:
        return _refused(request, form, 429, t("sign_in.too_many", seconds=round(error.wait_s) + 1))
    except SignInRefusedError:
        pace.count_refused(address)
        await asyncio.sleep(until_the_beat(time.monotonic() - asked_at))
        return _refused(request, form, 401, t("sign_in.refused"))
    person = sessions.find(token, office.clock())
    response = RedirectResponse(_goal(form["next"], person), status_code=303)
    keep_session(request, response, token)
    return response


@router.post("/logout")
def sign_out(
    request: Request, person: AnyPerson, form: CheckedForm, office: OfficeHere, sessions: SessionsHere
) -> Response:
    sessions.sign_out(request.cookies.get(session_cookie(request)), office.clock())
    response = RedirectResponse("/login?why=signed_out", status_code=303)
    drop_session(request, response)
    return response


def local_path(wish: str) -> str:
    """A path of this site, else the queue: no form leads anybody elsewhere."""
    is_local = wish.startswith("/") and not wish.startswith("//") and "\\" not in wish and wish.isprintable()
    return wish if is_local and not wish.startswith("/login") else "/queue"


def until_the_beat(elapsed_s: float) -> float:
    return -elapsed_s % REFUSED_ANSWER_EVERY_S


def home(person: SignedIn) -> str:
    """The first section that this person may open."""
    if person.owes is not None:
        return "/account"
    return next((section.address for section in sections_of(person.actor.roles)), "/account")


def _goal(wish: str, person: SignedIn | None) -> str:
    path = local_path(wish)
    return home(person) if person is not None and path == "/queue" else path


def _refused(request: Request, form: CheckedForm, status: int, problem: str) -> Response:
    return page(
        request,
        "login.html",
        status=status,
        problem=problem,
        username=form["username"],
        next=local_path(form["next"]),
        asks_nobody=_asks_nobody(request),
        page_url="/login",
    )


def _asks_nobody(request: Request) -> bool:
    """Whether this office goes without second factors: its door says so."""
    office: Office = request.app.state.office
    return not office.settings.second_factor_roles
