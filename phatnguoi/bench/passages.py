"""Lawful passages: who passes a rule's geometry without violating it. Counted on the truth, not on what was seen."""

from __future__ import annotations

from collections.abc import Iterable

from detector.geometry.line import DirectedLine
from detector.geometry.zone import is_inside
from models.domain.camera import Camera, RuleEntry
from models.domain.geometry import PointPx
from phatnguoi.bench.scoring import Act
from phatnguoi.bench.worlds import Instant

PLACE_KEYS = ("line", "lane", "from", "zone")
"""The setting that says where a rule watches, the first that an entry has."""


class _Place:
    """Where one entry of a rule watches, and who has passed there."""

    def __init__(self, camera: Camera, entry: RuleEntry) -> None:
        key = next((key for key in PLACE_KEYS if key in entry.settings), None)
        name = entry.settings.get(key) if key else None
        self.rule = entry.rule
        self.passed: set[int] = set()
        self._before: set[int] = set()
        line = next((line for line in camera.lines if key == "line" and line.id == name), None)
        areas = camera.lanes if key in ("lane", "from") else camera.zones
        area = next((area for area in areas if area.id == name), None)
        self._polygon = area.polygon_px if area is not None else None
        self._line: DirectedLine | None = None
        if line is not None:
            from_px = line.from_px or PointPx(line.points_px[0].x - 1000, line.points_px[0].y - 333)
            self._line = DirectedLine.from_points(line.points_px, from_px)
            self._is_directed = line.from_px is not None

    def see(self, mover_id: int, point: PointPx) -> None:
        if mover_id in self.passed:
            return
        if self._polygon is not None and is_inside(self._polygon, point):
            self.passed.add(mover_id)
        elif self._line is not None:
            self._see_at_line(self._line, mover_id, point)

    def _see_at_line(self, line: DirectedLine, mover_id: int, point: PointPx) -> None:
        """A line that says where vehicles come from is passed by crossing it; another by driving along it."""
        if not self._is_directed:
            if line.overhang(point) == 0:
                self.passed.add(mover_id)
        elif line.signed_distance(point) < 0:
            self._before.add(mover_id)
        elif mover_id in self._before and line.overhang(point) == 0:
            self.passed.add(mover_id)


class Passages:
    """Counts who passes each rule's geometry on one camera. Persons are no vehicles, and are not counted."""

    def __init__(self, camera: Camera) -> None:
        self._places = [_Place(camera, entry) for entry in camera.rules if entry.mode != "off"]

    def see(self, instant: Instant) -> None:
        for mover in instant.movers:
            if mover.kind != "person" and mover.box is not None:
                for place in self._places:
                    place.see(mover.mover_id, mover.contact)

    def lawful(self, acts: Iterable[Act]) -> dict[str, int]:
        """Passages by rule, without the movers that violated that rule, borderline or not."""
        guilty = {(act.rule, act.mover_id) for act in acts}
        passed: dict[str, set[int]] = {place.rule: set() for place in self._places}
        for place in self._places:
            passed[place.rule] |= place.passed
        return {rule: sum((rule, one) not in guilty for one in ids) for rule, ids in passed.items()}
