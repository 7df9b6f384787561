"""What is asked of the tables about cameras and their files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from api.actor import Actor
from api.cameras.schemas import CameraLine, FileVersion
from api.errors import CameraNotFoundError
from models.camera_file import CameraFile
from models.tables import CameraAnswerRow, CameraFileRow, CameraRow, PersonRow, SubmissionRow, WorkerKeyRow, new_id

VERSIONS_SHOWN = 30
CAMERAS_SHOWN = 500
NO_GROUP = ""
"""Of a camera that is not registered yet."""


def camera_lines(session: Session, actor: Actor) -> list[CameraLine]:
    """Known cameras of this person's agency, and those that have only been proposed."""
    rows = session.scalars(select(CameraRow).order_by(CameraRow.id).limit(CAMERAS_SHOWN)).all()
    counted = select(CameraFileRow.camera_id, func.count()).where(CameraFileRow.state == "proposed")
    open_files = session.execute(counted.group_by(CameraFileRow.camera_id))
    proposed = {str(camera_id): int(count) for camera_id, count in open_files}
    found = [
        CameraLine(
            row.id, row.name, row.address, row.agency, row.mode, worker_of(session, row.id), row.is_simulated,
            is_new=False, open_proposals=proposed.pop(row.id, 0),
        )
        for row in rows if actor.sees(row.agency, row.camera_group)
    ]  # fmt: skip
    new = (_new(session, actor, camera_id, count) for camera_id, count in sorted(proposed.items()))
    return found + [line for line in new if line is not None]


def _new(session: Session, actor: Actor, camera_id: str, count: int) -> CameraLine | None:
    row = newest(session, camera_id, ("proposed",))
    if session.get(CameraRow, camera_id) is not None or row is None or not sees(session, actor, row):
        return None
    return CameraLine(row.camera_id, row.camera_id, "", row.agency, "", row.worker, row.is_simulated, True, count)


def sees(session: Session, actor: Actor, row: CameraFileRow | CameraAnswerRow) -> bool:
    """Whether this is the person's business, by the agency that the row names and the one that has the camera."""
    camera = session.get(CameraRow, row.camera_id)
    if camera is None:
        return actor.sees(row.agency, NO_GROUP)
    return actor.sees(row.agency, camera.camera_group) and actor.sees(camera.agency, camera.camera_group)


def newest(session: Session, camera_id: str, states: Sequence[str]) -> CameraFileRow | None:
    statement = select(CameraFileRow).where(CameraFileRow.camera_id == camera_id, CameraFileRow.state.in_(states))
    return session.scalars(statement.order_by(CameraFileRow.id.desc()).limit(1)).first()


def in_force(session: Session, camera_id: str) -> CameraFileRow | None:
    """The file that was approved last. None where the office has never seen the text of one."""
    statement = select(CameraFileRow).where(CameraFileRow.camera_id == camera_id, CameraFileRow.state == "approved")
    return session.scalars(
        statement.order_by(CameraFileRow.decided_at.desc(), CameraFileRow.id.desc()).limit(1)
    ).first()


def file_now(session: Session, camera_id: str) -> str | None:
    """SHA-256 of the file in force: what a new file must have been drawn on."""
    row = in_force(session, camera_id)
    return None if row is None else row.file_sha256


def keep_text(session: Session, now: datetime, file: CameraFile, unit_telephone: str, *, is_simulated: bool) -> None:
    """Keeps the text of a file that came into force outside of the browser; what was drawn on an older one is stale."""
    before = file_now(session, file.camera.id)
    if not file.text or before == file.sha256:
        return
    session.add(
        CameraFileRow(
            id=new_id(now), camera_id=file.camera.id, agency=file.camera.site.agency, text=file.text,
            file_sha256=file.sha256, base_sha256=before, worker=worker_of(session, file.camera.id),
            unit_telephone=unit_telephone, is_simulated=is_simulated, state="approved", proposed_at=now, decided_at=now,
        )
    )  # fmt: skip


def find_file(session: Session, actor: Actor, file_id: str) -> CameraFileRow:
    """One version, of a camera that this person may know.

    Raises:
        CameraNotFoundError
    """
    row = session.get(CameraFileRow, file_id)
    if row is None or not sees(session, actor, row):
        raise CameraNotFoundError("got an unknown camera file, expected one of this agency")
    return row


def check_seen(session: Session, actor: Actor, camera_id: str) -> CameraRow | None:
    """The camera; None where it has only been proposed.

    Raises:
        CameraNotFoundError: there is none, or it is another agency's.
    """
    row = session.get(CameraRow, camera_id)
    if row is None:
        proposed = newest(session, camera_id, ("proposed", "refused", "withdrawn", "stale"))
        if proposed is None or not sees(session, actor, proposed):
            raise CameraNotFoundError("got an unknown camera, expected one of this agency")
    elif not actor.sees(row.agency, row.camera_group):
        raise CameraNotFoundError("got an unknown camera, expected one of this agency")
    return row


def versions(session: Session, camera_id: str) -> list[FileVersion]:
    """The newest first."""
    proposer, decider = aliased(PersonRow), aliased(PersonRow)
    rows = session.execute(
        select(CameraFileRow, proposer, decider)
        .outerjoin(proposer, proposer.id == CameraFileRow.proposed_by)
        .outerjoin(decider, decider.id == CameraFileRow.decided_by)
        .where(CameraFileRow.camera_id == camera_id)
        .order_by(CameraFileRow.id.desc())
        .limit(VERSIONS_SHOWN)
    )
    return [as_version(row, by, decided) for row, by, decided in rows]


def as_version(row: CameraFileRow, proposer: PersonRow | None, decider: PersonRow | None) -> FileVersion:
    return FileVersion(
        id=row.id,
        camera_id=row.camera_id,
        text=row.text,
        sha256=row.file_sha256,
        base_sha256=row.base_sha256,
        worker=row.worker,
        unit_telephone=row.unit_telephone,
        is_simulated=row.is_simulated,
        state=row.state,
        note=row.note,
        proposed_by=row.proposed_by,
        proposer=_name(proposer),
        proposed_at=row.proposed_at,
        decider=_name(decider),
        decided_at=row.decided_at,
        reason=row.reason or "",
    )


def _name(person: PersonRow | None) -> str:
    return "" if person is None else person.display_name or person.username


def worker_of(session: Session, camera_id: str) -> str | None:
    """Who watches this camera: as its file in force says, else whoever handed in its last claim."""
    row = in_force(session, camera_id)
    if row is not None and row.worker:
        return row.worker
    statement = select(SubmissionRow.worker).where(SubmissionRow.camera_id == camera_id)
    return session.scalars(statement.order_by(SubmissionRow.id.desc()).limit(1)).first()


def known_workers(session: Session) -> list[str]:
    """Workers with a key that still holds."""
    statement = select(WorkerKeyRow.worker).where(WorkerKeyRow.revoked_at.is_(None)).distinct()
    return sorted(session.scalars(statement))
