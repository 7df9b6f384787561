"""What people may read of a case. Made for the pages and for JSON alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from models.domain.cases import CaseState
from models.domain.catalogue import Offence
from models.domain.manifest import Manifest

Redaction = Literal["waiting", "done", "failed"]


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One line of the queue. `days_left` counts local calendar days until `notice_due_on`; negative: overdue."""

    id: str
    number: str
    state: CaseState
    camera_id: str
    address: str
    rule: str
    act_code: str
    vehicle: str
    occurred_at: datetime
    timezone: str
    notice_due_on: date
    days_left: int
    expires_at: datetime
    mode: str
    is_simulated: bool
    assigned_to: str | None
    """Username of the reviewer who holds it."""
    held_until: datetime | None
    is_mine: bool


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One verified file of the case. `is_copy_of` names the file that this one is only a viewing copy of."""

    name: str
    media_type: str
    length_bytes: int
    sha256: str
    is_copy_of: str | None


@dataclass(frozen=True, slots=True)
class AuditLine:
    at: datetime
    who: str
    role: str
    what: str
    source: str | None
    target: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class OtherClaim:
    """Another claim of the same incident: a second case (another rule), or a submission that joined this case."""

    submission_id: str
    case_id: str
    rule: str
    has_joined: bool


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything that one page about a case shows.

    Attributes:
        manifest: as sealed and verified.
        offence: the catalogue row in force on the day of the offence, for the vehicle typed by the reviewer, else for
            the claimed one; None where there is none.
        plate: as typed by the reviewer; None until confirmed.
        plate_read: by the reader; None before a reviewer has typed theirs, and where it abstained.
        contest: the citizen's words, if the case was contested.
        moves: names of the moves that this person may make now (the page shows no other button).
        redaction: of the pictures that a citizen may see; without them no notice can be issued.
    """

    line: CaseLine
    manifest: Manifest
    offence: Offence | None
    agency: str
    unit_telephone: str
    camera_name: str
    evidence: tuple[EvidenceFile, ...]
    audit: tuple[AuditLine, ...]
    others: tuple[OtherClaim, ...]
    plate: str | None
    plate_read: str | None
    vehicle_typed: str | None
    plate_colour: str | None
    reject_reason: str | None
    notice_number: str | None
    contest_kind: str | None
    contest: str | None
    moves: tuple[str, ...]
    redaction: Redaction
