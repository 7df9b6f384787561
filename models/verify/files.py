"""The files of a package or a bundle, read without trusting a name, a length or a compressor."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from models.verify.errors import MalformedError, NotReadableError

FILES = 64
FILE_LIMIT_BYTES = 1 << 29
BUNDLE_LIMIT_BYTES = 1 << 29
DIRECTORY_LIMIT_BYTES = 16_384
NAME = re.compile(r"[a-z0-9_]{1,48}\.[a-z0-9]{1,8}")
_CHUNK = 1 << 20
_END = struct.Struct("<IHHHHIIH")
_END_MARK = 0x06054B50
_IS_ENCRYPTED = 1


class Files(Protocol):
    """Named contents. Names are plain: no folder, no drive, no dot in front."""

    @property
    def names(self) -> frozenset[str]: ...

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of one file.

        Raises:
            NotReadableError, MalformedError
        """


def read_file(files: Files, name: str, limit_bytes: int) -> bytes:
    """A small file, whole.

    Raises:
        MalformedError: absent, or larger than that.
    """
    if name not in files.names:
        raise MalformedError(f"{name}: got no such file, expected one")
    found = bytearray()
    for chunk in files.chunks(name):
        found += chunk
        if len(found) > limit_bytes:
            raise MalformedError(f"{name}: got more than {limit_bytes} bytes, expected at most that")
    return bytes(found)


def digest_file(files: Files, name: str) -> tuple[str, int]:
    """SHA-256 in hex, and the length.

    Raises:
        MalformedError: absent.
    """
    if name not in files.names:
        raise MalformedError(f"{name}: got no such file, expected one")
    digest, length = hashlib.sha256(), 0
    for chunk in files.chunks(name):
        digest.update(chunk)
        length += len(chunk)
    return digest.hexdigest(), length


class FolderFiles:
    """A package's folder. Links are not followed, and nothing but files may lie in it."""

    def __init__(self, folder: Path) -> None:
        """Raises:
        NotReadableError: no such folder. MalformedError: something in it is no plain file.
        """
        self._folder = folder
        try:
            found = list(os.scandir(folder))
        except OSError as error:
            raise NotReadableError(f"{folder}: cannot be read ({error.strerror})") from None
        if len(found) > FILES:
            raise MalformedError(f"{folder.name}: got {len(found)} files, expected at most {FILES}")
        for each in found:
            _check_name(each.name)
            if each.is_symlink() or not each.is_file(follow_symlinks=False):
                raise MalformedError(f"{each.name}: got a link or a folder, expected a file")
        self._names = frozenset(each.name for each in found)

    @property
    def names(self) -> frozenset[str]:
        return self._names

    def chunks(self, name: str) -> Iterator[bytes]:
        try:
            handle = os.open(self._folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise MalformedError(f"{name}: got no plain file, expected one")
                yield from _bounded(name, file)
        except OSError as error:
            raise NotReadableError(f"{name}: cannot be read ({error.strerror})") from None


class ZipFiles:
    """A bundle. Its directory is bounded before it is parsed; each file is bounded while it is unpacked, in memory."""

    def __init__(self, path: Path) -> None:
        """Raises:
        NotReadableError: no such file. MalformedError: no zip that this project writes.
        """
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise NotReadableError(f"{path}: cannot be read ({error.strerror})") from None
        try:
            _check_end(self._file)
            self._zip = zipfile.ZipFile(self._file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error) as error:
            self._file.close()
            raise MalformedError(f"bundle: got no zip ({type(error).__name__}), expected one") from None
        except BaseException:
            self._file.close()
            raise
        try:
            self._members = _members(self._zip.infolist())
        except MalformedError:
            self.close()
            raise

    def close(self) -> None:
        self._zip.close()
        self._file.close()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._members)

    def chunks(self, name: str) -> Iterator[bytes]:
        member = self._members[name]
        try:
            with self._zip.open(member) as file:
                yield from _bounded(name, file, member.file_size)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError, RuntimeError):
            raise MalformedError(
                f"{name}: got a member of the zip that cannot be unpacked, expected a whole one"
            ) from None


def _bounded(name: str, file: IO[bytes], limit_bytes: int = FILE_LIMIT_BYTES) -> Iterator[bytes]:
    length = 0
    while chunk := file.read(_CHUNK):
        length += len(chunk)
        if length > limit_bytes:
            raise MalformedError(f"{name}: got more than {limit_bytes} bytes, expected at most that")
        yield chunk


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise MalformedError(f"got a file named {name[:60]!r}, expected lower-case letters, digits, _ and one dot")


def _check_end(file: IO[bytes]) -> None:
    """The zip's last record says how much directory there is: neither a comment nor Zip64 is allowed after it."""
    length = file.seek(0, os.SEEK_END)
    if not _END.size <= length <= BUNDLE_LIMIT_BYTES:
        raise MalformedError(f"bundle: got {length} bytes, expected {_END.size} to {BUNDLE_LIMIT_BYTES}")
    file.seek(length - _END.size)
    mark, _, _, here, count, directory_bytes, start, comment_bytes = _END.unpack(file.read(_END.size))
    if mark != _END_MARK or comment_bytes or start + directory_bytes + _END.size != length:
        raise MalformedError("bundle: got no zip, or one with something before or after it, expected a plain zip")
    if here != count or count > FILES or directory_bytes > DIRECTORY_LIMIT_BYTES:
        raise MalformedError(f"bundle: got {count} files, expected at most {FILES}")
    file.seek(0)


def _members(found: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for each in found:
        _check_name(each.orig_filename)
        if each.filename in members:
            raise MalformedError(f"{each.filename}: got two files of this name, expected each name once")
        if stat.S_IFMT(each.external_attr >> 16) not in (0, stat.S_IFREG):
            raise MalformedError(f"{each.filename}: got a link or a device, expected a file")
        if each.flag_bits & _IS_ENCRYPTED or each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise MalformedError(f"{each.filename}: got a locked or unusual member, expected stored or deflated")
        members[each.filename] = each
    total = sum(each.file_size for each in found)
    if total > BUNDLE_LIMIT_BYTES:
        raise MalformedError(f"bundle: got {total} bytes unpacked, expected at most {BUNDLE_LIMIT_BYTES}")
    return members
