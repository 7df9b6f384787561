"""Who gets in, for how long, and what nobody learns at the door."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from api.people import passwords
from api.people.accounts import add_person, close_account
from api.people.errors import PasswordTooWeakError, SignInRefusedError
from api.people.passwords import LONGEST_PASSWORD, hash_password, is_password
from api.people.sessions import LOCK_LENGTH, WRONG_SIGN_INS, Sessions
from models.tables import AuditRow, LoginSessionRow, PersonRow
from tests.api.kit import SmallOffice

PASSWORD = "mat khau rat dai 1"


@pytest.fixture
def small(here: SmallOffice) -> SmallOffice:
    """On SQLite and on PostgreSQL."""
    return here


@pytest.fixture
def sessions(small: SmallOffice, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sessions]:
    """With the same argon2id at a cost that tests can pay; one test below pays the real one."""
    monkeypatch.setattr(passwords, "_HASHER", passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobodys_hash.cache_clear()
    settings = small.office.settings
    add_person(small.office.database, "Hoa", PASSWORD, ["reviewer"], small.clock.now, display_name="Hoà")
    yield Sessions(small.office.database, settings.session_length, settings.session_idle)
    passwords._nobodys_hash.cache_clear()


def _person(small: SmallOffice) -> PersonRow:
    with small.office.database.reading() as session:
        return session.scalars(select(PersonRow).where(PersonRow.username == "hoa")).one()


def test_the_right_password_opens_a_session(small: SmallOffice, sessions: Sessions) -> None:
    token = sessions.sign_in(" HOA ", PASSWORD, small.clock.now)
    found = sessions.find(token, small.clock.now)
    assert found is not None
    assert (found.display_name, found.actor.roles, found.actor.session_id) == ("Hoà", {"reviewer"}, found.session_id)


def test_the_table_holds_no_token_and_no_password(small: SmallOffice, sessions: Sessions) -> None:
    token = sessions.sign_in("hoa", PASSWORD, small.clock.now)
    with small.office.database.reading() as session:
        row = session.scalars(select(LoginSessionRow)).one()
    assert token not in (row.id, row.token_sha256, row.csrf_token)
    assert _person(small).password_hash.startswith("$argon2id$")


def test_a_token_of_nobody_finds_nobody(small: SmallOffice, sessions: Sessions) -> None:
    assert [sessions.find(token, small.clock.now) for token in (None, "", "x" * 43)] == [None, None, None]


@pytest.mark.parametrize(("name", "password"), [("nobody", PASSWORD), ("hoa", "wrong"), ("hoa", ""), ("", PASSWORD)])
def test_refuses(small: SmallOffice, sessions: Sessions, name: str, password: str) -> None:
    with pytest.raises(SignInRefusedError):
        sessions.sign_in(name, password, small.clock.now)


def test_locks_after_repeated_failures_and_opens_again(small: SmallOffice, sessions: Sessions) -> None:
    for _ in range(WRONG_SIGN_INS):
        with pytest.raises(SignInRefusedError):
            sessions.sign_in("hoa", "wrong", small.clock.now)
    with pytest.raises(SignInRefusedError):  # the right password, too late
        sessions.sign_in("hoa", PASSWORD, small.clock.now)
    small.clock.turn(LOCK_LENGTH + timedelta(seconds=1))
    assert sessions.sign_in("hoa", PASSWORD, small.clock.now)


def test_a_success_forgets_the_failures(small: SmallOffice, sessions: Sessions) -> None:
    for _ in range(WRONG_SIGN_INS - 1):
        with pytest.raises(SignInRefusedError):
            sessions.sign_in("hoa", "wrong", small.clock.now)
    sessions.sign_in("hoa", PASSWORD, small.clock.now)
    assert _person(small).failed_logins == 0


def test_a_locked_account_keeps_its_open_sessions(small: SmallOffice, sessions: Sessions) -> None:
    """Otherwise anybody who knows a name could throw its owner out."""
    token = sessions.sign_in("hoa", PASSWORD, small.clock.now)
    for _ in range(WRONG_SIGN_INS):
        with pytest.raises(SignInRefusedError):
            sessions.sign_in("hoa", "wrong", small.clock.now)
    assert sessions.find(token, small.clock.now) is not None


def test_a_closed_account_loses_its_sessions_and_gets_no_new_one(small: SmallOffice, sessions: Sessions) -> None:
    token = sessions.sign_in("hoa", PASSWORD, small.clock.now)
    close_account(small.office.database, _person(small).id, small.clock.now)
    assert sessions.find(token, small.clock.now) is None
    with pytest.raises(SignInRefusedError):
        sessions.sign_in("hoa", PASSWORD, small.clock.now)


def test_the_flag_alone_shuts_an_open_session(small: SmallOffice, sessions: Sessions) -> None:
    token = sessions.sign_in("hoa", PASSWORD, small.clock.now)
    with small.office.database.writing() as session:
        session.get_one(PersonRow, _person(small).id).is_active = False
    assert sessions.find(token, small.clock.now) is None


def test_signing_in_again_ends_the_old_session(small: SmallOffice, sessions: Sessions) -> None:
    old = sessions.sign_in("hoa", PASSWORD, small.clock.now)
    new = sessions.sign_in("hoa", PASSWORD, small.clock.now, instead_of=old)
    assert sessions.find(old, small.clock.now) is None and sessions.find(new, small.clock.now) is not None


def test_a_name_is_taken_once_whatever_its_case(small: SmallOffice, sessions: Sessions) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError):
        add_person(small.office.database, "HOA ", PASSWORD, ["reviewer"], small.clock.now)


@pytest.mark.parametrize("password", ["", "short", "x" * 129])
def test_a_weak_password_is_no_password(password: str) -> None:
    with pytest.raises(PasswordTooWeakError, match="expected 12 to 128"):
        hash_password(password)


@pytest.mark.parametrize("password", ["aaaaaaaaaaaaaaaa", "hoahoahoahoa", "Password1234", "matkhau matkhau"])
def test_a_password_that_is_easy_to_guess_is_no_password(password: str) -> None:
    with pytest.raises(PasswordTooWeakError, match="easy to guess"):
        hash_password(password, "hoa")


def test_no_password_is_cut_short() -> None:
    longest = "mat khau " * 14 + "ab"
    assert len(longest) == LONGEST_PASSWORD and is_password(hash_password(longest), longest)
    assert not is_password(hash_password(longest), longest + "c")


def test_nobody_costs_as_much_as_somebody() -> None:
    """Argon2 runs for unknown names too: its cost, 64 MiB three times, dwarfs everything else."""
    known = hash_password(PASSWORD)
    is_password(None, "warm up")

    def cost_s(password_hash: str | None) -> float:
        def once() -> float:
            start = time.perf_counter()
            assert not is_password(password_hash, "wrong")
            return time.perf_counter() - start

        return statistics.median(once() for _ in range(5))

    assert 0.4 < cost_s(None) / cost_s(known) < 2.5


def test_every_sign_in_is_in_the_audit_log(small: SmallOffice, sessions: Sessions) -> None:
    with pytest.raises(SignInRefusedError):
        sessions.sign_in("hoa", "wrong", small.clock.now)
    token = sessions.sign_in("hoa", PASSWORD, small.clock.now)
    sessions.sign_out(token, small.clock.now)
    with small.office.database.reading() as session:
        rows = session.execute(select(AuditRow.what, AuditRow.person_id).order_by(AuditRow.id)).all()
    signs = [(what, person_id) for what, person_id in rows if what.startswith("sign_")]
    person_id = _person(small).id
    assert signs == [("sign_in_refused", person_id), ("sign_in", person_id), ("sign_out", person_id)]
