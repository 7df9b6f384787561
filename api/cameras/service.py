"""Camera files: one person proposes, another approves, and only then a worker is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.actor import OFFICE, Actor
from api.audit import record
from api.cameras.files import read_text
from api.cameras.repository import (
    NO_GROUP,
    as_version,
    camera_lines,
    check_seen,
    file_now,
    find_file,
    known_workers,
    versions,
    worker_of,
)
from api.cameras.schemas import CameraLine, FileVersion, Proposal
from api.cases.register import register_camera
from api.database import Database
from api.errors import InputError, ProposalClosedError, ProposalStaleError, SamePersonError
from api.worker_jobs.service import add_job
from models.camera_file import CameraFile
from models.domain.cases import Role
from models.tables import CameraAnswerRow, CameraFileRow, CameraRow, PersonRow, new_id

READERS: tuple[Role, ...] = ("administrator", "supervisor", "auditor", "operations", "reviewer")
EDITORS: tuple[Role, ...] = ("administrator",)
APPROVERS: tuple[Role, ...] = ("administrator", "supervisor")
REASON_CHARACTERS = 500


class CameraService:
    """What pages do with camera files."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def lines(self, actor: Actor) -> list[CameraLine]:
        actor.needs(*READERS)
        with self._database.reading() as session:
            return camera_lines(session, actor)

    def versions(self, actor: Actor, camera_id: str) -> list[FileVersion]:
        """Every version of a camera's file, the newest first.

        Raises:
            NotAllowedError, CameraNotFoundError
        """
        actor.needs(*READERS)
        with self._database.reading() as session:
            check_seen(session, actor, camera_id)
            return versions(session, camera_id)

    def current(self, actor: Actor, camera_id: str) -> FileVersion | None:
        """The file in force; None where the office has never seen its text. Raises as `versions`."""
        return next((each for each in self.versions(actor, camera_id) if each.state == "approved"), None)

    def file(self, actor: Actor, file_id: str) -> FileVersion:
        """One version.

        Raises:
            NotAllowedError, CameraNotFoundError
        """
        actor.needs(*READERS)
        with self._database.reading() as session:
            row = find_file(session, actor, file_id)
            people = [session.get(PersonRow, each) if each else None for each in (row.proposed_by, row.decided_by)]
            return as_version(row, *people)

    def base_text(self, version: FileVersion) -> str | None:
        """The text that this version was drawn on; None where there was none."""
        with self._database.reading() as session:
            statement = select(CameraFileRow.text).where(
                CameraFileRow.camera_id == version.camera_id, CameraFileRow.file_sha256 == (version.base_sha256 or "")
            )
            return session.scalars(statement.limit(1)).first()

    def workers(self) -> list[str]:
        with self._database.reading() as session:
            return known_workers(session)

    def worker_of(self, camera_id: str) -> str | None:
        with self._database.reading() as session:
            return worker_of(session, camera_id)

    def propose(self, actor: Actor, camera_id: str | None, proposal: Proposal) -> str:
        """Keeps a file for another person to approve; its id.

        Raises:
            NotAllowedError, CameraNotFoundError
            CameraFileError: the text is no file of this camera.
            InputError: a field beside it cannot stand.
            ProposalStaleError: another file was approved since it was drawn.
        """
        actor.needs(*EDITORS)
        file = read_text(proposal.text, camera_id)
        now = self._clock()
        with self._database.writing() as session:
            if camera_id is not None:
                check_seen(session, actor, camera_id)
            elif session.get(CameraRow, file.camera.id) is not None:
                raise file.error(("id",), f"got {file.camera.id!r}, which is a camera already, expected a new id")
            _check(session, actor, file, proposal)
            _check_base(session, file.camera.id, proposal.base_sha256)
            row = _row(new_id(now), now, actor, file, proposal)
            session.add(row)
            details = {"camera": row.camera_id, "file": row.id, "file_sha256": row.file_sha256}
            record(session, now, actor, "administrator", "camera_file_proposed", details=details)
            return row.id

    def approve(self, actor: Actor, file_id: str) -> None:
        """Brings a file into force: the camera is registered with it, and its worker is told to load it.

        Raises:
            NotAllowedError, CameraNotFoundError
            ProposalClosedError: it was decided already.
            SamePersonError: whoever proposed it.
            ProposalStaleError: another file was approved since; it is closed as stale.
        """
        actor.needs(*APPROVERS)
        now = self._clock()
        with self._database.writing() as session:
            row = _open_file(session, actor, file_id)
            if actor.person_id is None or actor.person_id == row.proposed_by:
                raise SamePersonError("got the person who proposed the file, expected another one")
            is_stale = file_now(session, row.camera_id) != row.base_sha256
            if is_stale:
                _decide(row, now, actor, "stale", None)
            else:
                self._publish(session, now, actor, row)
        if is_stale:
            raise ProposalStaleError(f"{row.camera_id}: got a file that was drawn on an older one, expected the newest")

    def refuse(self, actor: Actor, file_id: str, reason: str) -> None:
        """Closes a proposal; whoever made it withdraws it so.

        Raises:
            NotAllowedError, CameraNotFoundError, ProposalClosedError
            InputError: somebody else's, without a reason.
        """
        actor.needs(*APPROVERS)
        now, reason = self._clock(), reason.strip()
        with self._database.writing() as session:
            row = _open_file(session, actor, file_id)
            is_own = actor.person_id == row.proposed_by
            if len(reason) > REASON_CHARACTERS or (not is_own and not reason):
                raise InputError("reason", f"got {len(reason)} characters, expected 1..{REASON_CHARACTERS}")
            _decide(row, now, actor, "withdrawn" if is_own else "refused", reason or None)
            details = {"camera": row.camera_id, "file": row.id}
            record(session, now, actor, _role(actor), f"camera_file_{row.state}", details=details)

    def _publish(self, session: Session, now: datetime, actor: Actor, row: CameraFileRow) -> None:
        file, camera = read_text(row.text, row.camera_id), session.get(CameraRow, row.camera_id)
        _decide(row, now, actor, "approved", None)
        mode = cast('Literal["live", "warning"]', "live" if camera is None else camera.mode)
        register_camera(
            session, now, OFFICE, file, unit_telephone=row.unit_telephone, mode=mode, is_simulated=row.is_simulated
        )
        details = {"camera": row.camera_id, "file": row.id, "file_sha256": row.file_sha256}
        record(session, now, actor, _role(actor), "camera_file_approved", details=details)
        if row.worker:
            session.add(
                CameraAnswerRow(
                    id=row.id, kind="reload_camera", camera_id=row.camera_id, agency=row.agency, worker=row.worker,
                    file_sha256=row.file_sha256, asked_by=actor.person_id, asked_at=now,
                )
            )  # fmt: skip
            what: dict[str, str | int | bool] = {
                "camera": row.camera_id,
                "file": row.text,
                "file_sha256": row.file_sha256,
            }
            add_job(session, now, row.worker, "reload_camera", row.id, what)


