"""What the office refuses at its door because of who sealed it, and how it tells the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from api.actor import OFFICE
from api.errors import KeyNotFoundError, KeyTakenError, SubmissionConflictError
from api.log.signing_keys import enrol_key, revoke_key
from models.domain.manifest import ENVELOPE_NAME
from models.domain.store import StoredObject
from models.verify.envelope import MANIFEST_TYPE, sign_envelope
from models.verify.keys import new_key
from tests.api.kit import WORKER, WORKER_SIGNER, Package, SmallOffice, put

STRANGER = new_key()


def _with_envelope(package: Package, body: bytes) -> Package:
    """The same package with another envelope."""
    key = next(each.key for each in package.message.objects if each.name == ENVELOPE_NAME)
    stored = put(package.root, key, body)
    objects: tuple[StoredObject, ...] = tuple(
        stored if each.name == ENVELOPE_NAME else each for each in package.message.objects
    )
    return replace(package, message=package.message.model_copy(update={"objects": objects}))


def _resealed(here: SmallOffice) -> Package:
    return here.seal(signer=STRANGER)


def _unsigned(here: SmallOffice) -> Package:
    return here.seal(signer=None)


def _anothers_envelope(here: SmallOffice) -> Package:
    other = here.seal(point_px16=(9000, 3000))
    return _with_envelope(here.seal(), sign_envelope(WORKER_SIGNER, other.manifest.canonical(), MANIFEST_TYPE))


def _forged_name(here: SmallOffice) -> Package:
    """Signed by a stranger under the name of the enrolled key."""
    package = here.seal()
    body = sign_envelope(STRANGER, package.manifest.canonical(), MANIFEST_TYPE)
    known = WORKER_SIGNER.public.fingerprint.encode()
    return _with_envelope(package, body.replace(STRANGER.public.fingerprint.encode(), known))


def _another_type(here: SmallOffice) -> Package:
    package = here.seal()
    return _with_envelope(package, sign_envelope(WORKER_SIGNER, package.manifest.canonical(), "text/plain"))


def _no_json(here: SmallOffice) -> Package:
    return _with_envelope(here.seal(), b"{" * 5000)


def _revoked(here: SmallOffice) -> Package:
    """Whatever time the manifest claims: the clock of the worker may have been set back."""
    with here.office.database.writing() as session:
        revoke_key(session, here.clock.now, OFFICE, WORKER_SIGNER.public.fingerprint)
    return here.seal()


def _another_workers_key(here: SmallOffice) -> Package:
    with here.office.database.writing() as session:
        enrol_key(session, here.clock.now, OFFICE, "worker-2", STRANGER.public)
    return here.seal(signer=STRANGER)


ATTACKS: list[tuple[str, Callable[[SmallOffice], Package], str]] = [
    ("not signed", _unsigned, "signature_missing"),
    ("re-signed by another key", _resealed, "key_unknown"),
    ("signed by a revoked key, a clock set back", _revoked, "key_revoked"),
    ("signed by another worker's key", _another_workers_key, "key_unknown"),
    ("signed under another's name", _forged_name, "signature_invalid"),
    ("the envelope of another package", _anothers_envelope, "signature_invalid"),
    ("an envelope of another type", _another_type, "signature_malformed"),
    ("an envelope that is none", _no_json, "signature_malformed"),
]


@pytest.mark.parametrize(("attack", "reason"), [(a, r) for _, a, r in ATTACKS], ids=[name for name, _, _ in ATTACKS])
def test_refuses(here: SmallOffice, attack: Callable[[SmallOffice], Package], reason: str) -> None:
    submission_id = here.submit(attack(here))
    assert here.verify() == 1
    row = here.submission(submission_id)
    assert (row.state, row.reason) == ("refused", reason), row.detail
    assert row.detail and row.case_id is None


def test_a_replayed_submission_makes_no_second_case(here: SmallOffice) -> None:
    package = here.seal()
    assert here.submit(package) == here.submit(package)
    here.verify()
    assert here.office.submissions.receive(WORKER, package.message).state == "case"
    with pytest.raises(SubmissionConflictError):
        here.office.submissions.receive("worker-2", package.message)


def test_a_key_is_enrolled_once_and_never_again(here: SmallOffice) -> None:
    fingerprint = WORKER_SIGNER.public.fingerprint
    with here.office.database.writing() as session:
        revoke_key(session, here.clock.now, OFFICE, fingerprint)
    with pytest.raises(KeyTakenError), here.office.database.writing() as session:
        enrol_key(session, here.clock.now, OFFICE, WORKER, WORKER_SIGNER.public)
    with pytest.raises(KeyNotFoundError), here.office.database.writing() as session:
        revoke_key(session, here.clock.now, OFFICE, fingerprint)
