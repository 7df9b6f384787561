"""Signed notes, checkpoints and countersignatures, as c2sp.org writes them (signed-note, tlog-checkpoint,
tlog-cosignature): anybody's tools for transparency logs can read them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass
from typing import Literal

from models.verify.errors import MalformedError, SignatureInvalidError
from models.verify.keys import KEY_BYTES, PublicKey, SigningKey
from models.verify.merkle import HASH_BYTES

NOTE_LIMIT_BYTES = 16_384
SIGNATURES = 32
SIZE_DIGITS = 16
ED25519: Literal[1] = 1
COSIGNATURE: Literal[4] = 4
_DASH = "\u2014 "
_NAME = re.compile(r"[^\s+]{1,200}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key with a name: of a log (`ED25519`) or of a witness (`COSIGNATURE`)."""

    name: str
    kind: Literal[1, 4]
    key: PublicKey

    @property
    def id(self) -> bytes:
        """First 4 bytes of SHA-256 over name, kind and key."""
        return hashlib.sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.key.raw).digest()[:4]

    @property
    def text(self) -> str:
        """`name+hash+base64`, c2sp's form of a verifier key."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.key.raw).decode()}"


def parse_note_key(text: str) -> NoteKey:
    """Reads `name+hash+base64`.

    Raises:
        MalformedError
    """
    name, _, rest = text.strip().partition("+")
    stated_id, _, encoded = rest.partition("+")
    raw = _decoded("key", encoded)
    if not _NAME.fullmatch(name) or len(raw) != 1 + KEY_BYTES or raw[0] not in (ED25519, COSIGNATURE):
        raise MalformedError(f"key: got {text.strip()[:40]!r}, expected name+hash+base64 of an Ed25519 key")
    kind: Literal[1, 4] = ED25519 if raw[0] == ED25519 else COSIGNATURE
    key = NoteKey(name, kind, PublicKey(raw[1:]))
    if key.id.hex() != stated_id:
        raise MalformedError(f"key {name}: got the hash {stated_id[:16]}, expected {key.id.hex()}")
    return key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was at one size."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signature lines. Nothing is verified yet."""

    text: str
    lines: tuple[str, ...]

    @property
    def whole(self) -> str:
        return self.text + "\n" + "".join(f"{line}\n" for line in self.lines)


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The note of a log about itself."""
    named = NoteKey(checkpoint.origin, ED25519, key.public)
    line = _line(named, key.sign(checkpoint.text.encode()))
    return Note(checkpoint.text, (line,)).whole


def cosign(checkpoint: Checkpoint, name: str, key: SigningKey, at_s: int) -> str:
    """A witness's line (cosignature/v1): that it saw this checkpoint, and when."""
    named = NoteKey(name, COSIGNATURE, key.public)
    return _line(named, struct.pack(">Q", at_s) + key.sign(_cosigned(checkpoint.text, at_s)))


def parse_note(what: str, whole: str) -> Note:
    """Parts a note into text and signature lines.

    Raises:
        MalformedError
    """
    if len(whole.encode("utf-8", "surrogatepass")) > NOTE_LIMIT_BYTES:
        raise MalformedError(f"{what}: got a note of {len(whole)} characters, expected {NOTE_LIMIT_BYTES} at most")
    text, mark, signatures = whole.rpartition("\n\n")
    lines = tuple(signatures.removesuffix("\n").split("\n"))
    if not mark or not signatures.endswith("\n") or len(lines) > SIGNATURES:
        raise MalformedError(f"{what}: got no note with 1 to {SIGNATURES} signatures, expected a signed note")
    if any(not line.startswith(_DASH) or len(line.split(" ")) != 3 for line in lines):
        raise MalformedError(f"{what}: got a line that is no signature, expected a dash, a name and base64")
    if any(ord(letter) < 32 and letter != "\n" for letter in whole):
        raise MalformedError(f"{what}: got control characters, expected plain text")
    return Note(f"{text}\n", lines)


def parse_checkpoint(what: str, note: Note) -> Checkpoint:
    """The checkpoint that the note's text states.

    Raises:
        MalformedError
    """
    parts = note.text.split("\n")
    if len(parts) != 4 or not _SIZE.fullmatch(parts[1]) or not _NAME.fullmatch(parts[0]):
        raise MalformedError(f"{what}: got no checkpoint, expected three lines: origin, size, root")
    root = _decoded(what, parts[2])
    checkpoint = Checkpoint(parts[0], int(parts[1]), root)
    if len(root) != HASH_BYTES or checkpoint.text != note.text:
        raise MalformedError(f"{what}: got a root of {len(root)} bytes or a second spelling, expected {HASH_BYTES}")
    return checkpoint


def check_signed(what: str, note: Note, key: NoteKey) -> None:
    """Returns when the log's key signed the note.

    Raises:
        SignatureInvalidError: there is no signature of that key, or it does not hold.
    """
    signature = _signature_of(note, key)
    if signature is None:
        raise SignatureInvalidError(f"{what}: got no signature of {key.name} by the key {key.id.hex()}, expected one")
    key.key.check(what, signature, note.text.encode())


def cosigned_at(what: str, note: Note, key: NoteKey) -> int | None:
    """When this witness countersigned, in seconds since 1970 UTC; None: it did not.

    Raises:
        SignatureInvalidError: there is a line of this witness, and it does not hold.
    """
    signature = _signature_of(note, key)
    if signature is None:
        return None
    if len(signature) <= 8:
        raise SignatureInvalidError(f"{what}: got a countersignature of {len(signature)} bytes, expected 72")
    at_s: int = struct.unpack(">Q", signature[:8])[0]
    key.key.check(what, signature[8:], _cosigned(note.text, at_s))
    return at_s


def _signature_of(note: Note, key: NoteKey) -> bytes | None:
    for line in note.lines:
        name, encoded = line.removeprefix(_DASH).split(" ")
        raw = _decoded("signature", encoded)
        if name == key.name and raw[:4] == key.id:
            return raw[4:]
    return None


def _cosigned(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def _line(key: NoteKey, signature: bytes) -> str:
    return f"{_DASH}{key.name} {base64.b64encode(key.id + signature).decode()}"


def _decoded(what: str, encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError(f"{what}: got no base64, expected base64") from None
