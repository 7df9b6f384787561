"""The office's own key: it signs checkpoints and bundles. Its public half is what notices print the fingerprint of."""

from __future__ import annotations

from dataclasses import dataclass

from api.settings import OfficeSettings
from models.verify.errors import VerificationError
from models.verify.keys import SigningKey, chosen_key
from models.verify.notes import COSIGNATURE, ED25519, NoteKey, parse_note_key
from models.verify.trust import Trust

SETTING = "PHATNGUOI_LOG_KEY"


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody who countersigns: where to ask, and the key to expect."""

    url: str
    key: NoteKey


@dataclass(frozen=True, slots=True)
class LogSigner:
    """The log's name and key, and its witnesses."""

    origin: str
    key: SigningKey
    witnesses: tuple[Witness, ...]

    @property
    def trust(self) -> Trust:
        """What the agency publishes for whoever wants to check."""
        log = NoteKey(self.origin, ED25519, self.key.public)
        return Trust((log,), tuple(witness.key for witness in self.witnesses))


def log_signer(settings: OfficeSettings) -> LogSigner | None:
    """The signer as the settings want it; None: no key is set, and the log goes unsigned.

    Raises:
        ValueError: a setting cannot be used.
    """
    pem = settings.log_key.get_secret_value() if settings.log_key is not None else None
    try:
        key = chosen_key(SETTING, pem, settings.log_key_file)
        witnesses = tuple(_witness(text) for text in settings.witnesses)
    except VerificationError as error:
        raise ValueError(str(error)) from None
    return None if key is None else LogSigner(settings.log_origin, key, witnesses)


def _witness(text: str) -> Witness:
    url, _, named = text.strip().partition(" ")
    key = parse_note_key(named)
    if key.kind != COSIGNATURE or not url.startswith(("http://", "https://")):
        raise ValueError(f"PHATNGUOI_WITNESSES: got {text[:60]!r}, expected a URL, a blank and a witness's key")
    return Witness(url.rstrip("/"), key)
