"""A station under audit: what its cameras saw, what its records say, and what a finding claims. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from models.domain.scene import VehicleClass

ZoneKind = Literal["gate_in", "gate_out", "inspection_lane"]
ZONE_KINDS: tuple[ZoneKind, ...] = ("gate_in", "gate_out", "inspection_lane")
RecordKind = Literal["transport_order", "inspection"]
RECORD_KINDS: tuple[RecordKind, ...] = ("transport_order", "inspection")
FindingCode = Literal["BX-1", "BX-2", "DK-1"]
FINDING_CODES: tuple[FindingCode, ...] = ("BX-1", "BX-2", "DK-1")

Undecided = Literal[
    "no_camera", "gap", "unread", "near_plate", "near_record", "in_yard", "records_missing", "unsure_reading"
]
UNDECIDED: tuple[Undecided, ...] = (
    "no_camera", "gap", "unread", "near_plate", "near_record", "in_yard", "records_missing", "unsure_reading",
)  # fmt: skip
"""Why something that looks wrong is no finding: no camera watches such a place; a camera was not up; a vehicle passed
unread; a plate that may be the same was seen, or stands in a record; the vehicle was still in the yard; no file of
records speaks for that time; the reading itself is in doubt."""

FindingState = Literal["open", "confirmed", "explained", "rejected", "lapsed"]
FINDING_STATES: tuple[FindingState, ...] = ("open", "confirmed", "explained", "rejected", "lapsed")
"""`lapsed`: nobody had decided, and with newer records or visits the finding no longer holds."""
DECISIONS: tuple[FindingState, ...] = ("confirmed", "explained", "rejected")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From an instant up to another."""

    since: datetime
    until: datetime

    def overlaps(self, other: Span) -> bool:
        """Whether they share an instant; the ends belong to both."""
        return self.since <= other.until and other.since <= self.until


@dataclass(frozen=True, slots=True)
class Sighting:
    """One vehicle in one zone, as a camera saw it.

    Attributes:
        plate: normalised; None: unread.
        is_sure: the reading may accuse somebody. An unsure one only ever speaks for a vehicle.
    """

    id: str
    camera_id: str
    kind: ZoneKind
    span: Span
    vehicle: VehicleClass
    plate: str | None
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class TransportOrder:
    """A line of `lenh_van_chuyen`. `departed_at` is what was signed; None: not signed departed."""

    id: str
    number: str
    plate: str
    planned_at: datetime | None
    departed_at: datetime | None
    route: str = ""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A line of `dang_kiem`."""

    id: str
    number: str
    plate: str
    started_at: datetime
    ended_at: datetime
    lane: str = ""
    result: str = ""


Fact = str | int | None
TIME_FACTS = ("departed_at", "last_before", "first_after", "entered", "left", "started_at", "ended_at")
"""Facts of a finding that are instants, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one record or one visit under one rule.

    Attributes:
        subject: id of the record or the visit.
        why: None: a finding. Else why it is undecided.
        at: the instant that it is about.
        window: when it was looked for.
        expected: by the record, or by the law.
        seen: by the cameras.
        visit_id: of a visit whose pictures show it.
    """

    code: FindingCode
    subject: str
    plate: str
    at: datetime
    window: Span
    record_number: str | None = None
    why: Undecided | None = None
    expected: Mapping[str, Fact] = field(default_factory=dict)
    seen: Mapping[str, Fact] = field(default_factory=dict)
    visit_id: str | None = None


@dataclass(slots=True)
class Outcome:
    """What one rule looked at, and what came of it. What is as recorded is only counted."""

    code: FindingCode
    checked: int = 0
    as_recorded: int = 0
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def findings(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.why is None]

    @property
    def undecided(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.why is not None]


@dataclass(frozen=True, slots=True)
class Days:
    """Whole local days, both included, that a file of records is said to speak for."""

    first: date
    last: date
