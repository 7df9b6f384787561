"""The office's pages as a browser without scripts sees them: a cookie jar, forms with their tokens, no back door."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient, BaseTransport, Client, Request, Response
from starlette.routing import BaseRoute

from api.app import create_app
from api.people.accounts import add_person
from api.web.pages import add_pages
from models.domain.cases import Role
from tests.api.kit import SmallOffice, small_office

PASSWORD = "mat khau rat dai 1"
TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


class AppTransport(BaseTransport):
    """Brings requests to the application itself, without a network; each on an event loop of its own."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def handle_request(self, request: Request) -> Response:
        return asyncio.run(self._ask(request))

    async def _ask(self, request: Request) -> Response:
        transport = ASGITransport(self._app, client=("testclient", 1), raise_app_exceptions=False)
        async with AsyncClient(transport=transport) as client:
            answer = await client.send(request)
        return Response(answer.status_code, headers=answer.headers, content=answer.content, request=request)


@dataclass(slots=True)
class Browser:
    """One visitor: keeps cookies and the form token of the last page."""

    client: Client
    token: str = ""
    last: Response | None = field(default=None, repr=False)

    def get(self, path: str, **kwargs: object) -> Response:
        return self._keep(self.client.get(path, **kwargs))  # type: ignore[arg-type]

    def post(self, path: str, fields: Mapping[str, str] | None = None, **kwargs: object) -> Response:
        """Posts a form with the token of the last page."""
        return self._keep(self.client.post(path, data={"form_token": self.token} | dict(fields or {}), **kwargs))  # type: ignore[arg-type]

    def sign_in(self, username: str, password: str = PASSWORD) -> Response:
        self.get("/login")
        return self.post("/login", {"username": username, "password": password, "next": ""})

    def _keep(self, response: Response) -> Response:
        found = TOKEN.search(response.text) if "text/html" in response.headers.get("content-type", "") else None
        self.token = found.group(1) if found else self.token
        self.last = response
        return response


@dataclass(slots=True)
class Site:
    """A small office with its pages."""

    small: SmallOffice
    app: FastAPI
    people: dict[str, str] = field(default_factory=dict)

    def browser(self) -> Browser:
        return Browser(
            Client(
                transport=AppTransport(self.app),
                base_url="http://testserver",
                headers={"accept": "text/html"},
                follow_redirects=True,
            )
        )

    def person(self, username: str, *roles: Role, agency: str | None = None) -> str:
        person_id = add_person(
            self.small.office.database, username, PASSWORD, roles, self.small.clock.now, agency=agency
        )
        self.people[username] = person_id
        return person_id

    def signed_in(self, username: str, *roles: Role, agency: str | None = None) -> Browser:
        self.person(username, *roles, agency=agency)
        browser = self.browser()
        assert browser.sign_in(username).url.path != "/login"
        return browser

    def confirmed(self, browser: Browser, case_id: str, plate: str = "75-B1 678.90") -> None:
        browser.get(f"/cases/{case_id}")
        browser.post(f"/cases/{case_id}/take")
        typed = {"plate": plate, "vehicle": "motorcycle", "plate_colour": "white", "shown": "all"}
        assert browser.post(f"/cases/{case_id}/confirm", typed).status_code == 200

    def issued(self, browser: Browser, case_id: str) -> str:
        """The notice's address, as the page shows it once."""
        self.confirmed(browser, case_id)
        page = browser.post(f"/cases/{case_id}/issue")
        link = re.search(r'id="issued-link"[^>]*value="http://testserver([^"]+)"', page.text)
        assert link is not None, page.text
        return link.group(1)


def routes_of(app: FastAPI) -> list[APIRoute]:
    """Every route, of included routers too."""
    found = [each for mounted in app.routes for each in _routes_within(mounted)]
    assert len(found) > 20
    return found


def _routes_within(mounted: BaseRoute) -> list[APIRoute]:
    inner = getattr(getattr(mounted, "original_router", None), "routes", [mounted])
    return [each for each in inner if isinstance(each, APIRoute)]


def open_site(folder: Path, **changes: Any) -> Site:
    settings: dict[str, Any] = {
        "secure_cookies": False,
        "jobs_in_process": False,
        "public_url": "http://testserver",
        "citizen_answer_after_s": 0.02,
    }
    small = small_office(f"sqlite:///{folder / 'office.db'}", folder, **(settings | changes))
    return Site(small, create_app(small.office.settings, pages=add_pages, office=small.office))
