"""What workers call."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, status

from api.cases.auth import WorkerHere
from api.handlers import refusals
from api.office import OfficeHere
from models.domain.submission import Submission, SubmissionAnswer

router = APIRouter(prefix="/api/submissions", tags=["worker"])
SubmissionId = Annotated[str, Path(pattern=r"^[a-z2-7]{26}$")]


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Hand in a claim",
    responses=refusals(400, 401, 409, 413, 422, 503),
)
def hand_in(message: Submission, office: OfficeHere, worker: WorkerHere) -> SubmissionAnswer:
    """The same id with the same manifest gives the same answer; with another manifest, 409."""
    answer = office.submissions.receive(worker, message)
    office.bell.ring()
    return answer


@router.get("/{submission_id}", summary="What became of a claim", responses=refusals(401, 404, 422, 503))
def ask(submission_id: SubmissionId, office: OfficeHere, worker: WorkerHere) -> SubmissionAnswer:
    """The worker drops the claim from its outbox only when the state is `case` or `refused`."""
    return office.submissions.answer(worker, submission_id)
