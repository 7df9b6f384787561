"""`try_rules`: what the rules of a proposed file would have claimed in the last seconds. Nothing goes to the outbox."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path

from detector.camera_files import CameraFiles
from detector.errors import CameraFileRefusedError
from detector.jobs.kind import JobBench, failed
from detector.jobs.kinds.snapshot import THREADS, is_watched
from detector.recent import as_recording, directly, frames_of, kept
from detector.trial import TrialRun, Tried
from detector.vision.regions import region_of_interest
from detector.vision.vehicles import WeightsUnusableError
from detector.vision.weights import Weights, open_weights
from models.camera_file import CameraFile, CameraFileError
from models.domain.camera_jobs import Trial
from models.domain.jobs import JobReport, WorkerJob
from streams.errors import StreamError

_log = logging.getLogger("phatnguoi.worker_jobs")


def run(job: WorkerJob, bench: JobBench) -> JobReport:
    """A file that a rule cannot work with is answered too: with the place and what is wrong there."""
    if bench.cameras is None or bench.weights is None:
        return failed(job, "no_cameras", is_final=True)
    bench.folders.jobs.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=bench.folders.jobs))
    try:
        file = bench.cameras.checked(str(job.details["file"]), str(job.details["camera"]))
        weights = open_weights(bench.weights, region_of_interest(file.camera).input_px, THREADS)
        ring = bench.folders.ring(file.camera.id)
        tried = _try(file, weights, bench.cameras, ring, int(job.details["seconds"]), scratch)
    except CameraFileError as error:
        place = ".".join(str(part) for part in error.place)
        tried = Tried(Trial(seconds=0, frames=0, problem=error.problem[:400], problem_place=place[:400]))
    except CameraFileRefusedError as error:
        return failed(job, error.reason, is_final=True)
    except WeightsUnusableError:
        return failed(job, "weights_unusable", is_final=True)
    except StreamError as error:
        _log.warning("the camera cannot be looked at", extra={"job": job.kind, "reason": str(error)})
        return failed(job, "camera_unreachable", is_final=False)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for name, body in tried.pictures.items():
        bench.put_picture(job, name, body)
    return JobReport(lease=job.lease, state="done", details={"trial": tried.trial.model_dump_json()})


def _try(file: CameraFile, weights: Weights, files: CameraFiles, ring: Path, seconds: int, scratch: Path) -> Tried:
    segments = kept(ring) if is_watched(file, files) else []
    camera = as_recording(segments, seconds, scratch) if segments else directly(file, scratch)
    is_recording = not segments and not camera.is_live
    trial = TrialRun(file, weights, is_recording=is_recording)
    return trial.run(frames_of(camera, seconds), camera.shape())
