"""BX-1: a coach left the station, and no transport order speaks of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta

from api.audits.station_view import StationView
from models.domain.audits import FindingCode, Outcome, RecordKind, Sighting, Span, Undecided, Verdict, ZoneKind
from models.domain.plate_likeness import LikePlates, SpansByKey, folded

LONGEST_STAY = timedelta(minutes=240)


class ExitWithoutOrder:
    """A coach with a surely read plate left, and no order names that plate with a time within 15 minutes of it.

    Compared: `plate`, `planned_at` and `departed_at` of every order with each exit of a vehicle of class bus. It is no
    finding, and counted as undecided, while no imported file speaks for the whole window; the exit camera was not up
    then (its clock, its view, its reader); an order of that time names a plate that may be the same; one whose own
    plate was not seen leaving differs in two characters; or not this plate but one like it came in within four hours,
    so that either may be misread. An exit whose plate was not surely read is not looked at.

    It does not prove that passengers were carried or that the trip was unlawful: a coach may leave for repair, for
    fuel or empty. It does not prove that no order was written, only that none is in the files that were received. One
    order speaks for every exit of its plate in its window.
    """

    code: FindingCode = "BX-1"
    records: RecordKind = "transport_order"
    fields: tuple[str, ...] = ("number", "plate", "planned_at", "departed_at")
    zones: tuple[ZoneKind, ...] = ("gate_out",)

    def __init__(self, tolerance: timedelta = timedelta(minutes=15)) -> None:
        self.tolerance = tolerance

    def check(self, view: StationView) -> Outcome:
        outcome = Outcome(self.code)
        orders = _Orders(view)
        for exit_seen in view.lanes["gate_out"].sightings:
            if exit_seen.vehicle != "bus" or exit_seen.plate is None or not exit_seen.is_sure:
                continue
            if not view.is_judged(exit_seen.span):
                continue
            outcome.checked += 1
            window = Span(exit_seen.span.since - self.tolerance, exit_seen.span.until + self.tolerance)
            if orders.exact.has(exit_seen.plate, window):
                outcome.as_recorded += 1
                continue
            why = _doubt(view, exit_seen, window, orders)
            outcome.verdicts.append(self._verdict(exit_seen, exit_seen.plate, window, why, orders.exact))
        return outcome

    def _verdict(
        self, exit_seen: Sighting, plate: str, window: Span, why: Undecided | None, orders: SpansByKey
    ) -> Verdict:
        before, after = orders.last_before(plate, window), orders.first_after(plate, window)
        return Verdict(
            code=self.code,
            subject=exit_seen.id,
            plate=plate,
            at=exit_seen.span.until,
            window=window,
            why=why,
            expected={
                "orders": 0,
                "last_before": None if before is None else before.until.isoformat(),
                "first_after": None if after is None else after.since.isoformat(),
            },
            seen={
                "camera": exit_seen.camera_id,
                "entered": exit_seen.span.since.isoformat(),
                "left": exit_seen.span.until.isoformat(),
            },
            visit_id=exit_seen.id,
        )


class _Orders:
    """Both times of every order: whichever is near an exit speaks for it."""

    def __init__(self, view: StationView) -> None:
        self.exact, self._like = SpansByKey(), LikePlates()
        self._by_time: list[tuple[datetime, str]] = []
        for order in view.orders:
            for at in (order.departed_at, order.planned_at):
                if at is not None:
                    self.exact.add(order.plate, Span(at, at))
                    self._like.add(order.plate, Span(at, at))
                    self._by_time.append((at, order.plate))
        self._by_time.sort()

    def may_be_meant(self, view: StationView, plate: str, window: Span) -> bool:
        """Whether an order of that time may be this vehicle's, its plate read or typed badly."""
        if self._like.has(plate, window):
            return True
        exits = view.lanes["gate_out"]
        first = bisect_left(self._by_time, (window.since, ""))
        for at, other in self._by_time[first : bisect_right(self._by_time, (window.until, "~"))]:
            around = Span(at - (window.until - window.since), at + (window.until - window.since))
            if _is_two_off(plate, other) and exits.saw(other, around) is None:
                return True
        return False


def _is_two_off(plate: str, other: str) -> bool:
    pairs = zip(folded(plate), folded(other), strict=False)
    return len(plate) == len(other) and sum(ours != theirs for ours, theirs in pairs) <= 2


def _doubt(view: StationView, exit_seen: Sighting, window: Span, orders: _Orders) -> Undecided | None:
    assert exit_seen.plate is not None
    if not view.order_days.covers(window):
        return "records_missing"
    camera = view.lanes["gate_out"].coverage.get(exit_seen.camera_id)
    if camera is None or not camera.covers(exit_seen.span):
        return "gap"
    if orders.may_be_meant(view, exit_seen.plate, window):
        return "near_record"
    stay, entries = Span(exit_seen.span.since - LONGEST_STAY, exit_seen.span.until), view.lanes["gate_in"]
    is_in_doubt = entries.saw(exit_seen.plate, stay) is None and entries.saw_like(exit_seen.plate, stay)
    return "near_plate" if is_in_doubt else None
