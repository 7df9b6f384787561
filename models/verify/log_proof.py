"""A bundle's entries of the log, checked against its checkpoints and the reader's trust."""

from __future__ import annotations

from dataclasses import dataclass

from models.verify.bundle_form import Bundle
from models.verify.entries import Leaf, Opening, parse_leaf, parse_opening
from models.verify.errors import EntryMismatchError, KeyRevokedError, MalformedError
from models.verify.keys import PublicKey, parse_public_key
from models.verify.merkle import check_consistency, check_inclusion
from models.verify.notes import Checkpoint, Note, NoteKey, check_signed, cosigned_at, parse_checkpoint, parse_note


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry that is in the log, with what it commits to."""

    index: int
    checkpoint: int
    leaf: Leaf
    opening: Opening


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint that the log's key signed."""

    note: Note
    checkpoint: Checkpoint


def check_checkpoints(bundle: Bundle, log: NoteKey) -> tuple[SignedCheckpoint, ...]:
    """The checkpoints: each signed by the log, each continuing the one before.

    Raises:
        SignatureInvalidError, LogForkedError, MalformedError
    """
    found = []
    for number, whole in enumerate(bundle.checkpoints):
        what = f"checkpoint {number + 1}"
        note = parse_note(what, whole)
        checkpoint = parse_checkpoint(what, note)
        if checkpoint.origin != log.name:
            raise MalformedError(f"{what}: got the log {checkpoint.origin!r}, expected {log.name!r}")
        check_signed(what, note, log)
        found.append(SignedCheckpoint(note, checkpoint))
    for number, proof in enumerate(bundle.consistency):
        old, new = found[number].checkpoint, found[number + 1].checkpoint
        hashes = [bytes.fromhex(each) for each in proof]
        check_consistency(f"checkpoints {number + 1} and {number + 2}", old.size, old.root, new.size, new.root, hashes)
    return tuple(found)


def check_entries(bundle: Bundle, checkpoints: tuple[SignedCheckpoint, ...]) -> tuple[ProvenEntry, ...]:
    """The entries: each in the log, each with its own opening.

    Raises:
        NotInLogError, EntryMismatchError, MalformedError
    """
    found = []
    for entry in bundle.entries:
        what = f"entry {entry.index}"
        leaf, opening = parse_leaf(what, entry.leaf.encode()), parse_opening(what, entry.opening.encode())
        if entry.checkpoint >= len(checkpoints):
            raise MalformedError(f"{what}: got checkpoint {entry.checkpoint + 1}, expected one of {len(checkpoints)}")
        at = checkpoints[entry.checkpoint].checkpoint
        hashes = [bytes.fromhex(each) for each in entry.proof]
        check_inclusion(what, entry.leaf.encode(), entry.index, at.size, hashes, at.root)
        if opening.commitment != leaf.commitment or (opening.kind, opening.subject) != (leaf.kind, leaf.subject):
            raise EntryMismatchError(
                f"{what}: got the opening of {opening.kind} {opening.subject}, expected that of {leaf.commitment[:16]}…"
            )
        found.append(ProvenEntry(entry.index, entry.checkpoint, leaf, opening))
    return tuple(found)


def key_at(entries: tuple[ProvenEntry, ...], signed: ProvenEntry) -> PublicKey:
    """The key that the log held valid at the place of an entry that a worker signed.

    Raises:
        KeyRevokedError: the last entry about the key, before this place, is its revocation.
        EntryMismatchError: the bundle lacks that entry, or it comes later.
    """
    number = signed.leaf.key_entry
    what = f"entry {signed.index}"
    found = next((entry for entry in entries if entry.index == number and entry.leaf.kind == "key"), None)
    if found is None or found.index >= signed.index:
        raise EntryMismatchError(f"{what}: got no earlier entry {number} about its key, expected one")
    key = parse_public_key(str(found.opening.facts.get("public_key")))
    if key.fingerprint != found.leaf.subject:
        raise EntryMismatchError(f"entry {found.index}: got another key than {found.leaf.subject[:16]}…, expected that")
    change = found.opening.facts.get("change")
    if change != "enrol":
        raise KeyRevokedError(f"{what}: got a key that entry {found.index} made {change!r}, expected an enrolled one")
    return key


def witnessed_at(checkpoint: SignedCheckpoint, witnesses: tuple[NoteKey, ...]) -> dict[str, int]:
    """Which trusted witnesses countersigned it, and when (seconds since 1970 UTC).

    Raises:
        SignatureInvalidError: a line of a trusted witness does not hold.
    """
    times = {key.name: cosigned_at(f"witness {key.name}", checkpoint.note, key) for key in witnesses}
    return {name: at_s for name, at_s in times.items() if at_s is not None}
