"""When a station camera could see: up as long as frames are looked at, and what ailed it meanwhile.

Only what was observed is said to be up. Silence (no frames, a crash, a lost report) is never said to be anything:
the office takes it as a gap.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.domain.visits import CameraState, CoverageSpan

LONGEST_SILENCE_US = 2_000_000
"""Between two looks: a vehicle may have passed in a longer one, which is `down`."""
NOTICED_LATE_US = 15_000_000
"""An ailment is told so much earlier than it was noticed: the picture watch judges the median of seconds, twice."""
STATE_OF: dict[str, CameraState] = {
    "camera_dark": "dark", "camera_covered": "covered", "camera_defocused": "covered", "camera_moved": "moved",
    "camera_frozen": "down", "clock_off": "clock_off",
}  # fmt: skip
"""The office's word for each reason of `detector.suspension`."""


class CoverageLedger:
    """Keeps what is to be told of one camera's coverage."""

    def __init__(self) -> None:
        self._up: list[list[int]] = []
        self._ails: dict[CameraState, list[int]] = {}
        self._told: list[CoverageSpan] = []
        self._last_us: int | None = None

    def observe(self, now_us: int, reasons: Sequence[str]) -> None:
        """A frame was looked at, with the reasons why the camera might not claim."""
        if self._last_us is None or not 0 <= now_us - self._last_us <= LONGEST_SILENCE_US:
            if self._last_us is not None and now_us > self._last_us:
                self._told.append(CoverageSpan(state="down", since_us=self._last_us, until_us=now_us))
            self._up.append([now_us, now_us])
        elif not self._up:
            self._up.append([self._last_us, now_us])
        self._up[-1][1] = now_us
        self._last_us = now_us
        found = {STATE_OF.get(reason, "covered") for reason in reasons}
        for state in found:
            span = self._ails.setdefault(state, [max(0, now_us - NOTICED_LATE_US), now_us])
            span[1] = max(span[1], now_us)
        for state in [state for state in self._ails if state not in found]:
            since_us, until_us = self._ails.pop(state)
            self._told.append(CoverageSpan(state=state, since_us=since_us, until_us=max(until_us, now_us)))

    def busy(self, since_us: int, until_us: int) -> None:
        """A vehicle of that time was left unread for want of time."""
        self._told.append(CoverageSpan(state="reader_busy", since_us=since_us, until_us=until_us))

    def take(self, until_us: int) -> list[CoverageSpan]:
        """What can be told by now: up to that instant up, and every ailment so far; an ailment that lasts goes on."""
        spans, self._told = self._told, []
        kept = []
        for since_us, end_us in self._up:
            if since_us < min(end_us, until_us):
                spans.append(CoverageSpan(state="up", since_us=since_us, until_us=min(end_us, until_us)))
            if end_us > until_us:
                kept.append([max(since_us, until_us), end_us])
        self._up = kept
        for state, (since_us, end_us) in self._ails.items():
            spans.append(CoverageSpan(state=state, since_us=since_us, until_us=end_us))
            self._ails[state] = [end_us, end_us]
        return spans
