"""Where an evidence object lies, as the worker says and the office checks."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ObjectKey = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][A-Za-z0-9._/-]{1,400}$")]


class StoredObject(BaseModel):
    """One object at one version. Keys are never used again; a version never changes.

    In S3, `version_id` is the bucket's. In a folder the bytes lie at `root/<key>/<version_id>`, and `version_id` is the
    first 32 characters of their SHA-256.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+\.[a-z0-9]+$", max_length=64)]
    key: ObjectKey
    version_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    sha256: Sha256
    length_bytes: Annotated[int, Field(gt=0, lt=2**40)]


def object_key(camera_id: str, day: str, claim_id: str, attempt: str, name: str) -> str:
    """`packages/<camera>/<yyyy-mm-dd>/<claim>/<attempt>/<name>`; a new attempt never writes over an older one."""
    return f"packages/{camera_id}/{day}/{claim_id}/{attempt}/{name}"
