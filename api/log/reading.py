"""What anybody may ask of the log: its newest checkpoint, an entry, proofs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import EntryNotFoundError
from api.log.tree import NodeCache, log_size
from models.tables import LogCheckpointRow, LogCosignatureRow, LogEntryRow
from models.verify.merkle import consistency_ranges, inclusion_ranges
from models.verify.notes import parse_note

Number = Annotated[int, Field(ge=0, lt=2**53)]


class EntryAnswer(BaseModel):
    """One entry. `leaf` is the canonical JSON whose hash the tree holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: Number
    leaf: str


class ProofAnswer(BaseModel):
    """A proof: SHA-256 hashes in hex, in the order of RFC 6962."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Number
    hashes: tuple[str, ...]


def newest_checkpoint(session: Session) -> LogCheckpointRow:
    """Raises EntryNotFoundError where nothing was signed yet."""
    found = session.scalars(select(LogCheckpointRow).order_by(LogCheckpointRow.size.desc()).limit(1)).first()
    if found is None:
        raise EntryNotFoundError("got a log without a checkpoint, expected one: is PHATNGUOI_LOG_KEY set?")
    return found


def whole_note(session: Session, row: LogCheckpointRow) -> str:
    """The note with every countersignature under it."""
    lines: Sequence[str] = session.scalars(
        select(LogCosignatureRow.line).where(LogCosignatureRow.size == row.size).order_by(LogCosignatureRow.witness)
    ).all()
    note = parse_note("checkpoint", row.note)
    return type(note)(note.text, (*note.lines, *lines)).whole


def entry(session: Session, number: int) -> EntryAnswer:
    """Raises EntryNotFoundError."""
    row = session.get(LogEntryRow, number)
    if row is None:
        raise EntryNotFoundError(f"got entry {number}, expected one below the log's size")
    return EntryAnswer(number=row.number, leaf=row.leaf)


def inclusion(session: Session, number: int, size: int) -> tuple[bytes, ...]:
    """That entry `number` is one of the first `size`.

    Raises:
        EntryNotFoundError: the log was never that long, or the entry lies beyond.
    """
    if not 0 <= number < size <= log_size(session):
        raise EntryNotFoundError(f"got entry {number} and size {size}, expected an entry below a size that the log had")
    return tuple(NodeCache(session).hashes(inclusion_ranges(number, size)))


def consistency(session: Session, old_size: int, size: int) -> tuple[bytes, ...]:
    """That the log of `size` begins with the one of `old_size`.

    Raises:
        EntryNotFoundError: the log was never that long.
    """
    if not 0 <= old_size <= size <= log_size(session):
        raise EntryNotFoundError(f"got sizes {old_size} and {size}, expected growing sizes that the log had")
    return tuple(NodeCache(session).hashes(consistency_ranges(old_size, size)))


def answered(size: int, hashes: Sequence[bytes]) -> ProofAnswer:
    return ProofAnswer(size=size, hashes=tuple(each.hex() for each in hashes))
