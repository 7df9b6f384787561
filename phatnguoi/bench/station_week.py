"""A week of a coach station without video: visits as its cameras would report them, records, and what was planted.

The traffic is drawn from the seed; the noise is given (what was measured on drawn pictures is in
`docs/results/station-visits.json`). Nothing here says anything about a real station.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from models.domain.audits import Inspection, Span, TransportOrder, ZoneKind
from models.domain.scene import VehicleClass
from models.domain.visits import VISITS_A_REPORT, CoverageSpan, VisitReport, ZoneVisit
from streams.simulated.plates import draw_plate

MONDAY = datetime(2026, 11, 1, 17, 0, tzinfo=UTC)
"""Midnight in Vietnam, 2 November 2026."""
CAMERAS: dict[ZoneKind, str] = {
    "gate_in": "sim-gate-in", "gate_out": "sim-gate-out", "inspection_lane": "sim-lane-1",
}  # fmt: skip
DAYS, OPEN_H, CLOSED_H = 7, 5, 21
ORDERS_SHARE = 0.6
"""Of the records; the rest are inspections."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STAY_S: dict[ZoneKind, tuple[float, float]] = {
    "gate_in": (6.0, 25.0), "gate_out": (6.0, 25.0), "inspection_lane": (900.0, 2400.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Noise:
    """What cameras get wrong, as shares of the visits.

    Attributes:
        missed: never reported at all.
        unread: reported without a plate.
        misread: reported with one wrong character.
    """

    missed: float = 0.0
    unread: float = 0.0
    misread: float = 0.0


@dataclass(frozen=True, slots=True)
class WeekPlan:
    """What the week is to hold.

    Attributes:
        visits: about so many, over all cameras; never less than the records need.
        ghosts: orders signed departed whose vehicle never came.
        unordered: coaches that leave without an order.
        absent: records "inspected" of vehicles that were in no lane.
        down_hours: whole hours in which one camera, drawn from the seed, is down.
    """

    seed: int = 1
    visits: int = 10_000
    records: int = 2_000
    ghosts: int = 0
    unordered: int = 0
    absent: int = 0
    down_hours: int = 0
    noise: Noise = Noise()


@dataclass(slots=True)
class StationWeek:
    """One drawn week.

    Attributes:
        visits: as reported, in order of their end, by camera.
        down: when each camera saw nothing.
        ghost_orders, absent_inspections: numbers of planted records.
        unordered_visits: ids of planted exits, of those that were seen and read right.
    """

    plan: WeekPlan
    orders: list[TransportOrder] = field(default_factory=list)
    inspections: list[Inspection] = field(default_factory=list)
    visits: dict[str, list[ZoneVisit]] = field(default_factory=lambda: {name: [] for name in CAMERAS.values()})
    down: dict[str, list[Span]] = field(default_factory=lambda: {name: [] for name in CAMERAS.values()})
    ghost_orders: set[str] = field(default_factory=set)
    absent_inspections: set[str] = field(default_factory=set)
    unordered_visits: set[str] = field(default_factory=set)

    @property
    def period(self) -> Span:
        return Span(MONDAY, MONDAY + timedelta(days=DAYS))

    def up(self, camera_id: str) -> list[Span]:
        """When the camera is said to be up: from an hour before the week to an hour after it, less `down`."""
        found, since = [], MONDAY - timedelta(hours=1)
        for hole in self.down[camera_id]:
            if hole.since > since:
                found.append(Span(since, hole.since))
            since = max(since, hole.until)
        return [*found, Span(since, self.period.until + timedelta(hours=1))]

    def reports(self) -> Iterator[VisitReport]:
        """The same as messages of the cameras to the office; coverage comes with each camera's last one."""
        for camera_id, visits in self.visits.items():
            chunks = [visits[at : at + VISITS_A_REPORT] for at in range(0, len(visits), VISITS_A_REPORT)] or [[]]
            for sequence, chunk in enumerate(chunks):
                coverage = self._coverage(camera_id) if sequence == len(chunks) - 1 else ()
                name = report_id(camera_id, self.plan.seed, sequence)
                yield VisitReport(
                    id=name, camera_id=camera_id, sequence=sequence, visits=tuple(chunk), coverage=coverage
                )

    def _coverage(self, camera_id: str) -> tuple[CoverageSpan, ...]:
        up = [CoverageSpan(state="up", since_us=_us(s.since), until_us=_us(s.until)) for s in self.up(camera_id)]
        down = [CoverageSpan(state="down", since_us=_us(s.since), until_us=_us(s.until)) for s in self.down[camera_id]]
        return (*up, *down)


def station_week(plan: WeekPlan) -> StationWeek:
    """The week that the plan draws; the same plan gives the same week."""
    return _Maker(plan).make()


def report_id(*parts: object) -> str:
    """26 characters that no other parts give."""
    return hashlib.sha256("/".join(str(part) for part in parts).encode()).hexdigest()[:26]


class _Maker:
    def __init__(self, plan: WeekPlan) -> None:
        self._plan, self._week = plan, StationWeek(plan)
        self._rng = np.random.default_rng([plan.seed, 71])
        self._plates: set[str] = set()
        self._serial = 0

    def make(self) -> StationWeek:
        plan = self._plan
        self._draw_downs()
        orders = round(plan.records * ORDERS_SHARE)
        for number in range(orders):
            self._trip(number, is_ghost=number < plan.ghosts)
        for number in range(plan.records - orders):
            self._inspection(number, is_absent=number < plan.absent)
        for _ in range(plan.unordered):
            self._unordered()
        for place in range(max(0, plan.visits - self._serial)):
            self._nobody("gate_in" if place % 2 else "gate_out")
        for visits in self._week.visits.values():
            visits.sort(key=lambda visit: (visit.left_at_us, visit.id))
        self._week.orders.sort(key=lambda order: (order.departed_at or MONDAY, order.id))
        self._week.inspections.sort(key=lambda record: (record.started_at, record.id))
        return self._week

    def _draw_downs(self) -> None:
        names = list(CAMERAS.values())
        drawn: dict[str, set[int]] = {name: set() for name in names}
        for _ in range(self._plan.down_hours):
            day, hour = int(self._rng.integers(DAYS)), int(self._rng.integers(OPEN_H, CLOSED_H))
            drawn[names[int(self._rng.integers(len(names)))]].add(24 * day + hour)
        for name, hours in drawn.items():
            spans = [Span(MONDAY + timedelta(hours=h), MONDAY + timedelta(hours=h + 1)) for h in sorted(hours)]
            self._week.down[name] = spans

    def _plate(self, vehicle: str) -> str:
        while True:
            plate = draw_plate(self._rng, vehicle).normalised
            if plate not in self._plates:
                self._plates.add(plate)
                return plate

    def _moment(self, margin_h: float = 1.5) -> datetime:
        """When the station is open, and not in its first or last hours."""
        hours = float(self._rng.uniform(OPEN_H + margin_h, CLOSED_H - margin_h))
        return MONDAY + timedelta(days=int(self._rng.integers(DAYS)), hours=hours)

    def _minutes(self, low: float, high: float) -> timedelta:
        return timedelta(minutes=float(self._rng.uniform(low, high)))

    def _trip(self, number: int, *, is_ghost: bool) -> None:
        plate, left_at = self._plate("bus"), self._moment(2.5)
        name = f"LVC-{self._plan.seed}-{number:05d}"
        signed_at, planned_at = left_at + self._minutes(-4, 4), left_at + self._minutes(-8, 8)
        self._week.orders.append(TransportOrder(name, name, plate, planned_at, signed_at, "HUE-DN"))
        if is_ghost:
            self._week.ghost_orders.add(name)
            return
        self._visit("gate_in", "bus", plate, left_at - self._minutes(20, 140))
        self._visit("gate_out", "bus", plate, left_at)

    def _inspection(self, number: int, *, is_absent: bool) -> None:
        plate, began_at = self._plate("car"), self._moment()
        name = f"DK-{self._plan.seed}-{number:05d}"
        length_s = float(self._rng.uniform(*_STAY_S["inspection_lane"]))
        ended_at = began_at + timedelta(seconds=length_s)
        self._week.inspections.append(Inspection(name, name, plate, began_at, ended_at, "1", "passed"))
        if is_absent:
            self._week.absent_inspections.add(name)
            return
        self._visit("inspection_lane", "car", plate, began_at + self._minutes(-3, 3), length_s)

    def _unordered(self) -> None:
        plate, left_at = self._plate("bus"), self._moment(2.5)
        self._visit("gate_in", "bus", plate, left_at - self._minutes(20, 140))
        seen = self._visit("gate_out", "bus", plate, left_at)
        if seen is not None and seen.plate == plate:
            self._week.unordered_visits.add(seen.id)

    def _nobody(self, kind: ZoneKind) -> None:
        """Cars and motorbikes, of which no order speaks."""
        vehicle: VehicleClass = "car" if self._rng.random() < 0.6 else "motorcycle"
        self._visit(kind, vehicle, self._plate(vehicle), self._moment(0.0))

    def _visit(
        self, kind: ZoneKind, vehicle: VehicleClass, plate: str, entered_at: datetime, length_s: float | None = None
    ) -> ZoneVisit | None:
        """What the camera reports of it; None: nothing."""
        self._serial += 1
        rng, noise, camera_id = self._rng, self._plan.noise, CAMERAS[kind]
        stay_s = float(rng.uniform(*_STAY_S[kind])) if length_s is None else length_s
        left_at = entered_at + timedelta(seconds=stay_s)
        chance = float(rng.random())
        is_down = any(span.overlaps(Span(entered_at, left_at)) for span in self._week.down[camera_id])
        if is_down or chance < noise.missed:
            return None
        read: str | None = plate
        if chance < noise.missed + noise.unread:
            read = None
        elif chance < noise.missed + noise.unread + noise.misread:
            read = self._misread(plate)
        visit = ZoneVisit(
            id=report_id("visit", self._plan.seed, self._serial), zone=kind, kind=kind, vehicle=vehicle, plate=read,
            unread_because="disagreement" if read is None else None,
            confidence_permille=0 if read is None else int(rng.integers(940, 1000)),
            entered_at_us=_us(entered_at), left_at_us=_us(left_at),
        )  # fmt: skip
        self._week.visits[camera_id].append(visit)
        return visit

    def _misread(self, plate: str) -> str:
        """One of the last digits is another."""
        at = len(plate) - 1 - int(self._rng.integers(5))
        return plate[:at] + str((int(plate[at]) + int(self._rng.integers(1, 10))) % 10) + plate[at + 1 :]


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
