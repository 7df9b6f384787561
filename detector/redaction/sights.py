"""Who is where at any time of a clip, from the scenes of the package: no network runs a second time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from detector.redaction.pictures import Sight
from models.domain.geometry import BoxPx
from models.domain.scene import Scene

REACH_US = 600_000
"""Further from the nearest scene nothing is known, and everything is hidden."""


class Sights:
    """Looks the scenes up by stream time; between two of them the accused vehicle has driven evenly."""

    def __init__(self, scenes: Sequence[Scene], track_id: int) -> None:
        self._scenes = scenes
        self._times_us = [scene.pts_us for scene in scenes]
        self._track_id = track_id

    def at(self, pts_us: int) -> Sight:
        """Others are all of the scene before and of the one after."""
        place = bisect_right(self._times_us, pts_us)
        before = self._near(place - 1, pts_us)
        after = before if before is not None and before.pts_us == pts_us else self._near(place, pts_us)
        near = [scene for scene in (before, after) if scene is not None]
        others = [track.box for scene in near for track in scene.tracks if track.track_id != self._track_id]
        others += [box for scene in near for box in scene.people]
        return Sight(self._accused(before, after, pts_us), tuple(others))

    def _near(self, place: int, pts_us: int) -> Scene | None:
        if not 0 <= place < len(self._scenes) or abs(self._times_us[place] - pts_us) > REACH_US:
            return None
        return self._scenes[place]

    def _accused(self, before: Scene | None, after: Scene | None, pts_us: int) -> BoxPx | None:
        if before is None or after is None:
            return None
        first, second = self._box(before), self._box(after)
        if first is None or second is None or before.pts_us == after.pts_us:
            return first
        share = (pts_us - before.pts_us) / (after.pts_us - before.pts_us)
        pairs = zip((first.x1, first.y1, first.x2, first.y2), (second.x1, second.y1, second.x2, second.y2), strict=True)
        x1, y1, x2, y2 = (a + share * (b - a) for a, b in pairs)
        return BoxPx(x1, y1, x2, y2)

    def _box(self, scene: Scene) -> BoxPx | None:
        return next((track.box for track in scene.tracks if track.track_id == self._track_id), None)
