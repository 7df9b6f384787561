"""The report of an audit: what was compared, with what, what was found and decided, and what is not covered."""

from __future__ import annotations

from typing import Annotated, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field

from models.domain.audits import FindingCode, FindingState, RecordKind, ZoneKind
from models.domain.store import Sha256

REPORT_TYPE = "application/vnd.phatnguoi.audit-report.v1+json"
REPORT_LIMIT_BYTES = 4 * 1024**2
Text = Annotated[str, Field(max_length=2_000)]
Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReportedCamera(_Part):
    """`covered_permille` is rounded down."""

    id: Text
    name: Text
    watches: tuple[ZoneKind, ...]
    covered_permille: Annotated[int, Field(ge=0, le=1000)]
    gaps: tuple[ReportedGap, ...]
    visits: Count
    unread: Count


class ReportedGap(_Part):
    since: Text
    until: Text
    state: Text


class ReportedFile(_Part):
    name: Text
    kind: RecordKind
    sha256: Sha256
    rows: Count
    new: Count
    corrected: Count
    same: Count
    first_day: Text
    last_day: Text
    imported_at: Text
    brought_by: Text


class ReportedRule(_Part):
    """`undecided`: by reason. They look wrong and are no findings, because the cameras or the records leave a doubt."""

    code: FindingCode
    says: Text
    does_not_prove: Text
    tolerance_s: Count
    checked: Count
    as_recorded: Count
    findings: Count
    undecided: dict[str, Count]


class ReportedEvidence(_Part):
    name: Text
    sha256: Sha256


class ReportedFinding(_Part):
    id: Text
    code: FindingCode
    at: Text
    plate: Text
    record_number: Text | None
    expected: dict[str, str | int | None]
    seen: dict[str, str | int | None]
    evidence: tuple[ReportedEvidence, ...]
    state: FindingState
    still_found: bool
    reason: Text | None
    station_answer: Text | None
    decided_at: Text | None


class AuditReport(_Part):
    """All instants are ISO 8601 with the station's own offset."""

    schema_version: Literal[1] = 1
    station_id: Text
    station: Text
    body: Text
    agency: Text
    is_simulated: bool
    first_day: Text
    last_day: Text
    made_at: Text
    compared_at: Text
    software: Text
    cameras: tuple[ReportedCamera, ...]
    files: tuple[ReportedFile, ...]
    rules: tuple[ReportedRule, ...]
    findings: tuple[ReportedFinding, ...]
    not_covered: tuple[Text, ...]

    def canonical(self) -> bytes:
        """RFC 8785 bytes: what is signed."""
        return rfc8785.dumps(self.model_dump(mode="json"))


ReportedCamera.model_rebuild()
