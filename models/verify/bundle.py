"""A citizen's bundle, checked offline against keys that do not come from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from models.domain.manifest import MANIFEST_LIMIT_BYTES, MANIFEST_NAME, Manifest
from models.verify.bundle_form import BUNDLE_NAME, TRUST_NAME, Bundle, open_bundle
from models.verify.derived import check_derived
from models.verify.envelope import ENVELOPE_LIMIT_BYTES
from models.verify.errors import (
    DigestMismatchError,
    EntryMismatchError,
    MalformedError,
    NotWitnessedError,
    TimeContradictionError,
    UnknownIssuerError,
)
from models.verify.files import Files, digest_file, read_file
from models.verify.log_proof import (
    ProvenEntry,
    SignedCheckpoint,
    check_checkpoints,
    check_entries,
    key_at,
    witnessed_at,
)
from models.verify.manifest import check_files, parse_manifest
from models.verify.notes import NoteKey
from models.verify.package import CLAIMED_TIME, check_payload, open_manifest_envelope
from models.verify.steps import Step, Steps
from models.verify.trust import TRUST_LIMIT_BYTES, Trust, trust_by_fingerprint

CLOCKS_MAY_DIFFER_S = 60
"""A witness's clock and the camera's."""


@dataclass(frozen=True, slots=True)
class VerifiedBundle:
    """What a verified bundle says. It exists only if every step passed.

    Attributes:
        sealed_by_s: a trusted witness saw it sealed at this time (seconds since 1970 UTC); None: no witness is trusted.
        withdrawn: the log says that the accusation was taken back.
    """

    manifest: Manifest
    case_id: str
    notice_number: str | None
    sealed_by_s: int | None
    withdrawn: bool


def chosen_trust(files: Files, trust: Trust | None, fingerprint: str | None) -> Trust:
    """The reader's trust: their file, or the bundle's keys if the notice prints their fingerprint.

    Raises:
        UnknownIssuerError: neither was given, or the fingerprint is another.
    """
    if trust is not None:
        return trust
    if fingerprint is None:
        raise UnknownIssuerError("unknown issuer: got no trust file and no fingerprint, expected one of them")
    text = read_file(files, TRUST_NAME, TRUST_LIMIT_BYTES)
    return trust_by_fingerprint(TRUST_NAME, text.decode("utf-8", "replace"), fingerprint)


def verify_bundle(files: Files, trust: Trust | None, fingerprint: str | None, steps: Steps) -> VerifiedBundle:
    """Checks a bundle, offline.

    1. the keys are those that the reader trusts, and one of their logs signed the list of contents; 2. every file is
    the listed one; 3. the log's checkpoints are signed and of one log; 4. every entry is in the log; 5. one speaks of
    this manifest; 6. a witness saw it; 7. the worker's key was valid at its place; 8. its signature holds; 9. pictures
    and clip are the sealed ones, or made from them; 10. the decision is about this claim.

    Raises:
        VerificationError: the step that failed is the last of `steps`.
    """
    with steps.step("The bundle was issued by an agency that you trust") as step:  # 1
        trusted = chosen_trust(files, trust, fingerprint)
        log, bundle = _issued(files, trusted)
        step.said = f"log {log.name}, key {log.key.fingerprint}"
    with steps.step("Every file is the one that was issued") as step:  # 2
        step.said = f"{_check_listed(files, bundle)} files"
    with steps.step("The log's checkpoints are signed, and of one log") as step:  # 3
        checkpoints = check_checkpoints(bundle, log)
        step.said = ", ".join(f"size {each.checkpoint.size}" for each in checkpoints)
    with steps.step("Every entry is in the log") as step:  # 4
        entries = check_entries(bundle, checkpoints)
        step.said = ", ".join(f"{entry.leaf.kind} {entry.index}" for entry in entries)
    body = read_file(files, MANIFEST_NAME, MANIFEST_LIMIT_BYTES)
    with steps.step("The manifest is the one that the log's entry is about") as step:  # 5
        manifest = parse_manifest(body)
        sealed = _entry_of(entries, manifest, body)
        step.said = f"claim {manifest.id}, entry {sealed.index}"
    with steps.step("When it was sealed, as a witness saw") as step:  # 6
        sealed_by_s = _witnessed(step, trusted, checkpoints[sealed.checkpoint], manifest)
    with steps.step("The worker's key was valid at that place of the log") as step:  # 7
        key = key_at(entries, sealed)
        step.said = f"key {key.fingerprint}, enrolled by entry {sealed.leaf.key_entry}"
    with steps.step("The signature is that key's over this manifest") as step:  # 8
        check_payload(open_manifest_envelope(files).payload(key), body)
        step.said = "Ed25519, DSSE"
    with steps.step("Pictures and clip are those that were sealed, or made from them") as step:  # 9
        step.said = _check_contents(files, manifest, body, entries)
    with steps.step("The decision is about this claim") as step:  # 10
        withdrawn = _check_decision(step, entries, manifest, bundle)
    return VerifiedBundle(manifest, bundle.case_id, bundle.notice_number, sealed_by_s, withdrawn)


def _issued(files: Files, trust: Trust) -> tuple[NoteKey, Bundle]:
    opened = open_bundle(read_file(files, BUNDLE_NAME, ENVELOPE_LIMIT_BYTES))
    for log in trust.logs:
        if log.key.fingerprint == opened.signer:
            return log, opened.contents(log.key)
    raise UnknownIssuerError(
        f"unknown issuer: got a bundle signed by key {opened.signer}, expected one of the {len(trust.logs)} logs that "
        "you trust"
    )


def _check_listed(files: Files, bundle: Bundle) -> int:
    listed = {file.name: (file.sha256, file.length_bytes) for file in bundle.files}
    names = files.names - {BUNDLE_NAME}
    for name in sorted(names ^ listed.keys()):
        side = "a file that is not listed" if name in names else "no file"
        raise MalformedError(f"{name}: got {side}, expected exactly the listed files")
    for name, expected in listed.items():
        got = digest_file(files, name)
        if got != expected:
            raise DigestMismatchError(
                f"{name}: got {got[1]} bytes of SHA-256 {got[0][:16]}…, "
                f"expected {expected[1]} bytes of {expected[0][:16]}…"
            )
    return len(listed)


def _entry_of(entries: tuple[ProvenEntry, ...], manifest: Manifest, body: bytes) -> ProvenEntry:
    found = next((entry for entry in entries if entry.leaf.kind == "manifest"), None)
    if found is None:
        raise EntryMismatchError("manifest.json: got no entry of the log about a manifest, expected one")
    digest = hashlib.sha256(body).hexdigest()
    stated = found.opening.facts.get("manifest_sha256")
    if stated != digest or found.leaf.subject != manifest.id:
        raise EntryMismatchError(
            f"manifest.json: got SHA-256 {digest[:16]}… of claim {manifest.id}, "
            f"expected {str(stated)[:16]}… of claim {found.leaf.subject}"
        )
    return found


def _witnessed(step: Step, trust: Trust, checkpoint: SignedCheckpoint, manifest: Manifest) -> int | None:
    if not trust.witnesses:
        step.said = f"{CLAIMED_TIME}: {manifest.occurred_at_local} (you trust no witness)"
        return None
    times = witnessed_at(checkpoint, trust.witnesses)
    if not times:
        raise NotWitnessedError(
            f"got no countersignature on the checkpoint of size {checkpoint.checkpoint.size}, expected one of "
            f"{', '.join(key.name for key in trust.witnesses)}; {CLAIMED_TIME}"
        )
    name, at_s = min(times.items(), key=lambda pair: pair[1])
    occurred_s = manifest.occurred_at_us // 1_000_000
    if occurred_s > at_s + CLOCKS_MAY_DIFFER_S:
        raise TimeContradictionError(
            f"got an act at {_time(occurred_s)}, expected one before {_time(at_s)}, when {name} saw it sealed"
        )
    step.said = f"sealed before {_time(at_s)}, as {name} saw"
    return at_s


def _check_contents(files: Files, manifest: Manifest, body: bytes, entries: tuple[ProvenEntry, ...]) -> str:
    count = check_files(files, manifest.files, may_lack=True)
    made = check_derived(files, manifest, hashlib.sha256(body).hexdigest(), entries)
    return f"{count} as sealed, {made} made from sealed ones"


def _check_decision(step: Step, entries: tuple[ProvenEntry, ...], manifest: Manifest, bundle: Bundle) -> bool:
    decisions = [entry for entry in entries if entry.leaf.kind in ("review", "notice", "withdrawal")]
    said = []
    for entry in sorted(decisions, key=lambda each: each.index):
        facts = entry.opening.facts
        for name, got, expected in (
            ("subject", entry.leaf.subject, bundle.case_id),
            ("claim", facts.get("claim"), manifest.id),
            ("act_code", facts.get("act_code"), manifest.act_code),
        ):
            if got != expected:
                raise EntryMismatchError(f"entry {entry.index}: {name}: got {got}, expected {expected}")
        said.append(f"{entry.leaf.kind} {facts.get('decision', '')}".strip())
    _check_notice(decisions, bundle)
    step.said = ", then ".join(said) or "no decision yet"
    return any(entry.leaf.kind == "withdrawal" for entry in decisions)


def _check_notice(decisions: list[ProvenEntry], bundle: Bundle) -> None:
    notice = next((entry for entry in decisions if entry.leaf.kind == "notice"), None)
    if (notice is None) != (bundle.notice_number is None):
        raise EntryMismatchError("got a notice without its entry or an entry without its notice, expected both")
    if notice is None:
        return
    number = notice.opening.facts.get("number")
    if number != bundle.notice_number:
        raise EntryMismatchError(f"entry {notice.index}: number: got {number}, expected {bundle.notice_number}")
    confirmed = [entry.index for entry in decisions if entry.leaf.kind == "review" and _decision(entry) == "confirm"]
    if not confirmed or min(confirmed) > notice.index:
        raise EntryMismatchError(f"entry {notice.index}: got a notice before any review said yes, expected one after")


def _decision(entry: ProvenEntry) -> object:
    return entry.opening.facts.get("decision")


def _time(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
