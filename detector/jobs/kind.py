"""What a kind of job is, from the worker's side."""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import detector.jobs.kinds
from detector.camera_files import CameraFiles
from detector.errors import OfficeUnreachableError
from detector.folders import WorkerFolders
from detector.store import EvidenceStore
from models.domain.jobs import JobReport, WorkerJob
from models.verify.keys import SigningKey
from streams.counters import Counters


def _no_pictures(job: WorkerJob, name: str, body: bytes) -> None:
    raise OfficeUnreachableError("got no office to hand pictures to")


def _wait(seconds: float) -> bool:
    time.sleep(seconds)
    return False


@dataclass(frozen=True, slots=True)
class JobBench:
    """What jobs work with.

    Attributes:
        weights: of the network that the cameras are watched with; None: what needs it is not done.
        put_picture: hands the office a picture that the job asks for; raises OfficeError.
        wait: seconds; returns True, and early, when the process shall end.
    """

    folders: WorkerFolders
    store: EvidenceStore
    signer: SigningKey | None
    counters: Counters = field(default_factory=Counters)
    cameras: CameraFiles | None = None
    weights: Path | None = None
    put_picture: Callable[[WorkerJob, str, bytes], None] = _no_pictures
    wait: Callable[[float], bool] = _wait


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
