"""From glimpses of a lamp head to its phases: which state, since when, and how well that is known.

A state begins with the first of two glimpses that agree; its onset is known only where the state before it was seen
shortly before. It holds through short gaps (a bus before the lamp) and ends as "unknown" in longer ones. A lamp that
flashes, or stays red beyond all measure, is "unknown": nothing is claimed by it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from detector.vision.signals import Glimpse
from models.domain.scene import SignalReading, SignalState

CONFIRM_GLIMPSES = 2
HOLD_US = 600_000
"""A state outlives a gap in its glimpses of this length."""
SAME_RED_US = 2_000_000
"""Red before and after a gap no longer than this is one red: no green fits into it."""
ONSET_GAP_US = 700_000
"""An onset is known where the state before it was seen no longer ago than this."""
DARK_US = 250_000
"""Dark for longer is off; a single dark frame is the beat of an LED lamp with the shutter."""
DARK_SHARE = 0.25
FLASH_WINDOW_US = 12_000_000
FLASH_ONSETS = 3
STUCK_US = 300_000_000
BELIEVED_US = 2_000_000
"""A colour whose onset was not seen is believed once it has lasted so long: a red car behind a dark head passes."""
CHROMATIC: tuple[SignalState, ...] = ("red", "amber", "green")


@dataclass(slots=True)
class Phase:
    """One state of one head, from frame to frame."""

    state: SignalState
    frame_from: int
    frame_to: int
    held_since_us: int
    onset_us: int | None
    uncertainty_us: int
    amber_us: int | None = None


@dataclass(slots=True)
class _Candidate:
    state: SignalState
    frame_from: int
    first_us: int
    count: int = 1


@dataclass(slots=True)
class PhaseReader:
    """Follows one lamp head."""

    signal_id: str
    phases: deque[Phase] = field(default_factory=lambda: deque(maxlen=4))
    finished: list[Phase] = field(default_factory=list)
    """Phases that are over, in order, until somebody takes them out (`drain`)."""
    _candidate: _Candidate | None = None
    _seen_us: int = 0
    _seen_frame: int = -1
    _dark_since_us: int | None = None
    _lit_strength: float = 0.0
    _red_onsets: deque[int] = field(default_factory=lambda: deque(maxlen=FLASH_ONSETS))

    def observe(self, glimpse: Glimpse, frame_index: int, pts_us: int, interval_us: int) -> SignalReading:
        """Takes the next glimpse and says what the head shows, as far as it is known now."""
        raw = self._with_darkness(glimpse, pts_us)
        current = self.phases[-1] if self.phases else None
        if raw in CHROMATIC:
            self._take(raw, frame_index, pts_us, interval_us, current)
        elif current is not None and current.state in CHROMATIC:
            is_dark = raw == "off"
            if is_dark or pts_us - self._seen_us > HOLD_US:
                self._candidate = None
                self._begin(raw, self._seen_frame + 1, pts_us, None, 0)
        if not self.phases:
            self._begin("unknown", frame_index, pts_us, None, 0)
        self.phases[-1].frame_to = frame_index
        return self._reading(raw, pts_us)

    def _take(self, raw: SignalState, frame_index: int, pts_us: int, interval_us: int, current: Phase | None) -> None:
        if current is not None and current.state == raw:
            self._candidate = None
            self._seen_us, self._seen_frame = pts_us, frame_index
            return
        if self._candidate is None or self._candidate.state != raw:
            self._candidate = _Candidate(raw, frame_index, pts_us)
        else:
            self._candidate.count += 1
        if self._candidate.count >= CONFIRM_GLIMPSES:
            self._confirm(self._candidate, interval_us, current)
            self._candidate = None
            self._seen_us, self._seen_frame = pts_us, frame_index

    def _confirm(self, candidate: _Candidate, interval_us: int, current: Phase | None) -> None:
        previous = self._last_chromatic()
        gap_us = candidate.first_us - self._seen_us
        if previous is not None and previous.state == candidate.state == "red" and gap_us <= SAME_RED_US:
            self._begin("red", candidate.frame_from, previous.held_since_us, previous.onset_us, previous.uncertainty_us)
            self.phases[-1].amber_us = previous.amber_us
            return
        is_seen = previous is not None and previous.state != candidate.state and gap_us <= ONSET_GAP_US
        onset_us = candidate.first_us if is_seen else None
        uncertainty_us = max(gap_us, interval_us) if is_seen else interval_us
        self._begin(candidate.state, candidate.frame_from, candidate.first_us, onset_us, uncertainty_us)
        if candidate.state == "red":
            self._red_onsets.append(candidate.first_us)
            if is_seen and previous is not None and previous.state == "amber" and previous.onset_us is not None:
                self.phases[-1].amber_us = candidate.first_us - previous.onset_us

    def _begin(
        self, state: SignalState, frame_index: int, held_us: int, onset_us: int | None, uncertainty_us: int
    ) -> None:
        if self.phases and frame_index <= self.phases[-1].frame_from:
            self.phases.pop()
        elif self.phases:
            self._finish(self.phases[-1], frame_index - 1, state)
        self.phases.append(Phase(state, frame_index, frame_index, held_us, onset_us, uncertainty_us))

    def _finish(self, phase: Phase, frame_to: int, next_state: SignalState) -> None:
        phase.frame_to = frame_to
        is_believed = phase.onset_us is not None or self._seen_us - phase.held_since_us >= BELIEVED_US
        if phase.state in CHROMATIC and next_state not in CHROMATIC and not is_believed:
            phase.state = "unknown"
        self.finished.append(phase)

    def drain(self) -> list[Phase]:
        """The phases that ended since the last call."""
        finished, self.finished = self.finished, []
        return finished

    def _last_chromatic(self) -> Phase | None:
        return next((phase for phase in reversed(self.phases) if phase.state in CHROMATIC), None)

    def _with_darkness(self, glimpse: Glimpse, pts_us: int) -> SignalState:
        """Unknown, or off where a head that was seen lit is now dark for longer than a shutter beat."""
        if glimpse.state != "unknown":
            self._lit_strength = max(glimpse.strength, 0.95 * self._lit_strength)
            self._dark_since_us = None
            return glimpse.state
        if glimpse.strength > DARK_SHARE * self._lit_strength or self._lit_strength == 0.0:
            self._dark_since_us = None
            return "unknown"
        if self._dark_since_us is None:
            self._dark_since_us = pts_us
        return "off" if pts_us - self._dark_since_us >= DARK_US else "unknown"

    def _reading(self, raw: SignalState, pts_us: int) -> SignalReading:
        phase = self.phases[-1]
        state = phase.state
        lasted_us = pts_us - phase.held_since_us
        if state in CHROMATIC and phase.onset_us is None and lasted_us < BELIEVED_US:
            state = "unknown"
        if state == "red" and (self._is_flashing(pts_us) or lasted_us > STUCK_US):
            state = "unknown"
        return SignalReading(
            self.signal_id, state, phase.held_since_us, phase.onset_us, phase.uncertainty_us, phase.amber_us, raw
        )

    def _is_flashing(self, pts_us: int) -> bool:
        return len(self._red_onsets) == FLASH_ONSETS and pts_us - self._red_onsets[0] <= FLASH_WINDOW_US
