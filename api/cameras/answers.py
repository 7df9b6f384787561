"""The one write that ends a question to a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from api.errors import JobReportRefusedError
from models.tables import CameraAnswerRow, WorkerJobRow


def end_answer(session: Session, now: datetime, job: WorkerJobRow, content: dict[str, Any]) -> None:
    """Keeps what was answered.

    Raises:
        JobReportRefusedError: nobody asks any more.
    """
    row = session.get(CameraAnswerRow, job.subject)
    if row is None:
        raise JobReportRefusedError("asked_anew", "got an answer to a question that is gone")
    row.answer, row.answered_at = content, now
