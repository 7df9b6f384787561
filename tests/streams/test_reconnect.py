"""Waits grow, are capped and jittered; a frame makes them start anew; stop ends them at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.counters import Counters
from streams.errors import CameraRefusedError, CameraUnreachableError, StreamFrozenError
from streams.pulse import Pulse
from streams.reconnect import Reconnecting, Waits


class StopAfter:
    """A stop that notes how long was waited, and is set after so many failures."""

    def __init__(self, failures: int) -> None:
        self.waited_s: list[float] = []
        self.failures_left = failures

    def is_set(self) -> bool:
        return self.failures_left <= 0

    def wait(self, timeout: float) -> bool:
        self.waited_s.append(timeout)
        return self.is_set()


@pytest.mark.parametrize(
    ("failures", "is_refused", "chance", "expected_s"),
    [
        (1, False, 0.0, 0.5),
        (2, False, 0.0, 1.0),
        (6, False, 0.0, 16.0),
        (7, False, 0.0, 30.0),
        (10_000, False, 0.0, 30.0),
        (1, False, 1.0, 0.25),
        (7, False, 1.0, 15.0),
        (1, True, 0.0, 300.0),
    ],
)
def test_waits(failures: int, is_refused: bool, chance: float, expected_s: float) -> None:
    assert Waits().wait_s(failures, is_refused, lambda: chance) == expected_s


def test_waits_grow_until_a_frame_comes_and_then_start_anew() -> None:
    told: list[float] = []
    attempts = iter([0, 0, 0, 2, 0, 0])

    def connect() -> Iterator[int]:
        yield from range(next(attempts))
        raise CameraUnreachableError("gone")

    stop = StopAfter(6)

    def tell(failure: Exception, wait_s: float) -> None:
        told.append(wait_s)
        stop.failures_left -= 1

    counters = Counters()
    reconnecting = Reconnecting(counters, Pulse(), Waits(), stop, chance=lambda: 0.0)
    assert list(reconnecting.each(connect, tell)) == [0, 1]
    assert told == [0.5, 1.0, 2.0, 0.5, 1.0, 2.0]
    assert counters.count("reconnects", "unreachable") == 6


@pytest.mark.parametrize(
    ("failure", "reason", "state"),
    [
        (CameraUnreachableError("x"), "unreachable", "waiting"),
        (StreamFrozenError("x"), "frozen", "waiting"),
        (CameraRefusedError("x"), "refused", "refused"),
    ],
)
def test_says_why_and_beats_while_it_waits(failure: Exception, reason: str, state: str) -> None:
    now_s = [0.0]
    pulse = Pulse(lambda: now_s[0])
    counters = Counters()

    class Waiting(StopAfter):
        def wait(self, timeout: float) -> bool:
            now_s[0] += timeout
            assert pulse.reading().state == state
            assert pulse.reading().beat_age_s <= 1.0
            self.failures_left -= 1
            return super().wait(timeout)

    def connect() -> Iterator[int]:
        raise failure
        yield 0

    reconnecting = Reconnecting(counters, pulse, Waits(first_s=3.0), Waiting(3), chance=lambda: 0.0)
    assert list(reconnecting.each(connect, lambda failure, wait_s: None)) == []
    assert counters.count("reconnects", reason) == 1


def test_a_camera_that_ends_its_stream_is_asked_again() -> None:
    stop = StopAfter(2)
    told: list[str] = []

    def tell(failure: Exception, wait_s: float) -> None:
        told.append(str(failure))
        stop.failures_left -= 1

    list(Reconnecting(Counters(), Pulse(), Waits(), stop).each(lambda: iter([1]), tell))
    assert told == ["the camera ended the stream"] * 2


def test_any_other_error_is_not_swallowed() -> None:
    def connect() -> Iterator[int]:
        raise ZeroDivisionError
        yield 0

    with pytest.raises(ZeroDivisionError):
        list(Reconnecting(Counters(), Pulse(), Waits(), StopAfter(1)).each(connect, lambda failure, wait_s: None))
