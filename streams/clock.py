"""When was this frame taken? The camera's own clock where RTCP tells it and it can be believed, else the arrival. Pure.

1. Every packet's delay (arrival − stream time) goes into a minimum filter: the fastest packet tells best how stream
   time lies to the worker's clock. That is the capture time by *arrival*; it is late by the unknown latency.
2. RTCP sender reports give the camera's wall clock for a stream time. Where it agrees with (1) within `believe_us`, it
   is the capture time by *rtcp*. Where it does not (a camera 40 s wrong), the camera is disbelieved: the capture time
   stays the arrival's, and the offset is told beside it.
3. The source is settled once per connection: at the first report after the filter has had time, or on arrival after
   `wait_for_report_us`. Only a step that makes the camera unbelievable changes it from rtcp to arrival.
4. A change of more than 0.1 s (of a slow camera: 1.5 frames) is a step: the state is `settling` for one GOP. A smaller
   one is slewed, so that capture times never go back. A single report that is up to 1 s off is no step yet, for busy
   cameras pair clock and frames badly now and then: it widens the uncertainty, and the next report confirms or
   refutes it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from models.domain.frame import ClockSource, ClockState
from streams.counters import Counters
from streams.windowing import usual_interval_us

NtpOffset = Callable[[int], tuple[int | None, int | None]]
"""Monotonic µs → (worker minus NTP in µs, age in µs), both None where unknown."""

STEP_US = 100_000
_RECENT = 16
_SLEW_DIVISOR = 20
"""A slewed change takes at most a twentieth of the stream time that passes."""
_SAME_REPORT_US = 1_000
"""FFmpeg reckons every packet's wall clock from the last report: within this it is still the same one."""
_DRIFT_PPM = 100
"""Two quartz clocks part by less than this."""


@dataclass(frozen=True, slots=True)
class ClockLimits:
    """`arrival_latency_us`: the latency of camera and network that an arrival cannot show."""

    believe_us: int = 1_000_000
    filter_needs_us: int = 1_000_000
    wait_for_report_us: int = 12_000_000
    arrival_latency_us: int = 300_000
    filter_bucket_us: int = 30_000_000
    longest_silence_us: int = 30_000_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """One packet as it came in.

    Attributes:
        pts_us: stream time.
        arrived_us: the worker's wall clock, µs since 1970 UTC.
        monotonic_us: the worker's monotonic clock at the same instant.
        camera_us: the camera's wall clock for `pts_us`, where a sender report was had.
        is_report: a sender report came just before this packet.
    """

    pts_us: int
    arrived_us: int
    monotonic_us: int
    is_key: bool
    camera_us: int | None = None
    is_report: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """Capture time, µs since 1970 UTC, and how well it is known."""

    captured_at_us: int
    state: ClockState


class MinimumFilter:
    """The smallest delay of the last one to two buckets of time."""

    def __init__(self, bucket_us: int) -> None:
        self._bucket_us = bucket_us
        self._begun_us: int | None = None
        self._now: int | None = None
        self._before: int | None = None

    def take(self, delay_us: int, monotonic_us: int) -> int:
        if self._begun_us is None or monotonic_us - self._begun_us >= self._bucket_us:
            self._begun_us, self._before, self._now = monotonic_us, self._now, None
        self._now = delay_us if self._now is None else min(self._now, delay_us)
        return self._now if self._before is None else min(self._now, self._before)


class Silence:
    """One GOP of it: from a step until the first key frame that is a whole GOP later."""

    def __init__(self, longest_us: int) -> None:
        self._longest_us = longest_us
        self._since_us: int | None = None
        self._last_key_us: int | None = None
        self._gop_us: int | None = None

    def restart(self) -> None:
        """Stream time begins anew; the length of a GOP is still known."""
        self._since_us = self._last_key_us = None

    def begin(self, pts_us: int) -> None:
        self._since_us = pts_us

    def take(self, pts_us: int, is_key: bool) -> bool:
        """Whether it lasts at this packet."""
        if is_key:
            if self._last_key_us is not None and pts_us > self._last_key_us:
                self._gop_us = pts_us - self._last_key_us
            self._last_key_us = pts_us
        if self._since_us is None:
            return False
        passed_us = pts_us - self._since_us
        is_over = is_key and self._gop_us is not None and 0 < self._gop_us <= passed_us
        if is_over or passed_us > self._longest_us:
            self._since_us = None
        return self._since_us is not None


