"""The evidence store as the worker sees it: it may only put, under keys that are never used again."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from detector.errors import (
    DigestMismatchError,
    SettingsError,
    StoreKeyTakenError,
    StoreUnreachableError,
)
from detector.evidence.package import digest_of
from detector.store_s3 import S3Store
from models.domain.store import StoredObject

FOLDER_VERSION_CHARACTERS = 32
LEFTOVERS_KEPT_S = 3600.0
_STORE_FORMS = "folder:///path, s3://host:port/bucket or s3+https://host:port/bucket"


class EvidenceStore(Protocol):
    """Where sealed files go."""

    def check(self) -> None:
        """Returns when the store is there and keeps versions.

        Raises:
            StoreUnreachableError: try again later.
            StoreRefusedError: a person must act.
        """

    def put(self, key: str, path: Path, sha256: str) -> StoredObject:
        """Stores a file; on return its bytes are there to stay, and were compared.

        Raises:
            StoreUnreachableError: try again later, under a new key.
            StoreRefusedError: a person must act.
            StoreKeyTakenError: the key was used before.
            DigestMismatchError: the file, or what was stored, does not have this SHA-256.
        """


class FolderStore:
    """Objects at `root/<key>/<version_id>`; `version_id` is the first 32 characters of their SHA-256."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def prepare(self) -> None:
        """Makes the folder for the first time. Never done by itself: a disk that is not mounted must not be written
        around."""
        (self._root / "packages").mkdir(parents=True, exist_ok=True)

    def check(self) -> None:
        """See `EvidenceStore.check`."""
        if not (self._root / "packages").is_dir():
            raise StoreUnreachableError("the store's folder has no packages/: is it mounted?")
        self._sweep()

    def put(self, key: str, path: Path, sha256: str) -> StoredObject:
        """See `EvidenceStore.put`. The object appears whole or not at all."""
        if not (self._root / "packages").is_dir():
            raise StoreUnreachableError("the store's folder has no packages/: is it mounted?")
        target_folder = self._root / key
        version_id = sha256[:FOLDER_VERSION_CHARACTERS]
        part = self._root / "packages" / f".part-{secrets.token_hex(12)}"
        try:
            _copy(path, part)
            if digest_of(part) != sha256:
                raise DigestMismatchError(f"{path.name}: got other bytes than those of SHA-256 {sha256[:16]}…")
            _make_folders(target_folder, self._root)
            os.link(part, target_folder / version_id)
            _sync(target_folder)
        except FileExistsError:
            raise StoreKeyTakenError(f"{key}: got a key that was used before, expected a new one") from None
        except OSError as error:
            raise StoreUnreachableError(f"{path.name}: cannot be stored ({error.strerror})") from None
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return StoredObject(
            name=path.name, key=key, version_id=version_id, sha256=sha256, length_bytes=path.stat().st_size
        )

    def _sweep(self) -> None:
        """Removes what killed processes left half copied, an hour later."""
        old_s = time.time() - LEFTOVERS_KEPT_S
        for part in (self._root / "packages").glob(".part-*"):
            with suppress(OSError):
                if part.stat().st_mtime < old_s:
                    part.unlink()


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reading, target.open("xb") as writing:
        while chunk := reading.read(1 << 20):
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())


def _make_folders(folder: Path, root: Path) -> None:
    """The folder of one key, which must be new; each new name reaches the disk."""
    missing = [folder]
    while not missing[-1].parent.is_dir() and missing[-1].parent != root:
        missing.append(missing[-1].parent)
    for each in reversed(missing):
        each.mkdir(exist_ok=each != folder)
        _sync(each.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_store(address: str, access_key: str | None = None, secret_key: str | None = None) -> EvidenceStore:
    """The store that `PHATNGUOI_STORE` names.

    Raises:
        SettingsError: it names none, or an S3 without its keys.
    """
    parts = urlsplit(address)
    if parts.scheme == "folder" and parts.path.startswith("/") and not parts.netloc:
        return FolderStore(Path(unquote(parts.path)))
    bucket = parts.path.strip("/")
    if parts.scheme in ("s3", "s3+https") and parts.hostname and bucket and "@" not in parts.netloc:
        if not access_key or not secret_key:
            raise SettingsError("PHATNGUOI_STORE: got S3 without PHATNGUOI_S3_ACCESS_KEY and PHATNGUOI_S3_SECRET_KEY")
        return S3Store(parts.netloc, bucket, access_key, secret_key, is_tls=parts.scheme == "s3+https")
    raise SettingsError(f"PHATNGUOI_STORE: got the kind {parts.scheme!r}, expected {_STORE_FORMS}")
