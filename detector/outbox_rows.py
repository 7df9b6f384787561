"""The outbox's table and the words of its states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RowState = Literal["claimed", "packaged", "stored", "submitted", "aside", "done"]
ROW_STATES: tuple[RowState, ...] = ("claimed", "packaged", "stored", "submitted", "aside", "done")
Outcome = Literal["case", "refused", "not_makeable"]

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE claims (
    id TEXT PRIMARY KEY,
    camera_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('claimed', 'packaged', 'stored', 'submitted', 'aside', 'done')),
    facts TEXT,
    scene BLOB,
    message TEXT,
    committed_us INTEGER NOT NULL,
    wait_until_us INTEGER NOT NULL,
    next_try_us INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    outcome TEXT,
    reason TEXT,
    detail TEXT,
    case_id TEXT,
    finished_us INTEGER
) STRICT;
CREATE INDEX claims_due ON claims (state, next_try_us);
CREATE TABLE outcomes (
    outcome TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (outcome, reason)
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One claim on its way.

    Attributes:
        message: the `Submission` as JSON, once every object is stored: from then on it never changes.
        committed_us: when it was committed, µs since 1970 UTC.
        wait_until_us: until then packets after the act may still come.
        tries: how often a package of it was begun and neither finished nor given up in order: the process died.
    """

    id: str
    camera_id: str
    state: RowState
    message: str | None
    committed_us: int
    wait_until_us: int
    tries: int
    outcome: Outcome | None = None
    reason: str | None = None
    case_id: str | None = None
