"""Errors as one clear line of JSON, and the limit on what may be sent in."""

from __future__ import annotations

import logging
import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import InputError, OfficeError
from models.domain.camera_jobs import PICTURE_LIMIT_BYTES
from models.domain.cases import MoveNotAllowedError

_PICTURE_PATH = re.compile(r"/api/jobs/[0-9a-z]{26}/pictures/[a-z0-9_.]{1,32}")
_UPLOAD_PATH = re.compile(r"/audits/[a-z0-9-]{3,40}/records")
UPLOAD_LIMIT_BYTES = 128 * 1024**2
"""Of files of records. They are not held here: the form's reader puts them on the disk."""
_log = logging.getLogger("phatnguoi.web")


class Refusal(BaseModel):
    """The answer to anything that cannot be done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    message: str
    field: str | None = None


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint, for OpenAPI."""
    return {status: {"model": Refusal} for status in statuses}


def refusal(status: int, code: str, message: str, field: str | None = None) -> JSONResponse:
    content = Refusal(code=code, message=message, field=field).model_dump(exclude_none=True)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(content, status_code=status, headers=headers)


async def on_office_error(_: Request, error: Exception) -> JSONResponse:
    """Every error of `api.errors`, by its own status."""
    assert isinstance(error, OfficeError)
    if error.status >= 500:
        _log.warning("cannot serve", extra={"reason": str(error)})
    field = error.field if isinstance(error, InputError) else None
    return refusal(error.status, error.code, str(error), field)


async def on_move_error(_: Request, error: Exception) -> JSONResponse:
    return refusal(409, "move_not_allowed", str(error))


async def on_invalid(_: Request, error: Exception) -> JSONResponse:
    """One line: where, and what was expected. What was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"] if part != "body")
    return refusal(422, "input", f"{place or 'body'}: {problem['msg']}", place or None)


async def on_http_error(_: Request, error: Exception) -> JSONResponse:
    """What the framework itself refuses: no such path, no such method, a body that is no JSON."""
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, "http", str(error.detail))


async def on_database_down(_: Request, error: Exception) -> JSONResponse:
    _log.error("the database does not answer", extra={"reason": type(error).__name__})
    return refusal(503, "database", "the database does not answer, try again")


def add_handlers(app: FastAPI) -> None:
    """The JSON answers to errors. Pages may put their own handlers over them for their own paths."""
    app.add_exception_handler(OfficeError, on_office_error)
    app.add_exception_handler(MoveNotAllowedError, on_move_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(OperationalError, on_database_down)
    app.add_exception_handler(PoolTimeoutError, on_database_down)


class BodyLimit:
    """Refuses bodies above a limit with 413, whether or not they say how long they are. Pictures may be larger."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    def _limit_of(self, scope: Scope) -> int:
        is_picture = scope["method"] == "PUT" and _PICTURE_PATH.fullmatch(scope["path"]) is not None
        return PICTURE_LIMIT_BYTES if is_picture else self._limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "POST" and _UPLOAD_PATH.fullmatch(scope["path"]):
            await self._pass_on(scope, receive, send)
            return
        limit_bytes = self._limit_of(scope)
        refused = refusal(413, "too_long", f"expected a body of at most {limit_bytes} bytes")
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if not stated.isdigit() or int(stated) > limit_bytes:
            await refused(scope, receive, send)
            return
        body = await self._body(receive, limit_bytes)
        if body is None:
            await refused(scope, receive, send)
            return
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return messages.pop() if messages else await receive()

        await self._app(scope, replay, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An upload that says how long it is goes on as it comes; the server lets no more through than it says."""
        stated = dict(scope["headers"]).get(b"content-length", b"")
        if stated.isdigit() and int(stated) <= UPLOAD_LIMIT_BYTES:
            await self._app(scope, receive, send)
        else:
            await refusal(413, "too_long", f"expected at most {UPLOAD_LIMIT_BYTES} bytes")(scope, receive, send)

    async def _body(self, receive: Receive, limit_bytes: int) -> bytes | None:
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > limit_bytes:
                return None
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return bytes(body)
