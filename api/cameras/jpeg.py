"""A JPEG as the office lets it in: its headers are walked, nothing of it is decoded. No metadata, no second picture."""

from __future__ import annotations

from api.errors import JobReportRefusedError
from models.domain.camera_jobs import PICTURE_LIMIT_BYTES, PICTURE_SIDE_LIMIT_PX

START, END = b"\xff\xd8", b"\xff\xd9"
_FRAMES = frozenset((0xC0, 0xC1, 0xC2))
"""Start of frame: baseline, extended, progressive. All others are refused."""
_TABLES = frozenset((0xDB, 0xC4, 0xDD, 0xE0))
"""Quantisation, Huffman, restart interval, JFIF header."""
_SCAN = 0xDA


def check_jpeg(body: bytes) -> tuple[int, int]:
    """Width and height in px.

    Raises:
        JobReportRefusedError: it is too large, or anything but one plain JPEG picture.
    """
    if not 0 < len(body) <= PICTURE_LIMIT_BYTES:
        raise _wrong(f"got {len(body)} bytes, expected 1..{PICTURE_LIMIT_BYTES}")
    if not body.startswith(START) or not body.endswith(END):
        raise _wrong("got bytes that do not begin and end like a JPEG picture")
    size, at = None, len(START)
    while True:
        if at + 4 > len(body) or body[at] != 0xFF:
            raise _wrong(f"got a broken header at byte {at}")
        marker, length = body[at + 1], int.from_bytes(body[at + 2 : at + 4])
        if marker == _SCAN:
            break
        if marker in _FRAMES and size is None and length >= 8:
            size = int.from_bytes(body[at + 7 : at + 9]), int.from_bytes(body[at + 5 : at + 7])
        elif marker not in _TABLES or length < 2:
            raise _wrong(f"got the segment {marker:#x}, expected a plain picture without metadata")
        at += 2 + length
    if size is None or not all(1 <= side <= PICTURE_SIDE_LIMIT_PX for side in size):
        raise _wrong(f"got a size of {size}, expected sides of 1..{PICTURE_SIDE_LIMIT_PX} px")
    if START + b"\xff" in body[at:]:
        raise _wrong("got a second picture behind the first")
    return size


def _wrong(detail: str) -> JobReportRefusedError:
    return JobReportRefusedError("picture_wrong", detail)
