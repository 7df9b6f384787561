"""The office's tables. Only `api` imports them."""

from models.tables.acceptances import AcceptanceRow
from models.tables.base import Base, UtcDateTime, new_id
from models.tables.cameras import AcceptanceRequestRow, CameraAnswerRow, CameraFileRow, CameraPictureRow
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
from models.tables.jobs import WorkerJobRow
from models.tables.log import (
    LogCheckpointRow,
    LogCosignatureRow,
    LogEntryRow,
    LogNodeRow,
    LogOpeningRow,
    LogPendingRow,
    SigningKeyRow,
    TrustRow,
)
from models.tables.people import LoginSessionRow, PersonRow, RecoveryCodeRow, SecondFactorRow, WorkerKeyRow
from models.tables.retention import KeepingRow
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
    "AcceptanceRequestRow",
    "AcceptanceRow",
    "AuditRow",
    "Base",
    "CameraAnswerRow",
    "CameraFileRow",
    "CameraPictureRow",
    "CameraRow",
    "CaseRow",
    "ContestRow",
    "CounterRow",
    "DeliveryRow",
    "EvidenceRow",
    "HeartbeatRow",
    "IncidentRow",
    "KeepingRow",
    "LogCheckpointRow",
    "LogCosignatureRow",
    "LogEntryRow",
    "LogNodeRow",
    "LogOpeningRow",
    "LogPendingRow",
    "LoginSessionRow",
    "ManifestRow",
    "NoticeRow",
    "NoticeVisitRow",
    "PersonRow",
    "ReceiverRow",
    "RecoveryCodeRow",
    "ReviewRow",
    "SecondFactorRow",
    "SigningKeyRow",
    "SubmissionRow",
    "TrustRow",
    "UtcDateTime",
    "WorkerJobRow",
    "WorkerKeyRow",
    "new_id",
]
