"""Reports of visits on their way to the office: a report exists from its commit here, whatever dies afterwards.

SQLite in WAL mode with `synchronous=FULL`, beside the claims' outbox. A visit and the coverage of the time in which it
began are in one report, so that whatever is lost is lost as a gap, never as time in which nobody came.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from detector.errors import OutboxUnusableError
from detector.outbox import BUSY_TIMEOUT_S, wall_us
from detector.station import Batch, VisitCut

__all__ = ["VisitOutbox", "WaitingReport", "wall_us"]
SCHEMA_VERSION = 1
MOST_WAITING = 50_000
"""Reports; beyond it the oldest go, and with them their coverage. Two weeks of one camera at a report each 30 s."""
_SCHEMA = (
    "CREATE TABLE reports (camera_id TEXT NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL UNIQUE,"
    " message TEXT NOT NULL, aside TEXT, committed_us INTEGER NOT NULL, PRIMARY KEY (camera_id, sequence)) STRICT",
    "CREATE INDEX reports_waiting ON reports (aside, committed_us)",
    "CREATE TABLE cuts (report_id TEXT NOT NULL, visit_id TEXT PRIMARY KEY, connection INTEGER NOT NULL,"
    " entered_us INTEGER NOT NULL, left_us INTEGER NOT NULL) STRICT",
    "CREATE INDEX cuts_of ON cuts (report_id)",
    "CREATE TABLE cameras (camera_id TEXT PRIMARY KEY, next_sequence INTEGER NOT NULL) STRICT",
)


@dataclass(frozen=True, slots=True)
class WaitingReport:
    """One report as it will be sent, however often; while it has cuts, their files are not in it yet."""

    id: str
    camera_id: str
    message: str
    committed_us: int
    cuts: tuple[VisitCut, ...] = ()


class VisitOutbox:
    """Reports of one worker's cameras. Any number of processes and threads may hold one."""

    def __init__(self, path: Path, clock_us: Callable[[], int] = wall_us) -> None:
        """Opens it, and makes it where there is none.

        Raises:
            OutboxUnusableError: the file is something else, or cannot be opened.
        """
        self._path, self._clock_us, self._local = path, clock_us, threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise OutboxUnusableError(f"{path}: {error}, expected an outbox of visits") from None

    def commit(self, camera_id: str, batches: Sequence[Batch]) -> int:
        """From the return of this call on the reports exist; how many. All of them, or none."""
        with self._writing() as database:
            found = database.execute("SELECT next_sequence FROM cameras WHERE camera_id = ?", (camera_id,)).fetchone()
            sequence = 0 if found is None else int(found[0])
            for place, batch in enumerate(batches):
                report = batch.report(camera_id, sequence + place)
                database.execute(
                    "INSERT INTO reports (camera_id, sequence, id, message, committed_us) VALUES (?, ?, ?, ?, ?)",
                    (camera_id, report.sequence, report.id, report.model_dump_json(), self._clock_us()),
                )
                database.executemany(
                    "INSERT INTO cuts VALUES (?, ?, ?, ?, ?)",
                    [(report.id, c.visit_id, c.connection, c.entered_us, c.left_us) for c in batch.cuts],
                )
            database.execute(
                "INSERT INTO cameras VALUES (?, ?) ON CONFLICT (camera_id) DO UPDATE SET next_sequence = excluded"
                ".next_sequence",
                (camera_id, sequence + len(batches)),
            )
            database.execute(
                "DELETE FROM reports WHERE rowid IN (SELECT rowid FROM reports"
                " ORDER BY committed_us DESC, sequence DESC LIMIT -1 OFFSET ?)",
                (MOST_WAITING,),
            )
            database.execute("DELETE FROM cuts WHERE report_id NOT IN (SELECT id FROM reports)")
        return len(batches)

    def oldest(self) -> WaitingReport | None:
        """The next one to be sent; None: nothing waits."""
        found = self._connection.execute(
            "SELECT id, camera_id, message, committed_us FROM reports WHERE aside IS NULL"
            " ORDER BY committed_us, sequence LIMIT 1"
        ).fetchone()
        if found is None:
            return None
        query = "SELECT visit_id, connection, entered_us, left_us FROM cuts WHERE report_id = ? ORDER BY entered_us"
        cuts = tuple(VisitCut(*row) for row in self._connection.execute(query, (found[0],)))
        report_id, camera_id, message, committed_us = found
        return WaitingReport(report_id, camera_id, message, committed_us, cuts)

    def fix(self, report_id: str, message: str) -> None:
        """Its files are in the store, or never will be: from now on exactly this message is sent."""
        with self._writing() as database:
            database.execute("UPDATE reports SET message = ? WHERE id = ?", (message, report_id))
            database.execute("DELETE FROM cuts WHERE report_id = ?", (report_id,))

    def received(self, report_id: str) -> None:
        """The office has it for good."""
        with self._writing() as database:
            database.execute("DELETE FROM reports WHERE id = ?", (report_id,))

    def set_aside(self, report_id: str, reason: str) -> None:
        """The office does not take it; it stays until a person has looked, and its time stays a gap."""
        with self._writing() as database:
            database.execute("UPDATE reports SET aside = ? WHERE id = ?", (reason[:300], report_id))

    def depths(self) -> dict[str, int]:
        """How many wait, and how many are set aside."""
        count = "SELECT count(*) FILTER (WHERE aside IS NULL), count(*) FILTER (WHERE aside IS NOT NULL) FROM reports"
        waiting, aside = self._connection.execute(count).fetchone()
        return {"waiting": waiting, "aside": aside}

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
        with closing(self._open()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, SCHEMA_VERSION):
                raise OutboxUnusableError(f"{self._path}: got version {version}, expected {SCHEMA_VERSION}")
            if version == 0:
                for statement in _SCHEMA:
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
