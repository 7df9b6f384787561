"""Counts of what was read, and of what was not and why. Exported to counters.json and /metrics."""

from __future__ import annotations

import threading


class Counters:
    """A small thread-safe ledger: name and reason → count. Reasons are words from the code, never from a stream."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, name: str, reason: str = "", by: int = 1) -> None:
        """Counts one more (or `by` more)."""
        with self._lock:
            key = (name, reason)
            self._counts[key] = self._counts.get(key, 0) + by

    def put(self, name: str, value: int, reason: str = "") -> None:
        """States a size that may also shrink, such as the ring's bytes."""
        with self._lock:
            self._counts[(name, reason)] = value

    def count(self, name: str, reason: str = "") -> int:
        """The count so far; 0 where nothing was counted."""
        with self._lock:
            return self._counts.get((name, reason), 0)

    def as_dict(self) -> dict[str, int | dict[str, int]]:
        """Sorted, for counters.json: name → count, or name → {reason: count} where reasons were given."""
        told: dict[str, dict[str, int]] = {}
        for name, reason, count in self.rows():
            told.setdefault(name, {})[reason] = count
        return {name: reasons[""] if list(reasons) == [""] else reasons for name, reasons in told.items()}

    def rows(self) -> list[tuple[str, str, int]]:
        """(name, reason, count), sorted, for /metrics."""
        with self._lock:
            return sorted((name, reason, count) for (name, reason), count in self._counts.items())
