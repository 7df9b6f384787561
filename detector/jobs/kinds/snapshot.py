"""`snapshot`: the camera's newest picture, and one of the road without who moves on it."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np

from detector.camera_files import CameraFiles
from detector.errors import CameraFileRefusedError
from detector.jobs.kind import JobBench, failed
from detector.recent import Glimpse, directly, glances, glimpses, kept
from detector.redaction.pictures import COARSE_ROWS, mosaic
from detector.vision.regions import region_of_interest
from detector.vision.vehicles import WeightsUnusableError
from detector.vision.weights import open_weights
from models.camera_file import CameraFile, CameraFileError
from models.domain.camera import Camera
from models.domain.camera_jobs import LIVE_PICTURE, PICTURE_LIMIT_BYTES, ROAD_PICTURE, Seen
from models.domain.frame import BGR
from models.domain.geometry import BoxPx
from models.domain.jobs import JobReport, WorkerJob
from streams.errors import StreamError

WIDEST_PX = 1920
QUALITIES = (88, 70, 50)
THREADS = 1
SAME_LEVELS, SAME_SHARE = 16, 0.3
"""Of 256 levels; of the middle half of a box. Errs to too much: an asphalt-grey car that left is hidden, too."""
MARGIN = 0.15
"""Of the larger side of what is hidden."""
_log = logging.getLogger("phatnguoi.worker_jobs")


def run(job: WorkerJob, bench: JobBench) -> JobReport:
    """What it sends is for the office's editor, and no evidence."""
    if bench.cameras is None:
        return failed(job, "no_cameras", is_final=True)
    scratch = Path(tempfile.mkdtemp(dir=_made(bench.folders.jobs)))
    try:
        file = bench.cameras.checked(str(job.details["file"]), str(job.details["camera"]))
        seen = _look(file, bench.cameras, bench.folders.ring(file.camera.id), scratch)
        if not seen:
            return failed(job, "no_picture", is_final=False)
        road = _road(seen, bench.weights)
    except CameraFileError:
        return failed(job, "file_wrong", is_final=True)
    except CameraFileRefusedError as error:
        return failed(job, error.reason, is_final=True)
    except WeightsUnusableError:
        return failed(job, "weights_unusable", is_final=True)
    except StreamError as error:
        _log.warning("the camera cannot be looked at", extra={"job": job.kind, "reason": str(error)})
        return failed(job, "camera_unreachable", is_final=False)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    bench.put_picture(job, LIVE_PICTURE, small_jpeg(seen[-1].image))
    bench.put_picture(job, ROAD_PICTURE, small_jpeg(road))
    height, width = seen[-1].image.shape[:2]
    told = Seen(width=width, height=height, captured_at_us=seen[-1].captured_at_us, road_frames=len(seen))
    return JobReport(lease=job.lease, state="done", details=told.model_dump())


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _look(file: CameraFile, files: CameraFiles, ring: Path, scratch: Path) -> list[Glimpse]:
    """From the ring, where the camera that the file names fills it; else from the camera."""
    segments = kept(ring) if is_watched(file, files) else []
    return glimpses(segments) if segments else glances(directly(file, scratch))


def is_watched(file: CameraFile, files: CameraFiles) -> bool:
    """The source of this file is the one that the worker reads now: its ring is this camera's."""
    try:
        return files.in_force(file.camera.id).camera.source == file.camera.source
    except CameraFileError:
        return False


def _road(seen: list[Glimpse], weights: Path | None) -> BGR:
    """The median of the pictures; in blocks whatever looks like a vehicle or a person in it, or in any one of them and
    has not gone from the median."""
    same = [glimpse.image for glimpse in seen if glimpse.image.shape == seen[-1].image.shape]
    road: BGR = np.median(np.stack(same), axis=0).astype(np.uint8)
    if weights is None:
        return mosaic(road, COARSE_ROWS)
    height, width = road.shape[:2]
    median, hidden = road.copy(), mosaic(road, COARSE_ROWS)
    detector = open_weights(weights, _input_px(width, height), THREADS).detector
    for image in (median, *same):
        for detection in detector.detect([image])[0]:
            if image is median or _is_left(median, image, detection.box):
                y, x = _with_margin(detection.box)
                road[y, x] = hidden[y, x]
    return road


def _is_left(median: BGR, image: BGR, box: BoxPx) -> bool:
    """Who is in the picture is still to be seen in the median: so much of the box's middle is the same."""
    x1, y1 = int(box.x1 + box.width / 4), int(box.y1 + box.height / 4)
    x2, y2 = max(x1 + 1, int(box.x2 - box.width / 4)), max(y1 + 1, int(box.y2 - box.height / 4))
    middle = slice(max(0, y1), max(0, y2)), slice(max(0, x1), max(0, x2))
    difference = np.abs(median[middle].astype(np.int16) - image[middle]).max(axis=2)
    return bool(difference.size > 0 and (difference < SAME_LEVELS).mean() > SAME_SHARE)


def _with_margin(box: BoxPx) -> tuple[slice, slice]:
    margin = MARGIN * max(box.width, box.height)
    x1, y1 = max(0, int(box.x1 - margin)), max(0, int(box.y1 - margin))
    return slice(y1, max(y1, int(box.y2 + margin) + 1)), slice(x1, max(x1, int(box.x2 + margin) + 1))


def _input_px(width: int, height: int) -> tuple[int, int]:
    """The whole picture, as the network is given a camera of which nothing is drawn."""
    bare = {"schema": 1, "id": "bare", "name": "", "source": "", "frame": {"width": width, "height": height}}
    return region_of_interest(Camera.model_validate(bare)).input_px


def small_jpeg(image: BGR) -> bytes:
    """A plain JPEG within the office's limit."""
    height, width = image.shape[:2]
    if width > WIDEST_PX:
        image = cv2.resize(image, (WIDEST_PX, max(1, round(height * WIDEST_PX / width)))).astype(np.uint8)
    for quality in QUALITIES:
        done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        body = encoded.tobytes()
        if done and len(body) <= PICTURE_LIMIT_BYTES:
            return body
    raise ValueError(f"got a picture of {len(body)} bytes, expected at most {PICTURE_LIMIT_BYTES}")