def _row(row_id: str, now: datetime, actor: Actor, file: CameraFile, proposal: Proposal) -> CameraFileRow:
    camera = file.camera
    return CameraFileRow(
        id=row_id,
        camera_id=camera.id,
        agency=camera.site.agency,
        text=proposal.text,
        file_sha256=file.sha256,
        base_sha256=proposal.base_sha256,
        worker=proposal.worker,
        unit_telephone=proposal.unit_telephone.strip(),
        is_simulated=camera.source.startswith("sim://"),
        state="proposed",
        note=proposal.note.strip(),
        proposed_by=actor.person_id,
        proposed_at=now,
    )


def _check(session: Session, actor: Actor, file: CameraFile, proposal: Proposal) -> None:
    known = session.get(CameraRow, file.camera.id)
    if not actor.sees(file.camera.site.agency, NO_GROUP if known is None else known.camera_group):
        raise file.error(("site", "agency"), "got another agency, expected your own")
    if proposal.worker not in known_workers(session):
        raise InputError("worker", f"got {proposal.worker[:64]!r}, expected a worker with a key")
    if not 3 <= len(proposal.unit_telephone.strip()) <= 40:
        raise InputError("unit_telephone", "got no telephone number of 3..40 characters: notices print it")
    if len(proposal.note.strip()) > REASON_CHARACTERS:
        raise InputError("note", f"got {len(proposal.note)} characters, expected at most {REASON_CHARACTERS}")


def _check_base(session: Session, camera_id: str, base_sha256: str | None) -> None:
    if file_now(session, camera_id) != base_sha256:
        raise ProposalStaleError(f"{camera_id}: got a file that was drawn on an older one, expected the newest")


def _open_file(session: Session, actor: Actor, file_id: str) -> CameraFileRow:
    """The proposal, while nobody else decides about any file of its camera."""
    row = find_file(session, actor, file_id)
    own = select(CameraFileRow).where(CameraFileRow.camera_id == row.camera_id).order_by(CameraFileRow.id)
    session.scalars(own.with_for_update().execution_options(populate_existing=True)).all()
    if row.state != "proposed":
        raise ProposalClosedError(f"got a file that is {row.state}, expected one that waits for a second person")
    return row


def _decide(row: CameraFileRow, now: datetime, actor: Actor, state: str, reason: str | None) -> None:
    row.state, row.decided_by, row.decided_at, row.reason = state, actor.person_id, now, reason


def _role(actor: Actor) -> Role:
    return "administrator" if "administrator" in actor.roles else "supervisor"
