"""Secrets that are handed out once and kept hashed: worker keys, link codes, visit tokens."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import WorkerRefusedError
from models.tables import WorkerKeyRow

WORKER_KEY_BYTES = 32
CODE_BYTES = 16
"""128 bits."""


def new_secret(length_bytes: int) -> str:
    """Random, URL-safe text (base64url without padding)."""
    return secrets.token_urlsafe(length_bytes)


def hashed(secret: str) -> str:
    """SHA-256 in hex. The secrets are random, so that no slow hash is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_same(secret: str, expected: str) -> bool:
    """Compares in constant time, whatever the lengths."""
    return hmac.compare_digest(hashed(secret), hashed(expected))


def worker_of(session: Session, key: str) -> str:
    """The worker that a key belongs to.

    Raises:
        WorkerRefusedError: it is unknown or revoked.
    """
    digest = hashed(key)
    row = session.scalars(select(WorkerKeyRow).where(WorkerKeyRow.key_sha256 == digest)).first()
    stored = row.key_sha256 if row is not None else hashed("")
    if not hmac.compare_digest(stored, digest) or row is None or row.revoked_at is not None:
        raise WorkerRefusedError("got an unknown or revoked worker key, expected a valid one")
    return row.worker
