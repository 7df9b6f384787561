"""A refused request becomes a page that says what to do; a lost session leads to the door and back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse

from api.errors import DigestMismatchError, LimitationPassedError, OfficeError
from api.handlers import on_http_error as on_json_http_error
from api.people.errors import AccountUnfinishedError, FormTokenError, NotSignedInError
from api.web.headers import SECURITY_HEADERS
from api.web.render import page, page_text
from models.domain.cases import MoveNotAllowedError

_LOG = logging.getLogger(__name__)
OWN_WORDS: dict[type[OfficeError], str] = {
    FormTokenError: "error.body_form",
    LimitationPassedError: "error.body_limitation",
    DigestMismatchError: "error.body_digest",
}
_KNOWN = (400, 403, 404, 409, 422, 429, 500, 503)


class PageRoute(APIRoute):
    """A route whose errors become pages, not JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_with_pages(request: Request) -> Response:
            try:
                return await handle(request)
            except NotSignedInError:
                return to_the_door(request)
            except AccountUnfinishedError:
                return RedirectResponse("/account", status_code=303)
            except OfficeError as error:
                if error.status >= 500:
                    _LOG.error("page refused", extra={"error": type(error).__name__, "path": request.url.path})
                return error_page(request, error.status, _own_words(error))
            except MoveNotAllowedError:
                return error_page(request, 409)
            except RequestValidationError:
                return error_page(request, 422)
            except OperationalError as error:
                _LOG.error("the database does not answer", extra={"reason": type(error.orig).__name__})
                return error_page(request, 503)

        return handle_with_pages


def to_the_door(request: Request) -> RedirectResponse:
    """To the login page, which leads back to where a GET was going."""
    path = request.url.path if request.method == "GET" else _case_of(request)
    return RedirectResponse(f"/login?why=ended&next={quote(path)}", status_code=303)


def _case_of(request: Request) -> str:
    case_id = request.path_params.get("case_id")
    return f"/cases/{case_id}" if case_id else "/queue"


def _own_words(error: OfficeError) -> str | None:
    """The catalogue's key for an error whose status alone would say too little."""
    for kind, key in OWN_WORDS.items():
        if isinstance(error, kind):
            return key
    return None


def error_page(request: Request, status: int, words: str | None = None) -> Response:
    """A page for this status; `words` is the catalogue's key of a better explanation."""
    t = page_text(request)
    known = status if status in _KNOWN else 500 if status >= 500 else 400
    case_id = request.path_params.get("case_id")
    is_citizen = request.url.path.startswith("/t/")
    back = None if is_citizen else f"/cases/{case_id}" if case_id and known == 409 else "/queue"
    return page(
        request,
        "error.html",
        status=status,
        number=status,
        title=t(f"error.title_{known}"),
        body=t(words or f"error.body_{known}"),
        detail=None,
        back=back,
        back_text=t("error.open_again" if back and back != "/queue" else "app.back_to_queue"),
        page_url=back,
    )


def add_failure_pages(app: FastAPI) -> None:
    """Addresses that do not exist, and failures, answer with a page, except under /api."""

    async def on_http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if request.url.path.startswith("/api") or "text/html" not in request.headers.get("accept", ""):
            return await on_json_http_error(request, error)
        return error_page(request, error.status_code)

    async def on_crash(request: Request, error: Exception) -> Response:
        """What nobody foresaw. Starlette asks this handler and then lets the error go on into the log."""
        if request.url.path.startswith("/api"):
            return JSONResponse({"code": "error", "message": "the office failed, try again"}, status_code=500)
        answer = error_page(request, 500)
        answer.headers.update(SECURITY_HEADERS)
        return answer

    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, on_crash)
