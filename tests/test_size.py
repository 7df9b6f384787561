"""Functions and files stay small enough to be read at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT
from tests.test_walls import ROOMS

LONGEST_BODY_LINES = 50
LONGEST_FILE_LINES = 400
P90_BODY_LINES = 25
P90_FILE_LINES = 250


def _files() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def _bodies() -> Iterator[tuple[int, str]]:
    """Lines of each function's body, without its docstring."""
    for path in _files():
        if "versions" in path.parts:  # migrations are lists of columns
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                yield length, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def _p90(lengths: list[int]) -> int:
    return sorted(lengths)[len(lengths) * 9 // 10]


def test_no_function_is_long() -> None:
    bodies = list(_bodies())
    assert not [where for length, where in bodies if length > LONGEST_BODY_LINES]
    assert _p90([length for length, _ in bodies]) <= P90_BODY_LINES


def test_no_file_is_long() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in _files()}
    assert not [str(path) for path, length in lengths.items() if length > LONGEST_FILE_LINES]
    assert _p90(list(lengths.values())) <= P90_FILE_LINES
