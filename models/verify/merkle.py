"""Merkle trees as RFC 6962 hashes them: which nodes a proof needs, and what a proof leads to.

A node is (level, index): level 0 holds the leaves' hashes, and node (l, i) covers the leaves i·2^l … (i+1)·2^l − 1.
Only whole nodes are ever stored; the ragged right edge is folded anew each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from models.verify.errors import LogForkedError, NotInLogError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
Node = tuple[int, int]
"""(level, index)"""
Range = tuple[int, int]
"""Leaves from, to (exclusive)."""
ReadNode = Callable[[int, int], bytes]


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def nodes_of(leaves: Range) -> list[Node]:
    """The whole nodes that a range is made of, from left to right. The range must begin where its first node does."""
    start, end = leaves
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def range_hash(leaves: Range, read: ReadNode) -> bytes:
    """The hash of a range that begins where its first node does; of all leaves: the root."""
    parts = [read(level, index) for level, index in nodes_of(leaves)]
    if not parts:
        return EMPTY_ROOT
    folded = parts.pop()
    while parts:
        folded = node_hash(parts.pop(), folded)
    return folded


def append_nodes(size: int, hashes: Sequence[bytes], read: ReadNode) -> list[tuple[int, int, bytes]]:
    """The whole nodes (level, index, hash) that a tree of `size` gains with these leaves. `read` is asked for at most
    one older node a level."""
    gained, level, start, row = [], 0, size, list(hashes)
    while row:
        gained += [(level, start + at, each) for at, each in enumerate(row)]
        if start & 1:
            start -= 1
            row.insert(0, read(level, start))
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
        level, start = level + 1, start >> 1
    return gained


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose hashes prove that leaf `index` is one of `size`, from the leaf upwards (RFC 6962 2.1.1)."""
    start, end, ranges = 0, size, []
    while end - start > 1:
        half = _left_width(end - start)
        if index < start + half:
            ranges.append((start + half, end))
            end = start + half
        else:
            ranges.append((start, start + half))
            start += half
    return ranges[::-1]


def consistency_ranges(old_size: int, size: int) -> list[Range]:
    """The ranges whose hashes prove that a tree of `size` begins with one of `old_size` (RFC 6962 2.1.2)."""
    if not 0 < old_size < size:
        return []
    start, end, ranges, is_whole = 0, size, [], True
    while old_size != end:
        half = start + _left_width(end - start)
        if old_size <= half:
            ranges.append((half, end))
            end = half
        else:
            ranges.append((start, half))
            start, is_whole = half, False
    return ([] if is_whole else [(start, end)]) + ranges[::-1]


def check_inclusion(what: str, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Returns when the leaf is the one at `index` of the tree with this root (RFC 9162 2.1.3.2).

    Raises:
        NotInLogError
    """
    if not 0 <= index < size:
        raise NotInLogError(f"{what}: got entry {index} of a log of {size}, expected one below its size")
    node, last, folded = index, size - 1, leaf_hash(leaf)
    for sibling in proof:
        if last == 0:
            raise NotInLogError(f"{what}: got a proof of {len(proof)} hashes, expected fewer")
        if node & 1 or node == last:
            folded = node_hash(sibling, folded)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            folded = node_hash(folded, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or folded != root:
        raise NotInLogError(f"{what}: got root {folded.hex()[:16]}… from its proof, expected {root.hex()[:16]}…")


def check_consistency(
    what: str, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Returns when the later tree begins with the older one (RFC 9162 2.1.4.2).

    Raises:
        LogForkedError
    """
    if old_size > size:
        raise LogForkedError(f"{what}: got a log of {size} entries after one of {old_size}, expected no fewer")
    if old_size in (0, size):
        expected_root = EMPTY_ROOT if old_size == 0 else root
        if proof or old_root != expected_root:
            raise LogForkedError(f"{what}: got two roots or a proof for {old_size} entries, expected one root")
        return
    if not proof:
        raise LogForkedError(f"{what}: got no proof from {old_size} to {size} entries, expected one")
    found = _folded_both(what, old_size, size, proof, old_root)
    for name, got, expected in (("old", found[0], old_root), ("new", found[1], root)):
        if got != expected:
            raise LogForkedError(
                f"{what}: got {name} root {got.hex()[:16]}… from the proof, expected {expected.hex()[:16]}…"
            )


def _folded_both(what: str, old_size: int, size: int, proof: Sequence[bytes], old_root: bytes) -> tuple[bytes, bytes]:
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for each in path[1:]:
        if last == 0:
            raise LogForkedError(f"{what}: got a proof of {len(proof)} hashes, expected fewer")
        if node & 1 or node == last:
            old, new = node_hash(each, old), node_hash(each, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, each)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise LogForkedError(f"{what}: got a proof of {len(proof)} hashes, expected more")
    return old, new


def _left_width(width: int) -> int:
    """The largest power of two below the width."""
    return 1 << ((width - 1).bit_length() - 1)
