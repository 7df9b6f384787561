"""The second factor: codes of an authenticator (RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from string import ascii_lowercase, digits

import pyotp
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from api.keys import hashed
from api.people.errors import SecondFactorImpossibleError
from models.tables import PersonRow, RecoveryCodeRow, SecondFactorRow

STEP_S = 30
STEPS_EITHER_SIDE = 1
"""A telephone's clock may be half a minute off."""
ENROL_WITHIN = timedelta(minutes=15)
RECOVERY_CODES = 10
RECOVERY_CHARACTERS = 24
"""Of 32 letters: 120 bits, so that a plain hash keeps them."""
_ALPHABET = "".join(one for one in ascii_lowercase if one not in "ilou") + digits
_CODE_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator is told: by the address in a QR code, or by the secret typed."""

    secret: str
    uri: str


class SecondFactors:
    """Every method works in the caller's transaction.

    Args:
        key: Fernet keys parted by blanks, the newest first; None: nobody can have a second factor.
        issuer: the name under which authenticators list the codes.
    """

    def __init__(self, key: SecretStr | None, issuer: str) -> None:
        self._issuer = issuer
        self._box = None if key is None else MultiFernet([Fernet(each) for each in key.get_secret_value().split()])

    @property
    def is_possible(self) -> bool:
        return self._box is not None

    def begin(self, session: Session, now: datetime, person: PersonRow) -> Enrolment:
        """A new secret, which counts for nothing until `confirm`.

        Raises:
            SecondFactorImpossibleError: there is a confirmed one already, or the office has no key.
        """
        box, row = self._open_box(), session.get(SecondFactorRow, person.id, with_for_update=True)
        if row is not None and row.confirmed_at is not None:
            raise SecondFactorImpossibleError("got a person with a second factor, expected one without")
        secret = pyotp.random_base32()
        kept = box.encrypt(secret.encode()).decode()
        if row is None:
            session.add(SecondFactorRow(person_id=person.id, secret=kept, created_at=now, confirmed_at=None))
        else:
            row.secret, row.created_at, row.last_step = kept, now, 0
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=person.username, issuer_name=self._issuer))

    def pending(self, session: Session, now: datetime, person: PersonRow) -> Enrolment | None:
        """What `begin` gave, while it may still be confirmed: a page that is shown again must not change it."""
        row = session.get(SecondFactorRow, person.id)
        if row is None or row.confirmed_at is not None or row.created_at + ENROL_WITHIN <= now:
            return None
        secret = self._secret(row)
        if secret is None:
            return None
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=person.username, issuer_name=self._issuer))

    def confirm(self, session: Session, now: datetime, person: PersonRow, code: str) -> Sequence[str] | None:
        """New recovery codes, shown once, when the code is the authenticator's; None for a wrong code.

        Raises:
            SecondFactorImpossibleError: nothing waits to be confirmed.
        """
        row = session.get(SecondFactorRow, person.id, with_for_update=True)
        if row is None or row.confirmed_at is not None or row.created_at + ENROL_WITHIN <= now:
            raise SecondFactorImpossibleError("got a code, expected one within 15 minutes of the QR code")
        if not self._is_fresh_code(session, now, row, code):
            return None
        row.confirmed_at = now
        return self.renew_recovery_codes(session, person.id)

    def passes(self, session: Session, now: datetime, person_id: str, code: str) -> bool:
        """Whether this person gets past the second door: they have none, or the code is right and was never used.

        A factor whose secret cannot be decrypted passes nobody but by a recovery code.
        """
        row = session.get(SecondFactorRow, person_id, with_for_update=True)
        if row is None or row.confirmed_at is None:
            return True
        return self._is_fresh_code(session, now, row, code) or self._use_recovery_code(session, now, person_id, code)

    def remove(self, session: Session, person_id: str) -> None:
        """The authenticator is lost: the person enrols anew at the next sign-in."""
        session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person_id))
        session.execute(delete(SecondFactorRow).where(SecondFactorRow.person_id == person_id))

    def renew_recovery_codes(self, session: Session, person_id: str) -> Sequence[str]:
        """Ten new codes; the old ones end."""
        session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person_id))
        codes = ["".join(secrets.choice(_ALPHABET) for _ in range(RECOVERY_CHARACTERS)) for _ in range(RECOVERY_CODES)]
        session.add_all(RecoveryCodeRow(code_sha256=hashed(code), person_id=person_id, used_at=None) for code in codes)
        return ["-".join(code[at : at + 4] for at in range(0, RECOVERY_CHARACTERS, 4)) for code in codes]

    def _is_fresh_code(self, session: Session, now: datetime, row: SecondFactorRow, code: str) -> bool:
        secret, typed = self._secret(row), re.sub(r"[\s-]", "", code[:_CODE_LIMIT])
        if secret is None or not re.fullmatch(r"[0-9]{6}", typed):
            return False
        step = int(now.timestamp()) // STEP_S
        totp = pyotp.TOTP(secret)
        for candidate in range(step - STEPS_EITHER_SIDE, step + STEPS_EITHER_SIDE + 1):
            if hmac.compare_digest(totp.generate_otp(candidate), typed) and candidate > row.last_step:
                row.last_step = candidate
                return True
        return False

    def _use_recovery_code(self, session: Session, now: datetime, person_id: str, code: str) -> bool:
        used = session.execute(
            update(RecoveryCodeRow)
            .where(
                RecoveryCodeRow.code_sha256 == hashed(re.sub(r"[\s-]", "", code[:_CODE_LIMIT]).lower()),
                RecoveryCodeRow.person_id == person_id,
                RecoveryCodeRow.used_at.is_(None),
            )
            .values(used_at=now)
            .returning(RecoveryCodeRow.code_sha256)
        ).first()
        return used is not None

    def _secret(self, row: SecondFactorRow) -> str | None:
        try:
            return self._open_box().decrypt(row.secret).decode()
        except (InvalidToken, SecondFactorImpossibleError):
            return None

    def _open_box(self) -> MultiFernet:
        if self._box is None:
            raise SecondFactorImpossibleError("got an office without PHATNGUOI_PEOPLE_KEY, expected one")
        return self._box


def has_second_factor(session: Session, person_id: str) -> bool:
    row = session.get(SecondFactorRow, person_id)
    return row is not None and row.confirmed_at is not None


def recovery_codes_left(session: Session, person_id: str) -> int:
    statement = select(func.count()).where(RecoveryCodeRow.person_id == person_id, RecoveryCodeRow.used_at.is_(None))
    return session.scalar(statement) or 0
