"""What a witness keeps: of each log the newest checkpoint that it countersigned, and every proof that a log lied."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.verify.errors import LogForkedError, SignatureInvalidError, VerificationError
from models.verify.keys import SigningKey
from models.verify.merkle import check_consistency
from models.verify.notes import Checkpoint, NoteKey, check_signed, cosign, parse_checkpoint, parse_note

_SCHEMA = """
CREATE TABLE IF NOT EXISTS newest (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL, line TEXT NOT NULL,
    at_s INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS refused (
    number INTEGER PRIMARY KEY, origin TEXT NOT NULL, reason TEXT NOT NULL, note TEXT NOT NULL, kept_note TEXT NOT NULL,
    at_s INTEGER NOT NULL
) STRICT;
"""
REFUSED_KEPT = 10_000
LIES = frozenset({"rolled_back", "forked", "not_consistent"})
"""What an honest log never does: both notes are kept, as the proof."""
BUSY_TIMEOUT_S = 10.0


class WitnessRefusedError(Exception):
    """The checkpoint is not countersigned.

    Attributes:
        status: of the HTTP answer, as c2sp.org/tlog-witness wants it.
        code: in a word.
        size: what this witness knows, where the caller must know it.
    """

    def __init__(self, status: int, code: str, message: str, size: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.size = size


@dataclass(frozen=True, slots=True)
class Kept:
    """The newest checkpoint of a log that was countersigned here."""

    checkpoint: Checkpoint
    note: str
    line: str
    at_s: int


class WitnessBook:
    """State on disk: SQLite, `synchronous=FULL`, committed before anything is answered. A kill at any instant leaves
    either the older state or the newer one, and never a countersignature that is not remembered."""

    def __init__(
        self, path: Path, name: str, key: SigningKey, logs: tuple[NoteKey, ...], now: Callable[[], int]
    ) -> None:
        self._path = path
        self._name = name
        self._key = key
        self._logs = {log.name: log for log in logs}
        self._now = now
        with self._writing() as database:
            for statement in _SCHEMA.split(";"):
                database.execute(statement)

    def add(self, old_size: int, proof: list[bytes], whole: str) -> str:
        """Countersigns a checkpoint that continues what this witness knows; the line to put under it.

        1. the log is known; 2. it signed the checkpoint; 3. the caller knows how far this witness is; 4. the checkpoint
        continues the one kept here; 5. this witness's clock has not been set back; 6. remember, then answer.

        Raises:
            WitnessRefusedError: `log_unknown`, `signature_invalid`, `malformed`, `size_conflict`, `rolled_back`,
                `forked`, `not_consistent`, `clock_set_back`.
        """
        checkpoint = self._opened(whole)  # 1, 2
        at_s = self._now()
        with self._writing() as database:
            kept = _kept(database, checkpoint.origin)
            refusal = _refusal(kept, checkpoint, old_size, proof, at_s)  # 3, 4, 5
            if refusal is None:
                line = cosign(checkpoint, self._name, self._key, at_s)
                _remember(database, checkpoint, whole, line, at_s)
            elif kept is not None and refusal.code in LIES:
                _remember_refusal(database, refusal.code, whole, kept, at_s)
        if refusal is not None:
            raise refusal
        return line  # 6

    def newest(self, origin: str) -> Kept | None:
        with self._writing() as database:
            return _kept(database, origin)

    def refused(self) -> list[tuple[str, str]]:
        """(origin, reason) of everything that was refused as a fork, a rollback or without a proof."""
        with self._writing() as database:
            return list(database.execute("SELECT origin, reason FROM refused ORDER BY number"))

    def _opened(self, whole: str) -> Checkpoint:
        try:
            note = parse_note("checkpoint", whole)
            checkpoint = parse_checkpoint("checkpoint", note)
            log = self._logs.get(checkpoint.origin)
            if log is None:
                raise WitnessRefusedError(404, "log_unknown", f"got {checkpoint.origin!r}, expected a log of mine")
            check_signed("checkpoint", note, log)
        except SignatureInvalidError as error:
            raise WitnessRefusedError(403, "signature_invalid", str(error)) from None
        except VerificationError as error:
            raise WitnessRefusedError(400, "malformed", str(error)) from None
        return checkpoint

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")
        finally:
            database.close()


def _kept(database: sqlite3.Connection, origin: str) -> Kept | None:
    row = database.execute("SELECT size, root, note, line, at_s FROM newest WHERE origin = ?", (origin,)).fetchone()
    return None if row is None else Kept(Checkpoint(origin, row[0], row[1]), row[2], row[3], row[4])


def _refusal(
    kept: Kept | None, new: Checkpoint, old_size: int, proof: list[bytes], at_s: int
) -> WitnessRefusedError | None:
    old = kept.checkpoint if kept is not None else Checkpoint(new.origin, 0, b"")
    if new.size < old.size:
        return WitnessRefusedError(409, "rolled_back", f"got size {new.size}, expected {old.size} or more", old.size)
    if old_size != old.size:
        return WitnessRefusedError(409, "size_conflict", f"got old {old_size}, expected {old.size}", old.size)
    if new.size == old.size and new.root != old.root and kept is not None:
        return WitnessRefusedError(409, "forked", f"got another root of size {new.size} than the one kept", old.size)
    if kept is not None and at_s < kept.at_s:
        return WitnessRefusedError(503, "clock_set_back", f"got time {at_s}, expected at least {kept.at_s}")
    try:
        if old.size:
            check_consistency("checkpoint", old.size, old.root, new.size, new.root, proof)
    except LogForkedError as error:
        return WitnessRefusedError(422, "not_consistent", str(error))
    return None


def _remember(database: sqlite3.Connection, checkpoint: Checkpoint, whole: str, line: str, at_s: int) -> None:
    database.execute(
        "INSERT INTO newest VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE SET size = excluded.size,"
        " root = excluded.root, note = excluded.note, line = excluded.line, at_s = excluded.at_s",
        (checkpoint.origin, checkpoint.size, checkpoint.root, whole, line, at_s),
    )


def _remember_refusal(database: sqlite3.Connection, reason: str, whole: str, kept: Kept, at_s: int) -> None:
    """Both notes bear the log's signature: together they are the proof, for whoever must look."""
    count = database.execute("SELECT count(*) FROM refused").fetchone()[0]
    if count < REFUSED_KEPT:
        database.execute(
            "INSERT INTO refused (origin, reason, note, kept_note, at_s) VALUES (?, ?, ?, ?, ?)",
            (kept.checkpoint.origin, reason, whole, kept.note, at_s),
        )
