"""Jobs that the office asks for: done once, tried again, never in the way; and a full disk that keeps the claims."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from detector.errors import JobReportRefusedError, OfficeUnreachableError, StoreUnreachableError
from detector.folders import WorkerFolders
from detector.jobs.kind import JobBench, known_kinds
from detector.jobs.runner import JobRunner, awaits_jobs, prune_kept
from detector.outbox import Outbox
from detector.publish import Bench, Packager, keep_package
from detector.store import FolderStore
from models.domain.jobs import JobReceipt, JobReport, WorkerJob
from streams.file_packets import FilePackets
from tests.detector.kit import START, make_claim, write_video

JOB = WorkerJob(id="0" * 26, kind="redact", subject="a" * 26, lease="1" * 26, lease_s=60)


@dataclass
class FakeOffice:
    """Gives one job until it was reported; may be down for some calls."""

    job: WorkerJob | None = JOB
    reports: list[JobReport] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def next_job(self, kinds: list[str]) -> WorkerJob | None:
        assert "redact" in kinds
        return self.job

    def report_job(self, job: WorkerJob, report: JobReport) -> JobReceipt:
        if self.failures:
            raise self.failures.pop(0)
        self.reports.append(report)
        self.job = None
        return JobReceipt(id=job.id, state="done")


def runner_of(tmp_path: Path, office: FakeOffice) -> JobRunner:
    store = FolderStore(tmp_path / "store")
    store.prepare()
    bench = JobBench(WorkerFolders(tmp_path), store, None)
    return JobRunner(bench, office, lambda _: False)  # type: ignore[arg-type]


def test_a_package_that_is_gone_fails_for_good(tmp_path: Path) -> None:
    office = FakeOffice()
    runner = runner_of(tmp_path, office)
    assert runner.step()
    assert [(each.state, each.reason, each.is_final) for each in office.reports] == [("failed", "package_gone", True)]
    assert not runner.step()


def test_a_subject_that_leads_out_of_the_folder_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(b"{}")
    office = FakeOffice(JOB.model_copy(update={"subject": ".."}))
    runner_of(tmp_path, office).step()
    assert office.reports[0].reason == "package_gone"


@pytest.mark.parametrize("error", [StoreUnreachableError("down"), OSError(28, "No space left on device")])
def test_what_may_pass_is_not_final(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> JobReport:
        raise error

    monkeypatch.setitem(known_kinds(), "redact", run)
    office = FakeOffice()
    runner_of(tmp_path, office).step()
    assert office.reports[0].state == "failed"
    assert not office.reports[0].is_final
    assert office.reports[0].reason in ("store_down", "disk")


def test_a_report_is_told_again_while_the_office_is_down_and_dropped_when_it_is_refused(tmp_path: Path) -> None:
    down = OfficeUnreachableError("down")
    office = FakeOffice(failures=[down, down])
    runner_of(tmp_path, office).step()
    assert len(office.reports) == 1
    office = FakeOffice(failures=[JobReportRefusedError("old lease")])
    runner_of(tmp_path, office).step()
    assert office.reports == []


def kept(folders: WorkerFolders, name: str, size: int, age_s: float) -> Path:
    folder = folders.kept / name
    folder.mkdir(parents=True)
    (folder / "clip.mp4").write_bytes(b"x" * size)
    os.utime(folder, (time.time() - age_s, time.time() - age_s))
    return folder


def test_kept_packages_are_bounded_in_age_and_size_oldest_first(tmp_path: Path) -> None:
    folders = WorkerFolders(tmp_path)
    old, middle, new = (kept(folders, name, 1000, age_s) for name, age_s in (("a", 1000), ("b", 500), ("c", 1)))
    assert prune_kept(folders.kept, 10_000, 900, time.time()) == 1
    assert [path.exists() for path in (old, middle, new)] == [False, True, True]
    assert prune_kept(folders.kept, 1500, 900, time.time()) == 1
    assert [path.exists() for path in (middle, new)] == [False, True]
    assert prune_kept(tmp_path / "nothing", 0, 0, 0) == 0


def test_a_worker_waits_a_while_for_the_redaction_of_its_last_case(tmp_path: Path) -> None:
    folders = WorkerFolders(tmp_path)
    assert not awaits_jobs(folders, time.time())
    (folders.packages / ("a" * 26)).mkdir(parents=True)
    keep_package(folders, "a" * 26)
    assert awaits_jobs(folders, time.time())
    assert not awaits_jobs(folders, time.time() + 61)
    keep_package(folders, "b" * 26)  # no such package: nothing happens


def test_a_full_disk_keeps_claims_and_stops_the_rest_loudly(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_video(tmp_path / "clip.mp4")
    folders = WorkerFolders(tmp_path / "worker")
    outbox = Outbox(folders.outbox)
    packets = FilePackets(tmp_path / "clip.mp4", START)
    full = Packager(Bench(folders, outbox, disk_floor_bytes=1 << 62), lambda _: packets)
    claim = make_claim()
    assert outbox.commit(claim)
    assert full.step()
    assert "the disk is full: claims are kept" in caplog.text
    assert outbox.depths()["claimed"] == 1
    assert not (folders.packages / claim.id).exists()
    outbox.close()
    later = Outbox(folders.outbox, clock_us=lambda: time.time_ns() // 1000 + 10_000_000)
    assert Packager(Bench(folders, later), lambda _: packets).step()
    assert later.depths()["packaged"] == 1
    later.close()
