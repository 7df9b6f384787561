"""The office as one thing: what every endpoint and every job is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from api.cases.service import CaseService, SubmissionService
from api.database import Database
from api.evidence import VerifiedFiles
from api.notices.service import NoticeService
from api.reviews.service import ReviewService
from api.settings import OfficeSettings

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Office:
    """Settings, database and services of one office."""

    settings: OfficeSettings
    database: Database
    files: VerifiedFiles
    submissions: SubmissionService
    cases: CaseService
    reviews: ReviewService
    notices: NoticeService
    clock: Clock


def open_office(settings: OfficeSettings, clock: Clock = utc_now) -> Office:
    """Opens database and store. Nothing is migrated, nothing runs yet."""
    database = Database(settings.database_url.get_secret_value())
    files = VerifiedFiles()
    return Office(
        settings=settings,
        database=database,
        files=files,
        submissions=SubmissionService(database, clock),
        cases=CaseService(database, files, clock),
        reviews=ReviewService(database, settings, clock),
        notices=NoticeService(database, files, settings, clock),
        clock=clock,
    )


def get_office(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


OfficeHere = Annotated[Office, Depends(get_office)]
