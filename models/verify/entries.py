"""Entries of the log. A leaf holds a salted digest and ids, never a plate: without its opening it tells nothing more.

leaf    {kind, subject, at_us, commitment, key_entry}      in the log for ever
opening {kind, subject, salt, facts, private_sha256}       shown to whoever may see it; forgotten when it must be
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from models.domain.manifest import Count
from models.domain.store import Sha256
from models.verify.errors import MalformedError
from models.verify.strict_json import load_json

EntryKind = Literal["manifest", "derived", "review", "notice", "withdrawal", "key", "camera", "deletion", "audit"]
Fact = str | int | bool | None
Subject = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
LEAF_LIMIT_BYTES = 1024
OPENING_LIMIT_BYTES = 16_384
SALT_BYTES = 16


class _Sealed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def canonical(self) -> bytes:
        """RFC 8785 bytes."""
        return rfc8785.dumps(self.model_dump(mode="json"))


class Leaf(_Sealed):
    """One entry as the log keeps it.

    Attributes:
        subject: an opaque id: of a claim, a case, a camera, a key.
        at_us: when the office wrote it, by the office's clock.
        commitment: SHA-256 of the opening.
        key_entry: for what a worker signed and for keys: the number of the latest entry about that key before this one.
    """

    schema_version: Literal[1] = 1
    kind: EntryKind
    subject: Subject
    at_us: Count
    commitment: Sha256
    key_entry: Count | None = None


class Opening(_Sealed):
    """What a leaf commits to.

    Attributes:
        salt: random, hex: without it nobody can guess the facts from the commitment.
        facts: what may be shown to the citizen.
        private_sha256: digest of what only the office sees (who decided, which plate).
    """

    schema_version: Literal[1] = 1
    kind: EntryKind
    subject: Subject
    salt: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    facts: Annotated[dict[str, Fact], Field(max_length=32)]
    private_sha256: Sha256 | None = None

    @property
    def commitment(self) -> str:
        return hashlib.sha256(self.canonical()).hexdigest()


def new_opening(kind: EntryKind, subject: str, facts: Mapping[str, Fact], private: bytes | None = None) -> Opening:
    """An opening with fresh salt."""
    digest = None if private is None else hashlib.sha256(private).hexdigest()
    return Opening(
        kind=kind, subject=subject, salt=secrets.token_hex(SALT_BYTES), facts=dict(facts), private_sha256=digest
    )


def private_bytes(facts: Mapping[str, Any]) -> bytes:
    """What `private_sha256` is the digest of: the facts with a salt of their own, canonical."""
    return rfc8785.dumps({"salt": secrets.token_hex(SALT_BYTES), **facts})


def parse_leaf(what: str, body: bytes) -> Leaf:
    """The leaf of these very bytes.

    Raises:
        MalformedError: no leaf, or another spelling than the canonical one.
    """
    return _parsed(what, body, LEAF_LIMIT_BYTES, Leaf)


def parse_opening(what: str, body: bytes) -> Opening:
    """The opening of these very bytes.

    Raises:
        MalformedError: no opening, or another spelling than the canonical one.
    """
    return _parsed(what, body, OPENING_LIMIT_BYTES, Opening)


Kind = TypeVar("Kind", Leaf, Opening)


def _parsed(what: str, body: bytes, limit_bytes: int, kind: type[Kind]) -> Kind:
    content = load_json(what, body, limit_bytes, depth=3)
    try:
        found = kind.model_validate_json(body)
        is_canonical = rfc8785.dumps(content) == body
    except (ValidationError, ValueError):
        raise MalformedError(f"{what}: got no {kind.__name__.lower()}, expected one") from None
    if not is_canonical:
        raise MalformedError(f"{what}: got other bytes than the canonical ones (RFC 8785)")
    return found
