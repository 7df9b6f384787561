"""The evidence store as the keeper sees it: locks, legal holds, deletion."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import MinioException, S3Error
from minio.retention import Retention

from api.errors import ObjectLockedError, StoreUnreachableError
from api.store import CONNECT_TIMEOUT_S, READ_TIMEOUT_S
from models.domain.retention import LEAST_DAYS
from models.domain.store import StoredObject

_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchObject"})
_LOCKED = frozenset({"AccessDenied", "ObjectLocked", "InvalidRequest"})


class KeeperStore(Protocol):
    """What may be done to stored objects. Every call may be made again: nothing changes the second time."""

    def lock(self, stored: StoredObject, until: datetime) -> None:
        """Nobody can delete this version before then. A lock is never shortened.

        Raises:
            StoreUnreachableError
        """

    def hold(self, stored: StoredObject, *, on: bool) -> None:
        """A legal hold, which no date ends. Raises StoreUnreachableError."""

    def delete(self, stored: StoredObject) -> None:
        """Removes this version; returns too where it is gone already.

        Raises:
            ObjectLockedError: it is locked or held: nothing was removed.
            StoreUnreachableError
        """


class FolderKeeper:
    """Objects in a folder, which knows no locks: files are write-protected, and none goes before its 30 days.

    A hold is a file beside the object.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def lock(self, stored: StoredObject, until: datetime) -> None:
        with self._at(stored) as path:
            path.chmod(stat.S_IRUSR | stat.S_IRGRP)

    def hold(self, stored: StoredObject, *, on: bool) -> None:
        with self._at(stored) as path:
            mark = path.with_name(f"{path.name}.held")
            if on:
                mark.touch()
            else:
                mark.unlink(missing_ok=True)

    def delete(self, stored: StoredObject) -> None:
        with self._at(stored) as path:
            if path.with_name(f"{path.name}.held").exists():
                raise ObjectLockedError(f"{stored.name}: got a legal hold, expected none")
            with contextlib.suppress(FileNotFoundError):
                uploaded = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                if datetime.now(UTC) - uploaded < timedelta(days=LEAST_DAYS):
                    raise ObjectLockedError(
                        f"{stored.name}: got an object of {uploaded:%Y-%m-%d}, expected an older one"
                    )
                path.unlink()
                path.parent.rmdir()

    @contextmanager
    def _at(self, stored: StoredObject) -> Iterator[Path]:
        path = (self._root / stored.key / stored.version_id).resolve()
        if not (self._root / "packages").is_dir() or not path.is_relative_to(self._root):
            raise StoreUnreachableError("the store's folder has no packages/, is it mounted?")
        try:
            yield path
        except FileNotFoundError:
            return  # deleted already
        except OSError as error:
            raise StoreUnreachableError(f"{stored.name}: {error.strerror}") from None


class S3Keeper:
    """Objects in a bucket that was made with object lock."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def lock(self, stored: StoredObject, until: datetime) -> None:
        with _told(stored):
            self._client.set_object_retention(
                bucket_name=self._bucket, object_name=stored.key, config=Retention(COMPLIANCE, until),
                version_id=stored.version_id,
            )  # fmt: skip

    def hold(self, stored: StoredObject, *, on: bool) -> None:
        change = self._client.enable_object_legal_hold if on else self._client.disable_object_legal_hold
        with _told(stored):
            change(bucket_name=self._bucket, object_name=stored.key, version_id=stored.version_id)

    def delete(self, stored: StoredObject) -> None:
        with _told(stored, deleting=True):
            self._client.remove_object(bucket_name=self._bucket, object_name=stored.key, version_id=stored.version_id)


@contextmanager
def _told(stored: StoredObject, *, deleting: bool = False) -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code in _GONE:
            return
        if deleting and error.code in _LOCKED:
            raise ObjectLockedError(f"{stored.name}: the store answered {error.code}: locked or held") from None
        raise StoreUnreachableError(f"{stored.name}: the S3 store answered {error.code}") from None
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        raise StoreUnreachableError(f"{stored.name}: {type(error).__name__}") from None


def open_keeper_store(address: str, access_key: str | None, secret_key: str | None) -> KeeperStore:
    """The store that `PHATNGUOI_STORE` names, with the keeper's own credential.

    Raises:
        ValueError: it names none, or an S3 without its keys.
    """
    parts = urlsplit(address)
    if parts.scheme == "folder" and parts.path.startswith("/"):
        return FolderKeeper(Path(unquote(parts.path)))
    if parts.scheme in ("s3", "s3+https") and parts.netloc and parts.path.strip("/"):
        if not access_key or not secret_key:
            raise ValueError("an S3 store needs PHATNGUOI_KEEPER_ACCESS_KEY and PHATNGUOI_KEEPER_SECRET_KEY")
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
        pool = urllib3.PoolManager(timeout=timeout, retries=False, maxsize=2)
        secure = parts.scheme == "s3+https"
        client = Minio(parts.netloc, access_key=access_key, secret_key=secret_key, secure=secure, http_client=pool)
        return S3Keeper(client, parts.path.strip("/"))
    raise ValueError("PHATNGUOI_STORE: expected folder:///path, s3://host:port/bucket or s3+https://host:port/bucket")
