"""The simulated worlds without their pictures: the same traffic, boxes and truth at a fraction of the cost."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from models.camera_file import CameraFile, load_camera_file
from phatnguoi.bench.scoring import Act, NearMiss
from phatnguoi.bench.worlds import Instant, Line, acts_of, instant_of
from streams.simulated.camera_files import camera_file
from streams.simulated.phases import frames_of
from streams.simulated.plate_paint import SUBPIXEL, SUBPIXEL_BITS
from streams.simulated.plates import Picture
from streams.simulated.render import Ids, Renderer, _inside
from streams.simulated.settings import WorldSettings, parse_url
from streams.simulated.solids import Solid
from streams.simulated.truths import truth_of


def camera_file_of(settings: WorldSettings) -> CameraFile:
    """The camera file of a world, read back as the worker would read it."""
    with tempfile.TemporaryDirectory(prefix="phatnguoi-bench-") as folder:
        path = Path(folder) / f"sim-{settings.seed}.yaml"
        path.write_text(camera_file(settings), encoding="utf-8")
        return load_camera_file(path)


class Unpainted(Renderer):
    """A renderer that fills in who is seen where, and paints nobody."""

    def _draw_shadows(self, image: Picture, solids: list[Solid]) -> None:
        """None: nobody looks at the picture."""

    def _draw(self, image: Picture, ids: Ids, still: Picture, solid: Solid, place: int) -> None:
        for hull in solid.outlines:
            cv2.fillConvexPoly(ids, hull, place, 8, SUBPIXEL_BITS)
        x0, y0, x1, y1 = _inside(solid.box, self.camera.size_px, 3)
        if x1 <= x0 or y1 <= y0:
            return
        solid.full_area = float(sum(cv2.contourArea(hull) for hull in solid.outlines)) / SUBPIXEL**2
        region = ids[y0:y1, x0:x1]
        solid.drawn_area = float(np.count_nonzero(region == place))
        region[self.scenery.depth_m[y0:y1, x0:x1] < solid.nearest_m] = 0


class SimulatedWorld:
    """A `World` of `sim://…`, without pictures."""

    def __init__(self, url: str) -> None:
        settings = parse_url(url)
        self.name, self.fps, self.frame_count = settings.url, settings.fps, frames_of(settings)
        self.file = camera_file_of(settings)
        self._renderer = Unpainted(settings)
        self._keeper = truth_of(self._renderer)
        self._heads = [head.id for head in self.file.camera.signals]

    def lines(self) -> Iterator[Line]:
        for index in range(self.frame_count):
            _, drawn, lamp = self._renderer.frame(index)
            yield self._keeper.frame(index, drawn, lamp)

    def instants(self) -> Iterator[Instant]:
        return (instant_of(line, self._heads) for line in self.lines())

    def acts(self) -> tuple[list[Act], list[NearMiss]]:
        return acts_of(self._keeper.acts(), self.fps)
