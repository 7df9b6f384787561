"""The one file that a citizen gets: what it holds, and how its list of contents is written and read."""

from __future__ import annotations

from typing import Annotated, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from models.domain.manifest import Count
from models.domain.store import Sha256
from models.domain.submission import ClaimId
from models.verify.envelope import OpenedEnvelope, open_envelope, sign_envelope
from models.verify.errors import MalformedError
from models.verify.keys import PublicKey, SigningKey
from models.verify.strict_json import load_json

BUNDLE_NAME = "bundle.json"
TRUST_NAME = "trust.txt"
PAGE_NAME = "read_me.html"
BUNDLE_TYPE = "application/vnd.phatnguoi.bundle.v1+json"
CONTENTS_LIMIT_BYTES = 98_304
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BundleEntry(_Part):
    """One entry of the log, with its proof.

    Attributes:
        index: its number in the log.
        checkpoint: which of the bundle's checkpoints the proof leads to.
        leaf: the canonical JSON that is hashed.
        opening: what the leaf commits to.
        proof: hashes from the leaf upwards.
    """

    index: Count
    checkpoint: Annotated[int, Field(ge=0, lt=8)]
    leaf: Annotated[str, StringConstraints(max_length=1024)]
    opening: Annotated[str, StringConstraints(max_length=16_384)]
    proof: Annotated[tuple[Hash, ...], Field(max_length=64)]


class BundleFile(_Part):
    name: str
    sha256: Sha256
    length_bytes: Count


class Bundle(_Part):
    """The contents of `bundle.json`, signed by the log's key as a DSSE envelope.

    Attributes:
        claim_id: of the sealed claim.
        case_id: of the office's case.
        notice_number: as the notice prints it.
        checkpoints: signed notes of the log, by growing size.
        consistency: one proof from each checkpoint to the next.
        entries: the manifest's, its key's, and those of the decisions.
        files: every other file of the bundle.
    """

    schema_version: Literal[1] = 1
    claim_id: ClaimId
    case_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{26}$")]
    notice_number: Annotated[str, StringConstraints(max_length=40)] | None
    checkpoints: Annotated[tuple[str, ...], Field(min_length=1, max_length=4)]
    consistency: Annotated[tuple[Annotated[tuple[Hash, ...], Field(max_length=128)], ...], Field(max_length=3)]
    entries: Annotated[tuple[BundleEntry, ...], Field(min_length=2, max_length=32)]
    files: Annotated[tuple[BundleFile, ...], Field(max_length=64)]

    def signed(self, key: SigningKey) -> bytes:
        """The bytes of `bundle.json`."""
        return sign_envelope(key, rfc8785.dumps(self.model_dump(mode="json")), BUNDLE_TYPE)


class OpenedBundle:
    """`bundle.json`, well-formed; it tells its contents only to whoever names the key that signed it."""

    def __init__(self, envelope: OpenedEnvelope) -> None:
        self._envelope = envelope
        self.signer = envelope.signer
        """Fingerprint of the key that it names."""

    def contents(self, key: PublicKey) -> Bundle:
        """Raises:
        SignatureInvalidError, MalformedError
        """
        body = self._envelope.payload(key)
        load_json(BUNDLE_NAME, body, CONTENTS_LIMIT_BYTES)
        try:
            bundle = Bundle.model_validate_json(body)
        except ValidationError as error:
            place = ".".join(str(part)[:40] for part in error.errors(include_url=False)[0]["loc"])
            raise MalformedError(f"{BUNDLE_NAME}: {place}: got no such field, expected the bundle's form") from None
        sizes = len(bundle.checkpoints) - 1, len(bundle.consistency)
        if sizes[0] != sizes[1]:
            raise MalformedError(f"{BUNDLE_NAME}: got {sizes[1]} consistency proofs, expected {sizes[0]}")
        return bundle


def open_bundle(body: bytes) -> OpenedBundle:
    """Raises MalformedError where these bytes are no envelope of a bundle."""
    return OpenedBundle(open_envelope(BUNDLE_NAME, body, BUNDLE_TYPE))
