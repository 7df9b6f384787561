"""`sim://`: a small seeded world of one crossing, drawn in perspective, which knows the exact truth of every frame.

settings (URL) → layout (metres) → traffic (signals, vehicles, people) → truth; scenery and render draw what the
traffic says; clip writes both to disk; camera_file says the same geometry as a camera file. It is a package and not one
file like the other camera kinds, because it is a world.
"""

from __future__ import annotations

from streams.errors import SourceNotKnownError
from streams.open import Camera, CameraRequest
from streams.simulated.errors import WorldSettingError
from streams.simulated.settings import parse_url
from streams.simulated.source import STARTS_AT, SimulatedSource


def open_camera(request: CameraRequest) -> Camera:
    """Opens `sim://crossing?…`.

    Raises:
        SourceNotKnownError: the URL says something that the world does not know.
    """
    try:
        settings = parse_url(request.address)
    except WorldSettingError as error:
        raise SourceNotKnownError(str(error)) from None
    source = SimulatedSource(settings, request.starts_at or STARTS_AT, request.counters, request.pulse)
    return Camera(source, source.packets, False, request.counters, request.pulse, lambda: source.shape)
