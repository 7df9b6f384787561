"""Which packets belong to a window of stream time. Pure; the same for a file and for the ring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise


def bounds(pts_us: Sequence[int], is_key: Sequence[int], from_us: int, to_us: int) -> tuple[int, int] | None:
    """First and one-past-last place of the window, in decoding order; None where no frame of it is there.

    Args:
        pts_us: stream time of every packet of one connection, in decoding order.
        is_key: beside it, whether the packet is a key frame.

    The window begins at the last key frame at or before `from_us`, or at the first one there is. It ends late enough
    that all frames up to `to_us`, and all before the latest frame that these need, are inside.
    """
    keys = [place for place, key in enumerate(is_key) if key]
    if not keys or not any(from_us <= own <= to_us for own in pts_us[keys[0] :]):
        return None
    early = [place for place in keys if pts_us[place] <= from_us]
    begin = max(early, key=lambda place: (pts_us[place], place)) if early else keys[0]
    inside = [place for place in range(begin, len(pts_us)) if pts_us[place] <= to_us]
    if not inside:
        return None
    end = inside[-1] + 1
    while True:
        latest_us = max(pts_us[begin:end])
        needed = [place for place in range(end, len(pts_us)) if pts_us[place] < latest_us]
        if not needed:
            return begin, end
        end = needed[-1] + 1


def usual_interval_us(pts_us: Iterable[int]) -> int:
    """Median distance of neighbours in presentation order; 0 with fewer than two frames."""
    shown = sorted(pts_us)
    steps = sorted(later - earlier for earlier, later in pairwise(shown))
    return steps[len(steps) // 2] if steps else 0
