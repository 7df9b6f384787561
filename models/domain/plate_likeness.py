"""When two plates may be the same one, read or typed badly. Made to doubt: it says yes more often than it must."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime, timedelta

from models.domain.audits import Span

LOOK_ALIKES = ("0DOQ", "17IT", "2Z", "4AL", "5S", "6CG", "8B", "UV", "MN", "EF", "KX")
_FOLD = str.maketrans({each: group[0] for group in LOOK_ALIKES for each in group})


def folded(plate: str) -> str:
    """The plate with look-alike characters made the same."""
    return plate.translate(_FOLD)


def likeness_keys(plate: str) -> Iterator[str]:
    """Two plates share a key if, look-alikes aside, at most one character was changed, put in or left out.

    Some that differ by two share one as well, such as those with two neighbours swapped.
    """
    text = folded(plate)
    yield text
    for place in range(len(text)):
        yield f"{text[:place]}{text[place + 1 :]}"


def is_like(plate: str, other: str) -> bool:
    """Whether they may be the same plate."""
    return not set(likeness_keys(plate)).isdisjoint(likeness_keys(other))


class SpansByKey:
    """Spans under keys, to be asked which overlap a window. Fill it first, then ask."""

    def __init__(self) -> None:
        self._spans: dict[str, list[Span]] = {}
        self._longest = timedelta(0)
        self._is_sorted = True

    def add(self, key: str, span: Span) -> None:
        self._spans.setdefault(key, []).append(span)
        self._longest = max(self._longest, span.until - span.since)
        self._is_sorted = False

    def overlapping(self, key: str, window: Span) -> Iterator[Span]:
        """In the order in which they begin."""
        self._sort()
        spans = self._spans.get(key, [])
        for place in range(bisect_left(spans, window.since - self._longest, key=_since), len(spans)):
            if spans[place].since > window.until:
                return
            if spans[place].until >= window.since:
                yield spans[place]

    def has(self, key: str, window: Span) -> bool:
        return next(self.overlapping(key, window), None) is not None

    def last_before(self, key: str, window: Span) -> Span | None:
        """The last one that ended before the window."""
        self._sort()
        found = [span for span in self._spans.get(key, ()) if span.until < window.since]
        return found[-1] if found else None

    def first_after(self, key: str, window: Span) -> Span | None:
        """The first one that began after the window."""
        self._sort()
        return next((span for span in self._spans.get(key, ()) if span.since > window.until), None)

    def _sort(self) -> None:
        if not self._is_sorted:
            for spans in self._spans.values():
                spans.sort()
            self._is_sorted = True


class LikePlates:
    """Spans of plates, to be asked for those of a plate that may be the same."""

    def __init__(self) -> None:
        self._spans = SpansByKey()

    def add(self, plate: str, span: Span) -> None:
        for key in likeness_keys(plate):
            self._spans.add(key, span)

    def has(self, plate: str, window: Span) -> bool:
        return any(self._spans.has(key, window) for key in likeness_keys(plate))


def _since(span: Span) -> datetime:
    return span.since
