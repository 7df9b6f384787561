"""Two evidence stores behind one port, read-only: a folder, and any S3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from api.errors import ObjectMissingError, StoreUnreachableError
from api.settings import OfficeSettings
from models.domain.store import StoredObject

CHUNK_BYTES = 1 << 20
CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 15.0
_MISSING_CODES = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "InvalidArgument"})
"""What S3 says when the store is well and the object or its version is not there."""


class EvidenceReader(Protocol):
    """A store that the office may get from, and never put into."""

    def chunks(self, stored: StoredObject) -> Iterator[bytes]:
        """The bytes of one object at its version, unverified.

        Raises:
            ObjectMissingError: the store answers, and has no such object.
            StoreUnreachableError: anything else: try again.
        """
        ...

    def check(self) -> None:
        """Raises StoreUnreachableError unless the store answers."""
        ...


def _check_version(stored: StoredObject) -> None:
    """A version that no store gives names nothing, and must not reach a path or an address."""
    if not re.fullmatch(r"[A-Za-z0-9._~-]{1,200}", stored.version_id):
        raise ObjectMissingError(f"{stored.name}: no store gives such a version")


class FolderReader:
    """Objects at `root/<key>/<version_id>`. A root without `packages/` counts as a store that is down, not as empty:
    an unmounted disk must never refuse a claim."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def check(self) -> None:
        if not self._root.is_dir():
            raise StoreUnreachableError("the store's folder is not there")

    def chunks(self, stored: StoredObject) -> Iterator[bytes]:
        path = self._path(stored)
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            if not (self._root / "packages").is_dir():
                raise StoreUnreachableError("the store's folder has no packages/, is it mounted?") from None
            raise ObjectMissingError(f"{stored.name}: no such object at this version") from None
        except OSError as error:
            raise StoreUnreachableError(f"{stored.name}: cannot be read ({error.strerror})") from None

    def _path(self, stored: StoredObject) -> Path:
        _check_version(stored)
        path = (self._root / stored.key / stored.version_id).resolve()
        if not path.is_relative_to(self._root):
            raise ObjectMissingError(f"{stored.name}: the key leads out of the store")
        return path


class S3Reader:
    """Objects in a versioned bucket. Timeouts are short and nothing is tried twice here: the job does that."""

    def __init__(self, endpoint: str, bucket: str, access_key: str, secret_key: str, *, is_tls: bool) -> None:
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
        pool = urllib3.PoolManager(timeout=timeout, retries=False, maxsize=8)
        self._client = Minio(endpoint, access_key=access_key, secret_key=secret_key, secure=is_tls, http_client=pool)
        self._bucket = bucket

    def check(self) -> None:
        try:
            is_there = self._client.bucket_exists(bucket_name=self._bucket)
        except (MinioException, urllib3.exceptions.HTTPError, ValueError) as error:
            raise StoreUnreachableError(f"the S3 store does not answer ({type(error).__name__})") from None
        if not is_there:
            raise StoreUnreachableError(f"the S3 store has no bucket {self._bucket}")

    def chunks(self, stored: StoredObject) -> Iterator[bytes]:
        _check_version(stored)
        try:
            response = self._client.get_object(
                bucket_name=self._bucket, object_name=stored.key, version_id=stored.version_id
            )
            try:
                yield from response.stream(CHUNK_BYTES)
            finally:
                response.close()
                response.release_conn()
        except S3Error as error:
            if error.code in _MISSING_CODES:
                raise ObjectMissingError(f"{stored.name}: no such object at this version ({error.code})") from None
            raise StoreUnreachableError(f"{stored.name}: the S3 store answered {error.code}") from None
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise StoreUnreachableError(f"{stored.name}: {type(error).__name__}") from None


def open_store(settings: OfficeSettings) -> EvidenceReader:
    """The store that `PHATNGUOI_STORE` names.

    Raises:
        ValueError: it names none, or an S3 without its keys.
    """
    parts = urlsplit(settings.store)
    if parts.scheme == "folder" and parts.path.startswith("/"):
        return FolderReader(Path(unquote(parts.path)))
    if parts.scheme in ("s3", "s3+https") and parts.netloc and parts.path.strip("/"):
        if settings.s3_access_key is None or settings.s3_secret_key is None:
            raise ValueError("an S3 store needs PHATNGUOI_S3_ACCESS_KEY and PHATNGUOI_S3_SECRET_KEY")
        return S3Reader(
            parts.netloc,
            parts.path.strip("/"),
            settings.s3_access_key.get_secret_value(),
            settings.s3_secret_key.get_secret_value(),
            is_tls=parts.scheme == "s3+https",
        )
    raise ValueError("PHATNGUOI_STORE: expected folder:///path, s3://host:port/bucket or s3+https://host:port/bucket")
