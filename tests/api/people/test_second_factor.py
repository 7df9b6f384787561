"""Codes, their steps, recovery codes and how their secrets lie in the table."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select

from api.people.errors import SecondFactorImpossibleError
from api.people.second_factor import ENROL_WITHIN, SecondFactors, has_second_factor, recovery_codes_left
from models.tables import PersonRow, RecoveryCodeRow, SecondFactorRow
from tests.api.kit import SmallOffice

OLD_KEY, NEW_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def small(here: SmallOffice) -> SmallOffice:
    return here


def _enrolled(small: SmallOffice, factors: SecondFactors) -> tuple[str, pyotp.TOTP, list[str]]:
    person_id = small.person("reviewer").person_id or ""
    now = small.clock.now
    with small.office.database.writing() as session:
        person = session.get_one(PersonRow, person_id)
        secret = factors.begin(session, now, person).secret
        codes = factors.confirm(session, now, person, pyotp.TOTP(secret).at(now))
    assert codes is not None
    small.clock.turn(timedelta(minutes=10))
    return person_id, pyotp.TOTP(secret), list(codes)


def _passes(small: SmallOffice, factors: SecondFactors, person_id: str, code: str) -> bool:
    with small.office.database.writing() as session:
        return factors.passes(session, small.clock.now, person_id, code)


@pytest.fixture
def factors() -> SecondFactors:
    return SecondFactors(SecretStr(OLD_KEY), "phatnguoi")


@pytest.mark.parametrize(("steps", "is_good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_is_good_for_its_step_and_one_either_side(
    small: SmallOffice, factors: SecondFactors, steps: int, is_good: bool
) -> None:
    person_id, totp, _ = _enrolled(small, factors)
    assert _passes(small, factors, person_id, totp.at(small.clock.now, counter_offset=steps)) is is_good


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "0" * 1000, "\x00"])
def test_what_is_no_code_passes_nobody(small: SmallOffice, factors: SecondFactors, typed: str) -> None:
    person_id, _, _ = _enrolled(small, factors)
    assert not _passes(small, factors, person_id, typed)


def test_a_code_may_be_typed_in_two_halves(small: SmallOffice, factors: SecondFactors) -> None:
    person_id, totp, _ = _enrolled(small, factors)
    code = totp.at(small.clock.now)
    assert _passes(small, factors, person_id, f"{code[:3]} {code[3:]}")


def test_the_table_holds_the_secret_encrypted(small: SmallOffice, factors: SecondFactors) -> None:
    person_id, totp, _ = _enrolled(small, factors)
    with small.office.database.reading() as session:
        kept = session.get_one(SecondFactorRow, person_id).secret
    assert totp.secret not in kept and Fernet(OLD_KEY).decrypt(kept).decode() == totp.secret


def test_a_key_is_rotated_without_anybody_enrolling_anew(small: SmallOffice, factors: SecondFactors) -> None:
    person_id, totp, _ = _enrolled(small, factors)
    both = SecondFactors(SecretStr(f"{NEW_KEY} {OLD_KEY}"), "phatnguoi")
    assert _passes(small, both, person_id, totp.at(small.clock.now))


def test_a_lost_key_lets_nobody_in_but_by_a_recovery_code(small: SmallOffice, factors: SecondFactors) -> None:
    person_id, totp, codes = _enrolled(small, factors)
    for lost in (SecondFactors(SecretStr(NEW_KEY), "phatnguoi"), SecondFactors(None, "phatnguoi")):
        assert not _passes(small, lost, person_id, totp.at(small.clock.now))
    assert _passes(small, SecondFactors(None, "phatnguoi"), person_id, codes[0])


def test_a_recovery_code_has_120_bits_and_lies_hashed(small: SmallOffice, factors: SecondFactors) -> None:
    person_id, _, codes = _enrolled(small, factors)
    assert len(set(codes)) == 10 and all(len(code.replace("-", "")) == 24 for code in codes)
    with small.office.database.reading() as session:
        kept = session.scalars(select(RecoveryCodeRow.code_sha256)).all()
        assert recovery_codes_left(session, person_id) == 10
    assert not set(kept) & {code.replace("-", "") for code in codes}


def test_a_recovery_code_is_nobody_elses(small: SmallOffice, factors: SecondFactors) -> None:
    _, _, codes = _enrolled(small, factors)
    other, _, _ = _enrolled(small, factors)
    assert not _passes(small, factors, other, codes[0])


def test_new_recovery_codes_end_the_old_ones(small: SmallOffice, factors: SecondFactors) -> None:
    person_id, _, codes = _enrolled(small, factors)
    with small.office.database.writing() as session:
        renewed = factors.renew_recovery_codes(session, person_id)
    assert not _passes(small, factors, person_id, codes[0]) and _passes(small, factors, person_id, renewed[0])


def test_an_unconfirmed_secret_counts_for_nothing_and_ends(small: SmallOffice, factors: SecondFactors) -> None:
    person_id = small.person("reviewer").person_id or ""
    now = small.clock.now
    with small.office.database.writing() as session:
        person = session.get_one(PersonRow, person_id)
        begun = factors.begin(session, now, person)
        assert factors.pending(session, now, person) == begun and not has_second_factor(session, person_id)
        assert factors.passes(session, now, person_id, "")
        late = now + ENROL_WITHIN
        assert factors.pending(session, late, person) is None
        with pytest.raises(SecondFactorImpossibleError):
            factors.confirm(session, late, person, pyotp.TOTP(begun.secret).at(late))


def test_nobody_puts_a_second_one_over_the_first(small: SmallOffice, factors: SecondFactors) -> None:
    person_id, _, _ = _enrolled(small, factors)
    with small.office.database.writing() as session, pytest.raises(SecondFactorImpossibleError):
        factors.begin(session, small.clock.now, session.get_one(PersonRow, person_id))
