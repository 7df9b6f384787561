"""`redact`: pictures and clip of one package with everybody else made unreadable, stored and signed."""

from __future__ import annotations

import re
import secrets
import shutil
from pathlib import Path

from detector.errors import RedactionFailedError
from detector.evidence.package import digest_of
from detector.jobs.kind import JobBench, failed
from detector.redaction.redact import Redaction, redact
from models.domain.jobs import JobReport, WorkerJob
from models.domain.store import StoredObject, object_key

CLAIM_ID = re.compile(r"[a-z2-7]{26}")


def run(job: WorkerJob, bench: JobBench) -> JobReport:
    """The package lies where it was kept since it became a case."""
    package = _package(job.subject, bench)
    if package is None:
        return failed(job, "package_gone", is_final=True)
    folder = bench.folders.jobs / job.subject
    try:
        redaction = redact(package, folder, bench.signer)
        objects = _put(redaction, bench)
    except RedactionFailedError as error:
        return failed(job, error.reason, is_final=error.reason != "cpu_limit")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return JobReport(lease=job.lease, state="done", objects=objects)


def _package(claim_id: str, bench: JobBench) -> Path | None:
    if not CLAIM_ID.fullmatch(claim_id):
        return None
    places = bench.folders.kept / claim_id, bench.folders.packages / claim_id
    return next((place for place in places if (place / "manifest.json").is_file()), None)


def _put(redaction: Redaction, bench: JobBench) -> tuple[StoredObject, ...]:
    manifest, attempt = redaction.manifest, secrets.token_hex(8)
    day = manifest.occurred_at_local[:10]
    return tuple(
        bench.store.put(
            object_key(manifest.camera.id, day, manifest.id, attempt, name),
            redaction.folder / name,
            digest_of(redaction.folder / name),
        )
        for name in redaction.names
    )
