"""`snapshot`: a picture of a camera. The pictures come before the report, which says how large they are."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.cameras.answers import end_answer
from api.errors import JobReportRefusedError
from api.settings import OfficeSettings
from api.worker_jobs.kind import Desk, Kind
from models.domain.camera_jobs import LIVE_PICTURE, ROAD_PICTURE, Seen
from models.domain.jobs import JobReport
from models.tables import CameraPictureRow, WorkerJobRow


def check(desk: Desk, job: WorkerJobRow, report: JobReport) -> Seen:
    """Both pictures are there.

    Raises:
        JobReportRefusedError
    """
    try:
        seen = Seen.model_validate(report.details)
    except ValidationError as error:
        raise JobReportRefusedError("answer_malformed", f"got {error.error_count()} parts that cannot be") from None
    with desk.database.reading() as session:
        names = set(session.scalars(select(CameraPictureRow.name).where(CameraPictureRow.answer_id == job.subject)))
    if names != {LIVE_PICTURE, ROAD_PICTURE}:
        raise JobReportRefusedError("picture_missing", f"got {sorted(names)}, expected both pictures")
    return seen


def record(session: Session, now: datetime, settings: OfficeSettings, job: WorkerJobRow, checked: Seen) -> None:
    end_answer(session, now, job, checked.model_dump(mode="json"))


KIND = Kind("snapshot", lease=timedelta(minutes=3), tries=3, check=check, record=record, is_awaited=True)
