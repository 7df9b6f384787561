"""From the outbox to the office: packages made, objects stored, claims handed in, answers awaited.

It runs in a process of its own, so that it never delays a frame. Everything may die at any instant and be started
anew: each step is written to the outbox after it was done, and doing a step twice changes nothing.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import ValidationError

from detector.errors import (
    ClaimMalformedError,
    DetectorError,
    DigestMismatchError,
    OfficeRefusedWorkerError,
    OfficeUnreachableError,
    PackageDamagedError,
    PackageNotReadyError,
    PackageRefusedError,
    StoreKeyTakenError,
    StoreRefusedError,
    StoreUnreachableError,
    SubmissionConflictError,
    SubmissionRejectedError,
    SubmissionUnknownError,
)
from detector.evidence.claim import Claim
from detector.evidence.package import Package, load_package, make_package
from detector.folders import WorkerFolders
from detector.office import OfficeClient
from detector.outbox import Outbox, wall_us
from detector.outbox_rows import OutboxRow, RowState
from detector.store import EvidenceStore
from models.domain.manifest import ENVELOPE_NAME, MANIFEST_NAME, Manifest, SealedPlate
from models.domain.store import StoredObject, object_key
from models.domain.submission import Submission, SubmissionAnswer
from models.verify.keys import SigningKey
from streams.counters import Counters
from streams.errors import StreamError
from streams.packets import PacketStore, PacketWindow
from streams.reconnect import Waits

IDLE_S = 0.2
PACKAGE_RETRY_US = 1_000_000
DISK_RETRY_US = 5_000_000
DEADLY_TRIES = 30
"""A claim whose package killed the process so often is set aside, so that the others get their turn."""
WAITS = Waits(first_s=0.5, longest_s=60.0)
ASK_FIRST_US = 300_000
ASK_LONGEST_US = 10_000_000
MOST_WAITING = 20
"""Claims without a package: with more of them, plates are left unread."""
_log = logging.getLogger("phatnguoi.publish")


@dataclass(frozen=True, slots=True)
class Bench:
    """What both halves of the publisher work with."""

    folders: WorkerFolders
    outbox: Outbox
    counters: Counters = field(default_factory=Counters)
    signer: SigningKey | None = None
    """The worker's key; None: nothing is signed, and an office that wants signatures refuses."""
    disk_floor_bytes: int = 0
    """With less free space no package is made."""


class Packager:
    """Makes the packages of committed claims, in the order in which they are due."""

    def __init__(
        self,
        bench: Bench,
        packets_of: Callable[[Claim], PacketStore],
        read_plate: Callable[[Claim, PacketWindow], SealedPlate] | None = None,
    ) -> None:
        self._bench = bench
        self._packets_of = packets_of
        self._read_plate = read_plate

    def step(self) -> bool:
        """One claim; False: none is due, or the disk has room for claims only."""
        outbox = self._bench.outbox
        row = outbox.next_due("claimed")
        if row is None:
            return False
        if self._bench.folders.is_full(self._bench.disk_floor_bytes):
            self._bench.counters.add("package_failures", "disk_full")
            _log.error("the disk is full: claims are kept, nothing else is done", extra={"claim": row.id})
            outbox.postpone(row, by_us=DISK_RETRY_US)
            return True
        if row.tries >= DEADLY_TRIES:
            set_aside(self._bench, row, "package_kills_process", f"tried {row.tries} times")
            return True
        outbox.begin(row, by_us=DISK_RETRY_US)
        try:
            self._make(row)
        except PackageNotReadyError:
            outbox.postpone(row, by_us=PACKAGE_RETRY_US)
        except PackageRefusedError as error:
            self._bench.counters.add("packages_refused", error.reason)
            _log.error("no evidence can be made", extra={"claim": row.id, "reason": str(error)})
            outbox.finish(row, "not_makeable", error.reason, detail=str(error))
        except ClaimMalformedError as error:
            set_aside(self._bench, row, "claim_malformed", str(error))
        except (OSError, StreamError) as error:
            self._bench.counters.add("package_failures", "disk" if isinstance(error, OSError) else "recording")
            _log.warning("no package now, tried again", extra={"claim": row.id, "reason": str(error)})
            outbox.postpone(row, by_us=DISK_RETRY_US)
        return True

    def _make(self, row: OutboxRow) -> None:
        claim = self._bench.outbox.claim(row.id)
        begin_s = time.perf_counter()
        may_wait = wall_us() < row.wait_until_us and claim.clock.source != "file"
        folder, signer = self._bench.folders.packages / row.id, self._bench.signer
        packets = self._packets_of(claim)
        package = make_package(
            claim, packets, folder, may_wait=may_wait, signer=signer, read_plate=self._read_plate_if_idle()
        )
        self._bench.outbox.packaged(row.id)
        self._bench.counters.add("packages_made")
        if package.manifest.plate is not None:
            self._bench.counters.add("plates", package.manifest.plate.unread_because or "read")
        _log.info("package made", extra={"claim": row.id, "took_ms": round(1000 * (time.perf_counter() - begin_s))})

    def _read_plate_if_idle(self) -> Callable[[Claim, PacketWindow], SealedPlate] | None:
        """Claims come before plates: while many wait, none is read, and their cases say why."""
        if self._read_plate is not None and self._bench.outbox.depths().get("claimed", 0) > MOST_WAITING:
            return lambda claim, window: SealedPlate(text=None, unread_because="busy")
        return self._read_plate


