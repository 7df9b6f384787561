"""One's own account: password, second factor, sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from api.errors import InputError
from api.office import OfficeHere
from api.people.errors import PasswordTooWeakError
from api.people.own import OwnAccounts
from api.people.second_factor import Enrolment
from api.people.sessions import SignedIn
from api.web import format
from api.web.access import AnyPerson, CheckedForm, Person
from api.web.failures import PageRoute
from api.web.render import page, page_text

SAID = ("password_changed", "session_ended")
router = APIRouter(prefix="/account", route_class=PageRoute, include_in_schema=False)


def get_own_accounts(request: Request) -> OwnAccounts:
    own: OwnAccounts = request.app.state.own_accounts
    return own


Own = Annotated[OwnAccounts, Depends(get_own_accounts)]


@router.get("")
def show_account(request: Request, person: AnyPerson, own: Own, office: OfficeHere, said: str = "") -> Response:
    return _account_page(request, person, own, said=f"account.{said}" if said in SAID else None)


@router.post("/password")
def change_password(request: Request, person: AnyPerson, form: CheckedForm, own: Own) -> Response:
    try:
        if form.raw("new") != form.raw("again"):
            raise InputError("again", "got two different passwords, expected one twice")
        own.change_password(person.actor, form.raw("old"), form.raw("new"))
    except (InputError, PasswordTooWeakError) as error:
        field = error.field if isinstance(error, InputError) else "weak"
        return _account_page(request, person, own, problem=page_text(request)(f"account.wrong_{field}"))
    return RedirectResponse("/account?said=password_changed", status_code=303)


@router.post("/second-factor")
def begin_second_factor(request: Request, person: AnyPerson, form: CheckedForm, own: Own) -> Response:
    return _enrolment_page(request, person, own.begin_second_factor(person.actor))


@router.post("/second-factor/confirm")
def confirm_second_factor(request: Request, person: AnyPerson, form: CheckedForm, own: Own) -> Response:
    try:
        codes = own.confirm_second_factor(person.actor, form["code"])
    except InputError:
        problem = page_text(request)("account.wrong_code")
        return _enrolment_page(request, person, own.begin_second_factor(person.actor), problem)
    return _codes_page(request, person, codes)


@router.post("/recovery-codes")
def renew_recovery_codes(request: Request, person: Person, form: CheckedForm, own: Own) -> Response:
    try:
        codes = own.renew_recovery_codes(person.actor, form.raw("password"))
    except InputError:
        return _account_page(request, person, own, problem=page_text(request)("account.wrong_old"))
    return _codes_page(request, person, codes)


@router.post("/sessions/{session_id}/end")
def end_session(person: AnyPerson, form: CheckedForm, own: Own, session_id: str) -> Response:
    own.end_session(person.actor, session_id)
    return RedirectResponse("/account?said=session_ended", status_code=303)


def qr(text: str) -> Markup:
    """A QR code as SVG of the page itself: the secret is in no address and no file."""
    return Markup(  # noqa: S704  (of segno's own making)
        segno.make(text, error="m").svg_inline(border=3, dark="#000", light="#fff", svgclass="qr", omitsize=True)
    )


def session_lines(request: Request, sessions: Sequence[Any], own_id: str | None, timezone: str) -> list[dict[str, Any]]:
    t = page_text(request)
    return [
        {
            "id": each.id,
            "browser": each.browser or t("app.unknown"),
            "address": each.address or t("app.unknown"),
            "since": format.local_time(each.created_at, timezone, with_seconds=False),
            "seen": format.local_time(each.last_seen_at, timezone, with_seconds=False),
            "is_this": each.id == own_id,
        }
        for each in sessions
    ]


def _account_page(
    request: Request, person: SignedIn, own: OwnAccounts, *, problem: str | None = None, said: str | None = None
) -> Response:
    account = own.read(person.actor)
    return page(
        request,
        "account.html",
        status=422 if problem else 200,
        person=person,
        at="account",
        page_url="/account",
        problem=problem,
        said=said,
        account=account,
        sessions=session_lines(request, account.sessions, person.session_id, format.OFFICE_ZONE),
    )


def _enrolment_page(request: Request, person: SignedIn, enrolment: Enrolment, problem: str | None = None) -> Response:
    secret = enrolment.secret
    return page(
        request,
        "second_factor.html",
        status=422 if problem else 200,
        person=person,
        at="account",
        page_url="/account",
        problem=problem,
        qr=qr(enrolment.uri),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    )


def _codes_page(request: Request, person: SignedIn, codes: Sequence[str]) -> Response:
    return page(request, "recovery_codes.html", person=person, at="account", page_url="/account", codes=codes)
