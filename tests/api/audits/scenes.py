"""A station in a few lines: who was seen, what is written, when the cameras were up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from api.audits.station_view import Lanes, StationView
from models.domain.audits import Inspection, Sighting, Span, TransportOrder, ZoneKind
from models.domain.coverage import Coverage
from models.domain.scene import VehicleClass

DAY = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
"""Midnight in Huế, of Tuesday, 17 November."""
WHOLE = Span(DAY, DAY + timedelta(days=1))
THREE_DAYS = Span(DAY - timedelta(days=1), DAY + timedelta(days=2))
COACH, OTHER = "75B01234", "75B99887"


def at(hour: float) -> datetime:
    """An instant of the local day."""
    return DAY + timedelta(hours=hour)


def seen(
    plate: str | None,
    hour: float,
    kind: ZoneKind = "gate_out",
    *,
    vehicle: VehicleClass = "bus",
    is_sure: bool = True,
    minutes: float = 0.5,
) -> Sighting:
    span = Span(at(hour), at(hour) + timedelta(minutes=minutes))
    return Sighting(f"{kind}-{plate}-{hour}", f"cam-{kind}", kind, span, vehicle, plate, is_sure)


def order(plate: str, hour: float | None, *, planned: float | None = None, number: str = "L1") -> TransportOrder:
    times = [None if each is None else at(each) for each in (planned, hour)]
    return TransportOrder(f"order-{number}", number, plate, *times)


def inspection(plate: str, hour: float, number: str = "K1") -> Inspection:
    return Inspection(f"inspection-{number}", number, plate, at(hour), at(hour + 0.5))


def view(
    sightings: Sequence[Sighting] = (),
    *,
    orders: Sequence[TransportOrder] = (),
    inspections: Sequence[Inspection] = (),
    down: Sequence[tuple[float, float]] = (),
    watched: Sequence[ZoneKind] = ("gate_in", "gate_out", "inspection_lane"),
    order_days: Span | None = THREE_DAYS,
) -> StationView:
    gaps = [Span(at(since), at(until)) for since, until in down]
    up = Coverage([THREE_DAYS], gaps)
    lanes = {
        kind: Lanes(
            [each for each in sightings if each.kind == kind], {f"cam-{kind}": up} if kind in watched else {}
        )
        for kind in ("gate_in", "gate_out", "inspection_lane")
    }  # fmt: skip
    covered = Coverage([] if order_days is None else [order_days])
    return StationView(WHOLE, lanes, tuple(orders), tuple(inspections), order_days=covered)  # type: ignore[arg-type]
