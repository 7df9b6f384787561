"""The tree against a library that others keep (pymerkle), and against whoever bends a proof."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from models.verify.errors import LogForkedError, NotInLogError
from models.verify.merkle import (
    EMPTY_ROOT,
    check_consistency,
    check_inclusion,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    range_hash,
)

SIZES = st.integers(1, 70)


class Tree:
    """Every whole node of a tree, by level, kept in memory."""

    def __init__(self, size: int, name: str = "leaf") -> None:
        self.leaves = [f"{name} {number}".encode() for number in range(size)]
        self._levels = [[leaf_hash(leaf) for leaf in self.leaves]]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            self._levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])

    def read(self, level: int, index: int) -> bytes:
        return self._levels[level][index]

    def root(self, size: int) -> bytes:
        return range_hash((0, size), self.read)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return [range_hash(part, self.read) for part in inclusion_ranges(index, size)]

    def consistency(self, old: int, size: int) -> list[bytes]:
        return [range_hash(part, self.read) for part in consistency_ranges(old, size)]


def _library(leaves: list[bytes]) -> InmemoryTree:
    library = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        library.append_entry(leaf)
    return library


def test_an_empty_log_has_the_hash_of_nothing() -> None:
    assert range_hash((0, 0), Tree(0).read) == EMPTY_ROOT


@given(SIZES, st.data())
@settings(max_examples=40, deadline=None)
def test_roots_and_proofs_are_those_of_the_library(size: int, data: st.DataObject) -> None:
    tree = Tree(size)
    library = _library(tree.leaves)
    assert tree.root(size) == library.get_root()
    index = data.draw(st.integers(0, size - 1))
    theirs = library.prove_inclusion(index + 1, size)
    assert tree.inclusion(index, size) == theirs.path[1:]
    assert theirs.path[0] == leaf_hash(tree.leaves[index])
    old = data.draw(st.integers(1, size))
    assert tree.root(old) == library.get_root(old)
    library.prove_consistency(old, size).verify(tree.root(old), tree.root(size))


@given(SIZES, st.data())
@settings(max_examples=60, deadline=None)
def test_an_honest_proof_holds_and_one_changed_hash_does_not(size: int, data: st.DataObject) -> None:
    tree = Tree(size)
    index = data.draw(st.integers(0, size - 1))
    proof, root = tree.inclusion(index, size), tree.root(size)
    check_inclusion("entry", tree.leaves[index], index, size, proof, root)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bent = [*proof[:at], leaf_hash(proof[at]), *proof[at + 1 :]]
        with pytest.raises(NotInLogError):
            check_inclusion("entry", tree.leaves[index], index, size, bent, root)
    with pytest.raises(NotInLogError):
        check_inclusion("entry", b"another leaf", index, size, proof, root)
    with pytest.raises(NotInLogError):
        check_inclusion("entry", tree.leaves[index], index, size, [*proof, root], root)


@given(SIZES, st.data())
@settings(max_examples=60, deadline=None)
def test_a_later_log_continues_the_older_one(size: int, data: st.DataObject) -> None:
    tree = Tree(size)
    old = data.draw(st.integers(1, size))
    proof = tree.consistency(old, size)
    check_consistency("log", old, tree.root(old), size, tree.root(size), proof)
    fork = Tree(size, name="forked")
    with pytest.raises(LogForkedError):
        check_consistency("log", old, tree.root(old), size, fork.root(size), fork.consistency(old, size))
    if old < size:
        with pytest.raises(LogForkedError, match="expected one"):
            check_consistency("log", old, tree.root(old), size, tree.root(size), [])


def test_a_log_entry_removed_is_not_in_the_log_any_more() -> None:
    whole = Tree(7)
    rest = Tree(0)
    rest.leaves = whole.leaves[:3] + whole.leaves[4:]
    shorter = _library(rest.leaves)
    with pytest.raises(NotInLogError, match="expected"):
        check_inclusion("entry 3", whole.leaves[3], 3, 6, whole.inclusion(3, 6), shorter.get_root())


def test_log_entries_reordered_give_another_root() -> None:
    tree = Tree(8)
    with pytest.raises(NotInLogError, match="expected"):
        check_inclusion("entry 4", tree.leaves[5], 4, 8, tree.inclusion(5, 8), tree.root(8))


def test_a_log_that_became_shorter_is_a_fork() -> None:
    tree = Tree(8)
    with pytest.raises(LogForkedError, match="expected no fewer"):
        check_consistency("log", 8, tree.root(8), 5, tree.root(5), [])
