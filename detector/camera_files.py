"""The camera files of a worker: those it was started with, and those that two persons of the office agreed on.

The office's file is in force where there is one. Whoever can write such a file must not be able to make the worker open
what it should not, or send a password elsewhere: the source must be the one that the worker's own file of this camera
says, letter by letter, or one that `PHATNGUOI_CAMERA_SOURCES` allows.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

from detector.errors import CameraFileRefusedError
from detector.rulebook import Rulebook
from models.camera_file import CameraFile, CameraFileError, load_camera_file, read_camera_file

_ID = re.compile(r"[a-z0-9-]{3,40}")
_log = logging.getLogger("phatnguoi.camera")
Mark = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class CameraFiles:
    """Attributes:
    own: the files that the worker was started with.
    folder: keeps `<camera>.yaml` of the office, and `<camera>.running`, the SHA-256 that its process runs on.
    sources: allowed for files of the office, before `${…}` is expanded; `*` stands for letters, digits, `_` and `-`.
    """

    own: tuple[Path, ...]
    folder: Path
    sources: tuple[str, ...] = ()

    def ids(self) -> tuple[str, ...]:
        """Cameras that the office has given a file for."""
        found = (path.stem for path in self.folder.glob("*.yaml")) if self.folder.is_dir() else ()
        return tuple(sorted(name for name in found if _ID.fullmatch(name)))

    def own_file(self, camera_id: str) -> CameraFile | None:
        files = (load_camera_file(path) for path in self.own)
        return next((file for file in files if file.camera.id == camera_id), None)

    def in_force(self, camera_id: str) -> CameraFile:
        """The office's file; the worker's own where there is none, or none that may be used.

        Raises:
            models.camera_file.CameraFileError: there is no file of this camera.
        """
        own = self.own_file(camera_id)
        try:
            return self.checked(self._path(camera_id).read_text(encoding="utf-8"), camera_id)
        except FileNotFoundError:
            pass
        except (OSError, UnicodeDecodeError, CameraFileError, CameraFileRefusedError) as error:
            _log.error("the office's camera file cannot be used", extra={"camera": camera_id, "reason": str(error)})
        if own is None:
            raise CameraFileError(f"{camera_id}: got no camera file that may be used, expected one")
        return own

    def checked(self, text: str, camera_id: str) -> CameraFile:
        """The office's text as a camera file that this worker may run.

        Raises:
            models.camera_file.CameraFileError: it is none, or asks a rule for what it cannot do.
            CameraFileRefusedError: it is another camera's, or its source is not allowed here.
        """
        own = self.own_file(camera_id)
        file = read_camera_file(text.encode(), self.folder / f"{camera_id}.yaml" if own is None else own.path)
        if file.camera.id != camera_id:
            raise CameraFileRefusedError("other_camera", f"got a file of {file.camera.id}, expected {camera_id}")
        source = file.camera.source
        is_own = own is not None and own.camera.source == source
        if not is_own and not any(_allows(pattern, source) for pattern in self.sources):
            raise CameraFileRefusedError(
                "source_not_allowed", "got a source that PHATNGUOI_CAMERA_SOURCES does not allow"
            )
        Rulebook(file, is_recording=True)
        return file

    def publish(self, camera_id: str, text: str | None) -> str | None:
        """Brings the office's file into force, or takes it away; what was there before. Whole or not at all."""
        path = self._path(camera_id)
        before = path.read_text(encoding="utf-8") if path.exists() else None
        if text is None:
            path.unlink(missing_ok=True)
            return before
        self.folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        return before

    def mark(self, camera_id: str) -> Mark:
        """Another one: the office's file has changed."""
        try:
            stat = self._path(camera_id).stat()
        except FileNotFoundError:
            return None
        return stat.st_ino, stat.st_mtime_ns

    def note_running(self, camera_id: str, sha256: str) -> None:
        """The camera's process has made its rules ready by this file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{camera_id}.running.part"
        part.write_text(sha256, encoding="utf-8")
        part.replace(self.folder / f"{camera_id}.running")

    def running(self, camera_id: str) -> str | None:
        path = self.folder / f"{camera_id}.running"
        return path.read_text(encoding="utf-8") if path.exists() else None

    def _path(self, camera_id: str) -> Path:
        if not _ID.fullmatch(camera_id):
            raise CameraFileRefusedError(
                "other_camera", f"got the camera id {camera_id[:40]!r}, expected [a-z0-9-]{{3,40}}"
            )
        return self.folder / f"{camera_id}.yaml"


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _allows(pattern: str, source: str) -> bool:
    return re.fullmatch("[A-Za-z0-9_-]*".join(map(re.escape, pattern.split("*"))), source) is not None
