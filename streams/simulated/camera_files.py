"""The camera file of a world, by the world's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from streams.simulated.camera_file import camera_file as _of_crossing
from streams.simulated.road.camera_file import road_camera_file
from streams.simulated.settings import WorldSettings
from streams.simulated.station.camera_file import station_camera_file

WRITERS: Mapping[str, Callable[..., str]] = {
    "crossing": _of_crossing,
    "road": road_camera_file,
    "station": station_camera_file,
}


def camera_file(settings: WorldSettings, *, source: str | None = None) -> str:
    """YAML of the camera that looks at this world; `source`: where the frames come from, if not from the world."""
    return WRITERS[settings.world](settings, source=source)
