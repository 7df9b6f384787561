"""The exact truth of the gate: every frame, and every visit to a zone."""

from __future__ import annotations

from dataclasses import dataclass

from streams.simulated.layout import Layout
from streams.simulated.movers import Mover
from streams.simulated.phases import Lamp, frames_of
from streams.simulated.places import Place
from streams.simulated.render import Drawn, Renderer
from streams.simulated.station.plan import LANES, GateLane
from streams.simulated.station.traffic import StationTraffic
from streams.simulated.truth_lines import Line, mover_line

_LAYOUT = Layout(2, 2, 1)


@dataclass(slots=True)
class _Visit:
    mover: Mover
    lane: GateLane
    frame_from: int
    frame_to: int
    least_uncovered: float = 1.0
    is_cut: bool = False


class StationTruth:
    """Collects the truth while frames are drawn, in order."""

    def __init__(self, renderer: Renderer) -> None:
        assert isinstance(renderer.moving, StationTraffic)
        self._renderer, self._traffic = renderer, renderer.moving
        self._open: dict[tuple[int, str], _Visit] = {}
        self._visits: list[_Visit] = []
        self._last = -1

    def world(self) -> Line:
        """The first line."""
        settings = self._renderer.settings
        return {
            "kind": "world", "url": settings.url, "seed": settings.seed, "fps": settings.fps,
            "width_px": settings.width_px, "height_px": settings.height_px, "frame_count": frames_of(settings),
            "zones": {lane.name: {"x_m": lane.x_m, "y_m": lane.y_m, "kind": lane.kind} for lane in LANES},
        }  # fmt: skip

    def frame(self, index: int, drawn: list[Drawn], lamp: Lamp) -> Line:
        """The line of one frame."""
        inside = set()
        for one in drawn:
            errand = self._traffic.errands.get(one.mover.mover_id)
            if errand is not None and _is_in(errand.lane.place, one):
                key = (one.mover.mover_id, errand.lane.name)
                inside.add(key)
                if key not in self._open:
                    self._open[key] = _Visit(one.mover, errand.lane, index, index, is_cut=index == 0)
                    self._visits.append(self._open[key])
                visit = self._open[key]
                visit.frame_to, visit.least_uncovered = index, min(visit.least_uncovered, one.uncovered)
        for key in [key for key in self._open if key not in inside]:
            del self._open[key]
        self._last = index
        movers = [{**mover_line(one, _LAYOUT), "lane": self._lane_of(one)} for one in drawn]
        t_s = index / self._renderer.settings.fps
        return {"kind": "frame", "frame_index": index, "t_s": round(t_s, 6), "signal": lamp, "into_red_s": None,
                "movers": movers}  # fmt: skip

    def acts(self) -> list[Line]:
        """Every visit, after the last frame, in the order in which they began.

        `is_cut`: the clip began or ended during it. `least_uncovered`: share of the vehicle that was seen at worst.
        """
        fps, last = self._renderer.settings.fps, self._last
        return [
            {
                "kind": "visit", "zone": visit.lane.name, "zone_kind": visit.lane.kind,
                "track_id": visit.mover.mover_id, "class": visit.mover.kind,
                "plate": visit.mover.plate.normalised if visit.mover.plate else None,
                "frame_from": visit.frame_from, "frame_to": visit.frame_to,
                "t_from_s": round(visit.frame_from / fps, 4), "t_to_s": round(visit.frame_to / fps, 4),
                "is_cut": visit.is_cut or visit.frame_to == last,
                "least_uncovered": round(visit.least_uncovered, 3),
            }
            for visit in self._visits
        ]  # fmt: skip

    def _lane_of(self, one: Drawn) -> str | None:
        errand = self._traffic.errands.get(one.mover.mover_id)
        return None if errand is None else errand.lane.name


def _is_in(place: Place, one: Drawn) -> bool:
    """Whether the end that faces the camera stands in the zone, as the lower edge of a box does."""
    nearest_m = one.pose.y - one.mover.length_m / 2
    return place.holds(one.pose.x, nearest_m)