class Door:
    """Something that may be down. While it is, nobody knocks before the wait is over."""

    def __init__(self, name: str, monotonic: Callable[[], float]) -> None:
        self._name = name
        self._monotonic = monotonic
        self.failures = 0
        """Since it last worked."""
        self._closed_until_s = 0.0

    @property
    def is_open(self) -> bool:
        return self._monotonic() >= self._closed_until_s

    def works(self) -> None:
        self.failures = 0

    def fails(self, error: DetectorError, *, is_loud: bool) -> None:
        self.failures += 1
        wait_s = WAITS.wait_s(self.failures, is_refused=False, chance=random.random)
        self._closed_until_s = self._monotonic() + wait_s
        level = logging.ERROR if is_loud else logging.WARNING
        extra = {"reason": str(error), "wait_s": round(wait_s, 1)}
        _log.log(level, f"{self._name} cannot be used, tried again later", extra=extra)


class Sender:
    """Stores packages, hands claims in, and asks what became of them."""

    def __init__(
        self, bench: Bench, store: EvidenceStore, office: OfficeClient, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bench = bench
        self._store = store
        self._office = office
        self.store_door = Door("the store", monotonic)
        self.office_door = Door("the office", monotonic)
        self._is_store_checked = False

    def step(self) -> bool:
        """One thing of each kind; False: nothing is due, or nothing can be done now."""
        did = [self._knock("stored", self._submit), self._knock("submitted", self._ask), self._step_store()]
        return any(did)

    def _knock(self, state: RowState, act: Callable[[OutboxRow], None]) -> bool:
        row = self._bench.outbox.next_due(state)
        if row is None or not self.office_door.is_open:
            return False
        try:
            act(row)
            self.office_door.works()
        except OfficeUnreachableError as error:
            self._bench.counters.add("office_failures", "unreachable")
            self.office_door.fails(error, is_loud=False)
        except OfficeRefusedWorkerError as error:
            self._bench.counters.add("office_failures", "worker_refused")
            self.office_door.fails(error, is_loud=True)
        except (SubmissionConflictError, SubmissionRejectedError) as error:
            reason = "conflict" if isinstance(error, SubmissionConflictError) else "message_rejected"
            set_aside(self._bench, row, reason, str(error))
        return True

    def _submit(self, row: OutboxRow) -> None:
        if row.message is None:
            raise SubmissionRejectedError(f"{row.id}: got no message, expected the one that was stored with it")
        answer = self._office.submit(row.id, row.message)
        self._bench.counters.add("submissions")
        if not self._finish(row, answer):
            self._bench.outbox.submitted(row.id, ask_in_us=ASK_FIRST_US)

    def _ask(self, row: OutboxRow) -> None:
        self._bench.outbox.begin(row, by_us=min(ASK_LONGEST_US, ASK_FIRST_US * 2 ** min(row.tries, 10)))
        try:
            answer = self._office.answer(row.id)
        except SubmissionUnknownError as error:
            self._bench.counters.add("office_failures", "submission_forgotten")
            _log.error(
                "the office has forgotten a claim, handed in again", extra={"claim": row.id, "reason": str(error)}
            )
            self._bench.outbox.unknown_at_office(row.id)
            return
        self._finish(row, answer)

    def _finish(self, row: OutboxRow, answer: SubmissionAnswer) -> bool:
        if answer.state == "received":
            return False
        reason = answer.reason or ""
        if answer.state == "refused":
            _log.warning("the office refused a claim", extra={"claim": row.id, "reason": reason})
        detail = answer.detail or ""
        if answer.state == "case":
            keep_package(self._bench.folders, row.id)
        self._bench.outbox.finish(row, answer.state, reason, detail=detail, case_id=answer.case_id)
        remove_package(self._bench.folders, row.id)
        return True

    def _step_store(self) -> bool:
        row = self._bench.outbox.next_due("packaged")
        if row is None or not self.store_door.is_open:
            return False
        try:
            self._put(row)
            self.store_door.works()
        except PackageDamagedError as error:
            self._bench.counters.add("packages_damaged")
            _log.error("package damaged, made anew", extra={"claim": row.id, "reason": str(error)})
            self._bench.outbox.package_again(row.id)
        except StoreRefusedError as error:
            self._store_fails("refused", error, is_loud=True)
        except StoreUnreachableError as error:
            self._store_fails("unreachable", error, is_loud=False)
        except (DigestMismatchError, StoreKeyTakenError) as error:
            self._store_fails("not_what_was_sent", error, is_loud=True)
        except ValidationError as error:
            set_aside(self._bench, row, "message_malformed", f"{error.error_count()} fields that no message may have")
        return True

    def _store_fails(self, reason: str, error: DetectorError, *, is_loud: bool) -> None:
        self._is_store_checked = False
        self._bench.counters.add("store_failures", reason)
        self.store_door.fails(error, is_loud=is_loud)

    def _put(self, row: OutboxRow) -> None:
        """All objects under keys of a new attempt, the manifest last; then the message is fixed for ever."""
        if not self._is_store_checked:
            self._store.check()
            self._is_store_checked = True
        package = load_package(self._bench.folders.packages / row.id, self._bench.signer)
        claim = self._bench.outbox.claim(row.id)
        begin_s = time.perf_counter()
        message = submission(claim, package, put_package(self._store, package))
        self._bench.outbox.stored(row.id, message)
        self._bench.counters.add("packages_stored")
        _log.info("package stored", extra={"claim": row.id, "took_ms": round(1000 * (time.perf_counter() - begin_s))})


def put_package(store: EvidenceStore, package: Package) -> tuple[StoredObject, ...]:
    """Every file of a package into the store, the manifest last.

    Raises:
        StoreError: see `EvidenceStore.put`; what was stored so far stays unused.
    """
    manifest, attempt = package.manifest, secrets.token_hex(8)
    day = manifest.occurred_at_local[:10]

    def put(name: str, sha256: str) -> StoredObject:
        key = object_key(manifest.camera.id, day, manifest.id, attempt, name)
        return store.put(key, package.folder / name, sha256)

    objects = [put(file.name, file.sha256) for file in manifest.files]
    if package.envelope_sha256 is not None:
        objects.append(put(ENVELOPE_NAME, package.envelope_sha256))
    return (*objects, put(MANIFEST_NAME, package.manifest_sha256))


def submission(claim: Claim, package: Package, objects: tuple[StoredObject, ...]) -> Submission:
    """The message to the office: what the manifest says, and where everything lies."""
    manifest: Manifest = package.manifest
    return Submission(
        id=manifest.id,
        camera_id=manifest.camera.id,
        site_kind=manifest.camera.site_kind,
        rule=manifest.rule,
        act_code=manifest.act_code,
        vehicle=manifest.vehicle,
        is_simulated=manifest.is_simulated,
        occurred_at_us=manifest.occurred_at_us,
        point_px16=manifest.point_px16,
        box_px16=manifest.moments[1].box_px16,
        mode=claim.mode,
        manifest_sha256=package.manifest_sha256,
        objects=objects,
    )


def set_aside(bench: Bench, row: OutboxRow, reason: str, detail: str) -> None:
    """Loudly: nothing is done with the claim any more until a person has looked."""
    bench.counters.add("claims_set_aside", reason)
    _log.error("claim set aside, a person must look", extra={"claim": row.id, "reason": reason, "detail": detail})
    bench.outbox.set_aside(row, reason, detail)


def keep_package(folders: WorkerFolders, claim_id: str) -> None:
    """It is a case: kept until its pictures are redacted, for what lies in the store the worker may not read."""
    package = folders.packages / claim_id
    if package.is_dir():
        folders.kept.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folders.kept / claim_id, ignore_errors=True)
        package.rename(folders.kept / claim_id)
        os.utime(folders.kept / claim_id)


def remove_package(folders: WorkerFolders, claim_id: str) -> None:
    """The evidence lies in the store: the worker's copy goes."""
    shutil.rmtree(folders.packages / claim_id, ignore_errors=True)
