"""`camera.json`: what a package keeps of the camera file, so that the decision can be made again. Never the source.

One rule entry is kept, the one that claimed. The bytes are ordered JSON; numbers come back as they were.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from models.camera_file import LIMIT_BYTES, CameraFile, CameraFileError
from models.domain.camera import Camera, RuleEntry

SEALED_CAMERA_NAME = "camera.json"
SEALED_SOURCE = "sealed"
"""Stands where the address of the stream stood."""


def sealed_camera_json(camera: Camera, entry: RuleEntry) -> bytes:
    """Geometry, site and the entry of one rule; the same camera gives the same bytes."""
    kept = camera.model_copy(update={"source": SEALED_SOURCE, "rules": (entry,)})
    content = kept.model_dump(mode="json", by_alias=True)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read_sealed_camera(raw: bytes, file_sha256: str) -> CameraFile:
    """The camera as it was when the claim was made.

    Args:
        raw: bytes of camera.json.
        file_sha256: of the camera file in force, as the manifest names it.

    Raises:
        CameraFileError: these bytes are no camera.
    """
    if len(raw) > LIMIT_BYTES:
        raise CameraFileError(f"{SEALED_CAMERA_NAME}: got {len(raw)} bytes, expected at most {LIMIT_BYTES}")
    try:
        camera = Camera.model_validate_json(raw)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise CameraFileError(f"{SEALED_CAMERA_NAME}: {place or 'camera'}: {problem['msg']}") from None
    return CameraFile(Path(SEALED_CAMERA_NAME), file_sha256, camera, {})
