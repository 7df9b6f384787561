"""What an administrator lets the office know: cameras and workers' keys."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import update
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.cameras.repository import keep_text
from api.errors import InputError, NotFoundError
from api.keys import WORKER_KEY_BYTES, hashed, new_secret
from api.log.writing import log_entry
from models.camera_file import CameraFile
from models.domain.cases import Role
from models.tables import CameraRow, CaseRow, WorkerKeyRow, new_id

GROUP_CHARACTERS = 60


def register_camera(
    session: Session,
    now: datetime,
    actor: Actor,
    file: CameraFile,
    *,
    unit_telephone: str,
    mode: Literal["live", "warning"] = "warning",
    is_simulated: bool = False,
) -> None:
    """Makes the camera of this file known, or brings what is known up to date. A camera once marked as simulated stays
    so: its cases must never become real notices."""
    camera = file.camera
    values = {
        "name": camera.name,
        "file_sha256": file.sha256,
        "mode": mode,
        "site_kind": camera.site.kind,
        "agency": camera.site.agency,
        "unit_telephone": unit_telephone,
        "address": camera.site.address,
        "timezone": camera.timezone,
        "updated_at": now,
    }
    row = session.get(CameraRow, camera.id)
    if row is None:
        session.add(CameraRow(id=camera.id, is_simulated=is_simulated, created_at=now, **values))
    else:
        row.is_simulated = row.is_simulated or is_simulated
        for name, value in values.items():
            setattr(row, name, value)
    keep_text(session, now, file, unit_telephone, is_simulated=is_simulated)
    log_entry(session, now, "camera", camera.id, {"file_sha256": file.sha256, "mode": mode})
    details = {"camera": camera.id, "file_sha256": file.sha256, "mode": mode}
    record(session, now, actor, _role(actor), "camera_registered", details=details)


def group_camera(session: Session, now: datetime, actor: Actor, camera_id: str, group: str) -> None:
    """Puts a camera, with every case of it, into a group of its agency: from now on other people see them.

    Raises:
        InputError: no name that a group may have.
        NotFoundError: no such camera, or not this administrator's.
    """
    if len(group) > GROUP_CHARACTERS or not group.isprintable() or group != group.strip():
        raise InputError("group", f"got {group!r:.80}, expected at most {GROUP_CHARACTERS} plain characters")
    row = session.get(CameraRow, camera_id, with_for_update=True)
    if row is None or not actor.sees(row.agency, row.camera_group) or not actor.sees(row.agency, group):
        raise NotFoundError(f"got camera {camera_id[:40]!r}, expected one that you administer")
    row.camera_group = group
    session.execute(update(CaseRow).where(CaseRow.camera_id == camera_id).values(camera_group=group))
    details = {"camera": camera_id, "group": group}
    record(session, now, actor, _role(actor), "camera_grouped", details=details)


def add_worker_key(session: Session, now: datetime, actor: Actor, worker: str) -> str:
    """A new key for this worker; the text is returned once and stored hashed. Older keys stay valid until revoked."""
    key = f"wk_{new_secret(WORKER_KEY_BYTES)}"
    session.add(WorkerKeyRow(id=new_id(now), worker=worker, key_sha256=hashed(key), created_at=now))
    record(session, now, actor, _role(actor), "worker_key_added", details={"worker": worker})
    return key


def revoke_worker_keys(session: Session, now: datetime, actor: Actor, worker: str) -> None:
    """Ends every key of this worker at once."""
    session.execute(
        update(WorkerKeyRow)
        .where(WorkerKeyRow.worker == worker, WorkerKeyRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    record(session, now, actor, _role(actor), "worker_keys_revoked", details={"worker": worker})


def _role(actor: Actor) -> Role:
    actor.needs("administrator", "office")
    return "administrator" if "administrator" in actor.roles else "office"
