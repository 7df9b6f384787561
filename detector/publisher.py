"""The publisher's process: packages in one thread, store and office in another, until it is told to stop."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from detector.child import Link
from detector.errors import SettingsError
from detector.evidence.claim import Claim
from detector.folders import WorkerFolders
from detector.office import OfficeClient
from detector.outbox import Outbox
from detector.plates import PlateOfClaim
from detector.publish import Bench, Packager, Sender
from detector.settings import WorkerSettings
from detector.store import EvidenceStore, open_store
from detector.vision.plates import open_plate_reader
from detector.visit_evidence import VisitEvidence
from detector.visit_outbox import VisitOutbox
from detector.visit_sender import VisitSender
from models.verify.errors import KeyFileError
from models.verify.keys import SigningKey, chosen_key
from streams.counters import Counters
from streams.file_packets import FilePackets
from streams.packets import PacketStore
from streams.ring_reader import RingReader

IDLE_S = 0.2
DATABASE_WAIT_S = 1.0
PRUNE_EVERY_S = 3600.0
LOCK_TIMEOUT_S = 15.0
PLATE_BUDGET_S = 20.0
"""For the plate of one claim."""
NICE = 10
"""Frames go before packages."""
_log = logging.getLogger("phatnguoi.publish")


@dataclass(frozen=True, slots=True)
class Recording:
    """A camera that is a recorded file: its packets are cut from the file itself."""

    path: Path
    starts_at: datetime


@dataclass(slots=True)
class PacketsByCamera:
    """Finds the packets of a claim: in the camera's ring, or in the recording that it reads."""

    folders: WorkerFolders
    recordings: Mapping[str, Recording] = field(default_factory=dict)
    _files: dict[str, FilePackets] = field(default_factory=dict)

    def __call__(self, claim: Claim) -> PacketStore:
        return self.of(claim.camera.id)

    def of(self, camera_id: str) -> PacketStore:
        recording = self.recordings.get(camera_id)
        if recording is None:
            return RingReader(self.folders.ring(camera_id))
        if camera_id not in self._files:
            self._files[camera_id] = FilePackets(recording.path, recording.starts_at)
        return self._files[camera_id]


@dataclass(slots=True)
class Publisher:
    """Both halves at work. `run` returns when `stop` is set, and raises what one of them could not bear."""

    bench: Bench
    packager: Packager
    sender: Sender
    stop: threading.Event = field(default_factory=threading.Event)
    visits: VisitSender | None = None
    busy: Callable[[], AbstractContextManager[None]] = nullcontext
    """Around each step, for the watchdog."""
    _failure: BaseException | None = None

    def run(self) -> None:
        """Works until `stop` is set.

        Raises:
            AlreadyRunningError: another publisher works on this folder.
        """
        with self.bench.folders.held("publisher", LOCK_TIMEOUT_S):
            sweep(self.bench)
            thread = threading.Thread(target=self._guarded, args=(self.packager.step,), name="packager")
            thread.start()
            self._guarded(self._send)
            thread.join()
        if self._failure is not None:
            raise self._failure

    def _send(self) -> bool:
        """Claims first; what visits wait for is never longer than one claim takes."""
        did = self.sender.step()
        return (self.visits is not None and self.visits.step()) or did

    def _guarded(self, step: Callable[[], bool]) -> None:
        """What one half cannot bear ends both: the supervisor starts the process anew."""
        try:
            self._loop(step)
        except BaseException as error:  # noqa: BLE001 - the one place of this process; raised by `run`
            self._failure = self._failure or error
        finally:
            self.stop.set()
            self.bench.outbox.close()

    def _loop(self, step: Callable[[], bool]) -> None:
        pruned_s = time.monotonic()
        while not self.stop.is_set():
            try:
                with self.busy():
                    did_something = step()
                if time.monotonic() - pruned_s > PRUNE_EVERY_S:
                    self.bench.outbox.prune()
                    pruned_s = time.monotonic()
            except sqlite3.OperationalError as error:
                self.bench.counters.add("outbox_failures")
                _log.error("the outbox cannot be written, tried again", extra={"reason": str(error)})
                self.stop.wait(DATABASE_WAIT_S)
                continue
            if not did_something:
                self.stop.wait(IDLE_S)


def sweep(bench: Bench) -> None:
    """Removes package folders that belong to no claim under way: their process died between two steps."""
    if not bench.folders.packages.is_dir():
        return
    for folder in bench.folders.packages.iterdir():
        row = bench.outbox.row(folder.name)
        if row is None or row.state == "done":
            shutil.rmtree(folder, ignore_errors=True)


def make_publisher(
    settings: WorkerSettings, recordings: Mapping[str, Recording] | None = None, link: Link | None = None
) -> Publisher:
    """The publisher as the settings want it.

    Raises:
        SettingsError: the store's address or the signing key makes no sense.
        OutboxUnusableError: the outbox is none.
    """
    folders = WorkerFolders(settings.worker_folder)
    counters = link.counters if link else Counters()
    outbox, signer = Outbox(folders.outbox), settings_signer(settings)
    bench = Bench(folders, outbox, counters, signer=signer, disk_floor_bytes=settings.disk_floor_bytes)
    office = OfficeClient(str(settings.office_url), settings.worker_key)
    plates = PlateOfClaim(open_plate_reader, PLATE_BUDGET_S) if settings.plates else None
    packets, store = PacketsByCamera(folders, dict(recordings or {})), settings_store(settings)
    packager = Packager(bench, packets, plates)
    evidence = VisitEvidence(store, packets.of, folders.root / "visits")
    visits = VisitSender(VisitOutbox(folders.visits), office, counters, evidence)
    publisher = Publisher(bench, packager, Sender(bench, store, office), visits=visits)
    if link is not None:
        publisher.stop, publisher.busy = link.stopping, link.busy
    return publisher


def settings_store(settings: WorkerSettings) -> EvidenceStore:
    """The store that the settings name.

    Raises:
        SettingsError: they name none.
    """
    access, secret = settings.s3_access_key, settings.s3_secret_key
    return open_store(
        settings.store,
        None if access is None else access.get_secret_value(),
        None if secret is None else secret.get_secret_value(),
    )


def settings_signer(settings: WorkerSettings) -> SigningKey | None:
    """The worker's signing key; None: none is set.

    Raises:
        SettingsError: it cannot be used.
    """
    pem = None if settings.signing_key is None else settings.signing_key.get_secret_value()
    try:
        return chosen_key("PHATNGUOI_SIGNING_KEY", pem, settings.signing_key_file)
    except KeyFileError as error:
        raise SettingsError(str(error)) from None


@dataclass(frozen=True, slots=True)
class PublisherTask:
    """What the publisher's process is started with; it is pickled."""

    settings: WorkerSettings
    recordings: Mapping[str, Recording] = field(default_factory=dict)


def publish_entry(task: PublisherTask, link: Link) -> None:
    """The publisher as a child of the supervisor."""
    os.nice(NICE)
    publisher = make_publisher(task.settings, task.recordings, link)
    publisher.run()
