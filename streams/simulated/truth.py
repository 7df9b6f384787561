"""The exact truth of every frame, one JSON object a line: see docs/simulated-world.md for the fields.

The first line is of kind `world`, then one of kind `frame` for every frame, then one of kind `violation` or `near_miss`
for each of them. px are of the picture, metres of the layout, durations seconds of stream time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from streams.simulated.movers import Mover
from streams.simulated.phases import Lamp, frames_of
from streams.simulated.regime import regime_of
from streams.simulated.render import Drawn, Renderer
from streams.simulated.traffic import Crossing
from streams.simulated.truth_acts import Box, Crosswalk, Turns
from streams.simulated.truth_lines import Line, as_text, lane_of, mover_line, px, who
from streams.simulated.truth_standing import AtTheLine, WrongHalf

__all__ = ["Line", "TruthKeeper", "as_text", "lane_of", "mover_line"]


@dataclass(slots=True)
class TruthKeeper:
    """Collects the truth while frames are drawn, in order."""

    renderer: Renderer
    _movers: dict[int, Mover] = field(default_factory=dict)
    _last_index: int = -1
    _keepers: list[AtTheLine | WrongHalf | Turns | Box | Crosswalk] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The keepers of the rules that are broken here."""
        settings, layout, size_px = self.renderer.settings, self.renderer.traffic.layout, self.renderer.camera.size_px
        self._keepers = [AtTheLine(self.renderer.traffic, settings, size_px)]
        if "wrong_way" in settings.acts:
            self._keepers.append(WrongHalf(size_px))
        if {"forbidden_turn", "wrong_lane"} & set(settings.acts):
            self._keepers.append(Turns(layout, regime_of(settings, layout), size_px))
        if "junction_blocking" in settings.acts:
            self._keepers.append(Box(layout, size_px, settings.fps))
        if "yield_pedestrian" in settings.acts:
            self._keepers.append(Crosswalk(layout, size_px, settings.fps))

    def world(self) -> Line:
        """The first line."""
        settings, camera = self.renderer.settings, self.renderer.camera
        layout = self.renderer.traffic.layout
        regime = regime_of(settings, layout)
        return {
            "kind": "world",
            "url": settings.url,
            "seed": settings.seed,
            "fps": settings.fps,
            "width_px": settings.width_px,
            "height_px": settings.height_px,
            "frame_count": frames_of(settings),
            "stop_line_px": [px(camera.ground_px(x, 0.0)) for x in (0.0, layout.width_m)],
            "head_px": px(self.renderer.scenery.head_px),
            "lane_turns": {f"l{number + 1}": list(turns) for number, turns in enumerate(regime.turns)},
            "forbidden_turn": regime.forbidden,
        }

    def frame(self, index: int, drawn: list[Drawn], lamp: Lamp) -> Line:
        """The line of one frame."""
        t_s = index / self.renderer.settings.fps
        self._last_index = index
        for one in drawn:
            self._movers[one.mover.mover_id] = one.mover
        for keeper in self._keepers:
            keeper.follow(index, drawn)
        phases = self.renderer.traffic.phases
        return {
            "kind": "frame",
            "frame_index": index,
            "t_s": round(t_s, 6),
            "signal": lamp,
            "into_red_s": round(phases.into_red_s(t_s), 4) if lamp == "red" else None,
            "movers": [mover_line(one, self.renderer.traffic.layout) for one in drawn],
        }

    def acts(self) -> list[Line]:
        """Violations and near-misses, after the last frame."""
        lines = [line for crossing in self.renderer.traffic.crossings if (line := self._crossing_line(crossing))]
        for keeper in self._keepers:
            lines += keeper.lines(self.renderer.settings.fps)
        return sorted(lines, key=lambda line: (line["frame_index"], line["track_id"], line["rule"]))

    def _crossing_line(self, crossing: Crossing) -> Line | None:
        """Somebody passed our stop line."""
        fps = self.renderer.settings.fps
        frame_index = math.ceil(crossing.at_s * fps - 1e-9)
        mover = self._movers.get(crossing.mover_id)
        if not 0 <= frame_index <= self._last_index or crossing.intent == "wrong_side" or mover is None:
            return None
        line: Line = {
            "rule": "red_light",
            **who(mover),
            "frame_index": frame_index,
            "t_s": round(crossing.at_s, 4),
            "point_px": px(self.renderer.camera.ground_px(crossing.point.x, crossing.point.y)),
            "turns_right": crossing.turns_right,
            "intent": crossing.intent,
        }
        if crossing.is_red_light:
            return {"kind": "violation", **line, "into_red_s": round(crossing.into_red_s, 4)}
        what = self._why_none(crossing)
        if what is None:
            return None
        into_red_s = round(crossing.into_red_s, 4) if crossing.lamp == "red" else None
        return {"kind": "near_miss", "what": what, **line, "into_red_s": into_red_s}

    def _why_none(self, crossing: Crossing) -> str | None:
        """Why this passage is no violation although the lamp was amber or red; None: it was green."""
        if crossing.lamp == "green":
            return None
        lamp = self.renderer.settings.lamp
        if lamp != "ok":
            return f"lamp_{lamp}"
        if crossing.lamp == "amber":
            return "amber_pass"
        if crossing.intent == "on_duty":
            return "on_duty"
        if crossing.is_permitted:
            return "permitted_turn"
        if not crossing.was_before_line:
            return "over_line_at_onset"
        if crossing.past_in_red is None:
            return "clip_ends"
        return "not_past_in_red" if not crossing.past_in_red else "red_under_grace"
