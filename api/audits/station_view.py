"""What a rule of an audit is shown: visits, records and coverage of one station, ready to be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from models.domain.audits import Inspection, Sighting, Span, TransportOrder, ZoneKind
from models.domain.coverage import Coverage
from models.domain.plate_likeness import LikePlates, SpansByKey
from models.domain.scene import VehicleClass

COACHES: frozenset[VehicleClass] = frozenset({"bus", "truck"})
"""What a coach may be taken for by the detector."""
_UNREAD = "unread"
LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


class Lanes:
    """Every visit to one kind of zone, on all cameras of the station that watch such a zone."""

    def __init__(self, sightings: Iterable[Sighting], coverage: Mapping[str, Coverage]) -> None:
        self.sightings: Sequence[Sighting] = sorted(sightings, key=lambda each: (each.span, each.id))
        self.coverage = coverage
        self._exact, self._like, self._unread = SpansByKey(), LikePlates(), SpansByKey()
        for each in self.sightings:
            if each.plate is not None:
                self._exact.add(each.plate, each.span)
                self._like.add(each.plate, each.span)
            if each.plate is None or not each.is_sure:
                self._unread.add(_UNREAD, each.span)
                self._unread.add(each.vehicle, each.span)

    def saw(self, plate: str, window: Span) -> Span | None:
        """The first visit of exactly this plate in the window."""
        return next(self._exact.overlapping(plate, window), None)

    def saw_last(self, plate: str, window: Span) -> Span | None:
        """The last visit of exactly this plate in the window."""
        return max(self._exact.overlapping(plate, window), default=None)

    def saw_like(self, plate: str, window: Span) -> bool:
        """Whether a plate was seen that may be this one."""
        return self._like.has(plate, window)

    def saw_unread(self, window: Span, vehicles: Iterable[VehicleClass] | None = None) -> bool:
        """Whether a vehicle passed whose plate was not read, or not surely; of these classes only, if any are given."""
        keys = [_UNREAD] if vehicles is None else list(vehicles)
        return any(self._unread.has(key, window) for key in keys)

    def last_before(self, plate: str, window: Span) -> Span | None:
        return self._exact.last_before(plate, window)

    def first_after(self, plate: str, window: Span) -> Span | None:
        return self._exact.first_after(plate, window)

    def is_watched(self) -> bool:
        return bool(self.coverage)

    def is_covered(self, window: Span) -> bool:
        """Whether every camera of these lanes was up for the whole window."""
        return all(each.covers(window) for each in self.coverage.values())


@dataclass(frozen=True)
class StationView:
    """One station.

    Attributes:
        period: only what happened in it is judged; visits and records reach beyond it on both sides.
        order_days: the time that files of transport orders are said to speak for.
    """

    period: Span
    lanes: Mapping[ZoneKind, Lanes]
    orders: Sequence[TransportOrder] = ()
    inspections: Sequence[Inspection] = ()
    timezone: ZoneInfo = LOCAL
    order_days: Coverage = field(default_factory=lambda: Coverage(()))

    def is_judged(self, span: Span) -> bool:
        """Whether it began in the period."""
        return self.period.since <= span.since < self.period.until
