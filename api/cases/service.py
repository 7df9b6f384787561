"""Submissions in, cases out. Each public method is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from api.actor import Actor
from api.cases.schemas import CaseFile, CaseLine
from api.database import Database
from api.evidence import VerifiedFile, VerifiedFiles
from models.domain.cases import CaseState
from models.domain.submission import Submission, SubmissionAnswer


class SubmissionService:
    """What workers may do: hand in a claim, ask what became of it."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def worker_of(self, key: str) -> str:
        """The worker that this key belongs to.

        Raises:
            WorkerRefusedError: it is unknown or revoked.
        """
        raise NotImplementedError

    def receive(self, worker: str, message: Submission) -> SubmissionAnswer:
        """Takes a submission in; the same id with the same manifest gives the same answer.

        Raises:
            SubmissionConflictError: the id is known with another manifest, or from another worker.
        """
        raise NotImplementedError

    def answer(self, worker: str, submission_id: str) -> SubmissionAnswer:
        """How far a submission is.

        Raises:
            SubmissionNotFoundError: this worker handed in no such thing.
        """
        raise NotImplementedError


class CaseService:
    """What people may read."""

    def __init__(self, database: Database, evidence: VerifiedFiles, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._evidence = evidence
        self._clock = clock

    def queue(
        self, actor: Actor, states: Sequence[CaseState], *, limit: int = 50, after: str | None = None
    ) -> tuple[CaseLine, ...]:
        """Cases in any of the states, what runs out first on top; `after` is the id of the last line seen."""
        raise NotImplementedError

    def counts(self, actor: Actor) -> dict[CaseState, int]:
        """How many cases of this person's agency are in each state."""
        raise NotImplementedError

    def read(self, actor: Actor, case_id: str) -> CaseFile:
        """The whole file of one case; writes a `view` row into the audit log.

        Raises:
            CaseNotFoundError: there is none, or it is another agency's.
            NotAllowedError: the role may not see cases.
        """
        raise NotImplementedError

    def evidence(self, actor: Actor, case_id: str, name: str) -> VerifiedFile:
        """One file of the case, its bytes verified before this returns.

        Raises:
            CaseNotFoundError, EvidenceNotFoundError, NotAllowedError
            StoreUnreachableError: try again later (503).
            DigestMismatchError, ObjectMissingError: the store no longer holds what was sealed.
        """
        raise NotImplementedError
