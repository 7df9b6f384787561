"""Reads the evidence store; verifies before it shows. The office may only get, never put."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.responses import FileResponse


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """A local copy whose SHA-256 was checked."""

    path: Path
    name: str
    media_type: str
    sha256: str
    length_bytes: int


class VerifiedFiles:
    """Verified local copies of evidence objects."""


def file_response(file: VerifiedFile) -> FileResponse:
    """The file with HTTP Range (206, 416), never cached by anybody between. FastAPI endpoints return it as it is."""
    return FileResponse(
        file.path,
        media_type=file.media_type,
        headers={
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
