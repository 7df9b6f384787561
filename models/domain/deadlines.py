"""What runs out on a case, and when: local calendar days of the agency's zone.

Sources: TT 73/2024 art. 24.1 (10 days from detection to notice) and 24.5 (20 days from sending without appearance, then
inspection and registration are told); NĐ 168/2024 art. 4 (one year from the capture).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from models.domain.cases import CaseState

DeadlineKind = Literal["notice", "no_show", "limitation"]
NO_SHOW_DAYS = 20
WARN_DAYS: dict[DeadlineKind, int] = {"notice": 3, "no_show": 3, "limitation": 30}
"""So many days before a deadline its alarm rings."""
BEFORE_NOTICE: tuple[CaseState, ...] = ("new", "in_review", "decided", "second_review", "disputed", "confirmed")
LIMITED: tuple[CaseState, ...] = (*BEFORE_NOTICE, "contested")


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which something may still be done."""

    kind: DeadlineKind
    day: date

    def days_left(self, today: date) -> int:
        """Negative: it has run out."""
        return (self.day - today).days


def deadlines(
    state: CaseState, notice_due_on: date, expires_at: datetime, issued_at: datetime | None, timezone: str
) -> tuple[Deadline, ...]:
    """The deadlines of a case in this state, what runs out first at the front.

    Args:
        notice_due_on: a local day.
        expires_at: the end of the limitation.
        issued_at: of the notice; None: there is none.
    """
    found: list[Deadline] = []
    if state in BEFORE_NOTICE:
        found.append(Deadline("notice", notice_due_on))
    if state == "notice_issued" and issued_at is not None:
        found.append(Deadline("no_show", local_day(issued_at, timezone) + timedelta(days=NO_SHOW_DAYS)))
    if state in LIMITED:
        found.append(Deadline("limitation", local_day(expires_at, timezone)))
    return tuple(sorted(found, key=lambda deadline: deadline.day))


def local_day(moment: datetime, timezone: str) -> date:
    return moment.astimezone(ZoneInfo(timezone)).date()


def day_begins(day: date, timezone: str) -> datetime:
    """The instant at which a local day begins."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(timezone))
