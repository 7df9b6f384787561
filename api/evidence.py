"""Reads the evidence store; verifies before it shows. The office may only get, never put."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from starlette.responses import FileResponse

from api.errors import DigestMismatchError, LengthMismatchError
from api.store import EvidenceReader
from models.domain.store import StoredObject

MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "mp4": "video/mp4",
    "json": "application/json",
    "jsonl": "application/jsonl",
}
"""By the ending of the name, never by what the worker says: nothing that a browser would run is ever served."""


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """A local copy whose SHA-256 was checked."""

    path: Path
    name: str
    media_type: str
    sha256: str
    length_bytes: int


def media_type(name: str) -> str:
    return MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")


def verified_chunks(reader: EvidenceReader, stored: StoredObject) -> Iterator[bytes]:
    """The object's bytes; only when the iterator has ended are they verified.

    Raises:
        LengthMismatchError, DigestMismatchError: these are not the bytes that were sealed.
        ObjectMissingError, StoreUnreachableError: as the store says.
    """
    digest, length = hashlib.sha256(), 0
    with closing(cast("Generator[bytes]", reader.chunks(stored))) as chunks:
        for chunk in chunks:
            length += len(chunk)
            if length > stored.length_bytes:
                raise LengthMismatchError(f"{stored.name}: got more than the {stored.length_bytes} bytes expected")
            digest.update(chunk)
            yield chunk
    if length != stored.length_bytes:
        raise LengthMismatchError(f"{stored.name}: got {length} bytes, expected {stored.length_bytes}")
    if digest.hexdigest() != stored.sha256:
        raise DigestMismatchError(
            f"{stored.name}: got SHA-256 {digest.hexdigest()[:16]}…, expected {stored.sha256[:16]}…"
        )


class VerifiedFiles:
    """Verified local copies of evidence objects, named by their SHA-256, the least recently used thrown out first."""

    def __init__(self, reader: EvidenceReader, folder: Path, limit_bytes: int) -> None:
        self.reader = reader
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._seen: dict[str, tuple[int, int, int]] = {}
        self._lock = threading.Lock()

    def fetch(self, stored: StoredObject) -> VerifiedFile:
        """The verified local copy; fetched now if it is not there.

        Raises:
            LengthMismatchError, DigestMismatchError, ObjectMissingError, StoreUnreachableError
        """
        path = self._folder / stored.sha256[:2] / stored.sha256
        if not (self._is_good(path, stored) and self._touch(path, stored)):
            self._download(path, stored)
        return VerifiedFile(path, stored.name, media_type(stored.name), stored.sha256, stored.length_bytes)

    def _is_good(self, path: Path, stored: StoredObject) -> bool:
        """Hashes a copy that this process has not hashed, or that changed since."""
        try:
            if self._seen.get(stored.sha256) == _fingerprint(path):
                return True
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == stored.sha256
        except FileNotFoundError:
            return False

    def _touch(self, path: Path, stored: StoredObject) -> bool:
        """Notes the use of a good copy; False: it was thrown out this very moment."""
        try:
            os.utime(path)
            self._remember(path, stored)
        except FileNotFoundError:
            return False
        return True

    def _remember(self, path: Path, stored: StoredObject) -> None:
        self._seen[stored.sha256] = _fingerprint(path)

    def _download(self, path: Path, stored: StoredObject) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
        try:
            with partial.open("xb") as file:
                for chunk in verified_chunks(self.reader, stored):
                    file.write(chunk)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another thread made room this very moment
            self._remember(path, stored)
        self._make_room(keep=path)

    def _make_room(self, keep: Path) -> None:
        with self._lock:
            files = sorted(_sizes(self._folder))
            total = sum(size for _, size, _ in files)
            for _, size, path in files:
                if total <= self._limit_bytes:
                    return
                if path != keep:
                    path.unlink(missing_ok=True)
                    total -= size


def _sizes(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """Time of last use, size and path of each copy. Others come and go meanwhile; a file under way is not a copy."""
    for path in folder.glob("??/*"):
        if path.suffix != ".part":
            with contextlib.suppress(FileNotFoundError):
                stat = path.stat()
                yield stat.st_mtime_ns, stat.st_size, path


def _fingerprint(path: Path) -> tuple[int, int, int]:
    """Inode, size and time of the last change of the *content's inode*; `utime` alone must not look like a change."""
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


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
