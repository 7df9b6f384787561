"""Asks the worker of a camera for a picture, or for what a file's rules would claim; keeps what it answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.cameras.files import read_text
from api.cameras.jpeg import check_jpeg
from api.cameras.repository import check_seen, known_workers, sees
from api.cameras.schemas import Answer, AnswerState
from api.cameras.service import EDITORS, READERS
from api.database import Database
from api.errors import CameraNotFoundError, InputError, JobNotFoundError, JobReportRefusedError
from api.worker_jobs.service import add_job
from models.domain.camera_jobs import LIVE_PICTURE, LONGEST_TRIAL_S, ROAD_PICTURE, TRIAL_PICTURES, claim_picture
from models.domain.cases import Role
from models.tables import CameraAnswerRow, CameraPictureRow, WorkerJobRow, new_id

PICTURES_KEPT = timedelta(hours=24)
"""They may show people; a new one costs seconds."""
ANSWERS_KEPT = 20
"""Of one kind and camera."""
FETCHED_WITHIN = timedelta(minutes=10)
"""A worker that did not fetch a question by then is not running; the question is withdrawn."""
PICTURE_READERS: tuple[Role, ...] = ("reviewer", "supervisor", "auditor")
"""Who may see people and plates, as in cases. All others see the road without them."""
PICTURES = (LIVE_PICTURE, ROAD_PICTURE, *(claim_picture(number + 1) for number in range(TRIAL_PICTURES)))


class CameraAnswers:
    """Questions to workers about cameras."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def ask_snapshot(self, actor: Actor, text: str, worker: str) -> str:
        """Asks for a picture of the camera that this file describes; the answer's id.

        Raises:
            NotAllowedError, CameraNotFoundError, InputError, CameraFileError
        """
        return self._ask(actor, "snapshot", text, worker, {})

    def ask_trial(self, actor: Actor, text: str, worker: str, seconds: int) -> str:
        """Asks what the rules of this file would have claimed in the last seconds.

        Raises:
            NotAllowedError, CameraNotFoundError, InputError, CameraFileError
        """
        if not 1 <= seconds <= LONGEST_TRIAL_S:
            raise InputError("seconds", f"got {seconds}, expected 1..{LONGEST_TRIAL_S}")
        return self._ask(actor, "try_rules", text, worker, {"seconds": seconds})

    def _ask(self, actor: Actor, kind: str, text: str, worker: str, details: dict[str, str | int | bool]) -> str:
        actor.needs(*EDITORS)
        file, now = read_text(text), self._clock()
        camera_id, agency = file.camera.id, file.camera.site.agency
        with self._database.writing() as session:
            row = CameraAnswerRow(
                id=new_id(now), kind=kind, camera_id=camera_id, agency=agency, worker=worker,
                file_sha256=file.sha256, asked_by=actor.person_id, asked_at=now,
            )  # fmt: skip
            if not sees(session, actor, row):
                raise CameraNotFoundError("got a camera of another agency, expected your own")
            if worker not in known_workers(session):
                raise InputError("worker", f"got {worker[:64]!r}, expected a worker with a key")
            _close_older(session, now, kind, camera_id)
            session.add(row)
            what = details | {"camera": camera_id, "file": text, "file_sha256": file.sha256}
            add_job(session, now, worker, kind, row.id, what)
            record(session, now, actor, "administrator", f"camera_{kind}", details={"camera": camera_id})
            return row.id

    def read(self, actor: Actor, answer_id: str) -> Answer:
        """What became of a question.

        Raises:
            NotAllowedError, CameraNotFoundError
        """
        actor.needs(*READERS)
        with self._database.reading() as session:
            return _answer(session, actor, _find(session, actor, answer_id), self._clock())

    def newest(self, actor: Actor, camera_id: str, kind: str, file_sha256: str | None = None) -> Answer | None:
        """The newest question of this kind about a camera, or about this very file of it.

        Raises:
            NotAllowedError, CameraNotFoundError
        """
        actor.needs(*READERS)
        with self._database.reading() as session:
            check_seen(session, actor, camera_id)
            statement = select(CameraAnswerRow).where(
                CameraAnswerRow.camera_id == camera_id, CameraAnswerRow.kind == kind
            )
            if file_sha256 is not None:
                statement = statement.where(CameraAnswerRow.file_sha256 == file_sha256)
            row = session.scalars(statement.order_by(CameraAnswerRow.id.desc()).limit(1)).first()
            return None if row is None else _answer(session, actor, row, self._clock())

    def picture(self, actor: Actor, answer_id: str, name: str) -> bytes:
        """One picture, if this person may see it; a look at people and plates is in the audit log.

        Raises:
            NotAllowedError, CameraNotFoundError
        """
        actor.needs(*READERS)
        now = self._clock()
        with self._database.writing() as session:
            row = _find(session, actor, answer_id)
            if name != ROAD_PICTURE:
                actor.needs(*PICTURE_READERS)
                role = next(role for role in PICTURE_READERS if role in actor.roles)
                details = {"camera": row.camera_id, "answer": row.id, "picture": name}
                record(session, now, actor, role, "camera_picture_seen", details=details)
            picture = session.get(CameraPictureRow, (row.id, name))
            if picture is None or picture.received_at + PICTURES_KEPT <= now:
                raise CameraNotFoundError("got no such picture, expected one of this answer: they are kept for a day")
            return picture.body

    def receive_picture(self, worker: str, job_id: str, lease: str, name: str, body: bytes) -> None:
        """Keeps a picture that belongs to a job which this worker holds; sent again, it takes the place of the first.

        Raises:
            JobNotFoundError: no such job of this worker, not under this lease, or it asks for no pictures.
            JobReportRefusedError: it is no plain JPEG of an allowed size.
        """
        check_jpeg(body)
        now = self._clock()
        with self._database.writing() as session:
            job = session.get(WorkerJobRow, job_id)
            is_held = job is not None and (job.worker, job.leased_by, job.state) == (worker, lease, "waiting")
            answer = session.get(CameraAnswerRow, job.subject) if job is not None and is_held else None
            if answer is None:
                raise JobNotFoundError("got an unknown job or an old lease, expected one that asks for pictures")
            wanted = (LIVE_PICTURE, ROAD_PICTURE) if answer.kind == "snapshot" else PICTURES[2:]
            if name not in wanted:
                raise JobReportRefusedError("picture_wrong", f"got {name}, expected one of {', '.join(wanted)}")
            session.merge(CameraPictureRow(answer_id=answer.id, name=name, body=body, received_at=now))

    def forget_pictures(self) -> int:
        """Removes what is older than a day; how many."""
        with self._database.reading() as session:
            old = CameraPictureRow.received_at <= self._clock() - PICTURES_KEPT
            if session.scalars(select(CameraPictureRow.name).where(old).limit(1)).first() is None:
                return 0
        with self._database.writing() as session:
            found = session.execute(delete(CameraPictureRow).where(old).returning(CameraPictureRow.name))
            return len(found.all())


