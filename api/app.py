"""The office's web process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.office import Office, open_office, utc_now
from api.settings import OfficeSettings

Pages = Callable[[FastAPI], None]
"""Adds the HTML pages' routers, static files and handlers to the app; `app.state.office` is there already."""


def no_pages(app: FastAPI) -> None:
    """An office with JSON endpoints only."""


def create_app(settings: OfficeSettings, *, pages: Pages = no_pages, office: Office | None = None) -> FastAPI:
    """The office's application: JSON endpoints, the pages, and the jobs where `jobs_in_process` is set."""
    here = office or open_office(settings, utc_now)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        here.database.close()

    app = FastAPI(title="phatnguoi office", version="0.1.0", lifespan=lifespan)
    app.state.office = here
    pages(app)
    return app
