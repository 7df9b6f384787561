"""Ed25519 keys: their text, their fingerprint, their files."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.verify.errors import KeyFileError, SignatureInvalidError

PREFIX = "ed25519:"
KEY_BYTES = 32
KEY_FILE_LIMIT_BYTES = 4096
OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, as its 32 bytes."""

    raw: bytes

    @property
    def text(self) -> str:
        """`ed25519:` and base64 of the 32 bytes."""
        return PREFIX + base64.b64encode(self.raw).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the 32 bytes, in hex; DSSE's `keyid`."""
        return hashlib.sha256(self.raw).hexdigest()

    def check(self, what: str, signature: bytes, message: bytes) -> None:
        """Returns when the signature is this key's over the message.

        Raises:
            SignatureInvalidError
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise SignatureInvalidError(
                f"{what}: got a signature that is not over these bytes, expected one by key {self.fingerprint[:16]}…"
            ) from None


def parse_public_key(text: str) -> PublicKey:
    """Reads `ed25519:…`.

    Raises:
        KeyFileError
    """
    try:
        raw = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not text.strip().startswith(PREFIX) or len(raw) != KEY_BYTES:
        raise KeyFileError(f"public key: got {text.strip()[:20]!r}, expected {PREFIX}… with {KEY_BYTES} bytes")
    return PublicKey(raw)


class SigningKey:
    """A private key. Its bytes never appear in a message or a `repr`."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = PublicKey(
            private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        )

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    @property
    def private(self) -> Ed25519PrivateKey:
        """For libraries that sign by themselves."""
        return self._private

    def pem(self) -> bytes:
        """PKCS #8, not encrypted: only for a file that nobody else may read."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def new_key() -> SigningKey:
    return SigningKey(Ed25519PrivateKey.generate())


def parse_key(where: str, pem: bytes) -> SigningKey:
    """Reads PKCS #8 PEM.

    Raises:
        KeyFileError: it is none, or of another kind.
    """
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"{where}: got no private key ({type(error).__name__}), expected PKCS #8 PEM") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(f"{where}: got a {type(private).__name__}, expected Ed25519")
    return SigningKey(private)


def read_key_file(path: Path) -> SigningKey:
    """Reads a key file.

    Raises:
        KeyFileError: absent, readable by others, too large, or no Ed25519 key.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & OTHERS_MAY:
                raise KeyFileError(f"{path}: got mode {stat.S_IMODE(mode):04o}, expected 0600: others may read the key")
            pem = file.read(KEY_FILE_LIMIT_BYTES + 1)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read ({error.strerror})") from None
    return parse_key(str(path), pem[:KEY_FILE_LIMIT_BYTES])


def write_key_file(path: Path, key: SigningKey) -> None:
    """Writes a new key file that only its owner may read; an older file is never written over.

    Raises:
        KeyFileError: there is one already, or the folder cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be made ({error.strerror})") from None
    with os.fdopen(handle, "wb") as file:
        file.write(key.pem())
        file.flush()
        os.fsync(file.fileno())


def chosen_key(name: str, pem: str | None, path: Path | None) -> SigningKey | None:
    """The key of two settings: `<name>` holds it, `<name>_FILE` names its file. None: neither is set.

    Raises:
        KeyFileError: it cannot be used, or both are set.
    """
    if pem is not None and path is not None:
        raise KeyFileError(f"{name}: got {name} and {name}_FILE, expected one of them")
    if path is not None:
        return read_key_file(path)
    return None if pem is None else parse_key(name, pem.encode())
