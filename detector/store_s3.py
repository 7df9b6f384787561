"""Any S3 as evidence store, by the `minio` client. The bucket must keep versions."""

from __future__ import annotations

import base64
import hashlib
import logging
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import urllib3
from minio import Minio
from minio.commonconfig import COMPLIANCE, ENABLED
from minio.error import MinioException, S3Error
from minio.retention import Retention

from detector.errors import (
    DigestMismatchError,
    StoreError,
    StoreRefusedError,
    StoreUnreachableError,
)
from models.domain.retention import LEAST_DAYS
from models.domain.store import StoredObject

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 20.0
_log = logging.getLogger("phatnguoi.store")
SMALLEST_PART_BYTES = 5 * 1024 * 1024
"""Of the protocol. Everything goes up in one part: a killed upload leaves nothing behind."""
LOCKED_FOR = timedelta(days=LEAST_DAYS)
"""Nobody can delete an object earlier, not even the store's owner; the keeper makes it longer where a case is open."""
_NO_LOCK = frozenset(
    {"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration", "NotImplemented", "AccessDenied"}
)
"""There is none, or it is not the worker's to ask for: the bucket's own rule and the keeper lock then."""
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
_DAMAGED = frozenset({"BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch", "InvalidDigest"})
_CONTENT_TYPES = {".jpg": "image/jpeg", ".mp4": "video/mp4", ".json": "application/json", ".jsonl": "application/jsonl"}


class S3Store:
    """One versioned bucket. Nothing is tried twice here: the publisher does that, with growing waits."""

    def __init__(self, endpoint: str, bucket: str, access_key: str, secret_key: str, *, is_tls: bool) -> None:
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
        pool = urllib3.PoolManager(timeout=timeout, retries=False, maxsize=4)
        self._client = Minio(endpoint, access_key=access_key, secret_key=secret_key, secure=is_tls, http_client=pool)
        self._bucket = bucket
        self._has_lock = False

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
        self._has_lock = self._is_lockable()
        if not self._has_lock:
            _log.error(
                "uploads are not locked by the worker: the bucket's own rule must do it", extra={"bucket": self._bucket}
            )

    def _is_lockable(self) -> bool:
        """The bucket was made with object lock, and may be asked."""
        try:
            self._client.get_object_lock_config(bucket_name=self._bucket)
        except S3Error as error:
            if error.code in _NO_LOCK:
                return False
            raise _told("object lock", error) from None
        except (MinioException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise _told("object lock", error) from None
        return True

    def put(self, key: str, path: Path, sha256: str) -> StoredObject:
        """See `EvidenceStore.put`. One PUT, whose SHA-256 the store compares before it answers.

        The worker has no right to read, so nobody asks whether the key is new: its attempt is 64 bits of chance, and a
        version never changes.
        """
        try:
            body = path.read_bytes()
            digest = hashlib.sha256(body)
            if digest.hexdigest() != sha256:
                raise DigestMismatchError(f"{path.name}: got other bytes than those of SHA-256 {sha256[:16]}…")
            written = self._client.put_object(
                bucket_name=self._bucket,
                object_name=key,
                data=BytesIO(body),
                length=len(body),
                content_type=_CONTENT_TYPES.get(path.suffix, "application/octet-stream"),
                metadata={"x-amz-checksum-sha256": base64.b64encode(digest.digest()).decode()},
                part_size=max(len(body), SMALLEST_PART_BYTES),
                retention=Retention(COMPLIANCE, datetime.now(UTC) + LOCKED_FOR) if self._has_lock else None,
            )
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _told(path.name, error) from None
        if not written.version_id:
            raise StoreRefusedError(f"bucket {self._bucket}: got an object without version, expected versioning")
        return StoredObject(
            name=path.name, key=key, version_id=written.version_id, sha256=sha256, length_bytes=len(body)
        )


def _told(what: str, error: Exception) -> StoreError:
    """The error in the worker's words. Never the store's own text: it may hold keys."""
    if isinstance(error, S3Error):
        if error.code in _DAMAGED:
            return DigestMismatchError(f"{what}: the S3 store got other bytes than were sent ({error.code})")
        kind = StoreRefusedError if error.code in _REFUSALS else StoreUnreachableError
        return kind(f"{what}: the S3 store answered {error.code}")
    return StoreUnreachableError(f"{what}: the S3 store does not answer ({type(error).__name__})")
