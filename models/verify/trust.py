"""Whom the reader trusts: a file of their own, or the fingerprint that is printed on the notice. Never the bundle.

    log     csgt.example/log+8a2f03c1+AQ…       the agency's log
    witness witness.example+5be0c1d2+BA…        somebody else, who watches it
    worker  ed25519:…                           a camera's worker, for packages that come without a log

Blank lines and lines that begin with # are passed over.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from models.verify.errors import MalformedError, UnknownIssuerError, VerificationError
from models.verify.keys import PublicKey, parse_public_key
from models.verify.notes import COSIGNATURE, ED25519, NoteKey, parse_note_key

TRUST_LIMIT_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys that somebody has chosen to believe."""

    logs: tuple[NoteKey, ...] = ()
    witnesses: tuple[NoteKey, ...] = ()
    workers: tuple[PublicKey, ...] = ()

    @property
    def text(self) -> str:
        """The file's one spelling; its SHA-256 is the fingerprint that notices print."""
        lines = [f"log {key.text}" for key in self.logs] + [f"witness {key.text}" for key in self.witnesses]
        lines += [f"worker {key.text}" for key in self.workers]
        return "".join(f"{line}\n" for line in sorted(lines))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of `text`, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def parse_trust(what: str, text: str) -> Trust:
    """Reads a trust file.

    Raises:
        MalformedError: a line is none; the message names it.
    """
    logs, witnesses, workers = [], [], []
    for number, line in enumerate(text.splitlines(), start=1):
        kind, _, value = line.strip().partition(" ")
        if not kind or kind.startswith("#"):
            continue
        try:
            if kind == "log":
                logs.append(_note_key(value, ED25519))
            elif kind == "witness":
                witnesses.append(_note_key(value, COSIGNATURE))
            elif kind == "worker":
                workers.append(parse_public_key(value))
            else:
                raise MalformedError(f"got {kind[:20]!r}, expected log, witness or worker")
        except VerificationError as error:
            raise MalformedError(f"{what}: line {number}: {error}") from None
    return Trust(tuple(logs), tuple(witnesses), tuple(workers))


def trust_by_fingerprint(what: str, text: str, fingerprint: str) -> Trust:
    """The trust file that came with a bundle, if its fingerprint is the one that the reader holds.

    Raises:
        UnknownIssuerError: it is not.
    """
    got = hashlib.sha256(text.encode()).hexdigest()
    expected = "".join(fingerprint.split()).lower()
    if got != expected:
        raise UnknownIssuerError(f"{what}: got keys of fingerprint {spaced(got)}, expected {spaced(expected[:64])}")
    return parse_trust(what, text)


def spaced(fingerprint: str) -> str:
    """As it is printed: groups of eight."""
    return " ".join(fingerprint[start : start + 8] for start in range(0, len(fingerprint), 8))


def _note_key(text: str, kind: int) -> NoteKey:
    key = parse_note_key(text)
    if key.kind != kind:
        raise MalformedError(f"got a key of kind {key.kind}, expected {kind}")
    return key
