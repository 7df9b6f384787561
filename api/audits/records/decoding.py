"""Bytes -> lines of text. What cannot be told is refused, never guessed."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from typing import BinaryIO

from api.audits.records.mapping import Encoding
from api.audits.records.problems import FileRefusedError, Problem, ProblemCode

LINE_CHARACTERS = 20_000
CHUNK_BYTES = 65_536
TCVN3_SIGNS = re.compile(r"[A-Za-z][¡-¬®-¾]|[¡-¬®-¾][A-Za-z]")
"""Signs that stand inside words only where TCVN3 (.VnTime) is read as windows-1258."""
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def lines(file: BinaryIO, encoding: Encoding) -> Iterator[str]:
    """The lines, in NFC, each with its end.

    Raises:
        FileRefusedError: bytes that are no text of that encoding, NUL, a line without end.
    """
    name = _codec(file, encoding)
    decoder = codecs.getincrementaldecoder(name)(errors="strict")
    pending, row = "", 1
    while True:
        chunk = file.read(CHUNK_BYTES)
        try:
            pending += decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            row += error.object[: error.start].count(b"\n")
            raise FileRefusedError(_undecodable(row, error, encoding)) from None
        *whole, pending = pending.split("\n")
        for line in whole:
            yield _checked(f"{line}\n", row, name)
            row += 1
        if len(pending) > LINE_CHARACTERS:
            _checked(pending, row, name)
        if not chunk:
            break
    if pending:
        yield _checked(pending, row, name)


def _codec(file: BinaryIO, encoding: Encoding) -> str:
    head = file.read(1024)
    file.seek(0)
    if not head.strip():
        raise FileRefusedError(Problem(1, "empty", "an empty file", "a header and at least one row"))
    if head.startswith(UTF16_MARKS):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 4 and min(even, odd) <= len(head) // 16:
        raise FileRefusedError(Problem(1, "utf16_no_mark", "UTF-16 without its mark", "UTF-8, or UTF-16 with its mark"))
    return "cp1258" if encoding == "windows-1258" else "utf-8"


def _undecodable(row: int, error: UnicodeDecodeError, encoding: Encoding) -> Problem:
    around = error.object[max(0, error.start - 40) : error.start + 40]
    code: ProblemCode = "encoding"
    if encoding == "auto" and TCVN3_SIGNS.search(around.decode("cp1258", "ignore")):
        code = "tcvn3"
    wanted = "Unicode text" if code == "tcvn3" else "UTF-8, or that the file is said to be windows-1258"
    byte = error.object[error.start : error.start + 1].hex()
    said = f"TCVN3 (.VnTime) text, byte 0x{byte}" if code == "tcvn3" else f"byte 0x{byte}, which is no {error.encoding}"
    return Problem(row, code, said, wanted)


def _checked(line: str, row: int, codec: str) -> str:
    if "\0" in line:
        raise FileRefusedError(Problem(row, "nul", "a NUL character", "text"))
    if len(line) > LINE_CHARACTERS:
        got = f"a line of more than {LINE_CHARACTERS} characters"
        raise FileRefusedError(Problem(row, "too_long", got, f"at most {LINE_CHARACTERS}: is a quote left open?"))
    if codec == "cp1258" and TCVN3_SIGNS.search(line):
        raise FileRefusedError(Problem(row, "tcvn3", "TCVN3 (.VnTime) text", "Unicode or windows-1258 text"))
    return unicodedata.normalize("NFC", line)
