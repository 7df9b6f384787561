"""The log's tree in the database: nodes by level, read and added to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from models.tables import LogEntryRow, LogNodeRow
from models.verify.merkle import Node, Range, append_nodes, nodes_of, range_hash


def log_size(session: Session) -> int:
    """How many entries have a number."""
    last = session.scalar(select(func.max(LogEntryRow.number)))
    return 0 if last is None else last + 1


class NodeCache:
    """Nodes of one log within one transaction: asked for together, kept until it ends."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[Node, bytes] = {}

    def fetch(self, nodes: Iterable[Node]) -> None:
        """Reads these nodes in one query."""
        wanted = [node for node in dict.fromkeys(nodes) if node not in self._known]
        if not wanted:
            return
        places: dict[int, list[int]] = {}
        for level, place in wanted:
            places.setdefault(level, []).append(place)
        parts = [f"level = {level:d} AND place IN ({_listed(at)})" for level, at in sorted(places.items())]
        query = f"SELECT level, place, hash FROM log_nodes WHERE {' OR '.join(parts)}"  # noqa: S608 - whole numbers only
        found = self._session.connection().exec_driver_sql(query)
        self._known |= {(level, place): bytes(digest) for level, place, digest in found}

    def read(self, level: int, place: int) -> bytes:
        """One node.

        Raises:
            KeyError: the tree has no such node: somebody has removed it.
        """
        if (level, place) not in self._known:
            self.fetch([(level, place)])
        return self._known[level, place]

    def append(self, size: int, hashes: Sequence[bytes]) -> None:
        """Adds leaves to the tree of this size."""
        edge = [(level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1]
        self.fetch(edge)
        gained = append_nodes(size, hashes, self.read)
        self._known |= {(level, place): digest for level, place, digest in gained}
        rows = [{"level": level, "place": place, "hash": digest} for level, place, digest in gained]
        self._session.execute(insert(LogNodeRow), rows)

    def root(self, size: int) -> bytes:
        return self.hashes([(0, size)])[0]

    def hashes(self, ranges: Sequence[Range]) -> list[bytes]:
        """The hash of each range."""
        self.fetch(node for part in ranges for node in nodes_of(part))
        return [range_hash(part, self.read) for part in ranges]


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(f"{number:d}" for number in numbers)
