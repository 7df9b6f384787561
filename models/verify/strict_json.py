"""JSON from strangers: bounded, no name twice, no fractions, nothing that two programs could read differently."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from models.verify.errors import MalformedError

LARGEST_NUMBER = 2**53 - 1
DEPTH = 8


def load_json(what: str, body: bytes, limit_bytes: int, depth: int = DEPTH) -> Any:
    """The value.

    Args:
        what: name of the file, for the message.
        body: UTF-8.
        limit_bytes: more is refused before anything is parsed.
        depth: objects and arrays within one another.

    Raises:
        MalformedError: too large, too deep, a name twice, a fraction, a number that is no exact double, no JSON.
    """
    if len(body) > limit_bytes:
        raise MalformedError(f"{what}: got {len(body)} bytes, expected at most {limit_bytes}")
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number
        )
    except _RefusedError as error:
        raise MalformedError(f"{what}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"{what}: got no JSON ({type(error).__name__}), expected JSON") from None
    _check(what, value, depth)
    return value


class _RefusedError(Exception):
    """Found while parsing."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedError("got a name twice in one object, expected each once")
    return found


def _no_number(text: str) -> NoReturn:
    raise _RefusedError(f"got the number {text[:20]}, expected whole numbers only")


def _check(what: str, value: Any, depth: int) -> None:
    """Breadth first, so that no nesting can exhaust the stack."""
    level = [value]
    for _ in range(depth + 1):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below += each.values()
            elif isinstance(each, list):
                below += each
            elif isinstance(each, int) and abs(each) > LARGEST_NUMBER:
                raise MalformedError(f"{what}: got a number beyond 2^53, expected one that is exact everywhere")
        if not below:
            return
        level = below
    raise MalformedError(f"{what}: got JSON nested deeper than {depth}, expected at most {depth}")
