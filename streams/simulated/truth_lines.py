"""How the truth writes what it knows: one mover in one frame, one act, the same bytes every time."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from streams.simulated.layout import LANE_WIDTH_M, Layout
from streams.simulated.movers import Mover, Pose
from streams.simulated.render import Drawn

Line = dict[str, Any]
LEAST_UNCOVERED = 0.2
"""Of an act of which less can be seen nothing is listed."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One mover in one frame, as an act is told by it."""

    frame_index: int
    point_px: tuple[float, float]


def mover_line(one: Drawn, layout: Layout) -> Line:
    """One mover in one frame."""
    mover, pose = one.mover, one.pose
    return {
        "track_id": mover.mover_id,
        "class": mover.kind,
        "box_px": px(one.whole_px),
        "visible_px": px(one.visible_px) if one.visible_px else None,
        "visible": round(one.visible, 3),
        "uncovered": round(one.uncovered, 3),
        "contact_px": px(one.contact_px),
        "x_m": round(pose.x, 3),
        "y_m": round(pose.y, 3),
        "heading_deg": round(math.degrees(pose.yaw) % 360, 1),
        "speed_m_s": round(pose.speed, 3),
        "lane": lane_of(pose, layout),
        "plate": mover.plate.normalised if mover.plate else None,
        "riders": mover.riders if mover.kind in ("motorcycle", "bicycle") else 0,
        "priority": mover.priority,
    }


def who(mover: Mover) -> Line:
    """The part of an act's line that says whose it is."""
    return {
        "track_id": mover.mover_id,
        "class": mover.kind,
        "plate": mover.plate.normalised if mover.plate else None,
    }


def act_line(rule: str, mover: Mover, at: Sight, fps: float, **more: Any) -> Line:
    """A violation."""
    return {"kind": "violation", "rule": rule, **who(mover), **_when(at, fps), **more}


def near_miss_line(what: str, rule: str, mover: Mover, at: Sight, fps: float, **more: Any) -> Line:
    """Something that looks like a violation of this rule and is none."""
    return {"kind": "near_miss", "what": what, "rule": rule, **who(mover), **_when(at, fps), **more}


def _when(at: Sight, fps: float) -> Line:
    return {"frame_index": at.frame_index, "t_s": round(at.frame_index / fps, 4), "point_px": px(at.point_px)}


def sight(index: int, one: Drawn) -> Sight:
    return Sight(index, one.contact_px)


def is_in_view(one: Drawn, size_px: tuple[int, int]) -> bool:
    """Enough of it is seen, and it stands inside the picture."""
    x, y = one.contact_px
    return one.uncovered >= LEAST_UNCOVERED and 0 <= x < size_px[0] and 0 <= y < size_px[1]


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


def px(values: tuple[float, ...]) -> list[float]:
    return [round(value, 2) for value in values]
