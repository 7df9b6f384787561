"""Who sealed a package: its envelope against the keys that are enrolled now, in the transaction that accepts it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.cases.verification import ClaimRefusedError, ReadPackage
from api.settings import OfficeSettings
from models.domain.manifest import ENVELOPE_NAME
from models.tables import SigningKeyRow
from models.verify.envelope import MANIFEST_TYPE, open_envelope
from models.verify.errors import EntryMismatchError, MalformedError, SignatureInvalidError
from models.verify.keys import parse_public_key
from models.verify.package import check_payload


def check_signature(session: Session, settings: OfficeSettings, worker: str, package: ReadPackage) -> str | None:
    """Fingerprint of the key that signed the manifest; None: it is not signed, and the office takes such packages.

    The key's row stays locked until the transaction ends.

    Raises:
        ClaimRefusedError: `signature_missing`, `signature_malformed`, `signature_invalid`, `key_unknown`,
            `key_revoked`.
    """
    return check_envelope(session, settings, worker, ENVELOPE_NAME, MANIFEST_TYPE, package.envelope, package.body)


def check_envelope(
    session: Session, settings: OfficeSettings, worker: str, name: str, kind: str, envelope: bytes, body: bytes
) -> str | None:
    """The same for anything else that a worker signs: `envelope` of the payload type `kind`, over `body`."""
    if not envelope:
        if settings.accept_unsigned:
            return None
        raise ClaimRefusedError("signature_missing", f"got no {name}, expected the worker's signature")
    try:
        opened = open_envelope(name, envelope, kind)
        check_payload(opened.payload(parse_public_key(_key(session, worker, opened.signer).public_key)), body)
    except MalformedError as error:
        raise ClaimRefusedError("signature_malformed", str(error)) from None
    except (SignatureInvalidError, EntryMismatchError) as error:
        raise ClaimRefusedError("signature_invalid", str(error)) from None
    return opened.signer


def _key(session: Session, worker: str, fingerprint: str) -> SigningKeyRow:
    statement = select(SigningKeyRow).where(SigningKeyRow.fingerprint == fingerprint).with_for_update(read=True)
    row = session.scalars(statement).first()
    if row is None or row.worker != worker:
        raise ClaimRefusedError("key_unknown", f"got the key {fingerprint[:16]}…, expected one enrolled for {worker}")
    if row.revoked_at is not None:
        raise ClaimRefusedError("key_revoked", f"got the key {fingerprint[:16]}…, which the log has revoked")
    return row
