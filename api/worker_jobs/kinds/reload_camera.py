"""`reload_camera`: a worker takes a file that two persons agreed on, and says which one it watches with from now on."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record as record_audit
from api.cameras.answers import end_answer
from api.errors import JobReportRefusedError
from api.settings import OfficeSettings
from api.worker_jobs.kind import Desk, Kind
from models.domain.jobs import JobReport
from models.tables import WorkerJobRow


def check(desk: Desk, job: WorkerJobRow, report: JobReport) -> str:
    """The camera's own process runs on this very file.

    Raises:
        JobReportRefusedError
    """
    sha256, expected = report.details.get("file_sha256"), job.details["file_sha256"]
    if sha256 != expected:
        raise JobReportRefusedError("other_file", f"got {str(sha256)[:64]!r}, expected {expected}")
    return str(expected)


def record(session: Session, now: datetime, settings: OfficeSettings, job: WorkerJobRow, checked: str) -> None:
    end_answer(session, now, job, {"file_sha256": checked})
    details = {"camera": job.details["camera"], "file_sha256": checked, "worker": job.worker}
    record_audit(session, now, Actor(frozenset({"worker"})), "worker", "camera_file_loaded", details=details)


KIND = Kind("reload_camera", lease=timedelta(minutes=5), tries=20, check=check, record=record, is_awaited=True)
