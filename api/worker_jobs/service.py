"""Gives jobs to workers, and takes their reports. A job is done once, however often it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import Session

from api.database import Database
from api.errors import JobNotFoundError, JobReportRefusedError
from api.evidence import VerifiedFiles
from api.settings import OfficeSettings
from api.worker_jobs.kind import Desk, known_kinds
from models.domain.jobs import JobReceipt, JobReport, WorkerJob
from models.tables import WorkerJobRow, new_id

WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 20, 60, 300, 1800, 3600))
"""How long the n-th failed try waits for the next one; the last stays."""


def add_job(
    session: Session, now: datetime, worker: str, kind: str, subject: str, details: dict[str, Any] | None = None
) -> None:
    """Asks a worker for something, in the transaction of what it follows from. The same is never asked twice."""
    assert kind in known_kinds(), kind
    known = select(WorkerJobRow.id).where(
        WorkerJobRow.worker == worker, WorkerJobRow.kind == kind, WorkerJobRow.subject == subject
    )
    if session.scalars(known).first() is None:
        session.add(
            WorkerJobRow(
                id=new_id(now),
                worker=worker,
                kind=kind,
                subject=subject,
                details=dict(details or {}),
                state="waiting",
                next_try_at=now,
                created_at=now,
            )
        )


class WorkerJobs:
    """What the endpoints call."""

    def __init__(
        self, database: Database, files: VerifiedFiles, settings: OfficeSettings, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._files = files
        self._settings = settings
        self._clock = clock

    def next(self, worker: str, kinds: Sequence[str]) -> WorkerJob | None:
        """The job of these kinds that has waited longest, leased, those that a person waits for first; None: none."""
        now, wanted = self._clock(), sorted(set(kinds) & known_kinds().keys())
        with self._database.reading() as session:  # the common case: nothing is due, and no lock is taken for it
            if session.scalars(_due(now, worker, wanted)).first() is None:
                return None
        with self._database.writing() as session:
            row = session.scalars(_due(now, worker, wanted).with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            kind = known_kinds()[row.kind]
            if row.attempts >= kind.tries:
                _end(row, now, "failed", "given_too_often")
                return None
            row.leased_by, row.lease_until = new_id(now), now + kind.lease
            row.attempts += 1
            row.next_try_at = now + kind.lease
            return WorkerJob(
                id=row.id, kind=row.kind, subject=row.subject, lease=row.leased_by,
                lease_s=int(kind.lease.total_seconds()), details=row.details,
            )  # fmt: skip

    def report(self, worker: str, job_id: str, report: JobReport) -> JobReceipt:
        """Takes what became of a job; the same report again gets the same answer.

        Raises:
            JobNotFoundError: this worker has no such job, or was not given it under this lease.
            JobReportRefusedError: what it brings is not what it should be; it counts as a failed try.
            StoreUnreachableError: try again.
        """
        with self._database.reading() as session:
            row = session.get(WorkerJobRow, job_id)
        if row is None or row.worker != worker or row.leased_by != report.lease:
            raise JobNotFoundError("got an unknown job or an old lease, expected one that this worker was given")
        if row.state != "waiting":
            return JobReceipt(id=row.id, state=cast('Literal["done", "failed"]', row.state))
        if report.state == "failed":
            return self._fail(row, report.reason or "unknown", is_final=report.is_final)
        kind = known_kinds()[row.kind]
        try:
            checked = kind.check(Desk(self._database, self._files.reader, self._settings), row, report)
            with self._database.writing() as session:
                mine = self._held(session, row)
                kind.record(session, self._clock(), self._settings, mine, checked)
                _end(mine, self._clock(), "done", None)
        except JobReportRefusedError as error:
            self._fail(row, error.reason, is_final=False)
            raise
        return JobReceipt(id=row.id, state="done")

    def _fail(self, row: WorkerJobRow, reason: str, *, is_final: bool) -> JobReceipt:
        now = self._clock()
        with self._database.writing() as session:
            mine = self._held(session, row)
            if is_final or mine.attempts >= known_kinds()[mine.kind].tries:
                _end(mine, now, "failed", reason)
            else:
                mine.reason, mine.lease_until = reason, None
                mine.next_try_at = now + WAITS[min(mine.attempts, len(WAITS)) - 1]
            return JobReceipt(id=mine.id, state=cast('Literal["waiting", "failed"]', mine.state))

    def _held(self, session: Session, row: WorkerJobRow) -> WorkerJobRow:
        """The job, locked, if it is still this lease's."""
        statement = select(WorkerJobRow).where(
            WorkerJobRow.id == row.id, WorkerJobRow.leased_by == row.leased_by, WorkerJobRow.state == "waiting"
        )
        mine = session.scalars(statement.with_for_update()).first()
        if mine is None:
            raise JobNotFoundError("got an old lease, expected one that this worker holds")
        return mine

    def ask_again(self, session: Session, kind: str, subject: str) -> None:
        """A person wants a failed job tried once more."""
        session.execute(
            update(WorkerJobRow)
            .where(WorkerJobRow.kind == kind, WorkerJobRow.subject == subject, WorkerJobRow.state == "failed")
            .values(state="waiting", attempts=0, next_try_at=self._clock(), finished_at=None)
        )


def _due(now: datetime, worker: str, kinds: Sequence[str]) -> Any:
    awaited = [kind for kind in kinds if known_kinds()[kind].is_awaited]
    is_free = or_(WorkerJobRow.lease_until.is_(None), WorkerJobRow.lease_until < now)
    return (
        select(WorkerJobRow)
        .where(
            WorkerJobRow.worker == worker,
            WorkerJobRow.kind.in_(kinds),
            WorkerJobRow.state == "waiting",
            WorkerJobRow.next_try_at <= now,
            is_free,
        )
        .order_by(case((WorkerJobRow.kind.in_(awaited), 0), else_=1), WorkerJobRow.next_try_at, WorkerJobRow.id)
        .limit(1)
    )


def _end(row: WorkerJobRow, now: datetime, state: str, reason: str | None) -> None:
    row.state, row.reason, row.finished_at = state, reason, now
    row.lease_until = None
