"""Jobs of workers: given to one at a time, tried again, bounded; and no notice before its pictures are redacted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api.app import create_app
from api.errors import JobNotFoundError, JobReportRefusedError, NotRedactedError
from api.log.signing_keys import revoke_key
from models.domain.jobs import JobReport, WorkerJob
from models.domain.store import StoredObject
from models.tables import EvidenceRow, LogOpeningRow, WorkerJobRow
from models.verify.keys import new_key
from tests.api.kit import OFFICE, WORKER, WORKER_SIGNER, SmallOffice, Web
from tests.api.redactions import done, put, redacted_objects


def waiting_case(here: SmallOffice) -> tuple[str, WorkerJob]:
    """A new case whose redaction was just given to its worker."""
    submission_id = here.submit(here.seal())
    here.verify()
    case_id = here.office.submissions.answer(WORKER, submission_id).case_id
    job = here.office.worker_jobs.next(WORKER, ["redact"])
    assert case_id is not None and job is not None and job.subject == submission_id
    return case_id, job


def objects_of(here: SmallOffice, job: WorkerJob, **changes: Any) -> tuple[StoredObject, ...]:
    return redacted_objects(here.office, here.store, job.subject, WORKER_SIGNER, **changes)


def state_of(here: SmallOffice, job: WorkerJob) -> tuple[str, str | None]:
    with here.office.database.reading() as session:
        row = session.get_one(WorkerJobRow, job.id)
        return row.state, row.reason


def test_a_case_asks_its_worker_to_redact_and_records_what_comes_back(here: SmallOffice) -> None:
    _, job = waiting_case(here)
    receipt = here.office.worker_jobs.report(WORKER, job.id, done(job, objects_of(here, job)))
    assert receipt.state == "done"
    with here.office.database.reading() as session:
        rows = session.scalars(select(EvidenceRow).where(EvidenceRow.submission_id == job.subject)).all()
    copies = {row.name: row.is_copy_of for row in rows if row.name.startswith("redacted")}
    assert copies == {
        "redacted_before.jpg": "a_before.jpg",
        "redacted_at.jpg": "b_at.jpg",
        "redacted_beyond.jpg": "c_beyond.jpg",
        "redacted_clip.mp4": "clip.mp4",
    }
    assert here.office.worker_jobs.next(WORKER, ["redact"]) is None


def test_what_was_redacted_is_an_entry_of_the_log(here: SmallOffice) -> None:
    _, job = waiting_case(here)
    here.office.worker_jobs.report(WORKER, job.id, done(job, objects_of(here, job)))
    here.sequence()
    with here.office.database.reading() as session:
        openings = session.scalars(select(LogOpeningRow.opening)).all()
    derived = [opening for opening in openings if '"kind":"derived"' in opening]
    assert len(derived) == 1 and WORKER_SIGNER.public.fingerprint in derived[0] and job.subject in derived[0]


def test_no_notice_before_the_pictures_are_redacted(here: SmallOffice) -> None:
    case_id, job = waiting_case(here)
    reviewer = here.person("reviewer")
    here.confirm(reviewer, case_id)
    assert "issue_notice" not in here.office.cases.read(reviewer, case_id).moves
    assert here.office.cases.read(reviewer, case_id).redaction == "waiting"
    with pytest.raises(NotRedactedError, match="they are being made"):
        here.office.notices.issue(reviewer, case_id)
    here.office.worker_jobs.report(WORKER, job.id, done(job, objects_of(here, job)))
    assert "issue_notice" in here.office.cases.read(reviewer, case_id).moves
    issued = here.office.notices.issue(reviewer, case_id)
    visit = here.office.notices.open_picture(issued.code, "75b1-12345")
    assert visit is not None
    assert here.office.notices.picture(issued.code, visit).name == "redacted_at.jpg"


def test_a_redaction_that_cannot_be_made_is_told_and_blocks_for_good(here: SmallOffice) -> None:
    case_id, job = waiting_case(here)
    reviewer = here.person("reviewer")
    here.confirm(reviewer, case_id)
    report = JobReport(lease=job.lease, state="failed", reason="package_gone", is_final=True)
    assert here.office.worker_jobs.report(WORKER, job.id, report).state == "failed"
    assert here.office.cases.read(reviewer, case_id).redaction == "failed"
    with pytest.raises(NotRedactedError, match="they cannot be made: package_gone"):
        here.office.notices.issue(reviewer, case_id)


def test_only_its_own_worker_is_given_a_job_and_only_kinds_that_it_asks_for(here: SmallOffice) -> None:
    here.submit(here.seal())
    here.verify()
    assert here.office.worker_jobs.next("worker-2", ["redact"]) is None
    assert here.office.worker_jobs.next(WORKER, ["snapshot"]) is None
    job = here.office.worker_jobs.next(WORKER, ["snapshot", "redact"])
    assert job is not None
    with pytest.raises(JobNotFoundError):
        here.office.worker_jobs.report("worker-2", job.id, done(job, ()))


def test_a_worker_that_died_has_its_job_given_again_and_its_old_report_refused(here: SmallOffice) -> None:
    _, job = waiting_case(here)
    assert here.office.worker_jobs.next(WORKER, ["redact"]) is None
    here.clock.turn(timedelta(seconds=job.lease_s + 1))
    again = here.office.worker_jobs.next(WORKER, ["redact"])
    assert again is not None and again.id == job.id and again.lease != job.lease
    with pytest.raises(JobNotFoundError, match="old lease"):
        here.office.worker_jobs.report(WORKER, job.id, done(job, objects_of(here, job)))
    assert here.office.worker_jobs.report(WORKER, job.id, done(again, objects_of(here, job))).state == "done"


def test_the_same_report_twice_gets_the_same_answer(here: SmallOffice) -> None:
    _, job = waiting_case(here)
    report = done(job, objects_of(here, job))
    first = here.office.worker_jobs.report(WORKER, job.id, report)
    assert here.office.worker_jobs.report(WORKER, job.id, report) == first


def test_a_job_that_fails_waits_ever_longer_and_ends_after_its_last_try(here: SmallOffice) -> None:
    _, job = waiting_case(here)
    waits = []
    for _ in range(20):
        here.office.worker_jobs.report(WORKER, job.id, JobReport(lease=job.lease, state="failed", reason="store_down"))
        if state_of(here, job) == ("failed", "store_down"):
            break
        waited = timedelta()
        while (found := here.office.worker_jobs.next(WORKER, ["redact"])) is None:
            here.clock.turn(timedelta(seconds=5))
            waited += timedelta(seconds=5)
        job = found
        waits.append(waited)
    assert state_of(here, job)[0] == "failed"
    assert waits == sorted(waits) and waits[-1] <= timedelta(hours=1)
    assert len(waits) == 7


def test_a_job_that_kills_its_worker_ends_too(here: SmallOffice) -> None:
    _, job = waiting_case(here)
    for _ in range(9):
        here.clock.turn(timedelta(minutes=10))
        here.office.worker_jobs.next(WORKER, ["redact"])
    assert state_of(here, job) == ("failed", "given_too_often")


Attack = Callable[[SmallOffice, WorkerJob], tuple[StoredObject, ...]]


def _other_key(here: SmallOffice, job: WorkerJob) -> tuple[StoredObject, ...]:
    return redacted_objects(here.office, here.store, job.subject, new_key())


def _unsigned(here: SmallOffice, job: WorkerJob) -> tuple[StoredObject, ...]:
    return redacted_objects(here.office, here.store, job.subject, None)


def _another_original(here: SmallOffice, job: WorkerJob) -> tuple[StoredObject, ...]:
    return objects_of(here, job, manifest_sha256="0" * 64)


def _another_claim(here: SmallOffice, job: WorkerJob) -> tuple[StoredObject, ...]:
    return objects_of(here, job, id="a" * 26)


def _nothing_made(here: SmallOffice, job: WorkerJob) -> tuple[StoredObject, ...]:
    return tuple(each for each in objects_of(here, job, files=()) if not each.name.startswith("redacted"))


def _originals_key(here: SmallOffice, job: WorkerJob) -> tuple[StoredObject, ...]:
    return objects_of(here, job, attempt="../../x")


def _changed_bytes(here: SmallOffice, job: WorkerJob) -> tuple[StoredObject, ...]:
    made = objects_of(here, job)
    path = here.store / made[0].key / made[0].version_id
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    return made


def _one_object_too_many(here: SmallOffice, job: WorkerJob) -> tuple[StoredObject, ...]:
    made = objects_of(here, job)
    return (*made, put(here.store, made[0].key.rpartition("/")[0] + "/redacted_extra.jpg", b"more"))


def _gone(here: SmallOffice, job: WorkerJob) -> tuple[StoredObject, ...]:
    made = objects_of(here, job)
    (here.store / made[0].key / made[0].version_id).unlink()
    return made


ATTACKS: dict[str, tuple[Attack, str]] = {
    "signed by a key that is not enrolled": (_other_key, "key_unknown"),
    "not signed": (_unsigned, "signature_missing"),
    "made from another manifest": (_another_original, "derived_malformed"),
    "made for another claim": (_another_claim, "derived_malformed"),
    "nothing redacted": (_nothing_made, "derived_incomplete"),
    "a key that leads elsewhere": (_originals_key, "objects_wrong"),
    "bytes changed in the store": (_changed_bytes, "objects_wrong"),
    "an object that nobody signed": (_one_object_too_many, "objects_wrong"),
    "an object that is not there": (_gone, "objects_wrong"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_refuses(name: str, here: SmallOffice) -> None:
    attack, reason = ATTACKS[name]
    case_id, job = waiting_case(here)
    with pytest.raises(JobReportRefusedError) as error:
        here.office.worker_jobs.report(WORKER, job.id, done(job, attack(here, job)))
    assert error.value.reason == reason, error.value
    assert here.office.cases.read(here.person("reviewer"), case_id).redaction == "waiting"
    assert state_of(here, job) == ("waiting", reason)


def test_refuses_a_redaction_signed_by_a_revoked_key(here: SmallOffice) -> None:
    _, job = waiting_case(here)
    with here.office.database.writing() as session:
        revoke_key(session, here.clock.now, OFFICE, WORKER_SIGNER.public.fingerprint)
    with pytest.raises(JobReportRefusedError, match="key_revoked"):
        here.office.worker_jobs.report(WORKER, job.id, done(job, objects_of(here, job)))


def test_over_http_with_a_worker_key_only(here: SmallOffice) -> None:
    here.submit(here.seal())
    here.verify()
    app = create_app(here.office.settings, office=here.office)
    web = Web(app, {"Authorization": f"Bearer {here.worker_key}"})
    assert Web(app).get("/api/jobs/next?kind=redact").status_code == 401
    assert web.get("/api/jobs/next").status_code == 422
    assert web.get("/api/jobs/next?kind=reload_camera").status_code == 204
    job = WorkerJob.model_validate_json(web.get("/api/jobs/next?kind=redact&kind=snapshot").content)
    report = done(job, objects_of(here, job)).model_dump_json()
    web.headers["Content-Type"] = "application/json"
    url = f"/api/jobs/{job.id}/report"
    assert web.post(url, content=report.replace('"schema_version":1', '"schema_version":2')).status_code == 422
    answer = web.post(url, content=report)
    assert (answer.status_code, answer.json()["state"]) == (200, "done")
    assert web.post(f"/api/jobs/{'0' * 26}/report", content=report).status_code == 404
