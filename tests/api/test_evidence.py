"""Nothing is shown that was not verified; a clip can be sought; both stores behave alike."""

from __future__ import annotations

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from api.app import create_app
from api.errors import (
    DigestMismatchError,
    EvidenceNotFoundError,
    LengthMismatchError,
    ObjectMissingError,
    StoreUnreachableError,
)
from api.evidence import VerifiedFile, VerifiedFiles, file_response
from api.settings import OfficeSettings
from api.store import FolderReader, open_store
from models.domain.store import StoredObject
from tests.api.kit import SmallOffice, Web, put, settings_for
from tests.conftest import S3Bucket

BODY = bytes(range(256)) * 40
KEY = "packages/cam/2026-11-20/claim/a1/clip.mp4"


@pytest.fixture
def files(tmp_path: Path) -> VerifiedFiles:
    return VerifiedFiles(FolderReader(tmp_path / "store"), tmp_path / "cache", 10**9)


def test_shows_what_was_sealed_and_keeps_a_copy(files: VerifiedFiles, tmp_path: Path) -> None:
    stored = put(tmp_path / "store", KEY, BODY)
    shown = files.fetch(stored)
    assert (shown.path.read_bytes(), shown.media_type, shown.sha256) == (BODY, "video/mp4", stored.sha256)
    (tmp_path / "store" / KEY / stored.version_id).unlink()
    assert files.fetch(stored).path.read_bytes() == BODY


def test_one_byte_changed_is_never_shown(files: VerifiedFiles, tmp_path: Path) -> None:
    stored = put(tmp_path / "store", KEY, BODY)
    path = tmp_path / "store" / KEY / stored.version_id
    path.write_bytes(b"X" + BODY[1:])
    with pytest.raises(DigestMismatchError, match="expected"):
        files.fetch(stored)
    path.write_bytes(BODY + b"X")
    with pytest.raises(LengthMismatchError):
        files.fetch(stored)
    path.unlink()
    with pytest.raises(ObjectMissingError):
        files.fetch(stored)
    assert [each for each in (tmp_path / "cache").rglob("*") if each.is_file()] == []


def test_a_copy_that_was_touched_is_fetched_anew(files: VerifiedFiles, tmp_path: Path) -> None:
    stored = put(tmp_path / "store", KEY, BODY)
    copy = files.fetch(stored).path
    copy.write_bytes(b"X" + BODY[1:])
    os.utime(copy, ns=(1, 1))
    assert files.fetch(stored).path.read_bytes() == BODY


def test_the_cache_keeps_within_its_limit(tmp_path: Path) -> None:
    files = VerifiedFiles(FolderReader(tmp_path / "store"), tmp_path / "cache", 3 * len(BODY))
    for number in range(6):
        files.fetch(put(tmp_path / "store", KEY, bytes([number]) + BODY[1:]))
    kept = [each for each in (tmp_path / "cache").rglob("*") if each.is_file()]
    assert len(kept) == 3


def test_many_fetch_at_once_while_the_cache_is_full(tmp_path: Path) -> None:
    """Copies come and go under each other's hands: everybody still gets what he asked for."""
    bodies = [bytes([number]) * 20_000 for number in range(8)]
    stored = [put(tmp_path / "store", f"packages/c/d/e/f/{n}.jpg", body) for n, body in enumerate(bodies)]
    files = VerifiedFiles(FolderReader(tmp_path / "store"), tmp_path / "cache", 45_000)

    def fetch_all(start: int) -> int:
        return sum(files.fetch(stored[(start + turn) % 8]).length_bytes == 20_000 for turn in range(40))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(fetch_all, range(8))) == [40] * 8


def test_a_name_that_the_package_lacks_is_not_found(here: SmallOffice) -> None:
    case_id = here.new_case()
    for name in ("nothing.jpg", "../manifest.json", "", "\x00"):
        with pytest.raises(EvidenceNotFoundError):
            here.office.cases.evidence(here.person("reviewer"), case_id, name)


def test_the_evidence_of_another_case_is_not_reachable(here: SmallOffice) -> None:
    mine = here.new_case()
    here.new_case(occurred_at=here.clock.now - timedelta(minutes=9))
    other = here.office.cases.queue(here.person("reviewer"), ["new"])[0].id
    assert other != mine
    submission = here.office.cases.read(here.person("reviewer"), other).manifest.id
    with pytest.raises(EvidenceNotFoundError):
        here.office.cases.evidence(here.person("reviewer"), mine, "b_at.jpg", submission_id=submission)


@pytest.fixture
def web(tmp_path: Path) -> Web:
    path = tmp_path / "clip"
    path.write_bytes(BODY)
    app = FastAPI()
    file = VerifiedFile(path, "clip.mp4", "video/mp4", hashlib.sha256(BODY).hexdigest(), len(BODY))
    app.add_api_route("/clip", lambda: file_response(file), response_class=file_response(file).__class__)
    return Web(app)


