"""Opens a camera by its address. A new kind of camera is one file: `streams/<scheme>.py` with an `open_camera`."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from streams.counters import Counters
from streams.credentials import VariableNotSetError, expand
from streams.errors import SourceNotKnownError
from streams.packets import PacketStore
from streams.pulse import Pulse
from streams.ring_settings import RingSettings
from streams.source import Source, StreamShape

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")
_MODULES = {"rtsps": "rtsp", "sim": "simulated"}
"""Schemes whose module has another name."""
NO_START = datetime(1970, 1, 1, tzinfo=UTC)
"""A recording of which nobody says when it was made is counted from here: nobody takes it for a real time."""


@dataclass(frozen=True, slots=True)
class CameraRequest:
    """What is asked of a camera kind.

    Attributes:
        address: expanded: holds credentials, never log it.
        starts_at: capture time of frame 0 of a recording; a live kind ignores it.
        ring: where a live kind keeps its packets; None keeps none, and nothing can be cut later.
    """

    address: str
    starts_at: datetime | None = None
    ring: RingSettings | None = None
    counters: Counters = field(default_factory=Counters)
    pulse: Pulse = field(default_factory=Pulse)


@dataclass(frozen=True, slots=True)
class Camera:
    """An opened camera.

    `packets` is None only where nothing is kept. `shape` is None until the first frame of a live source has come.
    """

    source: Source
    packets: PacketStore | None
    is_live: bool
    counters: Counters
    pulse: Pulse
    shape: Callable[[], StreamShape | None]


def open_source(
    address: str,
    *,
    starts_at: datetime | None = None,
    ring: RingSettings | None = None,
    counters: Counters | None = None,
    environment: Mapping[str, str] | None = None,
) -> Camera:
    """Makes the camera that an address names: `rtsp://…`, `sim://…`, `file://…` or a path.

    `${VAR}` is read from the environment here and nowhere else. A live camera is not contacted before `frames()`.

    Raises:
        SourceNotKnownError: no such kind of camera, or a variable is not set.
        FileUnreadableError: a recorded file is missing or no video.
    """
    try:
        expanded = expand(address, os.environ if environment is None else environment)
    except VariableNotSetError as error:
        raise SourceNotKnownError(str(error)) from None
    request = CameraRequest(expanded, starts_at, ring, counters or Counters())
    camera: Camera = _module_of(expanded).open_camera(request)
    return camera


def _module_of(address: str) -> ModuleType:
    match = _SCHEME.match(address)
    scheme = match.group(1).lower() if match else "file"
    name = _MODULES.get(scheme, scheme)
    known = Path(__file__).parent
    if name.isidentifier() and ((known / f"{name}.py").exists() or (known / name).is_dir()):
        module = importlib.import_module(f"streams.{name}")
        if hasattr(module, "open_camera"):
            return module
    raise SourceNotKnownError(
        f"got an address that begins with {scheme}://, expected rtsp://, rtsps://, sim:// or a path"
    )
