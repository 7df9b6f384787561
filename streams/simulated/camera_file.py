"""The camera file of a simulated world: the same geometry that the pictures were drawn with."""

from __future__ import annotations

from typing import Any

import yaml

from streams.simulated.camera import Camera, camera_of
from streams.simulated.layout import LANE_WIDTH_M, ZEBRA_M, Layout, layout_of
from streams.simulated.settings import WorldSettings
from streams.simulated.signal_head import head_of

Point = list[float]
HEAD_MARGIN_PX = 2.0
WRONG_WAY_M = 5.0
"""The rule's own 15 m are more than this camera sees before the junction."""
_LANE_FAR_M = -0.2


def camera_file(
    settings: WorldSettings, *, source: str | None = None, camera_id: str | None = None, mode: str = "live",
    starts_at: str = "2026-11-02T07:30:00+07:00",
) -> str:  # fmt: skip
    """YAML of the camera that looks at this world.

    Args:
        source: where the frames come from; the `sim://` URL itself where it is not given.
        mode: of both rules.
        starts_at: capture time of frame 0; ISO 8601 with a zone.
    """
    layout = layout_of(settings)
    camera = camera_of(settings, layout)
    corners_px, _ = camera.project(head_of(settings.seed, layout).corners_m())
    head = (*corners_px.min(axis=0), *corners_px.max(axis=0))
    lanes = _lanes(camera, layout)
    watched = [lane["id"] for lane in lanes if lane["id"] in ("oncoming", "ours")]
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
        "lanes": lanes,
        "rules": [
            {"rule": "red_light", "line": "stop", "signal": "main", "mode": mode},
            *({"rule": "wrong_way", "lane": lane, "mode": mode, "distance_m": WRONG_WAY_M} for lane in watched),
        ],
    }  # fmt: skip
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)


def _box(camera: Camera, head: tuple[float, ...]) -> list[float]:
    width, height = camera.size_px
    low = [_r(max(0.0, value - HEAD_MARGIN_PX)) for value in head[:2]]
    return low + [_r(min(edge, value + HEAD_MARGIN_PX)) for value, edge in zip(head[2:], (width, height), strict=True)]


def _r(value: float) -> float:
    return round(float(value), 1)


def _at(camera: Camera, x_m: float, y_m: float) -> Point:
    u, v = camera.ground_px(x_m, y_m)
    return [_r(u), _r(v)]


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


def _lanes(camera: Camera, layout: Layout) -> list[dict[str, Any]]:
    """Our half and the oncoming half up to the far edge of the zebra, our single lanes up to the stop line."""
    near_m = _lower_edge_m(camera)[0]
    far_m = _LANE_FAR_M
    made = [_lane(camera, "ours", (0.25, layout.width_m + 0.2), (near_m, ZEBRA_M[1]), "up")]
    left_m = -LANE_WIDTH_M * layout.oncoming_lanes
    made.append(_lane(camera, "oncoming", (left_m, -0.25), (near_m, ZEBRA_M[1]), "down"))
    for number in range(layout.lanes):
        x = (0.2 + number * LANE_WIDTH_M, 0.2 + (number + 1) * LANE_WIDTH_M)
        made.append(_lane(camera, f"l{number + 1}", x, (near_m, far_m), "up"))
    return [lane for lane in made if len(lane["polygon_px"]) >= 3 and len(lane["heading_px"]) == 2]


def _lane(camera: Camera, name: str, x_m: tuple[float, float], y_m: tuple[float, float], way: str) -> dict[str, Any]:
    corners = [(x_m[0], y_m[0]), (x_m[1], y_m[0]), (x_m[1], y_m[1]), (x_m[0], y_m[1])]
    polygon = _cut([_at(camera, x, y) for x, y in corners], camera.size_px)
    middle_m = (x_m[0] + x_m[1]) / 2
    heading = _seen_part(camera, [(middle_m, y_m[0] + (y_m[1] - y_m[0]) * k / 8) for k in range(9)])
    if len(heading) < 2 and len(polygon) >= 3:
        u, v = (sum(point[k] for point in polygon) / len(polygon) for k in (0, 1))
        x, y = camera.ground_at(u, v) or (middle_m, -1.0)
        heading = _seen_part(camera, [(x, y - 0.5), (x, y + 0.5)])
    return {
        "id": name,
        "polygon_px": polygon,
        "heading_px": heading if way == "up" else heading[::-1],
        "street": "two_way",
    }


def _seen_part(camera: Camera, points_m: list[tuple[float, float]]) -> list[Point]:
    """First and last of these points that lie in the picture."""
    width, height = camera.size_px
    seen = [point for x, y in points_m if 0 <= (point := _at(camera, x, y))[0] <= width and 0 <= point[1] <= height]
    return [seen[0], seen[-1]] if len(seen) > 1 else seen


def _cut(polygon: list[Point], size_px: tuple[int, int]) -> list[Point]:
    """The part of a convex polygon inside the picture (Sutherland and Hodgman 1974)."""
    for axis, bound, sign in ((0, 0.0, 1), (0, float(size_px[0]), -1), (1, 0.0, 1), (1, float(size_px[1]), -1)):
        made: list[Point] = []
        for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True):
            inside_a, inside_b = sign * (a[axis] - bound) >= 0, sign * (b[axis] - bound) >= 0
            if inside_a:
                made.append(a)
            if inside_a != inside_b:
                part = (bound - a[axis]) / (b[axis] - a[axis])
                made.append([_r(a[0] + (b[0] - a[0]) * part), _r(a[1] + (b[1] - a[1]) * part)])
        polygon = made
    return polygon
