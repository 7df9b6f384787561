"""The sequencer: gives waiting entries their numbers, in batches, and signs a checkpoint after each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from api.cases.verification import EPOCH
from api.database import Database
from api.log.signing import LogSigner
from api.log.tree import NodeCache, log_size
from models.tables import (
    LogCheckpointRow,
    LogEntryRow,
    LogOpeningRow,
    LogPendingRow,
    SigningKeyRow,
)
from models.verify.entries import Leaf, parse_opening
from models.verify.merkle import leaf_hash
from models.verify.notes import Checkpoint, sign_checkpoint

BATCH = 500
_LOCK = text("SELECT pg_advisory_xact_lock(7140316)")


class Sequencer:
    """Any number may run; one at a time works."""

    def __init__(self, database: Database, signer: LogSigner | None, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._signer = signer
        self._clock = clock

    def step(self) -> bool:
        """One batch, in one transaction; False: nothing waited."""
        with self._database.reading() as session:  # the common case: no lock is taken for nothing
            if session.scalar(select(LogPendingRow.id).limit(1)) is None and not self._lacks_checkpoint(session):
                return False
        with self._database.writing() as session:
            if not self._database.is_sqlite:  # there the write transaction is the lock
                session.execute(_LOCK)
            waiting = session.scalars(select(LogPendingRow).order_by(LogPendingRow.id).limit(BATCH)).all()
            nodes, size = NodeCache(session), log_size(session)
            if waiting:
                leaves = _numbered(session, size, waiting)
                nodes.append(size, [leaf_hash(leaf.canonical()) for leaf in leaves])
                session.execute(delete(LogPendingRow).where(LogPendingRow.id.in_([row.id for row in waiting])))
            self._checkpoint(session, size + len(waiting), nodes)
        return len(waiting) == BATCH

    def _lacks_checkpoint(self, session: Session) -> bool:
        size = log_size(session)
        return self._signer is not None and size > 0 and session.get(LogCheckpointRow, size) is None

    def _checkpoint(self, session: Session, size: int, nodes: NodeCache) -> None:
        if self._signer is None or size == 0 or session.get(LogCheckpointRow, size) is not None:
            return
        checkpoint = Checkpoint(self._signer.origin, size, nodes.root(size))
        note = sign_checkpoint(checkpoint, self._signer.key)
        session.add(LogCheckpointRow(size=size, note=note, made_at=self._clock()))


def _numbered(session: Session, size: int, waiting: Sequence[LogPendingRow]) -> list[Leaf]:
    """Writes the entries, and for each key the number of the latest entry about it."""
    named = {row.signed_by for row in waiting if row.signed_by is not None}
    keys = session.execute(
        select(SigningKeyRow.fingerprint, SigningKeyRow.last_entry).where(SigningKeyRow.fingerprint.in_(named))
    )
    latest = {fingerprint: number for fingerprint, number in keys if number is not None}
    leaves, changed = [], set()
    for number, row in enumerate(waiting, start=size):
        leaves.append(_leaf(row, latest.get(row.signed_by or "")))
        if row.kind == "key" and row.signed_by is not None:
            latest[row.signed_by] = number
            changed.add(row.signed_by)
    for fingerprint in changed:
        session.execute(
            update(SigningKeyRow).where(SigningKeyRow.fingerprint == fingerprint).values(last_entry=latest[fingerprint])
        )
    _insert(session, size, waiting, leaves)
    return leaves


def _leaf(row: LogPendingRow, key_entry: int | None) -> Leaf:
    return Leaf.model_validate(
        {
            "kind": row.kind,
            "subject": row.subject,
            "at_us": (row.at - EPOCH) // timedelta(microseconds=1),
            "commitment": parse_opening("opening", row.opening.encode()).commitment,
            "key_entry": key_entry,
        }
    )


def _insert(session: Session, size: int, waiting: Sequence[LogPendingRow], leaves: Sequence[Leaf]) -> None:
    pairs = list(enumerate(zip(waiting, leaves, strict=True), start=size))
    session.execute(
        insert(LogEntryRow),
        [
            {"number": number, "kind": row.kind, "subject": row.subject, "leaf": leaf.canonical().decode()}
            for number, (row, leaf) in pairs
        ],
    )
    session.execute(
        insert(LogOpeningRow),
        [{"number": number, "opening": row.opening, "private": row.private} for number, (row, _) in pairs],
    )
