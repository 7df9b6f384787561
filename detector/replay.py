"""The decision made again: the stored scene through the named version of the rule, compared bit for bit.

Nothing of the pictures is used. All numbers that a rule sees lie in the package as whole numbers, rules add, subtract,
multiply, divide and take square roots of float64 one by one, so the same program gives the same bits on any machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
from pydantic import ValidationError

from detector.errors import ReplayImpossibleError, SceneLinesError
from detector.evidence.claim import time_of
from detector.evidence.scene_lines import LIMIT_BYTES, read_scene_lines, scenes_left_out
from detector.rulebook import Rulebook, RuleUnknownError, as_listed, rule_of
from models.camera_file import CameraFile, CameraFileError
from models.domain.geometry import PX_STEPS, BoxPx
from models.domain.manifest import MANIFEST_LIMIT_BYTES, Manifest
from models.domain.scene import Scene
from models.domain.violation import Violation, claim_id
from models.sealed_camera import SEALED_CAMERA_NAME, read_sealed_camera

SCENE_NAME = "scene.jsonl"
Decision = dict[str, Any]
"""What was decided: who, what, when, where, with which measurements; whole numbers and strings only."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a replay starts from.

    Attributes:
        scenes_left_out: before the first, for want of room.
    """

    manifest: Manifest
    camera: CameraFile
    scenes: tuple[Scene, ...]
    scenes_left_out: int = 0


@dataclass(frozen=True, slots=True)
class Replay:
    """Both decisions. `found` is None where the rule claims nothing of this vehicle."""

    stored: Decision
    found: Decision | None

    @property
    def is_equal(self) -> bool:
        return self.found is not None and _bytes(self.stored) == _bytes(self.found)

    @property
    def stored_sha256(self) -> str:
        return hashlib.sha256(_bytes(self.stored)).hexdigest()

    def differences(self) -> list[str]:
        """One line for each part that differs, both sides."""
        if self.found is None:
            return ["got no claim of this vehicle, expected the stored one"]
        return [
            f"{name}: got {self.found[name]}, expected {self.stored[name]}"
            for name in self.stored
            if self.found[name] != self.stored[name]
        ]


def read_recorded(folder: Path) -> Recorded:
    """The manifest of a package, and the two files that decide, compared with it.

    Raises:
        ReplayImpossibleError: one of them is absent, damaged or no such file.
    """
    try:
        manifest = Manifest.model_validate_json(_read(folder / "manifest.json", MANIFEST_LIMIT_BYTES))
        camera = read_sealed_camera(_sealed(folder, manifest, SEALED_CAMERA_NAME), manifest.camera.file_sha256)
        raw = _sealed(folder, manifest, SCENE_NAME)
        return Recorded(manifest, camera, tuple(read_scene_lines(raw)), scenes_left_out(raw))
    except ValidationError as error:
        raise ReplayImpossibleError(f"manifest.json: got {error.error_count()} parts that no manifest has") from None
    except (CameraFileError, SceneLinesError) as error:
        raise ReplayImpossibleError(str(error)) from None


def replay(recorded: Recorded, *, camera: CameraFile | None = None, version: int | None = None) -> Replay:
    """Shows the stored scenes to the rule, and compares what it claims with what the manifest says.

    Args:
        recorded: of one package.
        camera: another camera file than the sealed one, to ask what would become of the claim.
        version: another version of the rule.

    Raises:
        ReplayImpossibleError: the rule or its version is not there, or the camera cannot serve it.
    """
    manifest, file = recorded.manifest, camera or recorded.camera
    try:
        rule = rule_of(manifest.rule, manifest.software.rule_version if version is None else version)
        book = Rulebook(file, is_recording=True, rules={manifest.rule: rule}, about=manifest.track_id)
    except (RuleUnknownError, CameraFileError) as error:
        raise ReplayImpossibleError(str(error)) from None
    stored = stored_decision(manifest)
    found: Decision | None = None
    for scene in recorded.scenes:
        for violation, _ in book.observe(scene):
            if found is None or found != stored:
                found = _found_decision(violation, recorded, file)
    return Replay(stored, found)


def stored_decision(manifest: Manifest) -> Decision:
    """The part of the manifest that the rule decided."""
    signal = manifest.signal
    return {
        "id": manifest.id,
        "rule": manifest.rule,
        "rule_version": manifest.software.rule_version,
        "act_code": manifest.act_code,
        "vehicle": manifest.vehicle,
        "track_id": manifest.track_id,
        "frame_index": manifest.frame_index,
        "occurred_at_us": manifest.occurred_at_us,
        "point_px16": list(manifest.point_px16),
        "measurements": dict(manifest.measurements),
        "moments": [[each.name, each.frame_index, each.pts_us, list(each.box_px16)] for each in manifest.moments],
        "signal": None if signal is None else _lamp(signal),
    }


def _found_decision(violation: Violation, recorded: Recorded, file: CameraFile) -> Decision:
    manifest = recorded.manifest
    clock_us = manifest.moments[0].captured_at_us - manifest.moments[0].pts_us  # the same for the whole connection
    occurred_at_us = violation.pts_us + clock_us
    captured_at = time_of(occurred_at_us)
    listed = as_listed(violation, recorded.camera.camera, captured_at)
    at_act = (scene for scene in recorded.scenes if scene.frame_index == listed.frame_index)
    signal = next((scene.signals.get(listed.signal_id or "") for scene in at_act), None)
    return {
        "id": claim_id(recorded.camera.camera.id, listed.rule, file.sha256, captured_at, listed.point),
        "rule": listed.rule,
        "rule_version": listed.rule_version,
        "act_code": listed.act_code,
        "vehicle": listed.vehicle,
        "track_id": listed.track_id,
        "frame_index": listed.frame_index,
        "occurred_at_us": occurred_at_us,
        "point_px16": [_px16(listed.point.x), _px16(listed.point.y)],
        "measurements": dict(listed.measurements),
        "moments": [[each.name, each.frame_index, each.pts_us, _box(each.box)] for each in listed.moments],
        "signal": None if signal is None else _lamp(signal),
    }


def _lamp(signal: Any) -> list[Any]:
    """Of a `SealedSignal` or a `SignalReading`: they have these names in common."""
    return [
        signal.signal_id,
        signal.state,
        signal.held_since_us,
        signal.onset_us,
        signal.uncertainty_us,
        signal.amber_us,
    ]


def _px16(value_px: float) -> int:
    return round(value_px * PX_STEPS)


def _box(box: BoxPx) -> list[int]:
    return [_px16(value) for value in (box.x1, box.y1, box.x2, box.y2)]


def _bytes(decision: Decision) -> bytes:
    return rfc8785.dumps(decision)


def _sealed(folder: Path, manifest: Manifest, name: str) -> bytes:
    """One file of the package, as it was sealed."""
    file = next((file for file in manifest.files if file.name == name), None)
    if file is None:
        raise ReplayImpossibleError(f"{name}: the package was sealed without it")
    body = _read(folder / name, LIMIT_BYTES)
    got = hashlib.sha256(body).hexdigest()
    if got != file.sha256:
        raise ReplayImpossibleError(f"{name}: got SHA-256 {got[:16]}…, expected {file.sha256[:16]}…")
    return body


def _read(path: Path, limit_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(limit_bytes + 1)
    except OSError as error:
        raise ReplayImpossibleError(f"{path.name}: cannot be read ({error.strerror})") from None
    if len(body) > limit_bytes:
        raise ReplayImpossibleError(f"{path.name}: got more than {limit_bytes} bytes")
    return body
