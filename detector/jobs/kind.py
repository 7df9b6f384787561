"""What a kind of job is, from the worker's side."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import detector.jobs.kinds
from detector.folders import WorkerFolders
from detector.store import EvidenceStore
from models.domain.jobs import JobReport, WorkerJob
from models.verify.keys import SigningKey
from streams.counters import Counters


@dataclass(frozen=True, slots=True)
class JobBench:
    """What jobs work with."""

    folders: WorkerFolders
    store: EvidenceStore
    signer: SigningKey | None
    counters: Counters = field(default_factory=Counters)


Run = Callable[[WorkerJob, JobBench], JobReport]
"""Does one job, again and again with the same result, and never for longer than its lease. What fails for good it
reports as failed; what may pass (a store that is down, a full disk) it raises as StoreError or OSError."""


@cache
def known_kinds() -> dict[str, Run]:
    """What to do for each kind.

    Raises:
        TypeError: a file in `kinds/` has no `run`.
    """
    found: dict[str, Run] = {}
    for module_info in pkgutil.iter_modules(detector.jobs.kinds.__path__):
        run = getattr(importlib.import_module(f"detector.jobs.kinds.{module_info.name}"), "run", None)
        if not callable(run):
            raise TypeError(f"{module_info.name}: got no function, expected run(job, bench)")
        found[module_info.name] = run
    return found


def failed(job: WorkerJob, reason: str, *, is_final: bool) -> JobReport:
    return JobReport(lease=job.lease, state="failed", reason=reason, is_final=is_final)
