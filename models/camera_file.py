"""Reads a camera file: YAML in, `Camera` out, or one line that says what is wrong and where."""

from __future__ import annotations

import difflib
import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from models.domain.camera import Camera, FrameSize
from models.domain.geometry import PointPx

LIMIT_BYTES = 1_000_000
LIMIT_VALUES = 100_000
Place = tuple[str | int, ...]


class CameraFileError(ValueError):
    """The camera file cannot be used; the message names the file, the line and both sides.

    Attributes:
        place: the keys and numbers that lead to what is wrong; empty where it is the file as a whole.
        problem: what is wrong, without file, line and place.
        line: 1-based; None where nothing could be read.
    """

    def __init__(self, message: str, place: Place = (), problem: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.place = place
        self.problem = problem or message
        self.line = line


@dataclass(frozen=True, slots=True)
class CameraFile:
    """A camera with the hash of the bytes that were read, and where each part of it stands in the file.

    Attributes:
        text: as it was read; empty for a camera that a package sealed.
    """

    path: Path
    sha256: str
    camera: Camera
    lines: dict[Place, int]
    text: str = ""

    def source(self) -> str:
        """The stream's address; a relative path is meant from the file's own folder. `${…}` is still unexpanded."""
        source = self.camera.source
        if "://" in source or source.startswith("${"):
            return source
        return str((self.path.parent / source).resolve())

    def error(self, place: Place, message: str) -> CameraFileError:
        """An error about one place of this file."""
        return _error(self.path, self.lines, place, message)


def load_camera_file(path: Path) -> CameraFile:
    """Reads and checks one camera file.

    Raises:
        CameraFileError: it is missing, is no YAML, or says something that a camera cannot be.
    """
    return read_camera_file(_read(path), path)


def read_camera_file(raw: bytes, path: Path) -> CameraFile:
    """Checks the bytes of a camera file.

    Args:
        raw: YAML.
        path: for messages, and for the folder that a relative source is meant from.

    Raises:
        CameraFileError: they are no YAML, or say something that a camera cannot be.
    """
    content, lines = plain_content(raw, path)
    try:
        camera = Camera.model_validate(content)
    except ValidationError as error:
        raise _first_problem(path, lines, error) from None
    file = CameraFile(path, hashlib.sha256(raw).hexdigest(), camera, lines, raw.decode("utf-8"))
    _check_inside_frame(file)
    return file


def plain_content(raw: bytes, path: Path) -> tuple[dict[str, Any], dict[Place, int]]:
    """The keys and values of YAML bytes, and the line of each; whether they make a camera is not asked.

    Raises:
        CameraFileError: they are no mapping in YAML.
    """
    if len(raw) > LIMIT_BYTES:
        raise CameraFileError(f"{path}: got {len(raw)} bytes, expected at most {LIMIT_BYTES}")
    lines: dict[Place, int] = {}
    content = _plain(path, _compose(path, raw), (), lines)
    if not isinstance(content, dict):
        raise CameraFileError(
            f"{path}: got no mapping, expected the keys of a camera (schema, id, name, source, frame, …)"
        )
    return content, lines


def nearest(name: str, known: Iterable[str]) -> str:
    """ ", did you mean x?" where a known name is near, else the list of what is known."""
    names = sorted(known)
    match = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {match[0]!r}?" if match else f"known: {', '.join(names)}"


def _read(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise CameraFileError(f"{path}: no such file, expected a camera file (YAML)") from None
    except OSError as error:
        raise CameraFileError(f"{path}: cannot be read ({error.strerror})") from None
    return raw


def _compose(path: Path, raw: bytes) -> yaml.Node:
    try:
        node = yaml.compose(raw.decode("utf-8"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise CameraFileError(f"{path}: got bytes that are no UTF-8 at byte {error.start}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        said = f"no valid YAML: {error.problem or error.context}"
        raise CameraFileError(f"{path}, line {line}: {said}", (), said, line) from None
    except yaml.YAMLError as error:
        raise CameraFileError(f"{path}: no valid YAML: {' '.join(str(error).split())}") from None
    if node is None:
        raise CameraFileError(f"{path}: the file is empty, expected a camera")
    return node


def _plain(path: Path, node: yaml.Node, place: Place, lines: dict[Place, int], depth: int = 0) -> Any:
    """Node to plain values, noting the line of every key; duplicate keys and deep nesting are refused."""
    lines.setdefault(place, node.start_mark.line + 1)
    if len(lines) > LIMIT_VALUES:
        raise _error(path, {}, (), f"got more than {LIMIT_VALUES} values, an alias of aliases perhaps")
    if depth > 12:
        raise _error(path, lines, place, "nested more than 12 deep, or an alias that holds itself")
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            lines[(*place, key)] = key_node.start_mark.line + 1
            if key in mapping:
                raise _error(path, lines, (*place, key), f"the key {key!r} stands here twice")
            mapping[key] = _plain(path, value_node, (*place, key), lines, depth + 1)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(path, child, (*place, i), lines, depth + 1) for i, child in enumerate(node.value)]
    return _scalar(path, node, place, lines)


def _scalar(path: Path, node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    if node.tag == "tag:yaml.org,2002:bool" and str(node.value).lower() not in ("true", "false"):
        return str(node.value)  # `off` is a word here, as in YAML 1.2
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise _error(path, lines, place, f"cannot be understood: {' '.join(str(error).split())}") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise _error(path, lines, place, f"got {value}, expected a finite number")
    return value


def _error(path: Path, lines: dict[Place, int], place: Place, message: str) -> CameraFileError:
    where = place
    while where and where not in lines:
        where = where[:-1]
    name = ".".join(str(part) for part in place)
    line = lines.get(where, 1)
    return CameraFileError(f"{path}, line {line}: {name + ': ' if name else ''}{message}", place, message, line)


def _first_problem(path: Path, lines: dict[Place, int], error: ValidationError) -> CameraFileError:
    problem = error.errors()[0]
    place: Place = tuple(
        part for part in problem["loc"] if not (isinstance(part, str) and part.startswith("function-"))
    )
    if problem["type"] == "extra_forbidden":
        known = _known_keys(place[:-1])
        return _error(path, lines, place, f"unknown key {place[-1]!r}, {nearest(str(place[-1]), known)}")
    if problem["type"] == "missing":
        return _error(path, lines, place, "missing, expected this key")
    message = problem["msg"].removeprefix("Value error, ")
    got = problem.get("input")
    shown = f", got {got!r}" if isinstance(got, str | int | float | bool) and "got " not in message else ""
    return _error(path, lines, place, message + shown)


def _known_keys(place: Place) -> list[str]:
    model: Any = Camera
    for part in place:
        if isinstance(part, int):
            continue
        field = next((f for n, f in model.model_fields.items() if (f.alias or n) == part), None)
        model = _model_in(field.annotation) if field else None
        if model is None:
            return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        model = _model_in(inner)
        if model is not None:
            return model
    return None


def _check_inside_frame(file: CameraFile) -> None:
    camera, size = file.camera, file.camera.frame
    for number, line in enumerate(camera.lines):
        _check_points(file, ("lines", number, "points_px"), line.points_px, size)
    for number, zone in enumerate(camera.zones):
        _check_points(file, ("zones", number, "polygon_px"), zone.polygon_px, size)
    for number, lane in enumerate(camera.lanes):
        _check_points(file, ("lanes", number, "polygon_px"), lane.polygon_px, size)
    for number, signal in enumerate(camera.signals):
        if signal.head_px is not None:
            corners = (PointPx(*signal.head_px[:2]), PointPx(*signal.head_px[2:]))
            _check_points(file, ("signals", number, "head_px"), corners, size)


def _check_points(file: CameraFile, place: Place, points: tuple[PointPx, ...], size: FrameSize) -> None:
    for point in points:
        if not (0 <= point.x <= size.width and 0 <= point.y <= size.height):
            raise file.error(
                place,
                f"got the point [{point.x:g}, {point.y:g}], expected it inside the frame {size.width}×{size.height}",
            )
