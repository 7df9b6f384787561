"""The envelope (DSSE) around what a worker signs. `securesystemslib` makes the bytes that are signed."""

from __future__ import annotations

import json
from typing import Any

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]

from models.verify.errors import MalformedError, SignatureInvalidError
from models.verify.keys import PublicKey, SigningKey
from models.verify.strict_json import load_json

MANIFEST_TYPE = "application/vnd.phatnguoi.manifest.v1+json"
DERIVED_TYPE = "application/vnd.phatnguoi.derived.v1+json"
ENVELOPE_LIMIT_BYTES = 131_072
_FIELDS = {"payload", "payloadType", "signatures"}
_SIGNATURE_FIELDS = {"keyid", "sig"}


def sign_envelope(key: SigningKey, payload: bytes, payload_type: str) -> bytes:
    """The envelope's JSON, with one signature."""
    envelope = Envelope(payload, payload_type, {})
    envelope.sign(CryptoSigner(key.private, _library_key(key.public)))
    return _written(envelope)


class OpenedEnvelope:
    """An envelope that is well-formed; whether its signature holds is asked with a key."""

    def __init__(self, what: str, envelope: Envelope) -> None:
        self._what = what
        self._envelope = envelope
        self.signer: str = next(iter(envelope.signatures))
        """Fingerprint of the key that the envelope names."""

    def payload(self, key: PublicKey) -> bytes:
        """The signed bytes.

        Raises:
            SignatureInvalidError: the signature is not this key's.
        """
        try:
            self._envelope.verify([_library_key(key)], threshold=1)
        except VerificationError:
            raise SignatureInvalidError(
                f"{self._what}: got a signature by {self.signer[:16]}… that does not hold, expected one by key "
                f"{key.fingerprint[:16]}…"
            ) from None
        payload: bytes = self._envelope.payload
        return payload


def open_envelope(what: str, body: bytes, payload_type: str, limit_bytes: int = ENVELOPE_LIMIT_BYTES) -> OpenedEnvelope:
    """Reads an envelope of one type with one signature.

    Raises:
        MalformedError
    """
    content = load_json(what, body, limit_bytes)
    _check_form(what, content, payload_type)
    try:
        envelope = Envelope.from_dict(content)
        if _written(envelope) != body:
            raise MalformedError(f"{what}: got another spelling of the envelope, expected the one that is written here")
        return OpenedEnvelope(what, envelope)
    except (FormatError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedError(f"{what}: got no envelope ({type(error).__name__}), expected DSSE") from None


def _check_form(what: str, content: Any, payload_type: str) -> None:
    if not isinstance(content, dict) or set(content) != _FIELDS:
        raise MalformedError(f"{what}: got other fields than {sorted(_FIELDS)}, expected a DSSE envelope")
    if content["payloadType"] != payload_type:
        raise MalformedError(f"{what}: got the type {str(content['payloadType'])[:80]!r}, expected {payload_type!r}")
    signatures = content["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1:
        raise MalformedError(f"{what}: got no list of one signature, expected exactly one")
    one = signatures[0]
    if not isinstance(one, dict) or set(one) != _SIGNATURE_FIELDS or not all(isinstance(v, str) for v in one.values()):
        raise MalformedError(f"{what}: got other fields than {sorted(_SIGNATURE_FIELDS)} in a signature")


def _written(envelope: Envelope) -> bytes:
    """One spelling, so that not even a blank can be changed unseen."""
    return json.dumps(envelope.to_dict(), separators=(",", ":"), sort_keys=True).encode()


def _library_key(key: PublicKey) -> SSlibKey:
    return SSlibKey(key.fingerprint, "ed25519", "ed25519", {"public": key.raw.hex()})