@pytest.mark.parametrize(
    ("wanted", "status", "first", "last"),
    [
        (None, 200, 0, len(BODY) - 1),
        ("bytes=0-", 206, 0, len(BODY) - 1),
        ("bytes=100-199", 206, 100, 199),
        ("bytes=-10", 206, len(BODY) - 10, len(BODY) - 1),
        ("bytes=10000-999999", 206, 10_000, len(BODY) - 1),
    ],
)
def test_a_clip_can_be_sought(web: Web, wanted: str | None, status: int, first: int, last: int) -> None:
    answer = web.get("/clip", headers={"Range": wanted} if wanted else {})
    assert (answer.status_code, answer.content) == (status, BODY[first : last + 1])
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(BODY)}"


def test_a_range_beyond_the_end_is_416(web: Web) -> None:
    answer = web.get("/clip", headers={"Range": "bytes=99999-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(BODY)}")


@pytest.mark.parametrize(
    "store", ["", "folder://", "folder://relative", "s3://host:1", "s3:///bucket", "http://host/bucket", "/tmp/x"]
)
def test_a_store_that_cannot_be_is_refused_at_the_start(tmp_path: Path, store: str) -> None:
    settings = settings_for("sqlite://", tmp_path, s3_access_key="a", s3_secret_key="b").model_copy(
        update={"store": store}
    )
    with pytest.raises(ValueError, match="expected folder:///path"):
        open_store(settings)


@pytest.mark.server
class TestS3:
    """The same through a real S3 with versions."""

    def settings(self, bucket: S3Bucket, tmp_path: Path) -> OfficeSettings:
        server = bucket.server
        return OfficeSettings(
            database_url=SecretStr("sqlite://"),
            store=bucket.store_url,
            s3_access_key=SecretStr(server.access_key),
            s3_secret_key=SecretStr(server.secret_key),
            evidence_cache=tmp_path,
        )

    def stored(self, bucket: S3Bucket, body: bytes) -> StoredObject:
        put_there = bucket.server.client().put_object(bucket.name, KEY, io.BytesIO(body), len(body))
        digest = hashlib.sha256(body).hexdigest()
        version = str(put_there.version_id)
        return StoredObject(name="clip.mp4", key=KEY, version_id=version, sha256=digest, length_bytes=len(body))

    def test_reads_the_version_that_was_sealed(self, s3_bucket: S3Bucket, tmp_path: Path) -> None:
        first, second = self.stored(s3_bucket, BODY), self.stored(s3_bucket, BODY[::-1])
        reader = open_store(self.settings(s3_bucket, tmp_path))
        reader.check()
        assert b"".join(reader.chunks(first)) == BODY
        assert b"".join(reader.chunks(second)) == BODY[::-1]
        swapped = first.model_copy(update={"version_id": second.version_id})
        with pytest.raises(DigestMismatchError):
            VerifiedFiles(reader, tmp_path / "cache", 10**9).fetch(swapped)

    def test_tells_missing_from_unreachable(self, s3_bucket: S3Bucket, tmp_path: Path) -> None:
        stored, settings = self.stored(s3_bucket, BODY), self.settings(s3_bucket, tmp_path)
        reader = open_store(settings)
        for change in ({"key": KEY + "x"}, {"version_id": "0" * 32}, {"version_id": "no\x00version"}):
            with pytest.raises(ObjectMissingError):
                list(reader.chunks(stored.model_copy(update=change)))
        for wrong in (
            settings.model_copy(update={"s3_secret_key": SecretStr("wrong")}),
            settings.model_copy(update={"store": f"s3://{s3_bucket.server.endpoint}/no-such-bucket"}),
            settings.model_copy(update={"store": "s3://127.0.0.1:1/evidence"}),
        ):
            with pytest.raises(StoreUnreachableError) as caught:
                list(open_store(wrong).chunks(stored))
            assert "wrong" not in str(caught.value)
            with pytest.raises(StoreUnreachableError):
                open_store(wrong).check()


def test_the_application_mounts_no_evidence_by_itself(here: SmallOffice) -> None:
    """Pages mount it behind their role check; the worker's door shows nothing."""
    paths = create_app(here.office.settings, office=here.office).openapi()["paths"]
    others = {path for path in paths if path.startswith(("/api/log/", "/api/jobs"))}
    assert sorted(paths.keys() - others) == [
        "/api/notices/{case_id}/bundle",
        "/api/submissions",
        "/api/submissions/{submission_id}",
        "/api/visits",
        "/healthz",
        "/metrics",
        "/readyz",
    ]
