"""Passwords: argon2id, and one cost for right, wrong and unknown."""

from __future__ import annotations

import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.people.errors import PasswordTooWeakError

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128
FEWEST_CHARACTERS = 5
SHORTEST_REST = 6
"""Characters that must be left without the person's name and the commonest words."""
_HASHER = PasswordHasher()
_AT_ONCE = BoundedSemaphore(2)
"""One verification takes 64 MiB: a crowd at the door must not take the machine."""


def hash_password(password: str, username: str = "") -> str:
    """The argon2id hash of a new password.

    Raises:
        PasswordTooWeakError: it is shorter than 12 or longer than 128 characters, made of fewer than five different
            ones, or little else than a name that everybody here knows.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise PasswordTooWeakError(
            f"got a password of {len(password)} characters, expected {SHORTEST_PASSWORD} to {LONGEST_PASSWORD}"
        )
    bare = password.casefold()
    for known in (username.casefold(), "phatnguoi", "password", "matkhau", "123456789", "qwertyuiop"):
        bare = bare.replace(known, "") if known else bare
    if len(set(password)) < FEWEST_CHARACTERS or len(bare) < SHORTEST_REST:
        raise PasswordTooWeakError("got a password that is easy to guess, expected one that says nothing known")
    return _HASHER.hash(password)


def is_password(password_hash: str | None, password: str) -> bool:
    """Whether the password fits. None (nobody of that name) costs as much as a wrong password, and never fits."""
    with _AT_ONCE:
        try:
            fits = _HASHER.verify(password_hash or _nobodys_hash(), password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False
    return fits and password_hash is not None and len(password) <= LONGEST_PASSWORD


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_urlsafe(24))
