"""The exact truth of the road: every frame, every act, and every near-miss; see docs/simulated-world.md."""

from __future__ import annotations

from dataclasses import dataclass, field

from streams.simulated.layout import Layout
from streams.simulated.movers import Mover
from streams.simulated.phases import Lamp, frames_of
from streams.simulated.places import Place
from streams.simulated.render import Drawn, Renderer
from streams.simulated.road.errands import COACH_AFTER_S, PARK_AFTER_S, STOP_AFTER_S, Errand
from streams.simulated.road.plan import HOURS, WATCHED_M, Plan
from streams.simulated.road.traffic import RoadTraffic
from streams.simulated.road.watching import Drives, Keeper, OverLine, Speeds, Stands, TurnsBack, is_clear
from streams.simulated.truth_lines import Line, Sight, mover_line, near_miss_line, sight

NEAR_MISSES = {
    "over_dashed": "solid_line", "touches_line": "solid_line", "overtakes": "wrong_lane", "short_entry": "bus_lane",
    "turns_left_out": "u_turn", "truck_hours": "prohibited_road", "with_the_traffic": "wrong_way",
    "beside_kerb": "sidewalk", "broken_down": "emergency_lane", "short_stop": "illegal_stopping",
    "short_park": "illegal_parking", "outside_zone": "illegal_parking", "at_the_stop": "coach_stop",
    "nobody_beside": "coach_stop", "just_above": "speeding",
}  # fmt: skip
WRONG_WAY_M, STRETCH_M = 4.0, 20.0
AFTER_S = {"illegal_stopping": STOP_AFTER_S, "illegal_parking": PARK_AFTER_S, "coach_stop": COACH_AFTER_S}
_LEAST_CLEAR_S = 1.0


@dataclass(slots=True)
class _Passing:
    mover: Mover
    errand: Errand
    clear: list[Sight] = field(default_factory=list)


class RoadTruth:
    """Collects the truth while frames are drawn, in order."""

    def __init__(self, renderer: Renderer) -> None:
        traffic = renderer.moving
        assert isinstance(traffic, RoadTraffic)
        self._renderer, self._traffic, self._plan = renderer, traffic, traffic.plan
        size_px, fps = renderer.camera.size_px, renderer.settings.fps
        self._keepers = keepers_of(self._plan, size_px, fps)
        self._near: dict[int, _Passing] = {}

    def world(self) -> Line:
        """The first line."""
        settings, plan = self._renderer.settings, self._plan
        return {
            "kind": "world", "url": settings.url, "seed": settings.seed, "fps": settings.fps,
            "width_px": settings.width_px, "height_px": settings.height_px, "frame_count": frames_of(settings),
            "street": settings.street, "lanes": plan.lanes, "acts": sorted(plan.acts), "solid_m": plan.solid_m,
            "gap_m": plan.gap_m, "hours": plan.hours,
        }  # fmt: skip

    def frame(self, index: int, drawn: list[Drawn], lamp: Lamp) -> Line:
        """The line of one frame."""
        for keeper in self._keepers:
            keeper.follow(index, drawn)
        for one in drawn:
            errand = self._traffic.errands.get(one.mover.mover_id)
            if errand is not None and errand.what in NEAR_MISSES and is_clear(one, self._renderer.camera.size_px):
                seen = self._near.setdefault(one.mover.mover_id, _Passing(one.mover, errand))
                seen.clear.append(sight(index, one))
        layout = Layout(self._plan.lanes, max(1, self._plan.oncoming_lanes), 1)
        movers = [{**mover_line(one, layout), "lane": self._plan.lane_of(one.pose.x)} for one in drawn]
        t_s = index / self._renderer.settings.fps
        return {"kind": "frame", "frame_index": index, "t_s": round(t_s, 6), "signal": lamp, "into_red_s": None,
                "movers": movers}  # fmt: skip

    def acts(self) -> list[Line]:
        """Violations, what is too close to call, and near-misses, after the last frame."""
        fps = self._renderer.settings.fps
        lines = [line for keeper in self._keepers for line in keeper.lines(fps)]
        known = {(line["rule"], line["track_id"]) for line in lines}
        for mover_id, seen in self._near.items():
            rule = NEAR_MISSES[seen.errand.what]
            if (rule, mover_id) in known or len(seen.clear) < _LEAST_CLEAR_S * fps or not self._is_near(seen):
                continue
            at, ends = seen.clear[len(seen.clear) // 2], (seen.clear[0], seen.clear[-1])
            more = {"frame_from": ends[0].frame_index, "frame_to": ends[1].frame_index}
            what = "outside_hours" if seen.errand.what == "truck_hours" else seen.errand.what
            lines.append(near_miss_line(what, rule, seen.mover, at, fps, **more))
        return sorted(lines, key=lambda line: (line["frame_index"], line["track_id"], line["rule"]))

    def _is_near(self, seen: _Passing) -> bool:
        """A truck is a near-miss outside the hours of the sign; a car never looks like one."""
        return seen.errand.what != "truck_hours" or (seen.mover.kind == "truck" and self._plan.hours != HOURS)


def keepers_of(plan: Plan, size_px: tuple[int, int], fps: float) -> list[Keeper]:
    """One keeper for each rule of this road; the thresholds are those of its camera file."""
    places, made = plan.places(), list[Keeper]()

    def lane(x_m: tuple[float, float], name: str) -> Place:
        return Place(name, x_m, WATCHED_M)

    if "wrong_lane" in plan.acts:
        place = lane(plan.lane_x(1), "l1")
        made.append(Drives("wrong_lane", place, lambda one: one.mover.kind == "motorcycle" and _is_along(one), 8.0, 2.0,
                           size_px, fps))  # fmt: skip
    if "bus_lane" in plan.acts:
        place = lane(plan.lane_x(plan.lanes), "bus")
        made.append(Drives("bus_lane", place, lambda one: one.mover.kind != "bus", 8.0, 2.0, size_px, fps))
    if "emergency_lane" in plan.acts:
        place = lane((plan.lanes_to_m, plan.kerb_m), "shoulder")
        made.append(Drives("emergency_lane", place, lambda one: True, 15.0, 2.0, size_px, fps))
    if "sidewalk" in plan.acts:
        made.append(Drives("sidewalk", places["sidewalk"], lambda one: True, 5.0, 1.0, size_px, fps, 8.0 / 3.6))
    if "prohibited_road" in plan.acts and plan.hours == HOURS:
        made.append(Drives("prohibited_road", places["prohibited_road"], lambda one: one.mover.kind == "truck", 8.0,
                           2.0, size_px, fps))  # fmt: skip
    if "wrong_way" in plan.acts:
        place = lane((plan.left_m, plan.lanes_to_m), "ours")
        made.append(Drives("wrong_way", place, lambda one: one.mover.stream == "oncoming", WRONG_WAY_M, 1.0, size_px,
                           fps))  # fmt: skip
    if "speeding" in plan.acts:
        made += [Speeds("speeding", lane(plan.lane_x(number), f"l{number}"), _is_along, STRETCH_M, 1.0, size_px, fps)
                 for number in range(1, plan.lanes + 1)]  # fmt: skip
    if "solid_line" in plan.acts:
        made.append(OverLine(plan, size_px, fps))
    if "u_turn" in plan.acts:
        made.append(TurnsBack(size_px, fps))
    made += [Stands(act, places[act], after_s, size_px, fps, act == "coach_stop")
             for act, after_s in AFTER_S.items() if act in places]  # fmt: skip
    return made


def _is_along(one: Drawn) -> bool:
    return abs(one.pose.yaw) < 0.2
