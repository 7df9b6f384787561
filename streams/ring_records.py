"""The ring's file format: small records, one after the other, each with its own checksum.

    record  = kind (1 byte) · length (4, little-endian) · CRC-32 of kind, length and body (4) · body
    HEAD    first record of every segment: JSON, what a decoder must know (`StreamFacts`)
    PACKET  number (8) · pts (8) · dts (8) · pts_us (8) · captured_at_us (8) · is_key (1) · payload
    FRAME   pts_us (8) · index (8): this frame was decoded and has this `Frame.index`
    END     the connection was closed in order

A segment is read up to its first record that is torn or damaged; what stands before it is whole.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

from streams.packets import KeptPacket, StreamFacts

_FRONT = struct.Struct("<BII")
_CRC_FREE = struct.Struct("<BI")
_PACKET = struct.Struct("<qqqqqB")
_FRAME = struct.Struct("<qq")
_NO_DTS = -(2**63)
LARGEST_BODY_BYTES = 64 * 1024 * 1024
"""No picture is larger: a longer length is damage."""


class Kind(IntEnum):
    HEAD = 1
    PACKET = 2
    FRAME = 3
    END = 4


@dataclass(frozen=True, slots=True)
class NumberedPacket:
    """A packet with its place in the connection: numbers without a gap mean that nothing is missing."""

    number: int
    packet: KeptPacket


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """This frame came out of the decoder."""

    pts_us: int
    index: int


@dataclass(frozen=True, slots=True)
class End:
    """The connection was closed in order."""


Record = StreamFacts | NumberedPacket | DecodedFrame | End


def packed(kind: Kind, body: bytes) -> bytes:
    crc = zlib.crc32(body, zlib.crc32(_CRC_FREE.pack(kind, len(body))))
    return _FRONT.pack(kind, len(body), crc) + body


def pack_head(facts: StreamFacts) -> bytes:
    body = {
        "version": 1,
        "codec": facts.codec,
        "extradata": base64.b64encode(facts.extradata).decode(),
        "width_px": facts.width_px,
        "height_px": facts.height_px,
        "time_base": [facts.time_base.numerator, facts.time_base.denominator],
        "connection": facts.connection,
    }
    return packed(Kind.HEAD, json.dumps(body, sort_keys=True).encode())


def pack_packet(number: int, packet: KeptPacket) -> bytes:
    dts = _NO_DTS if packet.dts is None else packet.dts
    front = _PACKET.pack(number, packet.pts, dts, packet.pts_us, packet.captured_at_us, packet.is_key)
    return packed(Kind.PACKET, front + packet.payload)


def pack_frame(pts_us: int, index: int) -> bytes:
    return packed(Kind.FRAME, _FRAME.pack(pts_us, index))


def pack_end() -> bytes:
    return packed(Kind.END, b"")


def read_records(raw: bytes) -> Iterator[Record]:
    """The records up to the first one that is torn or damaged."""
    view, at = memoryview(raw), 0
    while at + _FRONT.size <= len(raw):
        kind, length, crc = _FRONT.unpack_from(raw, at)
        begin, end = at + _FRONT.size, at + _FRONT.size + length
        if length > LARGEST_BODY_BYTES or end > len(raw):
            return
        body = view[begin:end]
        if zlib.crc32(body, zlib.crc32(_CRC_FREE.pack(kind, length))) != crc:
            return
        yield _unpacked(kind, bytes(body))
        at = end


def _unpacked(kind: int, body: bytes) -> Record:
    if kind == Kind.PACKET:
        number, pts, dts, pts_us, captured_at_us, is_key = _PACKET.unpack_from(body)
        payload = body[_PACKET.size :]
        known_dts = None if dts == _NO_DTS else dts
        return NumberedPacket(number, KeptPacket(pts, known_dts, pts_us, captured_at_us, bool(is_key), payload))
    if kind == Kind.FRAME:
        return DecodedFrame(*_FRAME.unpack(body))
    if kind == Kind.END:
        return End()
    head = json.loads(body)
    return StreamFacts(
        codec=head["codec"],
        extradata=base64.b64decode(head["extradata"]),
        width_px=head["width_px"],
        height_px=head["height_px"],
        time_base=Fraction(*head["time_base"]),
        connection=head["connection"],
    )
