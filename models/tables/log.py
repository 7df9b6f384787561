"""The append-only log: what waits for a number, entries, tree nodes, checkpoints, countersignatures, signing keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base


class LogPendingRow(Base):
    """An entry without a number yet, written in the transaction of the move that it records."""

    __tablename__ = "log_pending"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    opening: Mapped[str] = mapped_column(Text)
    private: Mapped[str | None] = mapped_column(Text)
    signed_by: Mapped[str | None] = mapped_column(String(64))
    """Fingerprint of the worker's key that signed it, or that it is about."""


class LogEntryRow(Base):
    """One entry. Never changed, never deleted; it holds salted digests and ids only."""

    __tablename__ = "log_entries"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(64), index=True)
    leaf: Mapped[str] = mapped_column(Text)


class LogOpeningRow(Base):
    """What an entry commits to. It may be forgotten: the entry then tells nothing more, and the log stays whole."""

    __tablename__ = "log_openings"

    number: Mapped[int] = mapped_column(ForeignKey("log_entries.number"), primary_key=True, autoincrement=False)
    opening: Mapped[str] = mapped_column(Text)
    private: Mapped[str | None] = mapped_column(Text)


class LogNodeRow(Base):
    """One whole node of the tree; level 0 holds the hashes of the leaves."""

    __tablename__ = "log_nodes"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class LogCheckpointRow(Base):
    """The log at one size, signed."""

    __tablename__ = "log_checkpoints"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]


class LogCosignatureRow(Base):
    """A witness's line under one checkpoint."""

    __tablename__ = "log_cosignatures"

    size: Mapped[int] = mapped_column(ForeignKey("log_checkpoints.size"), primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(String(200), primary_key=True)
    line: Mapped[str] = mapped_column(String(400))
    at: Mapped[datetime]


class SigningKeyRow(Base):
    """A worker's key. Whether it was valid for a manifest is judged at the entries' places in the log."""

    __tablename__ = "signing_keys"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    worker: Mapped[str] = mapped_column(String(64), index=True)
    public_key: Mapped[str] = mapped_column(String(60))
    enrolled_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_entry: Mapped[int | None] = mapped_column(BigInteger)
    """Number of the latest entry about it; the sequencer writes it."""


class TrustRow(Base):
    """Keys that notices have printed the fingerprint of: the log's, and its witnesses'."""

    __tablename__ = "trust_texts"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
