"""Puts the pages on the office's application: `create_app(settings, pages=add_pages)`."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from api.office import Office
from api.people.accounts import Accounts
from api.people.own import OwnAccounts
from api.people.pace import SignInPace
from api.people.sessions import open_sessions
from api.web import (
    pages_account,
    pages_audits,
    pages_cameras,
    pages_cameras_draw,
    pages_case,
    pages_live,
    pages_login,
    pages_measures,
    pages_notice,
    pages_people,
    pages_queue,
    pages_records,
    pages_search,
    pages_verify,
)
from api.web.failures import add_failure_pages
from api.web.headers import SecurityHeaders


def add_pages(app: FastAPI) -> None:
    office: Office = app.state.office
    settings = office.settings
    app.state.sessions = open_sessions(office.database, settings)
    app.state.sign_in_pace = SignInPace()
    app.state.accounts = Accounts(office.database, office.clock, app.state.sessions.factors)
    app.state.own_accounts = OwnAccounts(office.database, office.clock, app.state.sessions.factors)
    for room in (
        pages_login,
        pages_account,
        pages_people,
        pages_cameras_draw,
        pages_cameras,
        pages_search,
        pages_measures,
        pages_records,
        pages_audits,
        pages_queue,
        pages_case,
        pages_live,
        pages_notice,
        pages_verify,
    ):
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=str(files("api.web").joinpath("static"))), name="static")
    app.add_middleware(SecurityHeaders, secure=settings.secure_cookies)
    add_failure_pages(app)
