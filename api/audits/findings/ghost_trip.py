"""BX-2: a trip was signed as departed, and its vehicle was never seen leaving."""

from __future__ import annotations

from datetime import timedelta

from api.audits.station_view import COACHES, StationView
from models.domain.audits import FindingCode, Outcome, RecordKind, Span, TransportOrder, Undecided, Verdict, ZoneKind

IN_YARD = timedelta(hours=4)
"""The longest lawful stay, 240 min: a vehicle that came in within it may still be there."""


class GhostTrip:
    """An order is signed departed, and no camera at any exit saw its plate within 15 minutes of the signed time.

    Compared: `departed_at` and `plate` of the order with every exit of the station. It is no finding, and counted as
    undecided, while any exit camera was not up for the whole window; a coach or truck left unread or not surely read;
    a plate was seen that may be the same (one character off, or look-alikes); or the vehicle was last seen coming in
    within four hours, so that it may have left unseen or not at all.

    It does not prove that no vehicle made the trip, that the vehicle did not leave by another way, or that it was not
    another vehicle in its place; nor who signed, or why. A wrong departure time in the record looks the same, and so
    does a coach that the detector takes for a car: cars at a gate are only counted.
    """

    code: FindingCode = "BX-2"
    records: RecordKind = "transport_order"
    fields: tuple[str, ...] = ("number", "plate", "departed_at")
    zones: tuple[ZoneKind, ...] = ("gate_out",)

    def __init__(self, tolerance: timedelta = timedelta(minutes=15)) -> None:
        self.tolerance = tolerance

    def check(self, view: StationView) -> Outcome:
        outcome = Outcome(self.code)
        for order in view.orders:
            if order.departed_at is None or not view.is_judged(Span(order.departed_at, order.departed_at)):
                continue
            outcome.checked += 1
            window = Span(order.departed_at - self.tolerance, order.departed_at + self.tolerance)
            if view.lanes["gate_out"].saw(order.plate, window) is not None:
                outcome.as_recorded += 1
            else:
                outcome.verdicts.append(self._verdict(view, order, window))
        return outcome

    def _verdict(self, view: StationView, order: TransportOrder, window: Span) -> Verdict:
        assert order.departed_at is not None
        exits = view.lanes["gate_out"]
        before, after = exits.last_before(order.plate, window), exits.first_after(order.plate, window)
        return Verdict(
            code=self.code,
            subject=order.id,
            plate=order.plate,
            at=order.departed_at,
            window=window,
            record_number=order.number,
            why=_doubt(view, order.plate, window),
            expected={"departed_at": order.departed_at.isoformat(), "route": order.route},
            seen={
                "exits": 0,
                "last_before": None if before is None else before.until.isoformat(),
                "first_after": None if after is None else after.since.isoformat(),
            },
        )


def _doubt(view: StationView, plate: str, window: Span) -> Undecided | None:
    exits = view.lanes["gate_out"]
    if not exits.is_watched():
        return "no_camera"
    if not exits.is_covered(window):
        return "gap"
    if exits.saw_like(plate, window):
        return "near_plate"
    if exits.saw_unread(window, COACHES):
        return "unread"
    return "in_yard" if _may_be_in_yard(view, plate, window) else None


def _may_be_in_yard(view: StationView, plate: str, window: Span) -> bool:
    """Whether the last that was seen of it, before the window or in it, is that it came in."""
    stay = Span(window.since - IN_YARD, window.until)
    came = view.lanes["gate_in"].saw_last(plate, stay)
    if came is None:
        return False
    left = view.lanes["gate_out"].saw_last(plate, Span(stay.since, window.since))
    return left is None or left.until <= came.since
