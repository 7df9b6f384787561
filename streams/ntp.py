"""The worker's own offset to NTP, as the kernel knows it. None where the kernel says that nobody keeps the clock."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable

_STA_UNSYNC = 0x0040
_STA_NANO = 0x2000
_TIME_ERROR = 5
READ_EVERY_US = 10_000_000


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2), as far as it is read here; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_offset_us() -> int | None:
    """Worker minus NTP in µs; None where the clock is not kept, or the system has no adjtimex.

    The kernel's `offset` is what it still has to add to the clock: the clock is behind by it.
    """
    libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
    if not hasattr(libc, "adjtimex"):
        return None
    timex = _Timex()
    answer = int(libc.adjtimex(ctypes.byref(timex)))
    if answer < 0 or answer == _TIME_ERROR or timex.status & _STA_UNSYNC:
        return None
    return -int(timex.offset // 1000 if timex.status & _STA_NANO else timex.offset)


class KernelNtp:
    """Asks the kernel now and then, and remembers how long ago."""

    def __init__(self, read: Callable[[], int | None] = kernel_offset_us) -> None:
        self._read = read
        self._offset_us: int | None = None
        self._read_us: int | None = None

    def __call__(self, monotonic_us: int) -> tuple[int | None, int | None]:
        """(worker minus NTP in µs, age in µs)."""
        if self._read_us is None or monotonic_us - self._read_us >= READ_EVERY_US:
            self._offset_us, self._read_us = self._read(), monotonic_us
        return (None, None) if self._offset_us is None else (self._offset_us, monotonic_us - self._read_us)
