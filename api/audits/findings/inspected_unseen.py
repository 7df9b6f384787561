"""DK-1: a record says "inspected", and the vehicle was in no lane that day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from api.audits.station_view import StationView
from models.domain.audits import FindingCode, Inspection, Outcome, RecordKind, Span, Undecided, Verdict, ZoneKind

AROUND_DAY = timedelta(hours=1)
"""The working day reaches from so long before its first record to so long after its last."""
HIDING_GAP = timedelta(minutes=5)
"""The shortest inspection takes 10 min: a shorter gap cannot hide one."""


class InspectedUnseen:
    """A record says that a vehicle was inspected, and no camera saw its plate in any lane on that local day.

    Compared: `plate`, `started_at` and `ended_at` of the record with every visit to an inspection lane. It is no
    finding, and counted as undecided, while any lane camera had a gap of 5 minutes or more in the working day (from an
    hour before its first record to an hour after its last), or any gap within the record's own time with 60 minutes
    around it; a vehicle was in a lane unread or not surely read in that time; or a plate was seen that day that may be
    the same.

    It does not prove that the vehicle was not inspected: it may have been elsewhere, or come with other plates, or
    unread at another hour than the record's. It says nothing about who inspected it, or about the certificate.
    """

    code: FindingCode = "DK-1"
    records: RecordKind = "inspection"
    fields: tuple[str, ...] = ("number", "plate", "started_at", "ended_at")
    zones: tuple[ZoneKind, ...] = ("inspection_lane",)

    def __init__(self, tolerance: timedelta = timedelta(minutes=60)) -> None:
        self.tolerance = tolerance

    def check(self, view: StationView) -> Outcome:
        outcome = Outcome(self.code)
        days = _working_days(view)
        gaps = {day: _has_hiding_gap(view, span) for day, span in days.items()}
        for record in view.inspections:
            if not view.is_judged(Span(record.started_at, record.ended_at)):
                continue
            outcome.checked += 1
            day = record.started_at.astimezone(view.timezone).date()
            whole = days[day]
            if view.lanes["inspection_lane"].saw(record.plate, whole) is not None:
                outcome.as_recorded += 1
                continue
            near = Span(record.started_at - self.tolerance, record.ended_at + self.tolerance)
            why = "gap" if gaps[day] else _doubt(view, record.plate, whole, near)
            outcome.verdicts.append(self._verdict(view, record, whole, why))
        return outcome

    def _verdict(self, view: StationView, record: Inspection, whole: Span, why: Undecided | None) -> Verdict:
        before = view.lanes["inspection_lane"].last_before(record.plate, whole)
        after = view.lanes["inspection_lane"].first_after(record.plate, whole)
        return Verdict(
            code=self.code,
            subject=record.id,
            plate=record.plate,
            at=record.started_at,
            window=whole,
            record_number=record.number,
            why=why,
            expected={
                "started_at": record.started_at.isoformat(),
                "ended_at": record.ended_at.isoformat(),
                "lane": record.lane,
                "result": record.result,
            },
            seen={
                "lane_visits": 0,
                "last_before": None if before is None else before.until.isoformat(),
                "first_after": None if after is None else after.since.isoformat(),
            },
        )


def _working_days(view: StationView) -> dict[date, Span]:
    found: defaultdict[date, list[Inspection]] = defaultdict(list)
    for record in view.inspections:
        found[record.started_at.astimezone(view.timezone).date()].append(record)
    return {day: _working_day(records) for day, records in found.items()}


def _working_day(records: Sequence[Inspection]) -> Span:
    first, last = min(each.started_at for each in records), max(each.ended_at for each in records)
    return Span(first - AROUND_DAY, last + AROUND_DAY)


def _has_hiding_gap(view: StationView, day: Span) -> bool:
    return any(each.longest_gap(day) >= HIDING_GAP for each in view.lanes["inspection_lane"].coverage.values())


def _doubt(view: StationView, plate: str, whole: Span, near: Span) -> Undecided | None:
    lanes = view.lanes["inspection_lane"]
    if not lanes.is_watched():
        return "no_camera"
    if not lanes.is_covered(near):
        return "gap"
    if lanes.saw_like(plate, whole):
        return "near_plate"
    return "unread" if lanes.saw_unread(near) else None
