"""A rule's drawing as SVG: who is claimed in red, who is not in grey."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import sqrt

from detector.drawing import SHEET, Area, Drawing, Lamp, Mark, Spot, Standing, Stroke, Way

CLAIMED, SILENT = "#b3261e", "#4a5568"
AREA_FILLS = {"road": "#d9dce1", "lane": "#c3d3ea", "zone": "#f3dfa8"}
LAMP_FILLS = {"red": "#d93025", "amber": "#f2a600", "green": "#1e8e3e"}
STROKES = {"stop": 'stroke="#fff" stroke-width="7"', "solid": 'stroke="#fff" stroke-width="4"'}
DASHED = 'stroke="#fff" stroke-width="4" stroke-dasharray="16 12"'
LETTER_PX = 6.1
LINE_PX = 13
EDGE = 4.0


def svg_of(drawing: Drawing, title: str) -> str:
    """The whole picture; the same drawing gives the same bytes."""
    shapes = [_shape(mark) for mark in drawing.marks]
    placed: list[tuple[float, float, float]] = []
    words = [_words(mark, placed) for mark in drawing.marks]
    width, height = SHEET
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'height="{height:g}" font-family="sans-serif" font-size="11">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{width:g}" height="{height:g}" fill="#eef2ea"/>',
            *(shape for shape in shapes if shape),
            *(word for word in words if word),
            "</svg>",
            "",
        ]
    )


def _shape(mark: Mark) -> str:
    match mark:
        case Area():
            return f'<polygon points="{_points(mark.corners)}" fill="{AREA_FILLS[mark.kind]}"/>'
        case Stroke():
            style = STROKES.get(mark.kind, DASHED)
            return f'<polyline points="{_points(mark.points)}" fill="none" {style}/>'
        case Way():
            color = _color(mark.verdict)
            line = f'<polyline points="{_points(mark.points)}" fill="none" stroke="{color}" stroke-width="3"/>'
            return line + f'<polygon points="{_points(_arrow(*mark.points[-2:]))}" fill="{color}"/>'
        case Standing():
            x, y = mark.at
            return f'<rect x="{x - 9:g}" y="{y - 15:g}" width="18" height="30" rx="4" fill="{_color(mark.verdict)}"/>'
        case Lamp():
            x, y = mark.at
            fills = {name: fill if name == mark.state else "#555" for name, fill in LAMP_FILLS.items()}
            lamps = "".join(
                f'<circle cx="{x:g}" cy="{y + 16 * (number - 1):g}" r="6" fill="{fill}"/>'
                for number, fill in enumerate(fills.values())
            )
            return f'<rect x="{x - 10:g}" y="{y - 27:g}" width="20" height="54" rx="4" fill="#222"/>{lamps}'


def _words(mark: Mark, placed: list[tuple[float, float, float]]) -> str:
    """The label beside its mark, moved down where another one stands already."""
    if isinstance(mark, Lamp) or not mark.label:
        return ""
    x, y = _place(mark)
    color = _color(mark.verdict) if isinstance(mark, Way | Standing) else "#1f2933"
    lines = _broken(mark.label)
    wide = LETTER_PX * max(len(line) for line in lines)
    x = min(max(EDGE, x), SHEET[0] - EDGE - wide)
    y = min(y, SHEET[1] - EDGE - LINE_PX * (len(lines) - 1))
    while any(abs(y - b) < LINE_PX * len(lines) and x < c and a < x + wide for a, b, c in placed):
        y += LINE_PX
    placed += [(x, y + LINE_PX * number, x + wide) for number in range(len(lines))]
    spans = "".join(
        f'<tspan x="{x:g}" y="{y + LINE_PX * number:g}">{escape(line)}</tspan>' for number, line in enumerate(lines)
    )
    return f'<text fill="{color}" stroke="#fff" stroke-width="2.5" paint-order="stroke">{spans}</text>'


def _place(mark: Area | Stroke | Way | Standing) -> Spot:
    match mark:
        case Area():
            return min(x for x, _ in mark.corners) + 4, min(y for _, y in mark.corners) + 14
        case Stroke():
            return mark.points[0][0] + 6, mark.points[0][1] - 6
        case Way():
            (ax, ay), (bx, by) = mark.points[-2:]
            is_across = abs(by - ay) < abs(bx - ax) / 2
            return ((ax + bx) / 2 - 40, (ay + by) / 2 - 10) if is_across else ((ax + bx) / 2 + 7, (ay + by) / 2)
        case Standing():
            return mark.at[0] + 13, mark.at[1] + 4


def _broken(label: str, most: int = 22) -> list[str]:
    """The label in lines of about so many letters."""
    lines = [""]
    for word in label.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _arrow(a: Spot, b: Spot) -> Sequence[Spot]:
    (ax, ay), (bx, by) = a, b
    size = sqrt((bx - ax) ** 2 + (by - ay) ** 2) or 1.0
    ux, uy = (bx - ax) / size, (by - ay) / size
    tip = (bx + 7 * ux, by + 7 * uy)
    return tip, (bx - 6 * ux - 6 * uy, by - 6 * uy + 6 * ux), (bx - 6 * ux + 6 * uy, by - 6 * uy - 6 * ux)


def _points(spots: Sequence[Spot]) -> str:
    return " ".join(f"{round(x, 1):g},{round(y, 1):g}" for x, y in spots)


def _color(verdict: str) -> str:
    return CLAIMED if verdict == "claimed" else SILENT
