"""`try_rules`: what a file's rules would have claimed. Whatever is answered, it makes no case."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.cameras.answers import end_answer
from api.errors import JobReportRefusedError
from api.settings import OfficeSettings
from api.worker_jobs.kind import Desk, Kind
from models.domain.camera_jobs import TRIAL_LIMIT_BYTES, Trial
from models.domain.jobs import JobReport
from models.tables import CameraPictureRow, WorkerJobRow


def check(desk: Desk, job: WorkerJobRow, report: JobReport) -> Trial:
    """The report is a trial, and every picture that it names is there.

    Raises:
        JobReportRefusedError
    """
    text = report.details.get("trial")
    if not isinstance(text, str) or len(text.encode()) > TRIAL_LIMIT_BYTES:
        raise JobReportRefusedError("answer_malformed", f"expected a trial of at most {TRIAL_LIMIT_BYTES} bytes")
    try:
        trial = Trial.model_validate_json(text)
    except ValidationError as error:
        raise JobReportRefusedError("answer_malformed", f"got {error.error_count()} parts that cannot be") from None
    with desk.database.reading() as session:
        names = set(session.scalars(select(CameraPictureRow.name).where(CameraPictureRow.answer_id == job.subject)))
    lacking = {claim.picture for claim in trial.claims if claim.picture is not None} - names
    if lacking:
        raise JobReportRefusedError("picture_missing", f"got a trial without {', '.join(sorted(lacking))}")
    return trial


def record(session: Session, now: datetime, settings: OfficeSettings, job: WorkerJobRow, checked: Trial) -> None:
    end_answer(session, now, job, checked.model_dump(mode="json"))


KIND = Kind("try_rules", lease=timedelta(minutes=15), tries=2, check=check, record=record, is_awaited=True)
