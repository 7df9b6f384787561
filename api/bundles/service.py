"""Makes the bundle of a case: files from the store, entries and proofs from the log, signed by the log's key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.bundles.archive import pack
from api.bundles.page import bundle_page
from api.database import Database
from api.errors import BundleNotReadyError, CaseNotFoundError
from api.evidence import VerifiedFiles
from api.log.reading import consistency, inclusion, whole_note
from api.log.signing import LogSigner
from models.domain.derived import DERIVED_NAME
from models.domain.manifest import ENVELOPE_NAME, MANIFEST_NAME, Manifest, SealedFile
from models.domain.store import StoredObject
from models.tables import (
    CaseRow,
    EvidenceRow,
    LogCheckpointRow,
    LogCosignatureRow,
    LogEntryRow,
    LogOpeningRow,
    ManifestRow,
    NoticeRow,
    TrustRow,
)
from models.verify.bundle_form import BUNDLE_NAME, PAGE_NAME, TRUST_NAME, Bundle, BundleEntry, BundleFile
from models.verify.entries import Leaf

PIXELATED = "citizen.jpg"
"""Shown while nothing is redacted: everything outside the accused vehicle is pixelated."""
_KINDS = ("manifest", "derived", "review", "notice", "withdrawal")


@dataclass(frozen=True, slots=True)
class _Proofs:
    """What the log gives: entries in order, and the checkpoints that their proofs lead to."""

    entries: tuple[BundleEntry, ...]
    checkpoints: tuple[str, ...]
    consistency: tuple[tuple[str, ...], ...]


class BundleService:
    """Bundles are made when they are asked for; nothing of them is stored."""

    def __init__(self, database: Database, files: VerifiedFiles, signer: LogSigner | None) -> None:
        self._database = database
        self._files = files
        self._signer = signer

    def make(self, case_id: str) -> bytes:
        """The bundle of a case, as a zip.

        Raises:
            CaseNotFoundError
            BundleNotReadyError: the office has no key, the package was not signed, or the log has not come so far.
            StoreError: a file cannot be had.
        """
        if self._signer is None:
            raise BundleNotReadyError("got an office without a key, expected PHATNGUOI_LOG_KEY_FILE to be set")
        with self._database.reading() as session:
            case = session.get(CaseRow, case_id)
            if case is None:
                raise CaseNotFoundError("got an unknown case, expected one of this office")
            notice = session.scalars(select(NoticeRow).where(NoticeRow.case_id == case.id)).first()
            stored = _stored(session, case)
            proofs = _proofs(session, case, notice)
            manifest = Manifest.model_validate_json(session.get_one(ManifestRow, case.submission_id).body)
            trust = _trust_text(session, notice, self._signer)
        contents = {each.name: self._files.fetch(each).path.read_bytes() for each in stored}
        contents[TRUST_NAME] = trust.encode()
        number = None if notice is None else notice.number
        contents[PAGE_NAME] = bundle_page(manifest, contents[MANIFEST_NAME], number, trust).encode()
        bundle = Bundle(
            claim_id=case.submission_id,
            case_id=case.id,
            notice_number=number,
            checkpoints=proofs.checkpoints,
            consistency=proofs.consistency,
            entries=proofs.entries,
            files=tuple(_listed(name, body) for name, body in sorted(contents.items())),
        )
        return pack({BUNDLE_NAME: bundle.signed(self._signer.key), **contents})


def _listed(name: str, body: bytes) -> BundleFile:
    return BundleFile(name=name, sha256=hashlib.sha256(body).hexdigest(), length_bytes=len(body))


def _stored(session: Session, case: CaseRow) -> list[StoredObject]:
    """Manifest, envelope, and what other eyes may see: redacted files, else the pixelated picture."""
    rows = session.scalars(select(EvidenceRow).where(EvidenceRow.submission_id == case.submission_id)).all()
    found = {
        row.name: StoredObject(
            name=row.name, key=row.key, version_id=row.version_id, sha256=row.sha256, length_bytes=row.length_bytes
        )
        for row in rows
    }
    if ENVELOPE_NAME not in found:
        raise BundleNotReadyError("got a package that no worker signed, expected a signed one")
    names = [MANIFEST_NAME, ENVELOPE_NAME]
    if DERIVED_NAME in found:
        sealed = {file.name for file in _manifest_files(session, case)}
        redacted = [name for name in found if name not in sealed and name not in names]
        names += redacted
    elif PIXELATED in found:
        names.append(PIXELATED)
    return [found[name] for name in names]


def _manifest_files(session: Session, case: CaseRow) -> tuple[SealedFile, ...]:
    return Manifest.model_validate_json(session.get_one(ManifestRow, case.submission_id).body).files


def _trust_text(session: Session, notice: NoticeRow | None, signer: LogSigner) -> str:
    """The keys that the notice prints the fingerprint of; before a notice, those in force."""
    fingerprint = None if notice is None else notice.trust_fingerprint
    row = None if fingerprint is None else session.get(TrustRow, fingerprint)
    return signer.trust.text if row is None else row.text


def _proofs(session: Session, case: CaseRow, notice: NoticeRow | None) -> _Proofs:
    rows = _entries(session, case, notice)
    sealed = next(row for row in rows if row.kind == "manifest")
    sizes = _sizes(session, sealed.number, max(row.number for row in rows))
    notes = [whole_note(session, session.get_one(LogCheckpointRow, size)) for size in sizes]
    return _Proofs(
        entries=tuple(_entry(session, row, sizes) for row in rows),
        checkpoints=tuple(notes),
        consistency=tuple(tuple(each.hex() for each in consistency(session, old, new)) for old, new in pairwise(sizes)),
    )


def _entries(session: Session, case: CaseRow, notice: NoticeRow | None) -> list[LogEntryRow]:
    subjects = (case.submission_id, case.id)
    statement = select(LogEntryRow).where(LogEntryRow.subject.in_(subjects), LogEntryRow.kind.in_(_KINDS))
    rows = list(session.scalars(statement.order_by(LogEntryRow.number)))
    kinds = {row.kind for row in rows}
    needed = {"manifest"} | ({"notice"} if notice is not None else set())
    needed |= {"withdrawal"} if notice is not None and notice.withdrawn_at is not None else set()
    if needed - kinds:
        raise BundleNotReadyError(f"got a log without the entry {sorted(needed - kinds)[0]} yet, expected it soon")
    numbers = {Leaf.model_validate_json(row.leaf).key_entry for row in rows if row.kind in ("manifest", "derived")}
    if None in numbers:
        raise BundleNotReadyError("got an entry that no enrolled key signed, expected a signed one")
    keys = session.scalars(select(LogEntryRow).where(LogEntryRow.number.in_(numbers))).all()
    return sorted([*keys, *rows], key=lambda row: row.number)


def _sizes(session: Session, sealed: int, last: int) -> list[int]:
    """The checkpoint that a witness saw first after the sealing, and one that holds everything."""
    witnessed = select(LogCosignatureRow.size).order_by(LogCosignatureRow.size)
    first = session.scalars(witnessed.where(LogCosignatureRow.size > sealed).limit(1)).first()
    whole = session.scalars(witnessed.where(LogCosignatureRow.size > last).limit(1)).first()
    if whole is None:
        signed = select(LogCheckpointRow.size).where(LogCheckpointRow.size > last).order_by(LogCheckpointRow.size)
        whole = session.scalars(signed.limit(1)).first()
    if whole is None:
        raise BundleNotReadyError(f"got no checkpoint beyond entry {last} yet, expected one soon")
    return sorted({whole} if first is None else {first, whole})


def _entry(session: Session, row: LogEntryRow, sizes: list[int]) -> BundleEntry:
    checkpoint = next(place for place, size in enumerate(sizes) if size > row.number)
    opening = session.get(LogOpeningRow, row.number)
    if opening is None:
        raise BundleNotReadyError(f"got entry {row.number}, whose opening was deleted, expected one that is kept")
    return BundleEntry(
        index=row.number,
        checkpoint=checkpoint,
        leaf=row.leaf,
        opening=opening.opening,
        proof=tuple(each.hex() for each in inclusion(session, row.number, sizes[checkpoint])),
    )
