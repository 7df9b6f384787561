"""What a worker keeps on disk, and the lock that makes it one worker."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from detector.errors import AlreadyRunningError

LOCK_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class WorkerFolders:
    """Everything under one root: `outbox.db`, `packages/<claim>/`, `kept/<claim>/`, `rings/<camera>/`, …"""

    root: Path

    @property
    def outbox(self) -> Path:
        return self.root / "outbox.db"

    @property
    def visits(self) -> Path:
        """Reports of station cameras on their way."""
        return self.root / "visits.db"

    @property
    def packages(self) -> Path:
        return self.root / "packages"

    @property
    def kept(self) -> Path:
        """Packages that are cases now, until their pictures are redacted: the worker may not read them back."""
        return self.root / "kept"

    @property
    def jobs(self) -> Path:
        """What jobs make before it is stored; it may be emptied at any start."""
        return self.root / "jobs"

    @property
    def cameras(self) -> Path:
        """Camera files that two persons of the office agreed on."""
        return self.root / "cameras"

    def ring(self, camera_id: str) -> Path:
        return self.root / "rings" / camera_id

    def reference(self, camera_id: str, file_sha256: str) -> Path:
        """The picture that this camera file's geometry is held against; another file has another one."""
        return self.root / "references" / f"{camera_id}-{file_sha256[:16]}.png"

    def is_full(self, floor_bytes: int) -> bool:
        """Less than that is free: what is left belongs to the claims."""
        try:
            free_bytes = shutil.disk_usage(self.root).free
        except OSError:  # not there, or no answer: nothing can be written either
            return True
        return free_bytes < floor_bytes

    @contextmanager
    def held(self, name: str, timeout_s: float = 0.0) -> Iterator[None]:
        """Holds the lock of that name; the kernel lets it go when the process dies.

        Raises:
            AlreadyRunningError: another process held it for all of `timeout_s`.
        """
        folder = self.root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        deadline_s = time.monotonic() + timeout_s
        handle = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _locked(handle):
                if time.monotonic() >= deadline_s:
                    raise AlreadyRunningError(f"{folder / name}: held by another process, expected to be the only one")
                time.sleep(LOCK_POLL_S)
            yield
        finally:
            os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
