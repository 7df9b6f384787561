"""What an owner may read of a notice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from models.domain.cases import CaseState

ContestKind = Literal["contest", "not_driving"]


@dataclass(frozen=True, slots=True)
class IssuedNotice:
    """A notice just issued. `code` is shown once and stored nowhere: `<public_url>/t/<case_id>?c=<code>`."""

    number: str
    case_id: str
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NoticeView:
    """The citizen's page, all but the picture.

    Attributes:
        number: begins with "MÔ PHỎNG" for a simulated case.
        minimum_vnd, maximum_vnd, points: of the catalogue row on the day of the offence; None: no row.
        unchecked_note: "chưa đối chiếu …" while no person has checked the catalogue; else None.
        withdrawn_at: set: the page says so first of all.
        has_contested: the citizen has spoken already.
        tries_left: for the plate; at 0 the picture stays shut.
        trust_fingerprint: of the keys that the evidence can be checked with; None: the office had no key then.
        respond_by: 20 days after issue, a local day of the agency's zone.
    """

    number: str
    case_id: str
    is_simulated: bool
    state: CaseState
    occurred_at: datetime
    timezone: str
    place: str
    camera_name: str
    act: str
    act_code: str
    reference: str
    decree: str
    minimum_vnd: int | None
    maximum_vnd: int | None
    points: int | None
    unchecked_note: str | None
    vehicle: str
    plate_masked: str
    plate_colour: str
    agency: str
    unit_telephone: str
    hotline: str
    issued_at: datetime
    expires_at: datetime
    respond_by: date
    withdrawn_at: datetime | None
    withdrawn_reason: str | None
    has_contested: bool
    tries_left: int
    trust_fingerprint: str | None
