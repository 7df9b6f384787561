"""A camera file as text: read by the one reader, and by what the office alone can know of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from api.cameras.schemas import Checked, Problem
from models.camera_file import CameraFile, CameraFileError, Place, nearest, plain_content, read_camera_file
from models.domain.camera import Camera
from models.domain.camera_jobs import FILE_LIMIT_BYTES

NAME = Path("camera.yaml")
LINE_WIDTH = 110
RESERVED = frozenset({"new", "files", "answers", "draw"})
"""Names of pages beside the cameras'."""
_USER_PART = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*://(?P<user>[^/?#]*)@")
_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_ROOMS = {"line": ("lines",), "lane": ("lanes",), "zone": ("zones",), "signal": ("signals",),
          "from": ("lanes", "zones"), "to": ("lanes", "zones")}  # fmt: skip
"""Where the parts are that a rule's setting names."""


def read_text(text: str, camera_id: str | None = None) -> CameraFile:
    """The camera of a text.

    Args:
        text: YAML.
        camera_id: whose file it must be; None: of a new camera.

    Raises:
        CameraFileError: with the place of the first thing that is wrong.
    """
    file = _read(text)
    _check_office(file, camera_id)
    return file


def _read(text: str) -> CameraFile:
    raw = text.encode()
    if len(raw) > FILE_LIMIT_BYTES:
        raise CameraFileError(f"{NAME}: got {len(raw)} bytes, expected at most {FILE_LIMIT_BYTES}")
    return read_camera_file(raw, NAME)


def _check_office(file: CameraFile, camera_id: str | None) -> None:
    """What the contract allows and the office does not."""
    if camera_id is not None and file.camera.id != camera_id:
        raise file.error(("id",), f"got {file.camera.id!r}, expected {camera_id!r}: another id is another camera")
    if file.camera.id in RESERVED:
        raise file.error(("id",), f"got {file.camera.id!r}, which is the name of a page, expected another id")
    _check_source(file)
    _check_rules(file)


def check_text(text: str, camera_id: str | None = None) -> Checked:
    """The same, with the problem as a value; the camera too, where only the office has something against it."""
    sha256, camera = hashlib.sha256(text.encode()).hexdigest(), None
    try:
        file = _read(text)
        camera = file.camera
        _check_office(file, camera_id)
    except CameraFileError as error:
        place = ".".join(str(part) for part in error.place)
        return Checked(text, sha256, camera, Problem(place, error.problem, error.line))
    return Checked(text, sha256, camera, None)


def plain(text: str) -> dict[str, Any] | None:
    """The values of a text that may not be a whole camera yet, as JSON knows them; None where it is no YAML."""
    try:
        found, _ = plain_content(text.encode(), NAME)
    except CameraFileError:
        return None
    values: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return values


def to_text(content: Mapping[str, Any]) -> str:
    """YAML of what the editor drew, in the order of the contract; whole coordinates are written without a point."""
    order = ["schema", *Camera.model_fields]
    kept = {key: _plain(content[key]) for key in order if key in content and content[key] not in (None, [], {})}
    unknown = {key: value for key, value in content.items() if key not in order}
    text: str = yaml.dump(
        kept | unknown, Dumper=_Lines, allow_unicode=True, sort_keys=False, default_flow_style=False, width=LINE_WIDTH
    )
    return text


class _Lines(yaml.SafeDumper):
    """One key a line, points behind their key: a person reads in a diff what was moved."""

    def represent_list(self, data: Any) -> yaml.SequenceNode:
        is_flow = not any(isinstance(each, Mapping) for each in data)
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=is_flow)


_Lines.add_representer(list, _Lines.represent_list)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _check_source(file: CameraFile) -> None:
    """A password in a file would be in the log, in every worker's job and on the screen."""
    match = _USER_PART.match(file.camera.source)
    if match and _VARIABLE.sub("", match["user"]).strip(":"):
        raise file.error(
            ("source",), "got a user name or password, expected ${NAMES} that the worker's environment has"
        )


def _check_rules(file: CameraFile) -> None:
    """Whatever a rule names is drawn. What else a rule needs only the worker can say."""
    for number, entry in enumerate(file.camera.rules):
        for key, value in entry.settings.items():
            rooms = _ROOMS.get(key.rpartition("_")[2])
            if rooms is None or not isinstance(value, str):
                continue
            names = [part.id for room in rooms for part in getattr(file.camera, room)]
            if value not in names:
                place: Place = ("rules", number, key)
                raise file.error(place, f"got {value!r}, {nearest(value, names) if names else 'nothing such is drawn'}")
