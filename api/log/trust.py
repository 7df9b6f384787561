"""The keys whose fingerprint notices print, kept for as long as a notice may be checked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from api.log.signing import LogSigner
from models.tables import TrustRow


def keep_trust(session: Session, now: datetime, signer: LogSigner | None) -> str | None:
    """The fingerprint of the keys in force, kept with their text; None: the office has no key."""
    if signer is None:
        return None
    trust = signer.trust
    if session.get(TrustRow, trust.fingerprint) is None:
        session.merge(TrustRow(fingerprint=trust.fingerprint, text=trust.text, since=now))
    return trust.fingerprint
