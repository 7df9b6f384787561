"""The office as the worker sees it: hand in a claim, ask what became of it, ask for jobs. It never calls back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from detector.errors import (
    JobReportRefusedError,
    OfficeRefusedWorkerError,
    OfficeUnreachableError,
    SubmissionConflictError,
    SubmissionRejectedError,
    SubmissionUnknownError,
    VisitReportRefusedError,
)
from models.domain.jobs import JobReceipt, JobReport, WorkerJob
from models.domain.submission import SubmissionAnswer
from models.domain.visits import VisitReceipt

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 15.0
_PATH = "/api/submissions"
_JOBS = "/api/jobs"
_VISITS = "/api/visits"
_NOT_UNDERSTOOD = frozenset({400, 413, 415, 422})


class OfficeClient:
    """One connection pool to one office. Nothing is tried twice here: the publisher does that, with growing waits."""

    def __init__(self, url: str, worker_key: SecretStr, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._client = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {worker_key.get_secret_value()}"},
            timeout=httpx.Timeout(answer_timeout_s, connect=CONNECT_TIMEOUT_S),
            trust_env=False,
        )

    def submit(self, claim_id: str, message: str) -> SubmissionAnswer:
        """Hands in a `Submission` (as JSON). The same message may be sent any number of times.

        Raises:
            OfficeUnreachableError, OfficeRefusedWorkerError: the claim waits.
            SubmissionConflictError, SubmissionRejectedError: a person must look at this claim.
        """
        headers = {"Content-Type": "application/json"}
        response = self._ask("POST", _PATH, content=message.encode(), headers=headers)
        if response.status_code == httpx.codes.CONFLICT:
            raise SubmissionConflictError(f"{claim_id}: the office answered 409: it has this id with another manifest")
        if response.status_code in _NOT_UNDERSTOOD:
            raise SubmissionRejectedError(f"{claim_id}: got {response.status_code} from the office, expected 202")
        return _about(_read(response, SubmissionAnswer), claim_id)

    def answer(self, claim_id: str) -> SubmissionAnswer:
        """What became of it.

        Raises:
            OfficeUnreachableError, OfficeRefusedWorkerError: the claim waits.
            SubmissionUnknownError: submit it again.
        """
        response = self._ask("GET", f"{_PATH}/{claim_id}")
        if response.status_code == httpx.codes.NOT_FOUND and _is_the_offices(response):
            raise SubmissionUnknownError(f"{claim_id}: the office answered 404, expected to find it")
        return _about(_read(response, SubmissionAnswer), claim_id)

    def hand_in_visits(self, report_id: str, message: str) -> VisitReceipt:
        """Hands in a `VisitReport` (as JSON). The same report may be sent any number of times.

        Raises:
            OfficeUnreachableError, OfficeRefusedWorkerError: the report waits; also while the camera is not registered.
            VisitReportRefusedError: it will never be taken.
        """
        headers = {"Content-Type": "application/json"}
        response = self._ask("POST", _VISITS, content=message.encode(), headers=headers)
        if response.status_code in (httpx.codes.CONFLICT, *_NOT_UNDERSTOOD):
            raise VisitReportRefusedError(f"report {report_id}: got {response.status_code}, expected 202")
        receipt = _read(response, VisitReceipt)
        if receipt.report_id != report_id:
            raise OfficeUnreachableError(f"got an answer about {receipt.report_id}, expected one about {report_id}")
        return receipt

    def next_job(self, kinds: Sequence[str]) -> WorkerJob | None:
        """What the office asks of this worker; None: nothing is due.

        Raises:
            OfficeUnreachableError, OfficeRefusedWorkerError: again later.
        """
        response = self._ask("GET", f"{_JOBS}/next", params={"kind": list(kinds)})
        if response.status_code == httpx.codes.NO_CONTENT:
            return None
        return _read(response, WorkerJob)

    def report_job(self, job: WorkerJob, report: JobReport) -> JobReceipt:
        """Says what became of it. The same report may be sent any number of times.

        Raises:
            OfficeUnreachableError, OfficeRefusedWorkerError: again later.
            JobReportRefusedError: the office does not take it; it gives the job again, or has given it to another.
        """
        headers = {"Content-Type": "application/json"}
        body = report.model_dump_json().encode()
        response = self._ask("POST", f"{_JOBS}/{job.id}/report", content=body, headers=headers)
        if response.status_code in (httpx.codes.CONFLICT, httpx.codes.NOT_FOUND, *_NOT_UNDERSTOOD):
            raise JobReportRefusedError(f"{job.kind} {job.subject}: got {response.status_code}, expected 200")
        return _read(response, JobReceipt)

    def put_picture(self, job: WorkerJob, name: str, body: bytes) -> None:
        """Hands in a picture that a job asks for, before its report. May be sent any number of times.

        Raises:
            OfficeUnreachableError, OfficeRefusedWorkerError: again later.
            JobReportRefusedError: the office does not take it.
        """
        path, headers = f"{_JOBS}/{job.id}/pictures/{name}", {"Content-Type": "image/jpeg"}
        response = self._ask("PUT", path, params={"lease": job.lease}, content=body, headers=headers)
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise OfficeRefusedWorkerError(f"got {response.status_code} from the office, expected a key that it knows")
        if response.status_code in (httpx.codes.CONFLICT, httpx.codes.NOT_FOUND, *_NOT_UNDERSTOOD):
            raise JobReportRefusedError(f"{job.kind} {name}: got {response.status_code}, expected 204")
        if response.status_code != httpx.codes.NO_CONTENT:
            raise OfficeUnreachableError(f"got {response.status_code} from the office, expected 204")

    def close(self) -> None:
        self._client.close()

    def _ask(self, method: str, path: str, **content: object) -> httpx.Response:
        try:
            return self._client.request(method, path, **content)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise OfficeUnreachableError(f"the office does not answer ({type(error).__name__})") from None


Message = TypeVar("Message", bound=BaseModel)


def _read(response: httpx.Response, kind: type[Message]) -> Message:
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise OfficeRefusedWorkerError(f"got {response.status_code} from the office, expected a key that it knows")
    if response.status_code not in (httpx.codes.OK, httpx.codes.ACCEPTED):
        raise OfficeUnreachableError(f"got {response.status_code} from the office, expected 200 or 202")
    try:
        return kind.model_validate_json(response.content)
    except ValidationError:
        raise OfficeUnreachableError(
            f"got an answer that is none of the office's, expected a {kind.__name__}"
        ) from None


def _about(answer: SubmissionAnswer, claim_id: str) -> SubmissionAnswer:
    if answer.submission_id != claim_id:
        raise OfficeUnreachableError(f"got an answer about {answer.submission_id}, expected one about {claim_id}")
    return answer


def _is_the_offices(response: httpx.Response) -> bool:
    """A proxy's 404 says nothing about a claim: the office's own names its code."""
    try:
        content = response.json()
    except ValueError:
        return False
    return isinstance(content, dict) and content.get("code") == "not_found"
