"""Submissions in, cases out. Each public method is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.cases.listing import EVERYTHING, QueueFilter, held_by, queue_page, seen_rules, state_counts, visible_cameras
from api.cases.reading import UNDECIDED, case_file, case_lines
from api.cases.repository import find_case
from api.cases.schemas import CaseFile, CaseLine
from api.database import Database
from api.errors import EvidenceNotFoundError, InputError, SubmissionConflictError, SubmissionNotFoundError
from api.evidence import VerifiedFile, VerifiedFiles
from api.keys import worker_of
from models.domain.cases import CASE_STATES, CaseState, Role
from models.domain.store import StoredObject
from models.domain.submission import Submission, SubmissionAnswer
from models.tables import EvidenceRow, SubmissionRow

READERS: tuple[Role, ...] = ("reviewer", "supervisor", "auditor")
"""Roles of the police that may see a case, its plate and its pictures."""
COORDINATE_LIMIT_PX16 = 2**24
_HOLDING_THE_READING = ("manifest.json", "manifest_dsse.json")
"""The machine's reading of the plate is written in them: not for whoever has yet to type theirs."""


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
        with self._database.reading() as session:
            return worker_of(session, key)

    def receive(self, worker: str, message: Submission) -> SubmissionAnswer:
        """Takes a submission in; the same id with the same manifest gives the same answer.

        Raises:
            SubmissionConflictError: the id is known with another manifest, or from another worker.
            InputError: numbers that no picture has.
        """
        _check_numbers(message)
        with self._database.reading() as session:
            known = session.get(SubmissionRow, message.id)
        if known is None:
            try:
                return self._add(worker, message)
            except IntegrityError:  # the same message came twice at once
                with self._database.reading() as session:
                    known = session.get(SubmissionRow, message.id)
                if known is None:
                    raise
        if known.worker != worker:
            raise SubmissionConflictError(f"got {message.id} from worker {worker}, expected the one that sent it first")
        if known.manifest_sha256 != message.manifest_sha256:
            got, expected = message.manifest_sha256[:16], known.manifest_sha256[:16]
            raise SubmissionConflictError(f"{message.id}: got manifest {got}…, expected {expected}…")
        return _answer(known)

    def _add(self, worker: str, message: Submission) -> SubmissionAnswer:
        now = self._clock()
        row = SubmissionRow(
            id=message.id,
            worker=worker,
            camera_id=message.camera_id,
            state="received",
            manifest_sha256=message.manifest_sha256,
            message=message.model_dump_json(),
            received_at=now,
            next_try_at=now,
        )
        with self._database.writing() as session:
            session.add(row)
            details = {"submission": message.id, "worker": worker}
            record(session, now, Actor(frozenset({"worker"})), "worker", "submission_received", details=details)
        return _answer(row)

    def answer(self, worker: str, submission_id: str) -> SubmissionAnswer:
        """How far a submission is.

        Raises:
            SubmissionNotFoundError: this worker handed in no such thing.
        """
        with self._database.reading() as session:
            row = session.get(SubmissionRow, submission_id)
        if row is None or row.worker != worker:
            raise SubmissionNotFoundError("got an unknown submission, expected one that this worker handed in")
        return _answer(row)


