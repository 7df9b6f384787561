"""Acts at our stop line and on the wrong half of the road, told frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, field

from streams.simulated.layout import ZEBRA_M
from streams.simulated.movers import Mover
from streams.simulated.render import Drawn
from streams.simulated.settings import WorldSettings
from streams.simulated.traffic import Traffic
from streams.simulated.truth_lines import Line, Sight, act_line, is_in_view, near_miss_line, sight

LEAST_WAY_M = 5.0
LEAST_WAY_S = 1.0
"""The camera file asks `wrong_way` for the same way and time; shorter ways are near-misses."""
CLOSE_M = 0.35
LONG_WAIT_S = 30.0
OVER_M = 0.5
"""Whose front is so far past the line has stopped beyond it; less is hard to tell and listed as a near-miss."""
LEAST_STAND_S = 1.0
HIDDEN = 0.25
_STANDS = 0.1
_NEAR_LINE_M = 4.0
_LANE_REACH_M = (-60.0, ZEBRA_M[1])


@dataclass(slots=True)
class _Way:
    """A way against the heading of the road's half, as far as it is in the picture."""

    mover: Mover
    frame_from: int
    frame_to: int
    y_from_m: float
    way_m: float = 0.0
    act: Sight | None = None


@dataclass(slots=True)
class WrongHalf:
    """Who rode against the heading before the zebra's far edge, while the ground contact is in the picture."""

    size_px: tuple[int, int]
    _ways: dict[int, _Way] = field(default_factory=dict)

    def follow(self, index: int, drawn: list[Drawn]) -> None:
        for one in drawn:
            mover, y_m = one.mover, one.pose.y
            if mover.intent != "wrong_side" or one.uncovered < 0.3 or not is_in_view(one, self.size_px):
                continue
            if not _LANE_REACH_M[0] < y_m < _LANE_REACH_M[1]:
                continue
            way = self._ways.setdefault(mover.mover_id, _Way(mover, index, index, y_m))
            way.frame_to, way.way_m = index, abs(y_m - way.y_from_m)
            if way.act is None and way.way_m >= LEAST_WAY_M:
                way.act = sight(index, one)

    def lines(self, fps: float) -> list[Line]:
        made: list[Line] = []
        for way in self._ways.values():
            more = {
                "frame_from": way.frame_from,
                "frame_to": way.frame_to,
                "way_m": round(way.way_m, 2),
                "half": "oncoming" if way.mover.stream == "ours" else "ours",
                "street": "two_way",
            }
            if way.act is not None and way.frame_to - way.frame_from >= LEAST_WAY_S * fps:
                made.append(act_line("wrong_way", way.mover, way.act, fps, **more))
            elif way.way_m > 1.0:
                at = Sight(way.frame_to, (0.0, 0.0)) if way.act is None else way.act
                made.append(near_miss_line("short_way", "wrong_way", way.mover, at, fps, **more))
        return made


@dataclass(slots=True)
class _Standing:
    mover: Mover
    frame_from: int
    frame_to: int
    at: Sight
    gap_m: float
    was_over_at_red: bool
    hidden_frames: int = 0
    red_frames: int = 0


@dataclass(slots=True)
class AtTheLine:
    """Who stood before our stop line, close to it or past it, and for how long."""

    traffic: Traffic
    settings: WorldSettings
    size_px: tuple[int, int]
    _standing: dict[int, _Standing] = field(default_factory=dict)

    def follow(self, index: int, drawn: list[Drawn]) -> None:
        is_red = self.traffic.phases.main(index / self.settings.fps) == "red"
        for one in drawn:
            mover = one.mover
            is_ours = mover.stream == "ours" and mover.kind != "person" and mover.intent != "wrong_side"
            if not is_ours or one.pose.speed > _STANDS or one.pose.y > mover.length_m / 2 + 1.0:
                continue
            gap_m = -one.pose.y - mover.length_m / 2
            seen = self._standing.get(mover.mover_id)
            if seen is None or index > seen.frame_to + 2:
                was_over = self.traffic.front_at_red(mover.mover_id) > 0.0
                seen = _Standing(mover, index, index, sight(index, one), gap_m, was_over)
                self._standing[mover.mover_id] = seen
            seen.frame_to, seen.gap_m = index, min(seen.gap_m, gap_m)
            seen.red_frames += is_red
            seen.was_over_at_red |= self.traffic.front_at_red(mover.mover_id) > 0.0
            seen.hidden_frames += one.uncovered < HIDDEN and gap_m < _NEAR_LINE_M and _stands_in(one, self.size_px)

    def lines(self, fps: float) -> list[Line]:
        ran = {crossing.mover_id for crossing in self.traffic.crossings if crossing.is_red_light}
        made: list[Line] = []
        for seen in self._standing.values():
            mover, at = seen.mover, seen.at
            past_m = round(-seen.gap_m, 2)
            if -CLOSE_M <= past_m < 0:
                made.append(near_miss_line("stopped_close", "stop_line", mover, at, fps, gap_m=-past_m))
            if past_m > 0 and seen.red_frames >= LEAST_STAND_S * fps and "stop_line" in self.settings.acts:
                made.append(self._past_line(seen, past_m, mover.mover_id in ran, fps))
            stood_s = round((seen.frame_to - seen.frame_from) / fps, 2)
            if stood_s >= LONG_WAIT_S:
                made.append(near_miss_line("waited", "illegal_parking", mover, at, fps, waited_s=stood_s))
            if seen.hidden_frames >= LEAST_STAND_S * fps:
                hidden_s = round(seen.hidden_frames / fps, 2)
                made.append(near_miss_line("hidden_at_line", "red_light", mover, at, fps, hidden_s=hidden_s))
        return made

    def _past_line(self, seen: _Standing, past_m: float, ran: bool, fps: float) -> Line:
        mover = seen.mover
        more = {"past_m": past_m, "rear_past_m": round(past_m - mover.length_m, 2), "frame_from": seen.frame_from,
                "frame_to": seen.frame_to}  # fmt: skip
        what = None
        if seen.was_over_at_red:
            what = "pushed_over_line"
        elif self.settings.lamp != "ok":
            what = f"lamp_{self.settings.lamp}"
        elif ran or mover.priority:
            what = "ran_instead" if ran else "on_duty"
        elif past_m < OVER_M:
            what = "nose_over_line"
        if what is not None:
            return near_miss_line(what, "stop_line", mover, seen.at, fps, **more)
        return act_line("stop_line", mover, seen.at, fps, **more)


def _stands_in(one: Drawn, size_px: tuple[int, int]) -> bool:
    """Its place is in the picture, whether it can be seen or not."""
    return 0 <= one.contact_px[0] < size_px[0] and 0 <= one.contact_px[1] < size_px[1]
