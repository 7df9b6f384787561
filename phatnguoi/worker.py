"""`phatnguoi worker`: watch cameras for days. One process a camera, one publisher, a watchdog over all of them."""

from __future__ import annotations

import argparse
import signal
import time
from pathlib import Path

from detector.camera_files import CameraFiles
from detector.camera_process import CameraTask, camera_entry
from detector.errors import DetectorError
from detector.folders import WorkerFolders
from detector.jobs.runner import JobsTask, awaits_jobs, jobs_entry
from detector.logs import log_to_stderr
from detector.metrics import Health, health_server
from detector.outbox import Outbox
from detector.publisher import PublisherTask, Recording, publish_entry, settings_signer, settings_store
from detector.settings import WorkerSettings, load_settings
from detector.supervisor import ChildSpec, Supervisor
from detector.vision.regions import region_of_interest
from detector.vision.vehicles import WeightsUnusableError
from detector.vision.weights import open_weights
from models.camera_file import CameraFile, CameraFileError, load_camera_file
from phatnguoi.errors import CommandError
from phatnguoi.weights import chosen_weights
from streams.errors import StreamError
from streams.open import open_source

NO_KEY = "no key to sign evidence with: set PHATNGUOI_SIGNING_KEY_FILE (`phatnguoi keys new FILE` makes one)"
PUBLISHER_LIMIT_S = 600.0
"""One upload may take long on a slow line; a publisher that stands still for longer is started anew."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "cameras", type=Path, nargs="*", metavar="CAMERA.yaml", help="the camera files; the office may give others"
    )
    parser.add_argument("--weights", type=Path, metavar="PATH", help="exported YOLO (folder, .xml, .onnx) or .pt")


def run(arguments: argparse.Namespace) -> int:
    """Works until SIGTERM or SIGINT, or until every recording has come to its end and is handed in.

    Raises:
        CommandError: a setting, a camera file or the weights cannot be used: said before anything is started.
    """
    log_to_stderr()
    try:
        settings = load_settings()
        settings_store(settings)
        if settings_signer(settings) is None:
            raise CommandError(NO_KEY)
        weights = chosen_weights(arguments.weights)
        given = CameraFiles(
            tuple(path.resolve() for path in arguments.cameras),
            WorkerFolders(settings.worker_folder).cameras,
            settings.camera_sources,
        )
        _check_once(given)
        files = _in_force(given)
        _check(files, weights)
        outbox = Outbox(WorkerFolders(settings.worker_folder).outbox)
    except (DetectorError, CameraFileError, WeightsUnusableError, StreamError) as error:
        raise CommandError(str(error)) from None
    specs = _specs(settings, given, files, weights)
    folders = WorkerFolders(settings.worker_folder)
    supervisor = Supervisor(
        specs,
        settings.worker_folder,
        is_drained=lambda: outbox.oldest_age_s() is None and not awaits_jobs(folders, time.time()),
        more=lambda names: [_camera(settings, given, weights, new) for new in given.ids() if new not in names],
    )
    health = Health(supervisor, outbox, lambda: folders.is_full(settings.disk_floor_bytes))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stop())
    try:
        with (
            WorkerFolders(settings.worker_folder).held("worker"),
            health_server(health, settings.health_port) as port,
        ):
            print(f"worker: {len(files)} cameras, health on http://127.0.0.1:{port}/readyz", flush=True)
            supervisor.run()
    except DetectorError as error:
        raise CommandError(str(error)) from None
    return 0


def _check_once(given: CameraFiles) -> None:
    seen: set[str] = set()
    for path in given.own:
        camera_id = load_camera_file(path).camera.id
        if camera_id in seen:
            raise CommandError(f"{path}: got the camera id {camera_id!r} twice, expected one file a camera")
        seen.add(camera_id)


def _in_force(given: CameraFiles) -> list[CameraFile]:
    own = [load_camera_file(path).camera.id for path in given.own]
    return [given.in_force(camera_id) for camera_id in dict.fromkeys([*own, *given.ids()])]


def _check(files: list[CameraFile], weights: Path) -> None:
    """What a person must mend is found here, not in a process that would be started again and again."""
    for file in files:
        open_source(file.source(), starts_at=file.camera.starts_at)
    if files:
        open_weights(weights, region_of_interest(files[0].camera).input_px)


def _camera(settings: WorkerSettings, given: CameraFiles, weights: Path, camera_id: str) -> ChildSpec:
    task = CameraTask(
        given,
        camera_id,
        weights.resolve(),
        settings.worker_folder,
        settings.ring_bytes,
        settings.ring_seconds,
        helmet_weights=settings.helmet_weights,
    )
    limit_s, start_limit_s = settings.heartbeat_limit_s, settings.start_limit_s
    return ChildSpec(camera_id, camera_entry, task, limit_s, start_limit_s)


def _specs(settings: WorkerSettings, given: CameraFiles, files: list[CameraFile], weights: Path) -> list[ChildSpec]:
    recordings = {
        file.camera.id: Recording(Path(file.source()), file.camera.starts_at)
        for file in files
        if "://" not in file.source() and file.camera.starts_at is not None
    }
    specs = [_camera(settings, given, weights, file.camera.id) for file in files]
    publisher = ChildSpec(
        name="publisher",
        entry=publish_entry,
        task=PublisherTask(settings, recordings),
        limit_s=PUBLISHER_LIMIT_S,
        start_limit_s=PUBLISHER_LIMIT_S,
        is_camera=False,
    )
    jobs = ChildSpec(
        name="jobs",
        entry=jobs_entry,
        task=JobsTask(settings, given, weights.resolve()),
        limit_s=PUBLISHER_LIMIT_S,
        start_limit_s=PUBLISHER_LIMIT_S,
        is_camera=False,
    )
    return [*specs, publisher, jobs]
