"""What every move writes: one entry that waits for its number, in the move's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models.tables import LogPendingRow
from models.verify.entries import EntryKind, Fact, new_opening, private_bytes

OFFICE_SUBJECT = "office"
"""Of entries that are about no case, claim, camera or key."""


def log_entry(
    session: Session,
    now: datetime,
    kind: EntryKind,
    subject: str,
    facts: Mapping[str, Fact],
    *,
    private: Mapping[str, Any] | None = None,
    signed_by: str | None = None,
) -> None:
    """Adds an entry to the log, in the caller's transaction. The log itself keeps a salted digest and the ids only.

    Args:
        session: the transaction of the move.
        now: the office's time.
        kind: what happened.
        subject: an opaque id: of a claim, a case, a camera, a key.
        facts: what the citizen may be shown. Never a plate, a name or a code.
        private: what only the office keeps; the log commits to it all the same.
        signed_by: fingerprint of the worker's key that signed what this records, or that it is about.
    """
    sealed = None if private is None else private_bytes(private)
    opening = new_opening(kind, subject, facts, sealed)
    session.add(
        LogPendingRow(
            kind=kind,
            subject=subject,
            at=now,
            opening=opening.canonical().decode(),
            private=None if sealed is None else sealed.decode(),
            signed_by=signed_by,
        )
    )
