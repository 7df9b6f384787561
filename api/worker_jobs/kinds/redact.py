"""`redact`: pictures and clip for other eyes, made by the worker that sealed the originals. No notice without them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record as record_audit
from api.cases.signature import check_envelope
from api.cases.verification import ClaimRefusedError
from api.errors import DigestMismatchError, JobReportRefusedError, ObjectMissingError
from api.evidence import media_type, verified_chunks
from api.log.writing import log_entry
from api.settings import OfficeSettings
from api.worker_jobs.kind import Desk, Kind
from models.domain.derived import DERIVED_ENVELOPE_NAME, DERIVED_LIMIT_BYTES, DERIVED_NAME, DerivedManifest
from models.domain.jobs import JobReport
from models.domain.manifest import Manifest
from models.domain.store import StoredObject
from models.tables import EvidenceRow, ManifestRow, SubmissionRow, WorkerJobRow, new_id
from models.verify.derived import check_originals, parse_derived
from models.verify.envelope import DERIVED_TYPE, ENVELOPE_LIMIT_BYTES
from models.verify.errors import VerificationError

CITIZEN_PICTURE = "redacted_at.jpg"
MUST_BE_REDACTED = frozenset({"a_before.jpg", "b_at.jpg", "c_beyond.jpg", "clip.mp4"})
"""Of these, whatever was sealed."""
_LIMITS = {DERIVED_NAME: DERIVED_LIMIT_BYTES, DERIVED_ENVELOPE_NAME: ENVELOPE_LIMIT_BYTES}


@dataclass(frozen=True, slots=True)
class CheckedRedaction:
    """Every byte was read and compared; whose signature it is, the transaction asks."""

    derived: DerivedManifest
    body: bytes
    envelope: bytes
    objects: tuple[StoredObject, ...]


def is_redacted(session: Session, submission_id: str) -> bool:
    """The redacted pictures of this claim are recorded."""
    statement = select(EvidenceRow.id).where(
        EvidenceRow.submission_id == submission_id, EvidenceRow.name == DERIVED_NAME
    )
    return session.scalars(statement).first() is not None


def why_not_redacted(session: Session, submission_id: str) -> str | None:
    """Why there will be none: the reason of a failed job; None while it may still come."""
    statement = select(WorkerJobRow.reason).where(
        WorkerJobRow.kind == KIND.name, WorkerJobRow.subject == submission_id, WorkerJobRow.state == "failed"
    )
    return session.scalars(statement).first()


def check(desk: Desk, job: WorkerJobRow, report: JobReport) -> CheckedRedaction:
    """Reads every object.

    1. the keys are this claim's own, and new; 2. every object has its length and SHA-256; 3. the derived manifest is
    well-formed, and names the sealed originals; 4. it names these objects, and everything that must be redacted.

    Raises:
        JobReportRefusedError, StoreUnreachableError
    """
    with desk.database.reading() as session:
        submission = session.get_one(SubmissionRow, job.subject)
        sealed = Manifest.model_validate_json(session.get_one(ManifestRow, job.subject).body)
        known = set(session.scalars(select(EvidenceRow.key).where(EvidenceRow.submission_id == job.subject)))
    _check_keys(report, submission, known)  # 1
    kept = {DERIVED_NAME: b"", DERIVED_ENVELOPE_NAME: b""}
    for stored in report.objects:  # 2
        body = _read(desk, stored)
        if stored.name in kept:
            kept[stored.name] = body
    try:
        derived = parse_derived(kept[DERIVED_NAME])  # 3
        check_originals(derived, sealed, submission.manifest_sha256)
    except VerificationError as error:
        raise JobReportRefusedError("derived_malformed", str(error)) from None
    _check_complete(derived, sealed, report)  # 4
    return CheckedRedaction(derived, kept[DERIVED_NAME], kept[DERIVED_ENVELOPE_NAME], report.objects)


def record(
    session: Session, now: datetime, settings: OfficeSettings, job: WorkerJobRow, checked: CheckedRedaction
) -> None:
    """Evidence rows, entry of the log and audit row.

    Raises:
        JobReportRefusedError: the signature does not hold.
    """
    submission = session.get_one(SubmissionRow, job.subject)
    try:
        signer = check_envelope(
            session, settings, job.worker, DERIVED_ENVELOPE_NAME, DERIVED_TYPE, checked.envelope, checked.body
        )
    except ClaimRefusedError as error:
        raise JobReportRefusedError(error.reason, error.detail) from None
    originals = {file.name: file.original for file in checked.derived.files}
    for stored in checked.objects:
        session.add(
            EvidenceRow(
                id=new_id(now), submission_id=submission.id, name=stored.name, key=stored.key,
                version_id=stored.version_id, sha256=stored.sha256, length_bytes=stored.length_bytes,
                media_type=media_type(stored.name), is_copy_of=originals.get(stored.name),
            )
        )  # fmt: skip
    digest = hashlib.sha256(checked.body).hexdigest()
    facts = {"derived_sha256": digest, "manifest_sha256": submission.manifest_sha256, "signer": signer}
    log_entry(session, now, "derived", submission.id, facts, signed_by=signer)
    worker = Actor(frozenset({"worker"}))
    record_audit(session, now, worker, "worker", "redacted", case_id=submission.case_id)


def _check_keys(report: JobReport, submission: SubmissionRow, known: set[str]) -> None:
    names = [stored.name for stored in report.objects]
    if len(set(names)) != len(names) or DERIVED_NAME not in names:
        raise JobReportRefusedError("objects_wrong", f"got the objects {names}, expected each once, and {DERIVED_NAME}")
    for stored in report.objects:
        parts = stored.key.split("/")
        expected = ["packages", submission.camera_id, submission.id, stored.name]
        if len(parts) != 6 or [parts[0], parts[1], parts[3], parts[5]] != expected or stored.key in known:
            raise JobReportRefusedError("objects_wrong", f"{stored.name}: got a key that is not new and this claim's")
        if stored.length_bytes > _LIMITS.get(stored.name, stored.length_bytes):
            raise JobReportRefusedError("objects_wrong", f"{stored.name}: got {stored.length_bytes} bytes")


def _read(desk: Desk, stored: StoredObject) -> bytes:
    """The bytes of a small object; of a large one nothing but that it is what it says."""
    kept = bytearray()
    try:
        for chunk in verified_chunks(desk.reader, stored):
            if stored.name in _LIMITS:
                kept += chunk
    except (DigestMismatchError, ObjectMissingError) as error:
        raise JobReportRefusedError("objects_wrong", str(error)) from None
    return bytes(kept)


def _check_complete(derived: DerivedManifest, sealed: Manifest, report: JobReport) -> None:
    made = {file.name: (file.sha256, file.length_bytes) for file in derived.files}
    stored = {each.name: (each.sha256, each.length_bytes) for each in report.objects if each.name not in _LIMITS}
    if made != stored:
        names = sorted(name for name in made.keys() | stored.keys() if made.get(name) != stored.get(name))
        raise JobReportRefusedError("objects_wrong", f"{DERIVED_NAME} and the objects differ on {', '.join(names)}")
    expected = {file.name for file in sealed.files} & MUST_BE_REDACTED
    lacking = expected - {file.original for file in derived.files}
    if lacking or CITIZEN_PICTURE not in made:
        missing = ", ".join(sorted(lacking)) or CITIZEN_PICTURE
        raise JobReportRefusedError("derived_incomplete", f"got nothing made of {missing}, expected all pictures")


KIND = Kind("redact", lease=timedelta(minutes=5), tries=8, check=check, record=record)
