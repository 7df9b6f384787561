"""Workers' signing keys: enrolled and revoked by entries of the log."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.errors import KeyNotFoundError, KeyTakenError
from api.log.writing import log_entry
from models.domain.cases import Role
from models.tables import SigningKeyRow
from models.verify.keys import PublicKey


def enrol_key(session: Session, now: datetime, actor: Actor, worker: str, key: PublicKey) -> None:
    """From here on, packages of this worker may be signed by this key.

    Raises:
        KeyTakenError: it is or was enrolled.
        NotAllowedError: only an administrator may.
    """
    actor.needs("administrator", "office")
    if session.get(SigningKeyRow, key.fingerprint) is not None:
        raise KeyTakenError(f"got the key {key.fingerprint[:16]}…, expected one that was never enrolled")
    session.add(SigningKeyRow(fingerprint=key.fingerprint, worker=worker, public_key=key.text, enrolled_at=now))
    _write(session, now, actor, worker, key.fingerprint, key.text, "enrol")


def revoke_key(session: Session, now: datetime, actor: Actor, fingerprint: str) -> None:
    """From here on, nothing signed by this key is taken; what was taken before stays good.

    Raises:
        KeyNotFoundError: no such key, or it is revoked.
        NotAllowedError: only an administrator may.
    """
    actor.needs("administrator", "office")
    statement = select(SigningKeyRow).where(
        SigningKeyRow.fingerprint == fingerprint, SigningKeyRow.revoked_at.is_(None)
    )
    row = session.scalars(statement.with_for_update()).first()
    if row is None:
        raise KeyNotFoundError(f"got the fingerprint {fingerprint[:64]!r}, expected an enrolled key")
    row.revoked_at = now
    _write(session, now, actor, row.worker, fingerprint, row.public_key, "revoke")


def _write(
    session: Session,
    now: datetime,
    actor: Actor,
    worker: str,
    fingerprint: str,
    public_key: str,
    change: Literal["enrol", "revoke"],
) -> None:
    facts = {"change": change, "public_key": public_key}
    log_entry(session, now, "key", fingerprint, facts, private={"worker": worker}, signed_by=fingerprint)
    role: Role = "administrator" if "administrator" in actor.roles else "office"
    what = "signing_key_enrolled" if change == "enrol" else "signing_key_revoked"
    record(session, now, actor, role, what, details={"worker": worker, "fingerprint": fingerprint})
