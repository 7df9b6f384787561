"""Redacted pictures and clip: made by the worker from sealed files, and signed by it like the originals."""

from __future__ import annotations

import hashlib

import rfc8785
from pydantic import ValidationError

from models.domain.derived import DERIVED_ENVELOPE_NAME, DERIVED_LIMIT_BYTES, DERIVED_NAME, DerivedManifest
from models.domain.manifest import ENVELOPE_NAME, MANIFEST_NAME, Manifest
from models.verify.bundle_form import BUNDLE_NAME, PAGE_NAME, TRUST_NAME
from models.verify.envelope import DERIVED_TYPE, ENVELOPE_LIMIT_BYTES, open_envelope
from models.verify.errors import DigestMismatchError, EntryMismatchError, MalformedError
from models.verify.files import Files, digest_file, read_file
from models.verify.log_proof import ProvenEntry, key_at
from models.verify.package import check_payload
from models.verify.strict_json import load_json

OWN_NAMES = frozenset({BUNDLE_NAME, TRUST_NAME, PAGE_NAME, MANIFEST_NAME, ENVELOPE_NAME})


def parse_derived(body: bytes) -> DerivedManifest:
    """The derived manifest of these very bytes.

    Raises:
        MalformedError
    """
    content = load_json(DERIVED_NAME, body, DERIVED_LIMIT_BYTES)
    try:
        derived = DerivedManifest.model_validate_json(body)
        is_canonical = rfc8785.dumps(content) == body
    except ValueError as error:
        kind = "field" if isinstance(error, ValidationError) else "value"
        raise MalformedError(f"{DERIVED_NAME}: got a wrong {kind}, expected a derived manifest") from None
    names = [file.name for file in derived.files]
    if not is_canonical or len(set(names)) != len(names):
        raise MalformedError(f"{DERIVED_NAME}: got other bytes than the canonical ones, or a name twice")
    return derived


def check_originals(derived: DerivedManifest, manifest: Manifest, manifest_sha256: str) -> None:
    """Returns when every derived file names a sealed file of this manifest.

    Raises:
        EntryMismatchError
    """
    if (derived.id, derived.manifest_sha256) != (manifest.id, manifest_sha256):
        raise EntryMismatchError(
            f"{DERIVED_NAME}: got claim {derived.id} and manifest {derived.manifest_sha256[:16]}…, "
            f"expected {manifest.id} and {manifest_sha256[:16]}…"
        )
    sealed = {file.name: file.sha256 for file in manifest.files}
    for file in derived.files:
        if sealed.get(file.original) != file.original_sha256:
            raise EntryMismatchError(
                f"{file.name}: got the original {file.original} {file.original_sha256[:16]}…, "
                f"expected {str(sealed.get(file.original))[:16]}…"
            )


def check_derived(files: Files, manifest: Manifest, manifest_sha256: str, entries: tuple[ProvenEntry, ...]) -> int:
    """Checks what was made from sealed files, and that there is nothing else; how many were made.

    Raises:
        VerificationError
    """
    known = OWN_NAMES | {file.name for file in manifest.files}
    made = 0
    if DERIVED_NAME in files.names:
        derived = _signed(files, entries)
        check_originals(derived, manifest, manifest_sha256)
        known |= {DERIVED_NAME, DERIVED_ENVELOPE_NAME} | {file.name for file in derived.files}
        for file in derived.files:
            if file.name in files.names:
                got = digest_file(files, file.name)
                if got != (file.sha256, file.length_bytes):
                    raise DigestMismatchError(f"{file.name}: got {got[0][:16]}…, expected {file.sha256[:16]}…")
                made += 1
    others = sorted(files.names - known)
    if others:
        raise MalformedError(f"{others[0]}: got a file that nobody sealed, expected only sealed ones")
    return made


def _signed(files: Files, entries: tuple[ProvenEntry, ...]) -> DerivedManifest:
    """The derived manifest, as its entry of the log and the worker's signature have it."""
    body = read_file(files, DERIVED_NAME, DERIVED_LIMIT_BYTES)
    digest = hashlib.sha256(body).hexdigest()
    found = [entry for entry in entries if entry.leaf.kind == "derived"]
    entry = next((each for each in found if each.opening.facts.get("derived_sha256") == digest), None)
    if entry is None:
        raise EntryMismatchError(f"{DERIVED_NAME}: got SHA-256 {digest[:16]}…, expected one that the log has")
    envelope = read_file(files, DERIVED_ENVELOPE_NAME, ENVELOPE_LIMIT_BYTES)
    opened = open_envelope(DERIVED_ENVELOPE_NAME, envelope, DERIVED_TYPE)
    check_payload(opened.payload(key_at(entries, entry)), body)
    return parse_derived(body)
