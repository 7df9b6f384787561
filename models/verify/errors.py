"""Why something is not verified. The class says what may be concluded; the message gives both sides.

VerificationError
├── TamperedError             exit 1   what is here is not what was sealed, or was never lawfully sealed
│   ├── MalformedError                 no honest program writes this
│   ├── DigestMismatchError            other bytes than those sealed
│   ├── SignatureInvalidError          the signature is not this key's over these bytes
│   ├── NotInLogError                  the proof does not lead to the checkpoint's root
│   ├── LogForkedError                 two checkpoints cannot be of one log
│   ├── KeyRevokedError                at its place in the log the key was revoked
│   ├── EntryMismatchError             the entry speaks of something else
│   └── TimeContradictionError         sealed before it happened
└── CannotCheckError          exit 2   nothing is concluded
    ├── NotReadableError               no such file, or it cannot be opened
    ├── UnknownIssuerError             sealed by someone, but not by anyone that the reader trusts
    ├── NotWitnessedError              no countersignature of a witness that the reader trusts
    └── KeyFileError                   a key file that cannot be used
"""

from __future__ import annotations


class VerificationError(Exception):
    """Something is not verified."""

    exit_code = 1

    @property
    def code(self) -> str:
        """The class in words: `digest_mismatch`."""
        name = type(self).__name__.removesuffix("Error")
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).strip("_")


class TamperedError(VerificationError):
    """What is here is not what was sealed."""


class MalformedError(TamperedError):
    """No honest program writes this."""


class DigestMismatchError(TamperedError):
    """Other bytes than those that were sealed."""


class SignatureInvalidError(TamperedError):
    """The signature is not this key's over these bytes."""


class NotInLogError(TamperedError):
    """The proof does not lead to the checkpoint's root."""


class LogForkedError(TamperedError):
    """Two checkpoints cannot be of one log."""


class KeyRevokedError(TamperedError):
    """At its place in the log the key was revoked."""


class EntryMismatchError(TamperedError):
    """The log's entry speaks of something else."""


class TimeContradictionError(TamperedError):
    """Sealed before it happened."""


class CannotCheckError(VerificationError):
    """Nothing is concluded."""

    exit_code = 2


class NotReadableError(CannotCheckError):
    """No such file, or it cannot be opened."""


class UnknownIssuerError(CannotCheckError):
    """Sealed by someone, but not by anyone that the reader trusts."""


class NotWitnessedError(CannotCheckError):
    """No countersignature of a witness that the reader trusts."""


class KeyFileError(CannotCheckError):
    """A key file that cannot be used."""
