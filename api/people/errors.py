"""Errors of signing in.

OfficeError
├── NotSignedInError              401  no live session: sign in
├── SignInRefusedError            401  name, password, closed or locked account: the same answer for all
├── TooManySignInsError           429  this address tried too often
├── FormTokenError                403  the form was not made for this session
├── PasswordTooWeakError          422  a new password is too short, or about this person
├── AccountUnfinishedError        403  signed in, but the password or the second factor must be set first
├── SecondFactorImpossibleError   409  no key, one there already, or nothing to confirm
├── PersonNotFoundError           404  nobody of that id within what this administrator administers
├── OwnAccountError               409  nobody changes their own roles, nor closes their own account
└── NameTakenError                409  the name is somebody's
"""

from __future__ import annotations

from api.errors import ConflictError, NotFoundError, OfficeError


class NotSignedInError(OfficeError):
    """The cookie names no live session of an active person."""

    status = 401
    code = "not_signed_in"


class SignInRefusedError(OfficeError):
    """Unknown name, wrong password, closed account, locked account: nobody learns which."""

    status = 401
    code = "sign_in_refused"


class TooManySignInsError(OfficeError):
    """This address tried too often.

    Attributes:
        wait_s: seconds until the next try is heard.
    """

    status = 429
    code = "too_many_sign_ins"

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"got one more sign-in, expected a pause of {wait_s:.0f} s")
        self.wait_s = wait_s


class FormTokenError(OfficeError):
    """The hidden token of the form is missing, or belongs to another session."""

    status = 403
    code = "form_token"


class PasswordTooWeakError(OfficeError):
    status = 422
    code = "password_too_weak"


class AccountUnfinishedError(OfficeError):
    """Signed in, but nothing else is open until the password or the second factor is set.

    Attributes:
        owes: what must be set.
    """

    status = 403
    code = "account_unfinished"

    def __init__(self, owes: str) -> None:
        super().__init__(f"got an account without its {owes}, expected it set: see /account")
        self.owes = owes


class SecondFactorImpossibleError(ConflictError):
    """The office has no key, there is a second factor already, or nothing waits to be confirmed."""


class PersonNotFoundError(NotFoundError):
    """Nobody of that id, or not within what this administrator administers."""


class OwnAccountError(ConflictError):
    """Nobody changes their own roles or scope, nor closes their own account: another administrator does."""


class NameTakenError(ConflictError):
    """The name is somebody's already."""
