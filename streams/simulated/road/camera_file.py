"""The camera file of a road: the geometry that its pictures were drawn with, and a rule for every act shown there."""

from __future__ import annotations

from typing import Any

import yaml

from streams.simulated.camera import Camera
from streams.simulated.camera_file import _lane, _lower_edge_m, _seen_part
from streams.simulated.camera_rules import cut, round_px
from streams.simulated.places import Place
from streams.simulated.road.plan import LANE_M, LANES_FROM_M, LIMIT_KMH, WATCHED_M, Plan, plan_of
from streams.simulated.road.scenery import road_camera
from streams.simulated.road.truth import AFTER_S, STRETCH_M, WRONG_WAY_M
from streams.simulated.settings import WorldSettings

_MANY = 33


def road_camera_file(
    settings: WorldSettings, *, source: str | None = None, camera_id: str | None = None, mode: str = "warning",
    starts_at: str = "2026-11-02T07:30:00+07:00",
) -> str:  # fmt: skip
    """YAML of the camera that looks at this road; see `streams.simulated.camera_file.camera_file`."""
    plan = plan_of(settings)
    camera = road_camera(settings, plan)
    zones = [_zone(camera, place) for place in plan.places().values()]
    lines = _lines(camera, plan)
    document: dict[str, Any] = {
        "schema": 1,
        "id": camera_id or f"sim-road-{settings.seed}",
        "name": f"Đường mô phỏng {settings.seed}",
        "source": source or settings.url,
        "timezone": "Asia/Ho_Chi_Minh",
        "starts_at": starts_at,
        "site": {"address": "Đường mô phỏng (không có thật)", "agency": "Đơn vị mô phỏng", "kind": "police_device"},
        "frame": {"width": settings.width_px, "height": settings.height_px},
        "ground": _ground(camera, plan),
        **({"lines": lines} if lines else {}),
        **({"zones": zones} if zones else {}),
        "lanes": _lanes(camera, plan, settings),
        "rules": [{**rule, "mode": mode} for rule in _rules(plan)],
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)


def _zone(camera: Camera, place: Place) -> dict[str, Any]:
    (x1, x2), (y1, y2) = place.x_m, (max(place.y_m[0], _lower_edge_m(camera)[0]), place.y_m[1])
    whole = [list(camera.ground_px(x, y)) for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))]
    return {"id": place.name, "polygon_px": [[round_px(x), round_px(y)] for x, y in cut(whole, camera.size_px)]}


def _ground(camera: Camera, plan: Plan) -> dict[str, Any]:
    near_m = _lower_edge_m(camera)[1] + 0.2
    points = [(LANES_FROM_M, near_m), (plan.lanes_to_m, near_m), (plan.lanes_to_m, 12.0), (LANES_FROM_M, 12.0),
              (plan.lanes_to_m, 44.0), (LANES_FROM_M, 44.0)]  # fmt: skip
    points_px = [[round(value, 2) for value in camera.ground_px(x, y)] for x, y in points]
    return {"points_px": points_px, "points_m": [[round(x, 3), round(y, 3)] for x, y in points]}


def _lines(camera: Camera, plan: Plan) -> list[dict[str, Any]]:
    if "solid_line" not in plan.acts:
        return []
    from_m, to_m = plan.solid_m
    points = [(plan.line_m, from_m + (to_m - from_m) * k / (_MANY - 1)) for k in range(_MANY)]
    return [{"id": "solid", "points_px": _seen_part(camera, points), "solid": True}]


def _lanes(camera: Camera, plan: Plan, settings: WorldSettings) -> list[dict[str, Any]]:
    y_m, street = (max(WATCHED_M[0], _lower_edge_m(camera)[0]), WATCHED_M[1]), {"street": settings.street}
    made = []
    for number in range(1, plan.lanes + 1):
        classes = {}
        if number == 1 and "wrong_lane" in plan.acts:
            classes = {"classes": ["car", "bus", "truck"]}
        made.append({**_lane(camera, f"l{number}", plan.lane_x(number), y_m, "up"), **street, **classes})
    made.append({**_lane(camera, "strip", (plan.lanes_to_m, plan.kerb_m), y_m, "up"), **street})
    if plan.oncoming_lanes:
        x_m = (-LANES_FROM_M - plan.oncoming_lanes * LANE_M, -LANES_FROM_M)
        made.append({**_lane(camera, "oncoming", x_m, y_m, "down"), **street})
    else:
        made.append({**_lane(camera, "ours", (plan.left_m, plan.lanes_to_m), y_m, "up"), **street})
    return made


def _rules(plan: Plan) -> list[dict[str, Any]]:
    """Rule entries without their mode."""
    entries: dict[str, list[dict[str, Any]]] = {
        "wrong_way": [{"lane": "ours", "distance_m": WRONG_WAY_M}],
        "wrong_lane": [{"lane": "l1"}],
        "solid_line": [{"line": "solid"}],
        "bus_lane": [{"lane": f"l{plan.lanes}", "allow": ["bus"]}],
        "u_turn": [{"from": "l1", "to": "oncoming", "act_code": "FORBIDDEN_TURN"}],
        "prohibited_road": [{"zone": "road", "classes": ["truck"], "calendar": plan.hours}],
        "sidewalk": [{"zone": "sidewalk"}],
        "emergency_lane": [{"lane": "strip"}],
        "speeding": [
            {"lane": f"l{number}", "limit_kmh": {"car": LIMIT_KMH, "motorcycle": LIMIT_KMH}, "stretch_m": STRETCH_M}
            for number in range(1, plan.lanes + 1)
        ],
        **{act: [{"zone": act.replace("_", "-"), "after_s": after_s}] for act, after_s in AFTER_S.items()},
    }
    return [{"rule": act, **entry} for act, found in entries.items() if act in plan.acts for entry in found]