def _close_older(session: Session, now: datetime, kind: str, camera_id: str) -> None:
    """One question of a kind at a time: an older one that no worker has fetched is withdrawn, old answers go."""
    own = (CameraAnswerRow.kind == kind, CameraAnswerRow.camera_id == camera_id)
    ids = list(session.scalars(select(CameraAnswerRow.id).where(*own).order_by(CameraAnswerRow.id.desc())))
    session.execute(
        update(WorkerJobRow)
        .where(WorkerJobRow.kind == kind, WorkerJobRow.subject.in_(ids), WorkerJobRow.state == "waiting",
               WorkerJobRow.leased_by.is_(None))
        .values(state="failed", reason="asked_anew", finished_at=now)
    )  # fmt: skip
    gone = ids[ANSWERS_KEPT - 1 :]
    session.execute(delete(CameraPictureRow).where(CameraPictureRow.answer_id.in_(gone)))
    session.execute(delete(CameraAnswerRow).where(CameraAnswerRow.id.in_(gone)))
    session.execute(delete(WorkerJobRow).where(WorkerJobRow.kind == kind, WorkerJobRow.subject.in_(gone)))


def _find(session: Session, actor: Actor, answer_id: str) -> CameraAnswerRow:
    row = session.get(CameraAnswerRow, answer_id)
    if row is None or not sees(session, actor, row):
        raise CameraNotFoundError("got an unknown question, expected one about a camera of this agency")
    return row


def _answer(session: Session, actor: Actor, row: CameraAnswerRow, now: datetime) -> Answer:
    job = session.scalars(
        select(WorkerJobRow).where(WorkerJobRow.kind == row.kind, WorkerJobRow.subject == row.id)
    ).first()
    state, reason = ("failed", "gone") if job is None else (job.state, job.reason)
    if job is not None and state == "waiting":
        state = "given" if job.lease_until is not None and job.lease_until > now else "waiting"
        if job.attempts == 0 and now - row.asked_at > FETCHED_WITHIN:
            state, reason = "failed", "worker_silent"
    statement = select(CameraPictureRow.name).where(
        CameraPictureRow.answer_id == row.id, CameraPictureRow.received_at > now - PICTURES_KEPT
    )
    names = session.scalars(statement).all() if state == "done" else []
    may_see_people = bool(actor.roles.intersection(PICTURE_READERS))
    return Answer(
        id=row.id, kind=row.kind, camera_id=row.camera_id, worker=row.worker, file_sha256=row.file_sha256,
        state=cast("AnswerState", state), reason=reason, asked_at=row.asked_at, answered_at=row.answered_at,
        content=row.answer or {},
        pictures=tuple(sorted(name for name in names if may_see_people or name == ROAD_PICTURE)),
    )  # fmt: skip
