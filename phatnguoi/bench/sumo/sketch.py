"""A camera file for SUMO's road, drawn from the same camera that looks at it; only rules that exist are entered."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from detector.rulebook import known_rules
from models.camera_file import CameraFile, load_camera_file
from streams.simulated.camera import Camera

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sketch:
    """Draws places of the road into the picture.

    Attributes:
        y0_m: this y of the road is 0 in what is asked for.
    """

    camera: Camera
    y0_m: float

    def at(self, x_m: float, y_m: float) -> list[float]:
        u, v = self.camera.ground_px(x_m, self.y0_m + y_m)
        return [round(u, 2), round(v, 2)]

    def near_m(self) -> float:
        """The least y of the road that is in the picture over its whole width."""
        width, height = self.camera.size_px
        corners = [self.camera.ground_at(u, height - 1.0) for u in (0.0, width / 2, float(width))]
        return max(point[1] for point in corners if point is not None) - self.y0_m + 0.2

    def area(self, x_m: Span, y_m: Span) -> list[list[float]]:
        """A rectangle of the road, as far as it is in the picture."""
        width, height = self.camera.size_px
        corners = [self.at(x, y) for x, y in ((x_m[0], y_m[0]), (x_m[1], y_m[0]), (x_m[1], y_m[1]), (x_m[0], y_m[1]))]
        frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
        _, shared = cv2.intersectConvexConvex(np.array(corners, dtype=np.float32), frame)
        return [[round(float(u), 2), round(float(v), 2)] for u, v in shared.reshape(-1, 2)]

    def lane(self, name: str, x_m: Span, y_m: Span, *, is_away: bool, **more: Any) -> dict[str, Any]:
        polygon = self.area(x_m, y_m)
        u, v = np.mean(polygon, axis=0)
        middle = self.camera.ground_at(float(u), float(v))
        assert middle is not None
        heading = [self.at(middle[0], middle[1] - self.y0_m + step) for step in (-1.0, 1.0)]
        return {"id": name, "polygon_px": polygon, "heading_px": heading if is_away else heading[::-1],
                "street": "two_way"} | more  # fmt: skip

    def line(self, name: str, points_m: Sequence[Span], from_m: Span | None = None, **more: Any) -> dict[str, Any]:
        made = {"id": name, "points_px": [self.at(x, y) for x, y in points_m]}
        return made | ({"from_px": self.at(*from_m)} if from_m else {}) | more

    def ground(self, x_m: Span, y_m: Span) -> dict[str, Any]:
        points = [(x, y) for y in (*y_m, sum(y_m) / 2) for x in x_m]
        return {"points_px": [self.at(x, y) for x, y in points], "points_m": [list(point) for point in points]}

    def camera_file(self, source: str, **parts: Any) -> CameraFile:
        width, height = self.camera.size_px
        known = known_rules()
        parts["rules"] = [{"mode": "live"} | entry for entry in parts["rules"] if entry["rule"] in known]
        document = {
            "schema": 1, "id": "sumo", "name": "SUMO", "source": source, "starts_at": "2026-11-02T07:30:00+07:00",
            "frame": {"width": width, "height": height},
        }  # fmt: skip
        with tempfile.TemporaryDirectory(prefix="phatnguoi-sumo-") as folder:
            path = Path(folder) / "sumo.yaml"
            path.write_text(yaml.safe_dump(document | parts, allow_unicode=True), encoding="utf-8")
            return load_camera_file(path)
