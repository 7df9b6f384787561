"""A worker that redacts whatever the office asks for, as the real one does but for the pixels."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy import select

from api.office import Office
from api.worker_jobs.kinds.redact import MUST_BE_REDACTED
from models.domain.derived import DerivedFile, DerivedManifest
from models.domain.jobs import JobReport, WorkerJob
from models.domain.store import StoredObject, object_key
from models.tables import EvidenceRow, SubmissionRow
from models.verify.envelope import DERIVED_TYPE, sign_envelope
from models.verify.keys import SigningKey

MEDIA_TYPES = {"jpg": "image/jpeg", "mp4": "video/mp4"}


def put(root: Path, key: str, body: bytes) -> StoredObject:
    digest = hashlib.sha256(body).hexdigest()
    path = root / key / digest[:32]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    name = key.rpartition("/")[2]
    return StoredObject(name=name, key=key, version_id=digest[:32], sha256=digest, length_bytes=len(body))


def redacted_objects(
    office: Office, root: Path, claim_id: str, signer: SigningKey | None, attempt: str = "r1", **changes: Any
) -> tuple[StoredObject, ...]:
    """Redacted files of a claim, in the store; `changes` go into the derived manifest."""
    with office.database.reading() as session:
        submission = session.get_one(SubmissionRow, claim_id)
        rows = session.scalars(select(EvidenceRow).where(EvidenceRow.submission_id == claim_id)).all()
    bodies: dict[str, bytes] = {}
    files = []
    for row in sorted(rows, key=lambda row: row.name):
        if row.name in MUST_BE_REDACTED:
            name = f"redacted_{row.name.partition('_')[2] or row.name}"
            bodies[name] = body = _body(root, rows, name)
            files.append(
                DerivedFile(
                    name=name, media_type=MEDIA_TYPES[name[-3:]], sha256=hashlib.sha256(body).hexdigest(),
                    length_bytes=len(body), original=row.name, original_sha256=row.sha256, method="blocks-v1",
                )
            )  # fmt: skip
    values = {"id": claim_id, "manifest_sha256": submission.manifest_sha256, "files": tuple(files)} | changes
    derived = DerivedManifest.model_validate(values)
    bodies["derived.json"] = derived.canonical()
    if signer is not None:
        bodies["derived_dsse.json"] = sign_envelope(signer, derived.canonical(), DERIVED_TYPE)
    key = rows[0].key.split("/")
    return tuple(put(root, object_key(key[1], key[2], key[3], attempt, name), body) for name, body in bodies.items())


def _body(root: Path, rows: Any, name: str) -> bytes:
    """The picture for citizens of the test's package, where it has one that can be looked at."""
    own = next((row for row in rows if row.name == ("citizen.jpg" if name.endswith(".jpg") else "clip.mp4")), None)
    return b"redacted" if own is None else (root / own.key / own.version_id).read_bytes()


def redact_all(office: Office, root: Path, worker: str, signer: SigningKey | None) -> int:
    """Does every job that is due; how many."""
    count = 0
    while (job := office.worker_jobs.next(worker, ["redact"])) is not None:
        office.worker_jobs.report(worker, job.id, done(job, redacted_objects(office, root, job.subject, signer)))
        count += 1
    return count


def done(job: WorkerJob, objects: tuple[StoredObject, ...]) -> JobReport:
    return JobReport(lease=job.lease, state="done", objects=objects)
