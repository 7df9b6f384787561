"""What workers poll."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response, status

from api.cases.auth import WorkerHere
from api.handlers import refusals
from api.office import OfficeHere
from models.domain.camera_jobs import PictureName
from models.domain.jobs import ASKED_KINDS, JobKind, JobReceipt, JobReport, WorkerJob

router = APIRouter(prefix="/api/jobs", tags=["worker"])
Kinds = Annotated[list[JobKind], Query(min_length=1, max_length=ASKED_KINDS)]
Lease = Annotated[str, Query(pattern=r"^[0-9a-z]{26}$")]
ThisJob = Annotated[str, Path(pattern=r"^[0-9a-z]{26}$")]


@router.get("/next", summary="The next job of these kinds", responses=refusals(401, 422, 503) | {204: {}})
def next_job(kind: Kinds, office: OfficeHere, worker: WorkerHere, response: Response) -> WorkerJob | None:
    """200 with a job, which nobody else is given until its lease ends; 204 where none is due."""
    job = office.worker_jobs.next(worker, kind)
    if job is None:
        response.status_code = status.HTTP_204_NO_CONTENT
    return job


@router.post("/{job_id}/report", summary="What became of a job", responses=refusals(401, 404, 409, 422, 503))
def report(job_id: ThisJob, message: JobReport, office: OfficeHere, worker: WorkerHere) -> JobReceipt:
    """409: what the report brings is not what it should be; the job is given again."""
    return office.worker_jobs.report(worker, job_id, message)


@router.put(
    "/{job_id}/pictures/{name}",
    summary="A picture that a job asks for, before its report",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refusals(401, 404, 409, 413, 422, 503),
)
def put_picture(
    job_id: ThisJob,
    name: PictureName,
    lease: Lease,
    body: Annotated[bytes, Body(media_type="image/jpeg")],
    office: OfficeHere,
    worker: WorkerHere,
) -> None:
    """409: it is no plain JPEG, or not one that this job asks for."""
    office.camera_answers.receive_picture(worker, job_id, lease, name, body)
