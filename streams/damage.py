"""Which frames may be damaged: one that the decoder flags, and every later one that may be drawn from it."""

from __future__ import annotations

from av.video.frame import VideoFrame

from streams.counters import Counters


class Damage:
    """A decoder flags the damaged frame only; those predicted from it look whole. So damage lasts until a key frame."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._is_tainted = False
        self._noted_pts: int | None = None

    def note(self, reason: str, pts: int | None) -> None:
        """Something on the way to the decoder was lost, or did not decode, at this time in ticks."""
        self._is_tainted = True
        if pts is not None:
            self._noted_pts = pts if self._noted_pts is None else max(self._noted_pts, pts)
        self._counters.add("packets_damaged", reason)

    def touches(self, picture: VideoFrame) -> bool:
        """Whether this frame, the next in presentation order, may be damaged."""
        if picture.key_frame and self._is_after_damage(picture):
            self._is_tainted, self._noted_pts = False, None
        if picture.is_corrupt:
            self._is_tainted = True
        if self._is_tainted:
            self._counters.add("frames_corrupt")
        return self._is_tainted

    def restart(self) -> None:
        """Times were set back with this frame: the next key frame ends the damage, whatever its time."""
        self._noted_pts = None

    def _is_after_damage(self, picture: VideoFrame) -> bool:
        """The decoder holds frames back: a key frame from before the damage must not end it."""
        return self._noted_pts is None or picture.pts is None or picture.pts > self._noted_pts
