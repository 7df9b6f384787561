"""Makes a page of a template: autoescape on, one language, one form token, assets named by their bytes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from api.people.sessions import SignedIn
from api.web.format import whole
from api.web.sections import sections_of
from api.web.text import Text, choose_language

LANGUAGE_COOKIE = "phatnguoi_language"
THEME_COOKIE = "phatnguoi_theme"
VISITOR_COOKIE = "phatnguoi_visitor"
THEMES = ("light", "dark")
COOKIE_AGE_S = 365 * 24 * 3600


@cache
def environment() -> Environment:
    return Environment(
        loader=PackageLoader("api.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def asset(name: str) -> str:
    """The address of a static file, with a mark of its bytes: browsers may keep it, and never keep an old one."""
    digest = hashlib.sha256(files("api.web").joinpath("static", name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


def page_text(request: Request) -> Text:
    return Text(choose_language(request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)))


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    person: SignedIn | None = None,
    page_url: str | None = None,
    page_query: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """The page. `page_url` and `page_query` are where its links to another language or theme lead, if not to itself."""
    theme = _theme(request)
    visitor = request.cookies.get(VISITOR_COOKIE) or secrets.token_urlsafe(24)
    token = person.csrf_token if person else visitor_token(visitor)
    base = {
        "t": page_text(request),
        "theme": theme,
        "person": person,
        "roles": sorted(person.actor.roles) if person else [],
        "sections": sections_of(person.actor.roles) if person else (),
        "asset": asset,
        "at": "",
        "said": None,
        "whole": lambda number: whole(number, page_text(request)),
        "here": lambda **change: _here(request, page_url, page_query, change),
        "form_token": lambda: Markup('<input type="hidden" name="form_token" value="{}">').format(token),
    }  # fmt: skip
    body = environment().get_template(template).render(base | values)
    response = HTMLResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
    _keep_choices(request, response, theme, None if person else visitor)
    return response


def fragment(request: Request, template: str, **values: Any) -> HTMLResponse:
    """A part of a page, for a script that puts it in place."""
    body = environment().get_template(template).render({"t": page_text(request)} | values)
    return HTMLResponse(body, headers={"Cache-Control": "no-store"})


def _here(request: Request, path: str | None, query: Mapping[str, str] | None, change: dict[str, str]) -> str:
    kept = dict(request.query_params if query is None and path is None else query or {})
    return f"{path or request.url.path}?{urlencode(kept | change)}"


def visitor_token(visitor: str) -> str:
    """The form token of somebody without a session: bound to a cookie that only this browser holds."""
    return hashlib.sha256(f"form:{visitor}".encode()).hexdigest()


def is_secure(request: Request) -> bool:
    secure: bool = request.app.state.office.settings.secure_cookies
    return secure


def _theme(request: Request) -> str | None:
    for wish in (request.query_params.get("theme"), request.cookies.get(THEME_COOKIE)):
        if wish in THEMES:
            return wish
    return None


def _keep_choices(request: Request, response: HTMLResponse, theme: str | None, visitor: str | None) -> None:
    secure = is_secure(request)
    if "lang" in request.query_params:
        response.set_cookie(
            LANGUAGE_COOKIE, page_text(request).language, COOKIE_AGE_S, samesite="lax", httponly=True, secure=secure
        )
    if "theme" in request.query_params and theme:
        response.set_cookie(THEME_COOKIE, theme, COOKIE_AGE_S, samesite="lax", httponly=True, secure=secure)
    if visitor and VISITOR_COOKIE not in request.cookies:
        response.set_cookie(VISITOR_COOKIE, visitor, samesite="lax", httponly=True, secure=secure)
