"""The exact truth of every frame, one JSON object a line.

The first line is of kind `world`, then one of kind `frame` for every frame, then one of kind `violation` or `near_miss`
for each of them. px are of the picture, metres of the layout, durations seconds of stream time.

world      url, seed, fps, width_px, height_px, frame_count, stop_line_px, head_px
frame      frame_index, t_s, signal, into_red_s, movers: each
           track_id, class, box_px (all of it, not cut), visible_px (what is seen, or null), visible, uncovered,
           contact_px (rear wheel on the ground), x_m, y_m, heading_deg, speed_m_s, lane, plate, riders
violation  rule, track_id, class, plate, frame_index, t_s, point_px, … ; red_light: into_red_s, intent;
           wrong_way: frame_from, frame_to, way_m, street (frame_index = frame_to's way reached LEAST_WAY_M)
near_miss  what (amber_pass, red_under_grace, over_line_at_onset, stopped_close, waited), track_id, class, plate,
           frame_index, t_s, …
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

from streams.simulated.layout import LANE_WIDTH_M, ZEBRA_M, Layout
from streams.simulated.movers import Mover, Pose
from streams.simulated.phases import Lamp, frames_of
from streams.simulated.render import Drawn, Renderer
from streams.simulated.traffic import Crossing

Line = dict[str, Any]
LEAST_WAY_M = 4.0
"""Shorter ways against a lane's heading, as far as the camera saw them, are no violation."""
CLOSE_M = 0.35
LONG_WAIT_S = 30.0
_LANE_REACH_M = (-60.0, ZEBRA_M[1])


@dataclass(slots=True)
class _Against:
    """A way against the heading of the road's half, as far as it is in the picture."""

    mover: Mover
    frame_from: int
    frame_to: int
    y_from_m: float
    way_m: float = 0.0
    act_frame: int | None = None
    act_px: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True)
class _Standing:
    since_frame: int
    frames: int
    nearest_m: float
    mover: Mover


