"""Hands reports of visits to the office, oldest first; the same report any number of times, until it has it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

from detector.errors import (
    OfficeRefusedWorkerError,
    OfficeUnreachableError,
    StoreError,
    VisitReportRefusedError,
)
from detector.publish import Door
from detector.visit_evidence import VisitEvidence
from detector.visit_outbox import VisitOutbox, WaitingReport, wall_us
from models.domain.visits import VisitReceipt
from streams.counters import Counters

_log = logging.getLogger("phatnguoi.visits")


WITHOUT_FILES_US = 600_000_000
"""After so long a report goes without pictures rather than not at all: the ring has forgotten them."""


class VisitOffice(Protocol):
    """Where reports go: `detector.office.OfficeClient`."""

    def hand_in_visits(self, report_id: str, message: str) -> VisitReceipt: ...


class VisitSender:
    """One report at a time."""

    def __init__(
        self,
        outbox: VisitOutbox,
        office: VisitOffice,
        counters: Counters,
        evidence: VisitEvidence | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox, self._office, self._counters, self._evidence = outbox, office, counters, evidence
        self._store_door = Door("the store", monotonic)
        self.door = Door("the office's door for visits", monotonic)

    def step(self) -> bool:
        """Sends the oldest; False: nothing waits, or the office cannot be asked now."""
        report = self._outbox.oldest() if self.door.is_open else None
        if report is None:
            return False
        if report.cuts and self._evidence is not None and not self._fix(report, self._evidence):
            return False
        report = self._outbox.oldest() or report
        try:
            self._office.hand_in_visits(report.id, report.message)
        except OfficeUnreachableError as error:
            self._counters.add("visit_reports", "office_unreachable")
            self.door.fails(error, is_loud=False)
        except OfficeRefusedWorkerError as error:
            self._counters.add("visit_reports", "worker_refused")
            self.door.fails(error, is_loud=True)
        except VisitReportRefusedError as error:
            self._counters.add("visit_reports", "set_aside")
            _log.error("the office does not take a report: its time stays a gap", extra={"reason": str(error)})
            self._outbox.set_aside(report.id, str(error))
        else:
            self.door.works()
            self._counters.add("visit_reports", "received")
            self._outbox.received(report.id)
        return True

    def _fix(self, report: WaitingReport, evidence: VisitEvidence) -> bool:
        """Files into the store, and into the message; False: the store cannot be used now."""
        is_late = wall_us() - report.committed_us > WITHOUT_FILES_US
        if not self._store_door.is_open and not is_late:
            return False
        try:
            message = report.message if is_late else evidence.add_to(report)
        except StoreError as error:
            self._counters.add("visit_reports", "store_failed")
            self._store_door.fails(error, is_loud=False)
            return False
        self._store_door.works()
        self._counters.add("visit_files", "too_late" if is_late else "kept", len(report.cuts))
        self._outbox.fix(report.id, message)
        return True
