"""What is drawn over a case's pictures on demand: lines, lanes, zones and lamps of the sealed camera, and the track.

The pictures themselves stay as they were sealed; everything here is in px of the camera file's frame.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from api.cases.schemas import CaseFile
from api.errors import EvidenceNotFoundError
from api.office import Office
from api.people.sessions import SignedIn
from models.domain.camera import Camera, RuleEntry
from models.domain.geometry import PX_STEPS
from models.domain.manifest import Manifest
from models.sealed_camera import SEALED_CAMERA_NAME, read_sealed_camera

SCENE_NAME = "scene.jsonl"
TRACK_ROWS = 2_000
_TRACK_ID, _BOX = 0, slice(2, 6)

Drawn = dict[str, Any]


def case_drawing(office: Office, person: SignedIn, file: CaseFile) -> Drawn:
    """Shapes and track of one case, from its verified files; what the package does not hold is left out.

    Returns:
        `frame` [width, height]; `shapes` of {kind, name, points, closed}; `track` rows of [captured_at_us, box xyxy].

    Raises:
        StoreUnreachableError, DigestMismatchError, ObjectMissingError
    """
    manifest = file.manifest
    frame = [manifest.camera.frame_width_px, manifest.camera.frame_height_px]
    camera = _read(office, person, file, SEALED_CAMERA_NAME)
    scene = _read(office, person, file, SCENE_NAME)
    shapes = [] if camera is None else list(_shapes(read_sealed_camera(camera, manifest.camera.file_sha256).camera))
    return {"frame": frame, "shapes": shapes, "track": [] if scene is None else list(_track(scene, manifest))}


def _read(office: Office, person: SignedIn, file: CaseFile, name: str) -> bytes | None:
    try:
        return office.cases.evidence(person.actor, file.line.id, name).path.read_bytes()
    except EvidenceNotFoundError:
        return None


def _shapes(camera: Camera) -> Iterator[Drawn]:
    """What the claiming rule speaks of; where it names nothing, everything."""
    named = _named(camera.rules[0]) if camera.rules else frozenset[str]()

    def counts(name: str) -> bool:
        return not named or name in named

    for line in camera.lines:
        if counts(line.id):
            yield _shape("line", line.id, [(point.x, point.y) for point in line.points_px])
    for lane in camera.lanes:
        if counts(lane.id):
            yield _shape("lane", lane.id, [(point.x, point.y) for point in lane.polygon_px], closed=True)
            yield _shape("heading", lane.id, [(point.x, point.y) for point in lane.heading_px])
    for zone in camera.zones:
        if counts(zone.id):
            yield _shape("zone", zone.id, [(point.x, point.y) for point in zone.polygon_px], closed=True)
    for head in camera.signals:
        if counts(head.id) and head.head_px is not None:
            x1, y1, x2, y2 = head.head_px
            yield _shape("lamp", head.id, [(x1, y1), (x2, y1), (x2, y2), (x1, y2)], closed=True)


def _named(entry: RuleEntry) -> frozenset[str]:
    """Every short text of the rule's entry: the names of lines, lanes, zones and lamps are among them."""
    content = entry.model_dump(mode="json", by_alias=True)
    texts: set[str] = set()
    waiting: list[Any] = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            texts.add(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return frozenset(texts)


def _shape(kind: str, name: str, points: list[tuple[float, float]], *, closed: bool = False) -> Drawn:
    rounded = [[round(x, 1), round(y, 1)] for x, y in points]
    return {"kind": kind, "name": name, "points": rounded, "closed": closed}


def _track(scene: bytes, manifest: Manifest) -> Iterator[list[float]]:
    """Where the accused vehicle was in each scene, by capture time; at most `TRACK_ROWS`, the newest."""
    at = manifest.moments[1]
    to_capture_us = at.captured_at_us - at.pts_us
    for raw in scene.splitlines()[-TRACK_ROWS:]:
        try:
            content = json.loads(raw)
            row = next((row for row in content.get("tracks", ()) if row[_TRACK_ID] == manifest.track_id), None)
            if row is not None:
                box = [round(int(side) / PX_STEPS, 1) for side in row[_BOX]]
                yield [int(content["pts_us"]) + to_capture_us, *box]
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            return  # lines that nobody can read draw nothing; the seal says that they are as the worker wrote them
