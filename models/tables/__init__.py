"""The office's tables. Only `api` imports them."""

from models.tables.base import Base, UtcDateTime, new_id
from models.tables.cases import (
    AuditRow,
    CameraRow,
    CaseRow,
    CounterRow,
    EvidenceRow,
    IncidentRow,
    ManifestRow,
    SubmissionRow,
)
from models.tables.people import LoginSessionRow, PersonRow, WorkerKeyRow
from models.tables.reviews import (
    ContestRow,
    DeliveryRow,
    HeartbeatRow,
    NoticeRow,
    NoticeVisitRow,
    ReceiverRow,
    ReviewRow,
)

__all__ = [
    "AuditRow",
    "Base",
    "CameraRow",
    "CaseRow",
    "ContestRow",
    "CounterRow",
    "DeliveryRow",
    "EvidenceRow",
    "HeartbeatRow",
    "IncidentRow",
    "LoginSessionRow",
    "ManifestRow",
    "NoticeRow",
    "NoticeVisitRow",
    "PersonRow",
    "ReceiverRow",
    "ReviewRow",
    "SubmissionRow",
    "UtcDateTime",
    "WorkerKeyRow",
    "new_id",
]
