"""When a camera could see: the time it is said to be up, less every ailment. Silence is no coverage."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from models.domain.audits import Span


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, those that touch made one; empty ones left out."""
    found: list[Span] = []
    for span in sorted(spans):
        if span.until <= span.since:
            continue
        if found and span.since <= found[-1].until:
            found[-1] = Span(found[-1].since, max(found[-1].until, span.until))
        else:
            found.append(span)
    return found


def without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of the spans outside of the holes."""
    left, cut = [], merged(holes)
    ends = [hole.until for hole in cut]
    for span in merged(spans):
        begin = span.since
        for place in range(bisect_right(ends, span.since), len(cut)):
            if cut[place].since >= span.until:
                break
            left.append(Span(begin, max(begin, cut[place].since)))
            begin = max(begin, cut[place].until)
        left.append(Span(begin, max(begin, span.until)))
    return merged(left)


class Coverage:
    """The time in which something could be seen."""

    def __init__(self, up: Iterable[Span], ailing: Iterable[Span] = ()) -> None:
        self.spans: Sequence[Span] = without(up, ailing)
        self._begins = [span.since for span in self.spans]

    def covers(self, window: Span) -> bool:
        """Whether the whole window is covered, without any gap."""
        place = bisect_right(self._begins, window.since) - 1
        return place >= 0 and self.spans[place].until >= window.until

    def gaps(self, window: Span) -> list[Span]:
        """What of the window is not covered."""
        first = max(0, bisect_right(self._begins, window.since) - 1)
        inside = []
        for place in range(first, len(self.spans)):
            if self.spans[place].since > window.until:
                break
            inside.append(self.spans[place])
        return without([window], inside)

    def longest_gap(self, window: Span) -> timedelta:
        return max((gap.until - gap.since for gap in self.gaps(window)), default=timedelta(0))

    def share(self, window: Span) -> float:
        """How much of the window is covered, 0 to 1."""
        length = window.until - window.since
        missing = sum((gap.until - gap.since for gap in self.gaps(window)), timedelta(0))
        return 0.0 if length <= timedelta(0) else 1.0 - missing / length

    def last_until(self) -> datetime | None:
        return self.spans[-1].until if self.spans else None
