"""The outbox: a claim exists from its commit here, whatever dies afterwards.

    claimed → packaged → stored → submitted → done (case | refused | not_makeable)
                                      └─────→ aside: a person must look

SQLite in WAL mode with `synchronous=FULL`; every writing transaction begins with BEGIN IMMEDIATE. The camera processes
commit, the publisher moves. A row that is done is kept a while as a tombstone without its content, so that the same
claim cannot be made twice; outcomes are counted for ever.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from detector.errors import MoveNotPossibleError, OutboxUnusableError
from detector.evidence.claim import Claim, claim_facts, read_claim
from detector.outbox_rows import ROW_STATES, SCHEMA, SCHEMA_VERSION, OutboxRow, Outcome, RowState
from models.domain.submission import Submission

BUSY_TIMEOUT_S = 10.0
SPOOL_SLACK_US = 1_000_000
"""Packets reach the ring this much after their frame, at most, on a healthy camera."""
SPOOL_WAIT_US = 10_000_000
"""How much longer than that the package waits for packets after the act before it is made with a shorter clip."""
TOMBSTONES_KEPT_US = 30 * 24 * 3600 * 1_000_000
TOMBSTONES_KEPT = 100_000
_COLUMNS = "id, camera_id, state, message, committed_us, wait_until_us, tries, outcome, reason, case_id"


def wall_us() -> int:
    """µs since 1970 UTC."""
    return time.time_ns() // 1000


class Outbox:
    """One worker's outbox. Any number of processes and threads may hold one; each thread has its own connection."""

    def __init__(self, path: Path, clock_us: Callable[[], int] = wall_us) -> None:
        """Opens the outbox, and makes it where there is none.

        Raises:
            OutboxUnusableError: the file is something else, or cannot be opened.
        """
        self._path = path
        self._clock_us = clock_us
        self._local = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise OutboxUnusableError(f"{path}: {error}, expected an outbox") from None

    def commit(self, claim: Claim) -> bool:
        """From the return of this call on the claim exists. False: it existed already (the same id)."""
        now_us = self._clock_us()
        facts, scene = claim_facts(claim), zlib.compress(claim.scene, level=1)
        ready_us = now_us + max(0, claim.clip_to_us - claim.completed_pts_us) + SPOOL_SLACK_US
        if claim.clock.source == "file":
            ready_us = now_us
        row = (claim.id, claim.camera.id, "claimed", facts, scene, now_us, ready_us + SPOOL_WAIT_US, ready_us)
        with self._writing() as database:
            added = database.execute(
                "INSERT INTO claims (id, camera_id, state, facts, scene, committed_us, wait_until_us, next_try_us)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                row,
            )
        return added.rowcount == 1

    def next_due(self, state: RowState) -> OutboxRow | None:
        """The row of this state that has been due longest; None where none is."""
        found = self._connection.execute(
            f"SELECT {_COLUMNS} FROM claims WHERE state = ? AND next_try_us <= ? ORDER BY next_try_us, id LIMIT 1",  # noqa: S608
            (state, self._clock_us()),
        ).fetchone()
        return None if found is None else OutboxRow(*found)

    def row(self, claim_id: str) -> OutboxRow | None:
        found = self._connection.execute(f"SELECT {_COLUMNS} FROM claims WHERE id = ?", (claim_id,)).fetchone()  # noqa: S608
        return None if found is None else OutboxRow(*found)

    def rows(self, state: RowState) -> list[OutboxRow]:
        """All rows of a state, oldest first."""
        query = f"SELECT {_COLUMNS} FROM claims WHERE state = ? ORDER BY committed_us, id"  # noqa: S608
        return [OutboxRow(*found) for found in self._connection.execute(query, (state,))]

    def claim(self, claim_id: str) -> Claim:
        """The claim itself.

        Raises:
            MoveNotPossibleError: there is none, or it is done and only its tombstone is left.
            ClaimMalformedError: the row is damaged.
        """
        found = self._connection.execute("SELECT facts, scene FROM claims WHERE id = ?", (claim_id,)).fetchone()
        if found is None or found[0] is None:
            raise MoveNotPossibleError(f"{claim_id}: got no content, expected a claim that is not done")
        return read_claim(found[0], zlib.decompress(found[1]))

    def packaged(self, claim_id: str) -> None:
        """Its package lies finished in its folder."""
        self._move(claim_id, "claimed", "packaged")

    def stored(self, claim_id: str, message: Submission) -> None:
        """Every object is in the store; from now on exactly this message is sent, however often."""
        self._move(claim_id, "packaged", "stored", message=message.model_dump_json())

    def submitted(self, claim_id: str, ask_in_us: int) -> None:
        """The office has received it."""
        self._move(claim_id, "stored", "submitted", next_try_us=self._clock_us() + ask_in_us)

    def unknown_at_office(self, claim_id: str) -> None:
        """The office does not know it (any more): the same message is sent again."""
        self._move(claim_id, "submitted", "stored")

    def package_again(self, claim_id: str) -> None:
        """Its finished package is not what it says, and nothing of it was handed in: make it anew."""
        self._move(claim_id, "packaged", "claimed")

    def finish(
        self, row: OutboxRow, outcome: Outcome, reason: str = "", *, detail: str = "", case_id: str | None = None
    ) -> None:
        """The claim is done; a tombstone stays."""
        with self._writing() as database:
            self._change(
                database,
                row.id,
                row.state,
                {
                    "state": "done",
                    "outcome": outcome,
                    "reason": reason,
                    "detail": detail[:300],
                    "case_id": case_id,
                    "finished_us": self._clock_us(),
                    "facts": None,
                    "scene": None,
                    "message": None,
                },
            )
            _count(database, outcome, reason)

    def set_aside(self, row: OutboxRow, reason: str, detail: str) -> None:
        """Nothing automatic is done with it any more; it keeps all its content until a person acts."""
        with self._writing() as database:
            self._change(database, row.id, row.state, {"state": "aside", "reason": reason, "detail": detail[:300]})
            _count(database, "aside", reason)

    def begin(self, row: OutboxRow, by_us: int) -> None:
        """A try begins; should it kill the process, the next one comes after `by_us`, and the tries were counted."""
        with self._writing() as database:
            changes = {"next_try_us": self._clock_us() + by_us, "tries": row.tries + 1}
            self._change(database, row.id, row.state, changes)

    def postpone(self, row: OutboxRow, by_us: int) -> None:
        """The try ended in order, without success: again later, in the same state."""
        with self._writing() as database:
            changes = {"next_try_us": self._clock_us() + by_us, "tries": row.tries}
            self._change(database, row.id, row.state, changes)

    def depths(self) -> dict[RowState, int]:
        """How many claims are in each state; done ones as far as their tombstones are kept."""
        found = dict(self._connection.execute("SELECT state, count(*) FROM claims GROUP BY state").fetchall())
        return {state: found.get(state, 0) for state in ROW_STATES}

    def outcomes(self) -> list[tuple[str, str, int]]:
        """(outcome, reason, count) since the outbox was made."""
        query = "SELECT outcome, reason, count FROM outcomes ORDER BY outcome, reason"
        return [(outcome, reason, count) for outcome, reason, count in self._connection.execute(query)]

    def oldest_age_s(self) -> float | None:
        """Age of the oldest claim that is on its way; None where none is."""
        query = "SELECT min(committed_us) FROM claims WHERE state NOT IN ('done', 'aside')"
        oldest_us = self._connection.execute(query).fetchone()[0]
        return None if oldest_us is None else max(0, self._clock_us() - oldest_us) / 1e6

    def prune(self) -> int:
        """Removes tombstones that are old or too many; how many."""
        old_us = self._clock_us() - TOMBSTONES_KEPT_US
        with self._writing() as database:
            removed = database.execute(
                "DELETE FROM claims WHERE state = 'done' AND (finished_us < ? OR id IN (SELECT id FROM claims"
                " WHERE state = 'done' ORDER BY finished_us DESC, id LIMIT -1 OFFSET ?))",
                (old_us, TOMBSTONES_KEPT),
            )
        return removed.rowcount

    def close(self) -> None:
        """Closes this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            del self._local.connection

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._open()
        return connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _prepare(self) -> None:
        """Makes the tables once, whoever comes first."""
        with closing(self._open()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, SCHEMA_VERSION):
                raise OutboxUnusableError(f"{self._path}: got version {version}, expected {SCHEMA_VERSION}")
            if version == 0:
                for statement in SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _move(self, claim_id: str, source: RowState, target: RowState, **changes: str | int) -> None:
        with self._writing() as database:
            due: dict[str, str | int] = {"state": target, "tries": 0, "next_try_us": self._clock_us()}
            self._change(database, claim_id, source, due | changes)

    @staticmethod
    def _change(
        database: sqlite3.Connection, claim_id: str, source: RowState, changes: Mapping[str, str | int | None]
    ) -> None:
        names = ", ".join(f"{name} = ?" for name in changes)
        query = f"UPDATE claims SET {names} WHERE id = ? AND state = ?"  # noqa: S608 - names of this file only
        done = database.execute(query, (*changes.values(), claim_id, source))
        if done.rowcount != 1:
            raise MoveNotPossibleError(f"{claim_id}: got another state, expected {source}")


def _count(database: sqlite3.Connection, outcome: str, reason: str) -> None:
    database.execute(
        "INSERT INTO outcomes VALUES (?, ?, 1) ON CONFLICT (outcome, reason) DO UPDATE SET count = count + 1",
        (outcome, reason),
    )
