"""When a frame was taken, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from models.domain.frame import ClockState
from streams.clock import Arrival, CaptureClock, MinimumFilter, Reading
from streams.counters import Counters
from streams.ntp import KernelNtp

WALL_US = 1_700_000_000_000_000
INTERVAL_US = 40_000
GOP = 50
SECOND_US = 1_000_000
DELAY_US = 80_000
JITTER_US = (0, 9_000, 3_000, 30_000, 1_000)


def no_ntp(monotonic_us: int) -> tuple[int | None, int | None]:
    return None, None


def arrivals(
    count: int,
    camera_error_us: Callable[[int], int | None] = lambda number: None,
    worker_error_us: Callable[[int], int] = lambda number: 0,
    report_every: int = 125,
) -> Iterator[Arrival]:
    """A camera at 25 frames a second, key frame every 2 s; packets take 80 ms and up to 30 ms more.

    Args:
        camera_error_us: number of the packet → camera's clock minus true time, or None where no report is had yet.
        worker_error_us: number of the packet → worker's clock minus true time.
    """
    for number in range(count):
        true_us = WALL_US + number * INTERVAL_US
        came_us = true_us + DELAY_US + JITTER_US[number % len(JITTER_US)]
        error_us = camera_error_us(number)
        yield Arrival(
            pts_us=number * INTERVAL_US,
            arrived_us=came_us + worker_error_us(number),
            monotonic_us=came_us - WALL_US,
            is_key=number % GOP == 0,
            camera_us=None if error_us is None else true_us + error_us,
            is_report=error_us is not None and number % report_every == 0,
        )


def read(packets: Iterator[Arrival], counters: Counters | None = None) -> list[Reading]:
    clock = CaptureClock(counters or Counters(), no_ntp)
    return [clock.observe(packet) for packet in packets]


def true_us(number: int) -> int:
    return WALL_US + number * INTERVAL_US


def sources(readings: list[Reading]) -> list[str]:
    return [reading.state.source + (" settling" if reading.state.settling else "") for reading in readings]


def test_settles_on_the_camera_where_it_tells_its_clock() -> None:
    readings = read(arrivals(100, lambda number: 0))
    assert sources(readings) == ["arrival settling"] * 25 + ["rtcp"] * 75
    assert [reading.captured_at_us for reading in readings[25:]] == [true_us(number) for number in range(25, 100)]
    assert readings[-1].state.camera_offset_us == -DELAY_US
    assert DELAY_US < readings[-1].state.uncertainty_us < DELAY_US + 2_000


def test_waits_for_a_first_report_that_comes_late() -> None:
    readings = read(arrivals(100, lambda number: None if number < 56 else 0))
    assert sources(readings) == ["arrival settling"] * 56 + ["rtcp"] * 44
    assert readings[60].captured_at_us == true_us(60)


def test_settles_on_the_arrival_where_no_report_ever_comes() -> None:
    readings = read(arrivals(400))
    assert sources(readings)[299:302] == ["arrival settling", "arrival", "arrival"]
    assert readings[-1].captured_at_us == true_us(399) + DELAY_US
    assert readings[-1].state == ClockState("arrival", 300_000, settling=False)


def test_a_report_after_settling_on_arrival_only_tells_the_offset() -> None:
    readings = read(arrivals(500, lambda number: None if number < 400 else 5_000))
    assert set(sources(readings[301:])) == {"arrival"}
    assert readings[-1].state.camera_offset_us == 5_000 - DELAY_US


@pytest.mark.parametrize("error_us", [40 * SECOND_US, -40 * SECOND_US])
def test_disbelieves_a_camera_whose_clock_is_40_s_wrong(error_us: int) -> None:
    counters = Counters()
    readings = read(arrivals(200, lambda number: error_us), counters)
    assert set(sources(readings[25:])) == {"arrival"}
    assert readings[-1].captured_at_us == true_us(199) + DELAY_US
    assert readings[-1].state.camera_offset_us == error_us - DELAY_US
    assert counters.count("clock_disbelieved") == 1
    assert readings[-1].state.uncertainty_us == abs(error_us - DELAY_US)  # nobody keeps the worker's clock either


def test_is_sure_of_itself_against_a_wrong_camera_where_ntp_keeps_the_worker() -> None:
    clock = CaptureClock(Counters(), lambda monotonic_us: (-2_000, 1_000_000))
    state = [clock.observe(packet).state for packet in arrivals(200, lambda number: 40 * SECOND_US)][-1]
    assert (state.uncertainty_us, state.ntp_offset_us, state.ntp_offset_age_us) == (300_000, -2_000, 1_000_000)


def test_a_step_that_the_next_report_confirms_silences_one_gop() -> None:
    counters = Counters()
    readings = read(arrivals(400, lambda number: 0 if number < 220 else 300_000), counters)
    # told at 220, confirmed at 250, a key frame: silent until the key frame at 300
    assert sources(readings[219:301]) == ["rtcp"] * 31 + ["rtcp settling"] * 50 + ["rtcp"]
    assert readings[249].captured_at_us == true_us(249)
    assert readings[249].state.uncertainty_us > 300_000
    assert readings[250].captured_at_us == true_us(250) + 300_000
    assert counters.count("clock_steps", "camera") == 1


def test_one_report_that_is_off_is_no_step() -> None:
    """A busy camera pairs clock and frame badly once: 0.3 s late at 250, right again at 375."""
    counters = Counters()
    readings = read(arrivals(500, lambda number: 300_000 if 250 <= number < 375 else 0), counters)
    assert set(sources(readings[25:])) == {"rtcp"}
    assert [reading.captured_at_us for reading in readings[25:]] == [true_us(number) for number in range(25, 500)]
    assert readings[300].state.uncertainty_us > 300_000 > readings[400].state.uncertainty_us
    assert counters.count("clock_steps", "camera") == 0


def test_a_step_in_mid_gop_silences_up_to_the_key_frame_that_is_a_whole_gop_later() -> None:
    readings = read(arrivals(400, lambda number: 0 if number < 210 else 300_000, report_every=220))
    assert sources(readings[219:301]) == ["rtcp"] + ["rtcp settling"] * 80 + ["rtcp"]


def test_a_step_to_40_s_wrong_changes_to_the_arrival() -> None:
    readings = read(arrivals(400, lambda number: 0 if number < 200 else 40 * SECOND_US))
    assert sources(readings[199:251]) == ["rtcp"] + ["arrival settling"] * 50 + ["arrival"]
    assert readings[300].captured_at_us == true_us(300) + DELAY_US


def test_a_slow_camera_that_pairs_now_with_its_last_frame_makes_no_step() -> None:
    """6 frames a second, a report every 5 s that is up to one frame late: a saw-tooth, as a real server showed."""
    counters = Counters()
    clock = CaptureClock(counters, no_ntp)
    readings = []
    for number in range(600):
        pts_us, report = number * 166_667, number // 30
        late_us = (report * 37_000) % 166_667
        came_us = pts_us + DELAY_US
        told_us = WALL_US + pts_us + late_us
        readings.append(
            clock.observe(
                Arrival(pts_us, WALL_US + came_us, came_us, number % 30 == 0, told_us, is_report=number % 30 == 0)
            )
        )
    assert set(sources(readings[30:])) == {"rtcp"}
    assert counters.count("clock_steps", "camera") == 0
    errors_us = [reading.captured_at_us - WALL_US - number * 166_667 for number, reading in enumerate(readings)]
    assert min(errors_us[30:]) >= 0 and max(errors_us[30:]) < 170_000


def test_a_step_of_a_camera_that_is_not_believed_silences_nothing() -> None:
    readings = read(arrivals(400, lambda number: (40 if number < 200 else 80) * SECOND_US))
    assert set(sources(readings[25:])) == {"arrival"}
    assert readings[-1].state.camera_offset_us == 80 * SECOND_US - DELAY_US


def test_a_small_change_is_slewed_and_never_goes_back() -> None:
    readings = read(arrivals(400, lambda number: 0 if number < 200 else -60_000))
    captured = [reading.captured_at_us for reading in readings[25:]]
    assert captured == sorted(set(captured))
    assert not any(reading.state.settling for reading in readings[25:])
    assert readings[-1].captured_at_us == true_us(399) - 60_000


def test_a_step_of_the_workers_own_clock_is_seen() -> None:
    counters = Counters()
    readings = read(arrivals(500, worker_error_us=lambda number: 0 if number < 400 else 5 * SECOND_US), counters)
    assert sources(readings[399:451]) == ["arrival"] + ["arrival settling"] * 50 + ["arrival"]
    assert readings[-1].captured_at_us == true_us(499) + DELAY_US + 5 * SECOND_US
    assert counters.count("clock_steps", "worker") == 1


def test_a_reset_of_stream_time_keeps_the_source_and_silences_one_gop() -> None:
    clock = CaptureClock(Counters(), no_ntp)
    for packet in arrivals(200, lambda number: 0):
        clock.observe(packet)
    clock.restart()
    readings = []
    for packet in arrivals(300, lambda number: 0):
        moved_us = packet.pts_us - 200 * INTERVAL_US
        if moved_us >= 0:
            shifted = Arrival(moved_us, packet.arrived_us, packet.monotonic_us, packet.is_key, packet.camera_us)
            readings.append(clock.observe(shifted))
    assert sources(readings) == ["rtcp settling"] * 50 + ["rtcp"] * 50
    assert readings[0].captured_at_us == true_us(200)


def test_packets_that_waited_at_the_start_do_not_make_the_camera_look_late() -> None:
    """Opening takes seconds; what came meanwhile is read in a burst, later than it arrived."""
    packets = []
    for packet in arrivals(200, lambda number: 0):
        late_us = max(0, 3 * SECOND_US - packet.pts_us)
        packets.append(
            Arrival(
                packet.pts_us,
                packet.arrived_us + late_us,
                packet.monotonic_us + late_us,
                packet.is_key,
                packet.camera_us,
                packet.is_report,
            )
        )
    readings = read(iter(packets))
    assert readings[-1].state.source == "rtcp"
    assert readings[-1].state.camera_offset_us == -DELAY_US


def test_the_report_ages_and_the_uncertainty_grows_with_it() -> None:
    def error_us(number: int) -> int | None:
        return 0

    young, *_, old = read(arrivals(2000, error_us, report_every=10**9))[30:]
    assert old.state.camera_offset_age_us is not None and young.state.camera_offset_age_us is not None
    aged_us = old.state.camera_offset_age_us - young.state.camera_offset_age_us
    assert abs(aged_us - 1969 * INTERVAL_US) < 50_000
    assert old.state.uncertainty_us - young.state.uncertainty_us == pytest.approx(aged_us * 100e-6, abs=2)


def test_the_minimum_is_forgotten_after_two_buckets() -> None:
    fastest = MinimumFilter(bucket_us=100)
    assert [fastest.take(*sample) for sample in ((5, 0), (9, 50), (9, 100), (9, 199), (9, 200))] == [5, 5, 5, 5, 9]


def test_the_kernel_is_asked_now_and_then() -> None:
    answers = iter([-1500, None])
    ntp = KernelNtp(lambda: next(answers))
    assert [ntp(us) for us in (0, 9_999_999, 10_000_000, 10_000_001)] == [
        (-1500, 0),
        (-1500, 9_999_999),
        (None, None),
        (None, None),
    ]
