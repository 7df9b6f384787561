"""`reload_camera`: the camera's process starts anew with a file that two persons agreed on; else the old one stays."""

from __future__ import annotations

import time

from detector.camera_files import CameraFiles, sha256_of
from detector.errors import CameraFileRefusedError
from detector.jobs.kind import JobBench, failed
from models.camera_file import CameraFileError
from models.domain.jobs import JobReport, WorkerJob

RUNS_WITHIN_S = 90.0
LOOK_EVERY_S = 0.25


def run(job: WorkerJob, bench: JobBench) -> JobReport:
    """Done only when the camera's own process says that it runs on this file.

    1. the text is the one that was approved; 2. this worker may run it; 3. it is in force; 4. the camera runs on it.
    """
    if bench.cameras is None:
        return failed(job, "no_cameras", is_final=True)
    text, camera_id, sha256 = (str(job.details[name]) for name in ("file", "camera", "file_sha256"))
    if sha256_of(text) != sha256:  # 1
        return failed(job, "other_file", is_final=True)
    try:
        bench.cameras.checked(text, camera_id)  # 2
    except CameraFileError:
        return failed(job, "file_wrong", is_final=True)
    except CameraFileRefusedError as error:
        return failed(job, error.reason, is_final=True)
    before = bench.cameras.publish(camera_id, text)  # 3
    if not _runs(bench.cameras, camera_id, sha256, bench):  # 4
        bench.cameras.publish(camera_id, before)
        return failed(job, "does_not_run", is_final=not bench.wait(0))
    return JobReport(lease=job.lease, state="done", details={"file_sha256": sha256})


def _runs(cameras: CameraFiles, camera_id: str, sha256: str, bench: JobBench) -> bool:
    until_s = time.monotonic() + RUNS_WITHIN_S
    while time.monotonic() < until_s:
        if cameras.running(camera_id) == sha256:
            return True
        if bench.wait(LOOK_EVERY_S):
            return False
    return False
