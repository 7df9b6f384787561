"""What every rule of an audit holds. Pure: values in, verdicts out."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from api.audits.station_view import StationView
from models.domain.audits import FindingCode, Outcome, RecordKind, ZoneKind


class AuditRule(Protocol):
    """Its docstring is what the auditor reads in the manual: what it says, and what it does not prove.

    Attributes:
        records: the kind of records that it compares with, and which of their fields it reads.
        zones: what the cameras must watch.
        tolerance: around the time that a record or a visit names.
    """

    code: FindingCode
    records: RecordKind
    fields: tuple[str, ...]
    zones: tuple[ZoneKind, ...]
    tolerance: timedelta

    def check(self, view: StationView) -> Outcome: ...
