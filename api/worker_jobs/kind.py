"""What a kind of job is, from the office's side."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

import api.worker_jobs.kinds
from api.database import Database
from api.settings import OfficeSettings
from api.store import EvidenceReader
from models.domain.jobs import JobReport
from models.tables import WorkerJobRow


@dataclass(frozen=True, slots=True)
class Desk:
    """What a kind may work with before it writes anything."""

    database: Database
    reader: EvidenceReader
    settings: OfficeSettings


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job.

    Attributes:
        name: as in `WorkerJob.kind`; of the file too.
        lease: longer than the work and its report take.
        tries: so often it is given before it counts as failed.
        check: reads and compares what a report brings, outside any transaction; what it returns goes to `record`.
            Raises JobReportRefusedError.
        record: writes what follows, in the transaction that ends the job.
        is_awaited: a person sits before it: given before all kinds that nobody waits for.
    """

    name: str
    lease: timedelta
    tries: int
    check: Callable[[Desk, WorkerJobRow, JobReport], Any]
    record: Callable[[Session, datetime, OfficeSettings, WorkerJobRow, Any], None]
    is_awaited: bool = False


@cache
def known_kinds() -> dict[str, Kind]:
    """Every kind by its name.

    Raises:
        TypeError: a file in `kinds/` holds no kind of its own name.
    """
    found = {}
    for module_info in pkgutil.iter_modules(api.worker_jobs.kinds.__path__):
        kind = getattr(importlib.import_module(f"api.worker_jobs.kinds.{module_info.name}"), "KIND", None)
        if not isinstance(kind, Kind) or kind.name != module_info.name:
            raise TypeError(f"{module_info.name}: got {kind!r}, expected a KIND of this name")
        found[kind.name] = kind
    return found
