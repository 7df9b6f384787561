"""The camera file of a simulated world: the same geometry that the pictures were drawn with."""

from __future__ import annotations

from typing import Any

import yaml

from streams.simulated.camera import Camera, camera_of
from streams.simulated.camera_rules import Point, cut, round_px, rules_of, zones_of
from streams.simulated.layout import LANE_WIDTH_M, ZEBRA_M, Layout, layout_of
from streams.simulated.places import from_left
from streams.simulated.regime import regime_of
from streams.simulated.settings import WorldSettings
from streams.simulated.signal_head import head_of

HEAD_MARGIN_PX = 2.0
_LANE_FAR_M = -0.2


def camera_file(
    settings: WorldSettings, *, source: str | None = None, camera_id: str | None = None, mode: str = "warning",
    starts_at: str = "2026-11-02T07:30:00+07:00",
) -> str:  # fmt: skip
    """YAML of the camera that looks at this world.

    Args:
        source: where the frames come from; the `sim://` URL itself where it is not given.
        mode: of every rule.
        starts_at: capture time of frame 0; ISO 8601 with a zone.
    """
    layout = layout_of(settings)
    camera = camera_of(settings, layout)
    corners_px, _ = camera.project(head_of(settings.seed, layout).corners_m())
    head = (*corners_px.min(axis=0), *corners_px.max(axis=0))
    lanes = _lanes(camera, layout, settings)
    zones = zones_of(settings, camera, layout)
    document: dict[str, Any] = {
        "schema": 1,
        "id": camera_id or f"sim-{settings.seed}",
        "name": f"Ngã tư mô phỏng {settings.seed}",
        "source": source or settings.url,
        "timezone": "Asia/Ho_Chi_Minh",
        "starts_at": starts_at,
        "site": {"address": "Ngã tư mô phỏng (không có thật)", "agency": "Đơn vị mô phỏng", "kind": "police_device"},
        "frame": {"width": settings.width_px, "height": settings.height_px},
        "ground": _ground(camera, layout),
        "signals": [
            {"id": "main", "layout": "vertical", "head_px": _box(camera, head)}
        ],
        "lines": _lines(camera, layout),
        **({"zones": zones} if zones else {}),
        "lanes": lanes,
        "rules": [{**rule, "mode": mode} for rule in rules_of(settings, lanes, zones)],
    }  # fmt: skip
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)


def _box(camera: Camera, head: tuple[float, ...]) -> list[float]:
    width, height = camera.size_px
    low = [round_px(max(0.0, value - HEAD_MARGIN_PX)) for value in head[:2]]
    return low + [
        round_px(min(edge, value + HEAD_MARGIN_PX)) for value, edge in zip(head[2:], (width, height), strict=True)
    ]


def _at(camera: Camera, x_m: float, y_m: float) -> Point:
    u, v = camera.ground_px(x_m, y_m)
    return [round_px(u), round_px(v)]


def _lower_edge_m(camera: Camera) -> tuple[float, float]:
    """Least and greatest y of the ground at the picture's lower edge."""
    width, height = camera.size_px
    points = [camera.ground_at(u, height - 1.0) for u in (0.0, width / 2, float(width))]
    along_m = [point[1] for point in points if point is not None]
    return min(along_m), max(along_m)


def _ground(camera: Camera, layout: Layout) -> dict[str, list[Point]]:
    near_m = _lower_edge_m(camera)[1] + 0.2
    points = [(0.0, near_m), (layout.width_m, near_m), (layout.width_m, 0.0), (0.0, 0.0), (layout.width_m, 4.8),
              (-layout.oncoming_m, 4.8)]  # fmt: skip
    points_px = [[round(value, 2) for value in camera.ground_px(x, y)] for x, y in points]
    return {"points_px": points_px, "points_m": [[round(x, 3), round(y, 3)] for x, y in points]}


def _lines(camera: Camera, layout: Layout) -> list[dict[str, Any]]:
    near_m = _lower_edge_m(camera)[0]
    stop = _seen_part(camera, [(0.05 + (layout.width_m + 0.25) * k / 8, 0.0) for k in range(9)])
    centre = _seen_part(camera, [(0.0, near_m * k / 8) for k in range(9)])
    return [
        {"id": "stop", "points_px": stop, "from_px": _at(camera, layout.width_m / 2, -3.0)},
        {"id": "centre", "points_px": centre, "solid": True},
    ]


def _lanes(camera: Camera, layout: Layout, settings: WorldSettings) -> list[dict[str, Any]]:
    """Our half and the oncoming half up to the far edge of the zebra, our single lanes up to the stop line."""
    near_m = _lower_edge_m(camera)[0]
    far_m = _LANE_FAR_M
    made = [_lane(camera, "ours", (0.25, layout.width_m + 0.2), (near_m, ZEBRA_M[1]), "up")]
    left_m = -LANE_WIDTH_M * layout.oncoming_lanes
    made.append(_lane(camera, "oncoming", (left_m, -0.25), (near_m, ZEBRA_M[1]), "down"))
    turns = regime_of(settings, layout).turns
    for number in range(layout.lanes):
        x = (0.2 + number * LANE_WIDTH_M, 0.2 + (number + 1) * LANE_WIDTH_M)
        made.append({**_lane(camera, f"l{number + 1}", x, (near_m, far_m), "up"), "turns": list(turns[number])})
    if "yield_pedestrian" in settings.acts:
        place = from_left(layout)
        made.append(_lane(camera, place.name, place.x_m, place.y_m, "right"))
    return [lane for lane in made if len(lane["polygon_px"]) >= 3 and len(lane["heading_px"]) == 2]


def _lane(camera: Camera, name: str, x_m: tuple[float, float], y_m: tuple[float, float], way: str) -> dict[str, Any]:
    corners = [(x_m[0], y_m[0]), (x_m[1], y_m[0]), (x_m[1], y_m[1]), (x_m[0], y_m[1])]
    polygon = cut([_at(camera, x, y) for x, y in corners], camera.size_px)
    middle_m = (x_m[0] + x_m[1]) / 2
    along = [(middle_m, y_m[0] + (y_m[1] - y_m[0]) * k / 8) for k in range(9)]
    if way == "right":
        along = [(x_m[0] + (x_m[1] - x_m[0]) * k / 16, (y_m[0] + y_m[1]) / 2) for k in range(17)]
    heading = _seen_part(camera, along)
    if len(heading) < 2 and len(polygon) >= 3:
        u, v = (sum(point[k] for point in polygon) / len(polygon) for k in (0, 1))
        x, y = camera.ground_at(u, v) or (middle_m, -1.0)
        heading = _seen_part(camera, [(x, y - 0.5), (x, y + 0.5)])
    return {
        "id": name,
        "polygon_px": polygon,
        "heading_px": heading[::-1] if way == "down" else heading,
        "street": "two_way",
    }


def _seen_part(camera: Camera, points_m: list[tuple[float, float]]) -> list[Point]:
    """First and last of these points that lie in the picture."""
    width, height = camera.size_px
    seen = [point for x, y in points_m if 0 <= (point := _at(camera, x, y))[0] <= width and 0 <= point[1] <= height]
    return [seen[0], seen[-1]] if len(seen) > 1 else seen
