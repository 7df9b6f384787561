"""Asks the witnesses to countersign the newest checkpoint (c2sp.org/tlog-witness)."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from datetime import datetime

import httpx
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.database import Database
from api.errors import EntryNotFoundError
from api.log.reading import consistency, newest_checkpoint
from api.log.signing import LogSigner, Witness
from models.tables import LogCheckpointRow, LogCosignatureRow
from models.verify.errors import VerificationError
from models.verify.notes import SIZE_DIGITS, cosigned_at, parse_note

ANSWER_LIMIT_BYTES = 4096
TIMEOUT_S = 5.0
_log = logging.getLogger("phatnguoi.witness")


class Witnesses:
    """One round asks every witness once. What one refuses is loud: the log it knows is another one."""

    def __init__(
        self,
        database: Database,
        signer: LogSigner,
        clock: Callable[[], datetime],
        client: httpx.Client | None = None,
    ) -> None:
        self._database = database
        self._signer = signer
        self._clock = clock
        self._client = client or httpx.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False)

    def step(self) -> bool:
        """False: nothing more can be done now."""
        for witness in self._signer.witnesses:
            try:
                self._ask(witness)
            except EntryNotFoundError:
                return False
            except httpx.HTTPError as error:
                _log.warning("a witness does not answer", extra={"witness": witness.key.name, "reason": str(error)})
        return False

    def _ask(self, witness: Witness) -> None:
        with self._database.reading() as session:
            newest = newest_checkpoint(session)
            seen = session.scalar(
                select(func.max(LogCosignatureRow.size)).where(LogCosignatureRow.witness == witness.key.name)
            )
        if seen == newest.size:
            return
        answer = self._send(witness, newest, seen or 0)
        if answer.status_code == httpx.codes.CONFLICT and _size(answer.text) is not None:
            answer = self._send(witness, newest, _size(answer.text) or 0)  # it is further than we remember
        if answer.status_code != httpx.codes.OK or len(answer.content) > ANSWER_LIMIT_BYTES:
            _log.error("a witness refuses the log", extra={"witness": witness.key.name, "status": answer.status_code})
            return
        self._keep(witness, newest, answer.text)

    def _send(self, witness: Witness, newest: LogCheckpointRow, old_size: int) -> httpx.Response:
        with self._database.reading() as session:
            lines = _proof_lines(session, old_size, newest.size)
        body = f"old {old_size}\n{lines}\n{newest.note}"
        return self._client.post(f"{witness.url}/add-checkpoint", content=body.encode())

    def _keep(self, witness: Witness, newest: LogCheckpointRow, answer: str) -> None:
        try:
            note = parse_note("answer", newest.note.rstrip("\n") + "\n" + answer)
            at_s = cosigned_at("answer", note, witness.key)
        except VerificationError as error:
            _log.error("a witness answers what is no countersignature", extra={"reason": str(error)})
            return
        if at_s is None:
            _log.error("a witness signs with another key", extra={"witness": witness.key.name})
            return
        line = next(line for line in note.lines if f" {witness.key.name} " in line)
        row = LogCosignatureRow(size=newest.size, witness=witness.key.name, line=line, at=self._clock())
        with self._database.writing() as session:
            session.merge(row)


def _proof_lines(session: Session, old_size: int, size: int) -> str:
    if not 0 < old_size <= size:
        return ""
    return "".join(f"{base64.b64encode(each).decode()}\n" for each in consistency(session, old_size, size))


def _size(text: str) -> int | None:
    stated = text.strip()
    return int(stated) if stated.isdecimal() and len(stated) <= SIZE_DIGITS else None
