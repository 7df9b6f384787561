"""Any S3 as evidence store, by the `minio` client. The bucket must keep versions."""

from __future__ import annotations

import hashlib
from pathlib import Path

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED
from minio.error import MinioException, S3Error

from detector.errors import (
    DigestMismatchError,
    StoreError,
    StoreKeyTakenError,
    StoreRefusedError,
    StoreUnreachableError,
)
from models.domain.store import StoredObject

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 20.0
ONE_PUT_BYTES = 256 * 1024 * 1024
"""Larger files go up in parts; a killed upload of parts leaves an orphan that the bucket's lifecycle rule removes."""
_CHUNK_BYTES = 1 << 20
_REFUSALS = frozenset(
    {
        "AccessDenied",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "NoSuchBucket",
        "InvalidBucketName",
        "AllAccessDisabled",
    }
)
_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchObject"})
_CONTENT_TYPES = {".jpg": "image/jpeg", ".mp4": "video/mp4", ".json": "application/json", ".jsonl": "application/jsonl"}


class S3Store:
    """One versioned bucket. Nothing is tried twice here: the publisher does that, with growing waits."""

    def __init__(self, endpoint: str, bucket: str, access_key: str, secret_key: str, *, is_tls: bool) -> None:
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
        pool = urllib3.PoolManager(timeout=timeout, retries=False, maxsize=4)
        self._client = Minio(endpoint, access_key=access_key, secret_key=secret_key, secure=is_tls, http_client=pool)
        self._bucket = bucket

    def check(self) -> None:
        """See `EvidenceStore.check`."""
        try:
            versioning = self._client.get_bucket_versioning(bucket_name=self._bucket)
        except (MinioException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise _told("versioning", error) from None
        if versioning.status != ENABLED:
            raise StoreRefusedError(
                f"bucket {self._bucket}: got versioning {versioning.status or 'Off'}, expected {ENABLED}"
            )

    def put(self, key: str, path: Path, sha256: str) -> StoredObject:
        """See `EvidenceStore.put`. What was stored is read back at its version and compared."""
        try:
            self._check_key_is_new(key)
            length_bytes = path.stat().st_size
            with path.open("rb") as file:
                written = self._client.put_object(
                    bucket_name=self._bucket,
                    object_name=key,
                    data=file,
                    length=length_bytes,
                    content_type=_CONTENT_TYPES.get(path.suffix, "application/octet-stream"),
                    part_size=ONE_PUT_BYTES,
                )
            if not written.version_id:
                raise StoreRefusedError(
                    f"bucket {self._bucket}: got no version for a new object, expected versioning on"
                )
            self._compare(key, written.version_id, sha256)
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _told(path.name, error) from None
        return StoredObject(
            name=path.name, key=key, version_id=written.version_id, sha256=sha256, length_bytes=length_bytes
        )

    def _check_key_is_new(self, key: str) -> None:
        try:
            self._client.stat_object(bucket_name=self._bucket, object_name=key)
        except S3Error as error:
            if error.code in _ABSENT:
                return
            raise
        raise StoreKeyTakenError(f"{key}: got a key that was used before, expected a new one")

    def _compare(self, key: str, version_id: str, sha256: str) -> None:
        digest = hashlib.sha256()
        response = self._client.get_object(bucket_name=self._bucket, object_name=key, version_id=version_id)
        try:
            for chunk in response.stream(_CHUNK_BYTES):
                digest.update(chunk)
        finally:
            response.close()
            response.release_conn()
        if digest.hexdigest() != sha256:
            raise DigestMismatchError(
                f"{key}: got SHA-256 {digest.hexdigest()[:16]}… in the store, expected {sha256[:16]}…"
            )


def _told(what: str, error: Exception) -> StoreError:
    """The error in the worker's words. Never the store's own text: it may hold keys."""
    if isinstance(error, S3Error):
        kind = StoreRefusedError if error.code in _REFUSALS else StoreUnreachableError
        return kind(f"{what}: the S3 store answered {error.code}")
    return StoreUnreachableError(f"{what}: the S3 store does not answer ({type(error).__name__})")
