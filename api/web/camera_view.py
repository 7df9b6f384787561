"""Cameras as their pages show them: what is drawn as SVG points, what changes in words, how a question stands."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from api.cameras.diff import Change, changes, content
from api.cameras.files import check_text
from api.cameras.ground import ground_view
from api.cameras.schemas import Answer, Checked
from api.web.text import Text
from models.domain.camera import Camera
from models.domain.geometry import PointPx

DIFF_CONTEXT = 2


@dataclass(frozen=True, slots=True)
class DrawnShape:
    """One SVG shape; `kind` names its look."""

    kind: str
    name: str
    points: str
    is_closed: bool
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True)
class DiffLine:
    kind: str
    text: str


def drawn_shapes(camera: Camera) -> list[DrawnShape]:
    """Everything that the file draws on the picture, areas below lines."""
    shapes = [_shape("zone", zone.id, zone.polygon_px, is_closed=True) for zone in camera.zones]
    for lane in camera.lanes:
        shapes += [_shape("lane", lane.id, lane.polygon_px, is_closed=True), _shape("heading", "", lane.heading_px)]
    shapes += [_shape("line", line.id, line.points_px) for line in camera.lines]
    for head in camera.signals:
        if head.head_px is not None:
            x1, y1, x2, y2 = head.head_px
            corners = (PointPx(x1, y1), PointPx(x2, y1), PointPx(x2, y2), PointPx(x1, y2))
            shapes.append(_shape("lamp", head.id, corners, is_closed=True))
    return shapes


def _shape(kind: str, name: str, points: Sequence[PointPx], *, is_closed: bool = False) -> DrawnShape:
    text = " ".join(f"{point.x:g},{point.y:g}" for point in points)
    held = points if is_closed and kind != "lamp" else points[:1]
    x, y = (sum(axis) / len(held) for axis in zip(*held, strict=True))
    return DrawnShape(kind, name, text, is_closed, round(x, 1), round(y, 1))


def diff_lines(before: str, after: str) -> list[DiffLine]:
    """The two texts line by line, as a road engineer reads them."""
    kinds = {"+": "added", "-": "removed", "@": "gap"}
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=DIFF_CONTEXT)
    return [DiffLine(kinds.get(line[:1], "same"), line) for line in list(lines)[2:]]


def changes_of(before: str | None, after: Checked) -> tuple[Change, ...]:
    """What a text changes; nothing where one of the two is no camera file."""
    old = None if before is None else check_text(before).camera
    return () if after.camera is None else changes(old, after.camera)


def check_answer(checked: Checked, base: str | None) -> dict[str, Any]:
    """What the editor is told about a text: in words that its script puts where they belong."""
    camera = checked.camera
    ground = None if camera is None else ground_view(camera)
    return {
        "text": checked.text,
        "sha256": checked.sha256,
        "content": None if camera is None else content(camera),
        "problem": None if checked.problem is None else asdict(checked.problem),
        "ground": None if ground is None else asdict(ground),
        "changes": [asdict(change) for change in changes_of(base, checked)],
    }


def answer_words(answer: Answer, t: Text) -> str:
    """How a question to a worker stands, in a sentence."""
    if answer.state == "failed":
        key = f"cameras.why_{answer.reason}"
        why = t(key) if t.has(key) else answer.reason or ""
        return t("cameras.answer_failed", why=why)
    return t(f"cameras.answer_{answer.state}", worker=answer.worker)


def rules_of(camera: Camera | None) -> tuple[str, ...]:
    """The rules of a file that are not off, each once."""
    entries: Iterable[Any] = () if camera is None else camera.rules
    return tuple(dict.fromkeys(entry.rule for entry in entries if entry.mode != "off"))
