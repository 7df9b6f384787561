"""How often one address may be refused before it has to wait."""

from __future__ import annotations

import pytest

from api.people.errors import TooManySignInsError
from api.people.pace import ADDRESSES_KEPT, TRIES_AT_ONCE, TRY_BACK_EVERY_S, SignInPace


class HandSeconds:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_waits_after_ten_refusals_and_gets_them_back_with_time() -> None:
    clock = HandSeconds()
    pace = SignInPace(clock)
    for _ in range(TRIES_AT_ONCE):
        pace.check("10.0.0.1")
        pace.count_refused("10.0.0.1")
    with pytest.raises(TooManySignInsError) as refusal:
        pace.check("10.0.0.1")
    assert 0 < refusal.value.wait_s <= TRY_BACK_EVERY_S
    pace.check("10.0.0.2")
    clock.now_s += TRY_BACK_EVERY_S
    pace.check("10.0.0.1")


def test_keeps_a_bounded_number_of_addresses() -> None:
    pace = SignInPace(HandSeconds())
    for number in range(ADDRESSES_KEPT + 50):
        pace.count_refused(f"address {number}")
    assert len(pace._spent) == ADDRESSES_KEPT
