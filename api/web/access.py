"""Who asks, and whether the form is theirs. Every page goes through here."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.people.errors import AccountUnfinishedError, FormTokenError, NotSignedInError
from api.people.sessions import Sessions, SignedIn
from api.web.render import VISITOR_COOKIE, is_secure, visitor_token

FORM_LIMIT_FIELDS = 120


def session_cookie(request: Request) -> str:
    """`__Host-` binds the cookie to this host and to https."""
    return "__Host-phatnguoi_session" if is_secure(request) else "phatnguoi_session"


def get_sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.sessions
    return sessions


SessionsHere = Annotated[Sessions, Depends(get_sessions)]


def find_person(request: Request, sessions: SessionsHere) -> SignedIn | None:
    """The person behind the cookie, if the session still lives."""
    return sessions.find(request.cookies.get(session_cookie(request)), request.app.state.office.clock())


PersonOrNobody = Annotated[SignedIn | None, Depends(find_person)]


def signed_in_at_all(person: PersonOrNobody) -> SignedIn:
    """The person behind the cookie, even one who must set a password or a second factor first.

    Raises:
        NotSignedInError: there is no live session; the page leads to the door.
    """
    if person is None:
        raise NotSignedInError("got no live session, expected one: sign in")
    return person


AnyPerson = Annotated[SignedIn, Depends(signed_in_at_all)]
"""For the page of one's own account, and the way out. Everything else asks for `Person`."""


def signed_in(person: AnyPerson) -> SignedIn:
    """The person behind the cookie.

    Raises:
        NotSignedInError: there is no live session; the page leads to the door.
        AccountUnfinishedError: the page leads to the person's own account.
    """
    if person.owes is not None:
        raise AccountUnfinishedError(person.owes)
    return person


Person = Annotated[SignedIn, Depends(signed_in)]
"""Named before the form in every endpoint: whoever has no session is led to the door, not told of a wrong form."""


class Form:
    """A form whose token was checked; every field is text, stripped at both ends."""

    def __init__(self, fields: FormData) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        value = self._fields.get(name, "")
        return "" if isinstance(value, UploadFile) else value.strip()

    def all(self, name: str) -> list[str]:
        """Every value of a field that may be given several times."""
        return [value for value in self._fields.getlist(name) if not isinstance(value, UploadFile)]

    def file(self, name: str) -> UploadFile | None:
        """A file that was sent; only `FileForm` lets one in."""
        value = self._fields.get(name)
        return value if isinstance(value, UploadFile) else None

    def raw(self, name: str) -> str:
        """The field as sent: passwords keep their blanks."""
        value = self._fields.get(name, "")
        return "" if isinstance(value, UploadFile) else value


async def checked_form(request: Request, person: PersonOrNobody) -> Form:
    """The form that was sent.

    Raises:
        FormTokenError: its token belongs to another session or visitor, or another site sent it.
    """
    return await _checked(request, person, files=0)


async def checked_file_form(request: Request, person: Person) -> AsyncIterator[Form]:
    """A form that may bring one file, of somebody who is signed in; its bytes lie on the disk, until it is answered."""
    try:
        yield await _checked(request, person, files=1)
    finally:
        await request.close()


async def _checked(request: Request, person: SignedIn | None, *, files: int) -> Form:
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise FormTokenError(f"got a form from {request.headers['sec-fetch-site']}, expected same-origin")
    fields = await request.form(max_files=files, max_fields=FORM_LIMIT_FIELDS)
    sent = fields.get("form_token")
    visitor = request.cookies.get(VISITOR_COOKIE)
    expected = person.csrf_token if person else visitor_token(visitor) if visitor else None
    if not isinstance(sent, str) or expected is None or not hmac.compare_digest(sent.encode(), expected.encode()):
        raise FormTokenError("got a form token of another session or none, expected this session's")
    return Form(fields)


CheckedForm = Annotated[Form, Depends(checked_form)]
FileForm = Annotated[Form, Depends(checked_file_form)]


def keep_session(request: Request, response: Response, token: str) -> None:
    response.set_cookie(
        session_cookie(request), token, httponly=True, samesite="lax", secure=is_secure(request), path="/"
    )


def drop_session(request: Request, response: Response) -> None:
    response.delete_cookie(session_cookie(request), httponly=True, samesite="lax", secure=is_secure(request), path="/")
