"""A package as the worker wrote it, checked by whoever holds it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from models.domain.derived import DERIVED_ENVELOPE_NAME, DERIVED_NAME
from models.domain.manifest import ENVELOPE_NAME, MANIFEST_LIMIT_BYTES, MANIFEST_NAME, Manifest
from models.verify.envelope import ENVELOPE_LIMIT_BYTES, MANIFEST_TYPE, OpenedEnvelope, open_envelope
from models.verify.errors import EntryMismatchError, MalformedError, UnknownIssuerError
from models.verify.files import Files, read_file
from models.verify.keys import PublicKey
from models.verify.manifest import check_files, parse_manifest
from models.verify.steps import Steps
from models.verify.trust import Trust

CLAIMED_TIME = "sealing time: claimed by the worker"
DERIVED_NAMES = frozenset({DERIVED_NAME, DERIVED_ENVELOPE_NAME})


@dataclass(frozen=True, slots=True)
class VerifiedPackage:
    """What a verified package says. It exists only if every step passed."""

    manifest: Manifest
    manifest_sha256: str
    signer: PublicKey


def verify_package(files: Files, trust: Trust, steps: Steps) -> VerifiedPackage:
    """Checks a package.

    1. manifest and envelope are well-formed; 2. the envelope signs this very manifest; 3. every file has its length and
    SHA-256, and there is no other; 4. the key that it names is trusted; 5. the signature is that key's; 6. the time.

    Raises:
        VerificationError: the step that failed is the last of `steps`.
    """
    with steps.step("The manifest is well-formed") as step:  # 1
        body = read_file(files, MANIFEST_NAME, MANIFEST_LIMIT_BYTES)
        manifest = parse_manifest(body)
        step.said = f"claim {manifest.id}, SHA-256 {hashlib.sha256(body).hexdigest()}"
    with steps.step("The envelope is well-formed") as step:  # 2
        opened = open_manifest_envelope(files)
        step.said = f"names the key {opened.signer}"
    with steps.step("Every file is the one that was sealed") as step:  # 3
        count = check_files(files, manifest.files, may_lack=False)
        check_no_other(files, manifest)
        step.said = f"{count} files, each with its length and SHA-256"
    with steps.step("The key belongs to an issuer that you trust") as step:  # 4
        key = next((each for each in trust.workers if each.fingerprint == opened.signer), None)
        if key is None:
            raise UnknownIssuerError(
                f"unknown issuer: got a package sealed by key {opened.signer}, expected one of the "
                f"{len(trust.workers)} workers of your trust file"
            )
        step.said = f"key {key.fingerprint}"
    with steps.step("The signature is that key's over this manifest") as step:  # 5
        check_payload(opened.payload(key), body)
        step.said = "Ed25519, DSSE"
    with steps.step("When it was sealed") as step:  # 6
        step.said = f"{CLAIMED_TIME}: {manifest.occurred_at_local} (no log, no witness)"
    return VerifiedPackage(manifest, hashlib.sha256(body).hexdigest(), key)


def open_manifest_envelope(files: Files) -> OpenedEnvelope:
    """The envelope of a package or bundle, not yet verified."""
    return open_envelope(ENVELOPE_NAME, read_file(files, ENVELOPE_NAME, ENVELOPE_LIMIT_BYTES), MANIFEST_TYPE)


def check_payload(payload: bytes, body: bytes) -> None:
    """Returns when what was signed is what lies beside it.

    Raises:
        EntryMismatchError
    """
    if payload != body:
        got, expected = hashlib.sha256(body).hexdigest(), hashlib.sha256(payload).hexdigest()
        raise EntryMismatchError(f"manifest.json: got SHA-256 {got[:16]}…, expected the signed {expected[:16]}…")


def check_no_other(files: Files, manifest: Manifest) -> None:
    """Raises MalformedError where a file lies here that nobody sealed."""
    known = {file.name for file in manifest.files} | {MANIFEST_NAME, ENVELOPE_NAME}
    others = sorted(files.names - known - DERIVED_NAMES)
    if others:
        raise MalformedError(f"{others[0]}: got a file that nobody sealed, expected only those of the manifest")
