"""What the pages about stations show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from api.audits.records.mapping import RecordMapping
from models.domain.audits import FindingCode, FindingState, RecordKind, Span


@dataclass(frozen=True, slots=True)
class StationLine:
    id: str
    name: str
    body: str
    agency: str
    timezone: str
    is_simulated: bool
    open_findings: int = 0


@dataclass(frozen=True, slots=True)
class CameraCoverage:
    """One camera over a period.

    Attributes:
        covered: when it could see.
        share: how much of the period that is, 0 to 1.
        gaps: with the state that was said; `silent` where nothing was said at all.
    """

    camera_id: str
    name: str
    kinds: tuple[str, ...]
    covered: tuple[Span, ...]
    share: float
    gaps: tuple[tuple[Span, str], ...]
    visits: int
    unread: int


@dataclass(frozen=True, slots=True)
class RecordFile:
    id: str
    kind: RecordKind
    name: str
    sha256: str
    length_bytes: int
    mapping: RecordMapping
    first_day: date
    last_day: date
    state: str
    rows: int
    problems: tuple[Mapping[str, Any], ...]
    problem_count: int
    counts: Mapping[str, int]
    brought_by: str
    brought_at: datetime
    imported_at: datetime | None


@dataclass(frozen=True, slots=True)
class FindingLine:
    id: str
    code: FindingCode
    plate: str
    record_number: str | None
    at: datetime
    state: FindingState
    is_standing: bool


@dataclass(frozen=True, slots=True)
class FindingPage:
    """One finding with all that is known of it.

    Attributes:
        objects: names of the files of its visit in the store, each with its SHA-256.
        history: what was done to it: when, what, by whom.
        record: where its record came from; None for a finding without one.
    """

    line: FindingLine
    window: Span
    expected: Mapping[str, Any]
    seen: Mapping[str, Any]
    objects: tuple[tuple[str, str], ...]
    reason: str | None
    answer: str | None
    decider: str | None
    decided_at: datetime | None
    found_at: datetime
    record: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class AuditRun:
    """One comparison. `figures` has, by rule: checked, as_recorded, findings, undecided by reason."""

    id: str
    first_day: date
    last_day: date
    figures: Mapping[str, Any]
    ran_at: datetime
