"""What changes from one camera file to another, part by part, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from models.domain.camera import Camera

PLACES = ("line", "lane", "zone", "signal", "from", "to")
"""Settings by which two entries of the same rule are told apart."""
Parts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One value; `before` or `after` is None where the part is new, or gone."""

    place: str
    before: str | None
    after: str | None


def changes(before: Camera | None, after: Camera) -> tuple[Change, ...]:
    """Every value that is not the same; empty where both files mean the same camera."""
    old = {} if before is None else _flat(content(before))
    new = _flat(content(after))
    names = [*new, *(name for name in old if name not in new)]
    return tuple(Change(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name))


def content(camera: Camera) -> Parts:
    """The camera as its file writes it: what was left out stays left out."""
    return camera.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _flat(parts: Parts) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in parts.items():
        found.update(_leaves(key, value))
    return found


def _leaves(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "id":  # of a part: it stands in the place
                yield from _leaves(f"{place}.{key}", inner)
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        seen: dict[str, int] = {}
        for each in value:
            name = _name(each)
            seen[name] = seen.get(name, 0) + 1
            yield from _leaves(f"{place} {name}" + (f" ({seen[name]})" if seen[name] > 1 else ""), each)
    elif value not in ([], {}):
        yield place, shown(value)


def _name(part: Parts) -> str:
    if "id" in part:
        return str(part["id"])
    where = " ".join(str(part[key]) for key in PLACES if key in part)
    return f"{part.get('rule', '')} {where}".strip()


def shown(value: Any) -> str:
    """A value in a line: points as `100,380 192,384`."""
    if isinstance(value, float):
        return f"{value:g}" if value != int(value) else str(int(value))
    if isinstance(value, list | tuple):
        is_points = bool(value) and all(isinstance(each, list | tuple) for each in value)
        return (
            " ".join(",".join(shown(x) for x in each) for each in value) if is_points else ", ".join(map(shown, value))
        )
    return str(value)