class CaseService:
    """What people may read."""

    def __init__(self, database: Database, files: VerifiedFiles, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._files = files
        self._clock = clock

    def queue(
        self,
        actor: Actor,
        states: Sequence[CaseState],
        *,
        limit: int = 50,
        after: str | None = None,
        wanted: QueueFilter = EVERYTHING,
    ) -> tuple[CaseLine, ...]:
        """Cases in any of the states, what runs out first on top; `after` is the id of the last line seen.

        Raises:
            NotAllowedError: the role may not see cases.
        """
        actor.needs(*READERS)
        with self._database.reading() as session:
            return case_lines(session, self._clock(), actor, queue_page(session, actor, states, limit, after, wanted))

    def mine(self, actor: Actor, states: Sequence[CaseState]) -> tuple[CaseLine, ...]:
        """The cases in any of the states that this person holds."""
        actor.needs(*READERS)
        with self._database.reading() as session:
            return case_lines(session, self._clock(), actor, held_by(session, actor, states))

    def cameras(self, actor: Actor) -> Sequence[tuple[str, str]]:
        """Id and name of the cameras whose cases this person may see."""
        actor.needs(*READERS)
        with self._database.reading() as session:
            return [(camera.id, camera.name) for camera in visible_cameras(session, actor)]

    def rules(self, actor: Actor) -> Sequence[str]:
        """The rules that there are cases of."""
        actor.needs(*READERS)
        with self._database.reading() as session:
            return seen_rules(session)

    def counts(self, actor: Actor) -> dict[CaseState, int]:
        """How many cases this person sees in each state, counted up to `listing.COUNTED`."""
        actor.needs(*READERS, "operations")
        with self._database.reading() as session:
            found = state_counts(session, actor, CASE_STATES)
        return {state: found[state] for state in CASE_STATES}

    def line(self, actor: Actor, case_id: str) -> CaseLine:
        """Where one case stands and who holds it; nothing of what it says, so the audit log notes no look.

        Raises:
            CaseNotFoundError, NotAllowedError
        """
        actor.needs(*READERS)
        with self._database.reading() as session:
            return case_lines(session, self._clock(), actor, [find_case(session, actor, case_id)])[0]

    def read(self, actor: Actor, case_id: str) -> CaseFile:
        """The whole file of one case; writes a `view` row into the audit log.

        Raises:
            CaseNotFoundError: there is none, or it is another agency's.
            NotAllowedError: the role may not see cases.
        """
        actor.needs(*READERS)
        now = self._clock()
        with self._database.writing() as session:
            case = find_case(session, actor, case_id)
            role = next(role for role in READERS if role in actor.roles)
            record(session, now, actor, role, "view", case_id=case.id)
            session.flush()
            return case_file(session, now, actor, case)

    def evidence(self, actor: Actor, case_id: str, name: str, *, submission_id: str | None = None) -> VerifiedFile:
        """One file of the case, its bytes verified before this returns; of a claim that joined, with its id.

        Raises:
            CaseNotFoundError, EvidenceNotFoundError, NotAllowedError
            StoreUnreachableError: try again later (503).
            DigestMismatchError, ObjectMissingError: the store no longer holds what was sealed.
        """
        actor.needs(*READERS)
        if submission_id is not None and not submission_id.isalnum():
            raise EvidenceNotFoundError("got an unknown submission, expected one that joined this case")
        with self._database.reading() as session:
            case = find_case(session, actor, case_id)
            if case.state in UNDECIDED and name in _HOLDING_THE_READING:
                raise EvidenceNotFoundError(f"got {name} of a case in review, expected it once the case is decided")
            stored = find_evidence(session, case.id, submission_id or case.submission_id, name)
        return self._files.fetch(stored)


def find_evidence(session: Session, case_id: str, submission_id: str, name: str) -> StoredObject:
    """One object of the case's own package, or of one that joined it.

    Raises:
        EvidenceNotFoundError: the case has no file of that name.
    """
    rows = session.scalars(
        select(EvidenceRow)
        .join(SubmissionRow, SubmissionRow.id == EvidenceRow.submission_id)
        .where(SubmissionRow.case_id == case_id, SubmissionRow.id == submission_id)
    ).all()
    row = next((row for row in rows if row.name == name), None)
    if row is None:
        raise EvidenceNotFoundError("got an unknown file name, expected one of this case's package")
    return StoredObject(
        name=row.name, key=row.key, version_id=row.version_id, sha256=row.sha256, length_bytes=row.length_bytes
    )


def _answer(row: SubmissionRow) -> SubmissionAnswer:
    return SubmissionAnswer.model_validate(
        {
            "submission_id": row.id,
            "state": row.state,
            "case_id": row.case_id,
            "reason": row.reason,
            "detail": row.detail,
        }
    )


def _check_numbers(message: Submission) -> None:
    for name, numbers in (("point_px16", message.point_px16), ("box_px16", message.box_px16)):
        if any(abs(number) >= COORDINATE_LIMIT_PX16 for number in numbers):
            raise InputError(name, f"{name}: got a number of {COORDINATE_LIMIT_PX16} or more, expected 1/16 px")
    x1, y1, x2, y2 = message.box_px16
    if not (x1 < x2 and y1 < y2):
        raise InputError("box_px16", f"box_px16: got {list(message.box_px16)}, expected x1 < x2 and y1 < y2")