class CaptureClock:
    """One for each opened camera; `connect` at each connection, `restart` at a reset of stream time within one."""

    def __init__(self, counters: Counters, ntp: NtpOffset, limits: ClockLimits | None = None) -> None:
        self._counters = counters
        self._ntp = ntp
        self._limits = limits or ClockLimits()
        self.connect()

    def connect(self) -> None:
        """A new connection: nothing is settled."""
        self._source: ClockSource | None = None
        self._first_monotonic_us: int | None = None
        self._wall_less_monotonic_us: int | None = None
        self._silence = Silence(self._limits.longest_silence_us)
        self._report_us: int | None = None
        self._begin_stream_time()

    def restart(self) -> None:
        """Stream time was reset within the connection: the source stays, one GOP is silent."""
        self._silence.restart()
        self._begin_stream_time()
        self._silence.begin(0)

    def _begin_stream_time(self) -> None:
        self._filter = MinimumFilter(self._limits.filter_bucket_us)
        self._camera_less_pts_us: int | None = None
        self._told_us: int | None = None
        self._doubt_us: int | None = None
        self._base_us: int | None = None
        self._last_pts_us: int | None = None
        self._recent_us: deque[int] = deque(maxlen=_RECENT)

    def observe(self, arrival: Arrival) -> Reading:
        """Takes one packet, in the order of arrival, and tells when its frame was taken."""
        self._notice_own_step(arrival)
        fastest_us = self._filter.take(arrival.arrived_us - arrival.pts_us, arrival.monotonic_us)
        self._take_report(arrival)
        offset_us = None if self._camera_less_pts_us is None else self._camera_less_pts_us - fastest_us
        self._settle(arrival, offset_us)
        by_camera = self._source == "rtcp" and self._camera_less_pts_us is not None
        wanted_us = self._camera_less_pts_us if by_camera and self._camera_less_pts_us is not None else fastest_us
        self._move_base(wanted_us, arrival.pts_us)
        assert self._base_us is not None
        is_silent = self._silence.take(arrival.pts_us, arrival.is_key)
        state = self._state(arrival, offset_us, is_silent or self._source is None)
        return Reading(arrival.pts_us + self._base_us, state)

    def _notice_own_step(self, arrival: Arrival) -> None:
        """The worker's own clock was set: the delays of before mean nothing any more."""
        difference_us = arrival.arrived_us - arrival.monotonic_us
        if self._wall_less_monotonic_us is not None and abs(difference_us - self._wall_less_monotonic_us) > STEP_US:
            self._counters.add("clock_steps", "worker")
            self._filter = MinimumFilter(self._limits.filter_bucket_us)
            self._silence.begin(arrival.pts_us)
        self._wall_less_monotonic_us = difference_us

    def _take_report(self, arrival: Arrival) -> None:
        if arrival.camera_us is None:
            return
        told_us = arrival.camera_us - arrival.pts_us
        is_new = arrival.is_report or self._told_us is None or abs(told_us - self._told_us) > _SAME_REPORT_US
        self._told_us = told_us
        if is_new:
            self._report_us = arrival.monotonic_us
        held_us = self._camera_less_pts_us
        if self._source is None or held_us is None or abs(told_us - held_us) <= self._step_us():
            self._camera_less_pts_us, self._doubt_us = told_us, None
        elif abs(told_us - held_us) > self._limits.believe_us or (is_new and self._confirms(told_us)):
            self._camera_less_pts_us, self._doubt_us = told_us, None
            self._counters.add("clock_steps", "camera")
            if self._source == "rtcp":
                self._silence.begin(arrival.pts_us)
        elif is_new:
            self._doubt_us = told_us

    def _confirms(self, told_us: int) -> bool:
        return self._doubt_us is not None and abs(told_us - self._doubt_us) <= self._step_us()

    def _step_us(self) -> int:
        """A tenth of a second, or one and a half frames of a slow camera: many pair "now" with the last frame sent."""
        return max(STEP_US, usual_interval_us(self._recent_us) * 3 // 2)

    def _settle(self, arrival: Arrival, offset_us: int | None) -> None:
        if self._first_monotonic_us is None:
            self._first_monotonic_us = arrival.monotonic_us
        passed_us = arrival.monotonic_us - self._first_monotonic_us
        is_believable = offset_us is not None and abs(offset_us) <= self._limits.believe_us
        if self._source == "rtcp" and offset_us is not None and not is_believable:
            self._counters.add("clock_disbelieved")
            self._source = "arrival"
            self._silence.begin(arrival.pts_us)
        elif self._source is None and offset_us is not None and passed_us >= self._limits.filter_needs_us:
            self._source = "rtcp" if is_believable else "arrival"
            self._base_us = None
            self._counters.add("clock_settled", self._source)
            if not is_believable:
                self._counters.add("clock_disbelieved")
        elif self._source is None and passed_us >= self._limits.wait_for_report_us:
            self._source = "arrival"
            self._counters.add("clock_settled", "arrival")

    def _move_base(self, wanted_us: int, pts_us: int) -> None:
        if self._base_us is None or self._source is None or self._last_pts_us is None:
            self._base_us = wanted_us
        elif abs(wanted_us - self._base_us) > self._step_us():
            self._base_us = wanted_us
            self._silence.begin(pts_us)
        else:
            most_us = max(0, pts_us - self._last_pts_us) // _SLEW_DIVISOR
            self._base_us += max(-most_us, min(most_us, wanted_us - self._base_us))
        self._recent_us.append(pts_us)
        self._last_pts_us = max(pts_us, self._last_pts_us or pts_us)

    def _state(self, arrival: Arrival, offset_us: int | None, is_settling: bool) -> ClockState:
        ntp_offset_us, ntp_age_us = self._ntp(arrival.monotonic_us)
        age_us = None if self._report_us is None else arrival.monotonic_us - self._report_us
        if self._source == "rtcp" and offset_us is not None and age_us is not None:
            uncertainty_us = 1_000 + abs(offset_us) + age_us * _DRIFT_PPM // 1_000_000
            if self._doubt_us is not None and self._camera_less_pts_us is not None:
                uncertainty_us += abs(self._doubt_us - self._camera_less_pts_us)
        else:
            uncertainty_us = self._limits.arrival_latency_us
            if ntp_offset_us is None and offset_us is not None:
                uncertainty_us = max(uncertainty_us, abs(offset_us))
        return ClockState(
            source=self._source or "arrival",
            uncertainty_us=uncertainty_us,
            settling=is_settling,
            camera_offset_us=offset_us,
            camera_offset_age_us=None if offset_us is None else age_us,
            ntp_offset_us=ntp_offset_us,
            ntp_offset_age_us=ntp_age_us,
        )
