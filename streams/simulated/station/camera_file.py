"""The camera file of a gate: its zones with what a visit to each of them means."""

from __future__ import annotations

from typing import Any

import yaml

from streams.simulated.camera import Camera
from streams.simulated.camera_rules import cut, round_px
from streams.simulated.settings import WorldSettings
from streams.simulated.station.plan import LANES, GateLane
from streams.simulated.station.scenery import station_camera


def station_camera_file(
    settings: WorldSettings, *, source: str | None = None, camera_id: str | None = None,
    starts_at: str = "2026-11-02T07:30:00+07:00",
) -> str:  # fmt: skip
    """YAML of the camera that looks at this gate; see `streams.simulated.camera_file.camera_file`."""
    camera = station_camera(settings)
    points = [(x, y) for y in (8.0, 20.0) for x in (LANES[1].x_m[0], LANES[2].x_m[1])]
    document: dict[str, Any] = {
        "schema": 1,
        "id": camera_id or f"sim-station-{settings.seed}",
        "name": f"Cổng bến xe mô phỏng {settings.seed}",
        "source": source or settings.url,
        "timezone": "Asia/Ho_Chi_Minh",
        "starts_at": starts_at,
        "site": {"address": "Bến xe mô phỏng (không có thật)", "agency": "Bến mô phỏng", "kind": "station"},
        "frame": {"width": settings.width_px, "height": settings.height_px},
        "ground": {
            "points_px": [[round(value, 2) for value in camera.ground_px(x, y)] for x, y in points],
            "points_m": [[round(x, 3), round(y, 3)] for x, y in points],
        },
        "zones": [_zone(camera, lane) for lane in LANES],
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)


def _zone(camera: Camera, lane: GateLane) -> dict[str, Any]:
    (x1, x2), (y1, y2) = lane.x_m, lane.y_m
    whole = [list(camera.ground_px(x, y)) for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))]
    polygon = [[round_px(x), round_px(y)] for x, y in cut(whole, camera.size_px)]
    return {"id": lane.name, "polygon_px": polygon, "kind": lane.kind or "passing"}
