"""How often one address may try to sign in: counted in this process, forgotten with time, bounded in memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from api.people.errors import TooManySignInsError

TRIES_AT_ONCE = 10
TRY_BACK_EVERY_S = 30.0
ADDRESSES_KEPT = 10_000


class SignInPace:
    """A bucket of tries for each address: ten at once, one more every 30 s. Only refused tries are counted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Raises TooManySignInsError while the address has no try left."""
        with self._lock:
            spent = self._spent_now(address)
        if spent > TRIES_AT_ONCE - 1:
            raise TooManySignInsError((spent - TRIES_AT_ONCE + 1) * TRY_BACK_EVERY_S)

    def count_refused(self, address: str) -> None:
        with self._lock:
            self._spent[address] = (self._spent_now(address) + 1, self._clock())
            self._spent.move_to_end(address)
            while len(self._spent) > ADDRESSES_KEPT:
                self._spent.popitem(last=False)

    def _spent_now(self, address: str) -> float:
        spent, at = self._spent.get(address, (0.0, self._clock()))
        return max(0.0, spent - (self._clock() - at) / TRY_BACK_EVERY_S)
