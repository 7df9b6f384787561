"""The process that does what the office asks, at the lowest priority: it may die at any instant, and delays nobody."""

from __future__ import annotations

import logging
import os
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from detector.camera_files import CameraFiles
from detector.child import Link
from detector.errors import (
    JobReportRefusedError,
    OfficeError,
    OfficeRefusedWorkerError,
    OfficeUnreachableError,
    StoreError,
)
from detector.folders import WorkerFolders
from detector.jobs.kind import JobBench, failed, known_kinds
from detector.office import OfficeClient
from detector.publisher import settings_signer, settings_store
from detector.settings import WorkerSettings
from models.domain.jobs import JobReport, WorkerJob
from streams.reconnect import Waits

NICE = 19
DAY_S = 86_400
WAITS = Waits(first_s=1.0, longest_s=60.0)
REPORT_TRIES = 5
KEPT_LEAST_S = 60.0
"""A worker whose recordings are over waits so long for the office to ask for a package that has become a case."""
_log = logging.getLogger("phatnguoi.worker_jobs")


class JobRunner:
    """Polls, does, reports: one job at a time."""

    def __init__(self, bench: JobBench, office: OfficeClient, wait: Callable[[float], bool]) -> None:
        """`wait(seconds)` returns early, and True, when the process shall end."""
        self._bench = bench
        self._office = office
        self._wait = wait

    def step(self) -> bool:
        """One job; False: none is due.

        Raises:
            OfficeError: no job was given.
        """
        job = self._office.next_job(sorted(known_kinds()))
        if job is None:
            return False
        begin_s = time.process_time()
        report = self._done(job)
        self._bench.counters.add("jobs", f"{job.kind}: {report.reason or report.state}")
        extra = {"job": job.kind, "subject": job.subject, "cpu_s": round(time.process_time() - begin_s, 2)}
        if self._tell(job, report):
            if report.state == "done" or report.is_final:
                shutil.rmtree(self._bench.folders.kept / job.subject, ignore_errors=True)
            _log.info("job done" if report.state == "done" else "job failed", extra=extra | {"reason": report.reason})
        return True

    def _done(self, job: WorkerJob) -> JobReport:
        """The job's own report; a store that is down and a full disk are tried again later."""
        try:
            return known_kinds()[job.kind](job, self._bench)
        except JobReportRefusedError as error:
            _log.error("the office does not take a picture", extra={"job": job.kind, "reason": str(error)})
            return failed(job, "picture_refused", is_final=True)
        except OfficeError as error:
            _log.warning("the office takes no picture now", extra={"job": job.kind, "reason": str(error)})
            return failed(job, "office_down", is_final=False)
        except StoreError as error:
            _log.warning("the store cannot be used for a job", extra={"job": job.kind, "reason": str(error)})
            return failed(job, "store_down", is_final=False)
        except OSError as error:
            _log.warning("the disk cannot be used for a job", extra={"job": job.kind, "reason": str(error.strerror)})
            return failed(job, "disk", is_final=False)

    def _tell(self, job: WorkerJob, report: JobReport) -> bool:
        """True: the office has it."""
        for attempt in range(1, REPORT_TRIES + 1):
            try:
                self._office.report_job(job, report)
            except JobReportRefusedError as error:
                _log.error("the office does not take what a job made", extra={"job": job.kind, "reason": str(error)})
                return False
            except OfficeError:
                if self._wait(WAITS.wait_s(attempt, is_refused=False, chance=random.random)):
                    return False
            else:
                return True
        return False


def prune_kept(kept: Path, limit_bytes: int, older_than_s: float, now_s: float) -> int:
    """Removes packages that nobody asked for in time, and the oldest where they are too many; how many."""
    folders = sorted((path.stat().st_mtime, path) for path in kept.iterdir()) if kept.is_dir() else []
    sizes = {path: sum(file.stat().st_size for file in path.iterdir()) for _, path in folders}
    total, removed = sum(sizes.values()), 0
    for changed_s, path in folders:
        if now_s - changed_s > older_than_s or total > limit_bytes:
            shutil.rmtree(path, ignore_errors=True)
            total -= sizes[path]
            removed += 1
    return removed


def awaits_jobs(folders: WorkerFolders, now_s: float) -> bool:
    """A package has just become a case, and its redaction was not asked for yet."""
    kept = folders.kept
    return kept.is_dir() and any(now_s - path.stat().st_mtime < KEPT_LEAST_S for path in kept.iterdir())


@dataclass(frozen=True, slots=True)
class JobsTask:
    """What the process is started with; it is pickled."""

    settings: WorkerSettings
    cameras: CameraFiles
    weights: Path


def jobs_entry(task: JobsTask, link: Link) -> None:
    """The jobs as a child of the supervisor."""
    os.nice(NICE)
    settings = task.settings
    folders = WorkerFolders(settings.worker_folder)
    shutil.rmtree(folders.jobs, ignore_errors=True)
    office = OfficeClient(str(settings.office_url), settings.worker_key)
    bench = JobBench(
        folders,
        settings_store(settings),
        settings_signer(settings),
        link.counters,
        task.cameras,
        task.weights,
        office.put_picture,
        link.stopping.wait,
    )
    poll(JobRunner(bench, office, link.stopping.wait), settings, link)


def poll(runner: JobRunner, settings: WorkerSettings, link: Link) -> None:
    """Until the process shall end."""
    failures, stopping, folders = 0, link.stopping, WorkerFolders(settings.worker_folder)
    while not stopping.is_set():
        wait_s = settings.job_poll_s
        try:
            with link.busy():
                is_full = folders.is_full(settings.disk_floor_bytes)
                removed = prune_kept(folders.kept, settings.kept_bytes, settings.kept_days * DAY_S, time.time())
                if is_full:
                    link.counters.add("jobs", "disk_full")
                    _log.error("the disk is full: no jobs are done")
                elif runner.step():
                    wait_s = 0.0
            if removed:
                link.counters.add("kept_packages_dropped", by=removed)
            failures = 0
        except (OfficeUnreachableError, OfficeRefusedWorkerError) as error:
            failures += 1
            wait_s = WAITS.wait_s(failures, is_refused=False, chance=random.random)
            level = logging.ERROR if isinstance(error, OfficeRefusedWorkerError) else logging.INFO
            _log.log(level, "no jobs can be asked for", extra={"reason": str(error)})
        stopping.wait(wait_s)
