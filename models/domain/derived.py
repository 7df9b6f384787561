"""The derived manifest: what a worker made from sealed files for other eyes, blurred, each naming its original."""

from __future__ import annotations

from typing import Annotated, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from models.domain.manifest import Count
from models.domain.store import Sha256

DERIVED_NAME = "derived.json"
DERIVED_ENVELOPE_NAME = "derived_dsse.json"
DERIVED_LIMIT_BYTES = 65_536
FileName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+\.[a-z0-9]+$", max_length=64)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DerivedFile(_Value):
    """One file that was made from a sealed one.

    Attributes:
        original: name of the sealed file.
        original_sha256: of its bytes, as the manifest has it.
        method: what was done, in a word with a version: `redacted-v1`.
    """

    name: FileName
    media_type: str
    sha256: Sha256
    length_bytes: Count
    original: FileName
    original_sha256: Sha256
    method: str


class DerivedManifest(_Value):
    """Signed by the worker in `derived_dsse.json`, as the manifest is in `manifest_dsse.json`.

    Attributes:
        id: of the claim.
        manifest_sha256: of the sealed manifest whose files these were made from.
    """

    schema_version: Literal[1] = 1
    id: str
    manifest_sha256: Sha256
    files: Annotated[tuple[DerivedFile, ...], Field(max_length=32)]

    def canonical(self) -> bytes:
        """RFC 8785 bytes: these are signed."""
        return rfc8785.dumps(self.model_dump(mode="json"))
