"""A store takes a file once, whole, under a new key, and says the truth about what it holds."""

from __future__ import annotations

import hashlib
import os
import time
from io import BytesIO
from pathlib import Path

import pytest

from detector.errors import (
    DigestMismatchError,
    SettingsError,
    StoreKeyTakenError,
    StoreRefusedError,
    StoreUnreachableError,
)
from detector.store import EvidenceStore, FolderStore, open_store
from detector.store_s3 import S3Store
from models.domain.store import object_key
from tests.conftest import S3Bucket
from tests.servers import S3Server, free_port

BODY = b"whole " * 1000
SHA256 = hashlib.sha256(BODY).hexdigest()
KEY = object_key("hn-ltk-hb", "2026-11-20", "a" * 26, "0123456789abcdef", "b_at.jpg")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "b_at.jpg"
    path.write_bytes(BODY)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "store")
    store.prepare()
    return store


def _s3(bucket: S3Bucket, *, secret: str | None = None, name: str | None = None) -> S3Store:
    server = bucket.server
    return S3Store(server.endpoint, name or bucket.name, server.access_key, secret or server.secret_key, is_tls=False)


def test_the_bytes_lie_where_the_office_looks(folder: FolderStore, picture: Path, tmp_path: Path) -> None:
    stored = folder.put(KEY, picture, SHA256)
    assert (tmp_path / "store" / stored.key / stored.version_id).read_bytes() == BODY
    assert stored.version_id == SHA256[:32]
    assert (stored.name, stored.sha256, stored.length_bytes) == ("b_at.jpg", SHA256, len(BODY))


def test_a_key_is_never_used_again(folder: FolderStore, picture: Path, tmp_path: Path) -> None:
    stored = folder.put(KEY, picture, SHA256)
    picture.write_bytes(b"other")
    with pytest.raises(StoreKeyTakenError, match="used before"):
        folder.put(KEY, picture, hashlib.sha256(b"other").hexdigest())
    assert (tmp_path / "store" / KEY / stored.version_id).read_bytes() == BODY


def test_other_bytes_than_sealed_are_never_stored(folder: FolderStore, picture: Path, tmp_path: Path) -> None:
    with pytest.raises(DigestMismatchError, match="got other bytes"):
        folder.put(KEY, picture, "0" * 64)
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_a_disk_that_is_not_mounted_is_not_written_around(picture: Path, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    with pytest.raises(StoreUnreachableError, match="is it mounted"):
        store.check()
    with pytest.raises(StoreUnreachableError, match="is it mounted"):
        store.put(KEY, picture, SHA256)
    assert not (tmp_path / "store").exists()


def test_what_a_killed_process_left_half_copied_is_removed_later(folder: FolderStore, tmp_path: Path) -> None:
    old, young = tmp_path / "store/packages/.part-old", tmp_path / "store/packages/.part-young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    folder.check()
    assert not old.exists()
    assert young.exists()


@pytest.mark.parametrize(
    "address",
    ["", "folder://relative", "folder:path", "s3://host", "s3://key:secret@host/bucket", "ftp://host/x", "/path"],
)
def test_an_address_of_no_store_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(SettingsError, match="expected folder:///path") as caught:
        open_store(address, "key", "secret")
    assert "secret" not in str(caught.value)


def test_s3_needs_its_keys(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="without PHATNGUOI_S3_ACCESS_KEY"):
        open_store("s3://127.0.0.1:9000/evidence")
    assert isinstance(open_store(f"folder://{tmp_path}"), FolderStore)
    assert isinstance(open_store("s3+https://127.0.0.1:9000/evidence", "key", "secret"), S3Store)


def test_a_dead_s3_is_unreachable_and_soon_said_so(picture: Path) -> None:
    store = S3Store(f"127.0.0.1:{free_port()}", "evidence", "key", "secret-of-mine", is_tls=False)
    begin_s = time.monotonic()
    for step in (store.check, lambda: store.put(KEY, picture, SHA256)):
        with pytest.raises(StoreUnreachableError, match="does not answer") as caught:
            step()
        assert "secret-of-mine" not in str(caught.value)
    assert time.monotonic() - begin_s < 5


@pytest.mark.server
def test_s3_keeps_the_object_at_its_version(s3_bucket: S3Bucket, picture: Path) -> None:
    store: EvidenceStore = _s3(s3_bucket)
    store.check()
    stored = store.put(KEY, picture, SHA256)
    answer = s3_bucket.server.client().get_object(s3_bucket.name, stored.key, version_id=stored.version_id)
    with answer:
        assert answer.data == BODY
    with pytest.raises(DigestMismatchError, match="got other bytes"):
        store.put(KEY + "2", picture, "0" * 64)


@pytest.mark.server
def test_s3_refuses_bytes_that_changed_on_the_way(
    s3_bucket: S3Bucket, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detector.store_s3.BytesIO", lambda body: BytesIO(b"W" + body[1:]))
    with pytest.raises(DigestMismatchError, match="got other bytes than were sent"):
        _s3(s3_bucket).put(KEY, picture, SHA256)


@pytest.mark.server
def test_s3_that_says_no_needs_a_person(s3_bucket: S3Bucket, picture: Path) -> None:
    with pytest.raises(StoreRefusedError, match="SignatureDoesNotMatch"):
        _s3(s3_bucket, secret="wrong").put(KEY, picture, SHA256)
    with pytest.raises(StoreRefusedError, match="NoSuchBucket"):
        _s3(s3_bucket, name="no-such-bucket").check()


@pytest.mark.server
def test_a_bucket_without_versions_is_refused(s3_bucket: S3Bucket) -> None:
    name = f"{s3_bucket.name}-unversioned"
    s3_bucket.server.client().make_bucket(name)
    with pytest.raises(StoreRefusedError, match="got versioning Off, expected Enabled"):
        _s3(s3_bucket, name=name).check()


@pytest.mark.server
def test_s3_killed_and_started_anew_is_used_again(tmp_path: Path, picture: Path) -> None:
    with S3Server(tmp_path / "s3") as server:
        server.make_bucket("evidence")
        store = S3Store(server.endpoint, "evidence", server.access_key, server.secret_key, is_tls=False)
        first = store.put(KEY, picture, SHA256)
        server.kill()
        with pytest.raises(StoreUnreachableError):
            store.put(KEY + "2", picture, SHA256)
    with S3Server(tmp_path / "s3", port=server.port) as server:
        store.check()
        store.put(KEY + "3", picture, SHA256)
        with server.client().get_object("evidence", first.key, version_id=first.version_id) as answer:
            assert answer.data == BODY
