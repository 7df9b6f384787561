"""Hands reports of visits to the office, oldest first; the same report any number of times, until it has it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

from detector.errors import (
    OfficeRefusedWorkerError,
    OfficeUnreachableError,
    VisitReportRefusedError,
)
from detector.publish import Door
from detector.visit_outbox import VisitOutbox
from models.domain.visits import VisitReceipt
from streams.counters import Counters

_log = logging.getLogger("phatnguoi.visits")


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
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox, self._office, self._counters = outbox, office, counters
        self.door = Door("the office's door for visits", monotonic)

    def step(self) -> bool:
        """Sends the oldest; False: nothing waits, or the office cannot be asked now."""
        report = self._outbox.oldest() if self.door.is_open else None
        if report is None:
            return False
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