@dataclass(slots=True)
class TruthKeeper:
    """Collects the truth while frames are drawn, in order."""

    renderer: Renderer
    _frame_px: dict[int, dict[int, tuple[float, float]]] = field(default_factory=dict)
    _kinds: dict[int, Mover] = field(default_factory=dict)
    _against: dict[int, _Against] = field(default_factory=dict)
    _standing: dict[int, _Standing] = field(default_factory=dict)
    _last_index: int = -1

    def world(self) -> Line:
        """The first line."""
        settings, camera = self.renderer.settings, self.renderer.camera
        layout = self.renderer.traffic.layout
        return {
            "kind": "world",
            "url": settings.url,
            "seed": settings.seed,
            "fps": settings.fps,
            "width_px": settings.width_px,
            "height_px": settings.height_px,
            "frame_count": frames_of(settings),
            "stop_line_px": [_px(camera.ground_px(x, 0.0)) for x in (0.0, layout.width_m)],
            "head_px": _px(self.renderer.scenery.head_px),
        }

    def frame(self, index: int, drawn: list[Drawn], lamp: Lamp) -> Line:
        """The line of one frame."""
        t_s = index / self.renderer.settings.fps
        self._frame_px[index] = {one.mover.mover_id: one.contact_px for one in drawn}
        self._frame_px.pop(index - 10, None)
        self._last_index = index
        for one in drawn:
            self._kinds[one.mover.mover_id] = one.mover
            self._follow_against(index, one)
            self._follow_standing(index, one)
        return {
            "kind": "frame",
            "frame_index": index,
            "t_s": round(t_s, 6),
            "signal": lamp,
            "into_red_s": round(self.renderer.traffic.phases.into_red_s(t_s), 4) if lamp == "red" else None,
            "movers": [mover_line(one, self.renderer.traffic.layout) for one in drawn],
        }

    def acts(self) -> list[Line]:
        """Violations and near-misses, after the last frame."""
        lines = [line for crossing in self.renderer.traffic.crossings if (line := self._crossing_line(crossing))]
        lines += [self._against_line(way) for way in self._against.values() if way.act_frame is not None]
        lines += self._standing_lines()
        return sorted(lines, key=lambda line: (line["frame_index"], line["track_id"], line.get("rule", "")))

    def _crossing_line(self, crossing: Crossing) -> Line | None:
        fps = self.renderer.settings.fps
        frame_index = math.ceil(crossing.at_s * fps - 1e-9)
        if not 0 <= frame_index <= self._last_index or crossing.intent == "wrong_side":
            return None
        line: Line = {
            "track_id": crossing.mover_id,
            **self._who(crossing.mover_id),
            "frame_index": frame_index,
            "t_s": round(crossing.at_s, 4),
            "point_px": _px(self.renderer.camera.ground_px(crossing.point.x, crossing.point.y)),
            "turns_right": crossing.turns_right,
        }
        if crossing.is_red_light:
            return {"kind": "violation", "rule": "red_light", **line, "into_red_s": round(crossing.into_red_s, 4),
                    "intent": crossing.intent}  # fmt: skip
        if crossing.lamp == "amber":
            return {"kind": "near_miss", "what": "amber_pass", **line}
        if crossing.lamp == "red":
            what = "red_under_grace" if crossing.was_before_line else "over_line_at_onset"
            return {"kind": "near_miss", "what": what, **line, "into_red_s": round(crossing.into_red_s, 4)}
        return None

    def _who(self, mover_id: int) -> Line:
        mover = self._kinds.get(mover_id)
        if mover is None:
            return {"class": None, "plate": None}
        return {"class": mover.kind, "plate": mover.plate.normalised if mover.plate else None}

    def _follow_against(self, index: int, one: Drawn) -> None:
        """A wrong-side rider's way before the zebra's far edge, while the ground contact is in the picture."""
        if one.mover.intent != "wrong_side" or one.uncovered < 0.3:
            return
        width, height = self.renderer.camera.size_px
        in_view = 0 <= one.contact_px[0] < width and 0 <= one.contact_px[1] < height
        if not in_view or not _LANE_REACH_M[0] < one.pose.y < _LANE_REACH_M[1]:
            return
        way = self._against.setdefault(one.mover.mover_id, _Against(one.mover, index, index, one.pose.y))
        way.frame_to, way.way_m = index, abs(one.pose.y - way.y_from_m)
        if way.act_frame is None and way.way_m >= LEAST_WAY_M:
            way.act_frame, way.act_px = index, one.contact_px

    def _against_line(self, way: _Against) -> Line:
        assert way.act_frame is not None
        return {
            "kind": "violation",
            "rule": "wrong_way",
            "track_id": way.mover.mover_id,
            **self._who(way.mover.mover_id),
            "frame_index": way.act_frame,
            "t_s": round(way.act_frame / self.renderer.settings.fps, 4),
            "point_px": _px(way.act_px),
            "frame_from": way.frame_from,
            "frame_to": way.frame_to,
            "way_m": round(way.way_m, 2),
            "half": "oncoming" if way.mover.stream == "ours" else "ours",
            "street": "two_way",
        }

    def _follow_standing(self, index: int, one: Drawn) -> None:
        mover = one.mover
        if mover.stream != "ours" or mover.kind == "person" or mover.front_m > 0 or one.pose.speed > 0.1:
            return
        seen = self._standing.get(mover.mover_id)
        if seen is None or index > seen.since_frame + seen.frames + 2:
            self._standing[mover.mover_id] = _Standing(index, 0, -mover.front_m, mover)
            return
        seen.frames = index - seen.since_frame
        seen.nearest_m = min(seen.nearest_m, -mover.front_m)

    def _standing_lines(self) -> list[Line]:
        lines: list[Line] = []
        fps = self.renderer.settings.fps
        for mover_id, seen in self._standing.items():
            base = {"track_id": mover_id, **self._who(mover_id), "frame_index": seen.since_frame,
                    "t_s": round(seen.since_frame / fps, 4)}  # fmt: skip
            if seen.nearest_m <= CLOSE_M and seen.frames > fps:
                lines.append({"kind": "near_miss", "what": "stopped_close", **base, "gap_m": round(seen.nearest_m, 3)})
            if seen.frames / fps >= LONG_WAIT_S:
                lines.append({"kind": "near_miss", "what": "waited", **base, "waited_s": round(seen.frames / fps, 2)})
        return lines


def mover_line(one: Drawn, layout: Layout) -> Line:
    """One mover in one frame."""
    mover, pose = one.mover, one.pose
    return {
        "track_id": mover.mover_id,
        "class": mover.kind,
        "box_px": _px(one.whole_px),
        "visible_px": _px(one.visible_px) if one.visible_px else None,
        "visible": round(one.visible, 3),
        "uncovered": round(one.uncovered, 3),
        "contact_px": _px(one.contact_px),
        "x_m": round(pose.x, 3),
        "y_m": round(pose.y, 3),
        "heading_deg": round(math.degrees(pose.yaw) % 360, 1),
        "speed_m_s": round(pose.speed, 3),
        "lane": lane_of(pose, layout),
        "plate": mover.plate.normalised if mover.plate else None,
        "riders": mover.riders if mover.kind in ("motorcycle", "bicycle") else 0,
    }


def lane_of(pose: Pose, layout: Layout) -> str | None:
    """`l1`… from the middle to our kerb, `o1`… to the other kerb; None in the junction and off the road."""
    if 0 < pose.y < layout.far_stop_m:
        return None
    if 0 <= pose.x <= layout.width_m:
        return f"l{min(layout.lanes, 1 + int(max(0.0, pose.x - 0.2) / LANE_WIDTH_M))}"
    if -layout.oncoming_m <= pose.x < 0:
        return f"o{min(layout.oncoming_lanes, 1 + int(max(0.0, -pose.x - 0.2) / LANE_WIDTH_M))}"
    return None


def as_text(line: Line) -> str:
    """One line of the file, the same bytes every time."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def _px(values: tuple[float, ...]) -> list[float]:
    return [round(value, 2) for value in values]
