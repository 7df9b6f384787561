"""The office's web process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from api.audits.endpoints import router as visits
from api.bundles.endpoints import router as bundles
from api.cases.endpoints import router as submissions
from api.handlers import BodyLimit, add_handlers
from api.health import router as health
from api.log.endpoints import router as log
from api.office import Office, office_jobs, open_office
from api.settings import OfficeSettings
from api.times import RequestTimes, TimeRequests
from api.worker_jobs.endpoints import router as worker_jobs

Pages = Callable[[FastAPI], None]
"""Adds the HTML pages' routers, static files and handlers to the app; `app.state.office` is there already."""


def no_pages(app: FastAPI) -> None:
    """An office with JSON endpoints only."""


def create_app(settings: OfficeSettings, *, pages: Pages = no_pages, office: Office | None = None) -> FastAPI:
    """The office's application: JSON endpoints, the pages, and the jobs where `jobs_in_process` is set.

    The tables must have been migrated (`phatnguoi office migrate`); `/readyz` says so where they were not.
    """
    here = office or open_office(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        jobs = office_jobs(here) if settings.jobs_in_process else None
        if jobs is not None:
            jobs.start()
        yield
        if jobs is not None:
            await run_in_threadpool(jobs.stop)
        here.close()

    app = FastAPI(title="phatnguoi office", version="0.1.0", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.office = here
    app.state.times = RequestTimes()
    app.add_middleware(BodyLimit, limit_bytes=settings.submission_limit_bytes)
    add_handlers(app)
    app.include_router(submissions)
    app.include_router(worker_jobs)
    app.include_router(visits)
    app.include_router(health)
    app.include_router(log)
    app.include_router(bundles)
    pages(app)
    app.add_middleware(TimeRequests, times=app.state.times)
    return app
