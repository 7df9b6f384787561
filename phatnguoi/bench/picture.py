"""The result as a picture: recall and precision with their intervals, a row for each rule and condition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from phatnguoi.bench.report import TITLES, real_rows

WIDTH_PX, ROW_PX, LEFT_PX, PLOT_PX, GAP_PX = 1500, 24, 330, 380, 70
INK, PALE, RECALL, PRECISION, FALSE = "#202020", "#d8d8d8", "#1f6fb4", "#2e8b57", "#b22222"
LOWEST = 0.0
"""The scale begins here; what is lower is drawn at its edge."""


def draw(result: dict[str, Any], path: Path) -> None:
    """Writes the picture; nothing where nothing was run."""
    sections = [name for name in TITLES if result.get(name)]
    count = sum(3 + sum(len(cells) for cells in result[name]["rules"].values()) for name in sections)
    count += 2 + len(real_rows(result)) if result.get("real") else 0
    if count == 0:
        return
    image = Image.new("RGB", (WIDTH_PX, 40 + count * ROW_PX), "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(14)
    y = 12
    for name in sections:
        y = _section(pen, font, TITLES[name], result[name]["rules"], y)
    if result.get("real"):
        _real(pen, font, result, y)
    image.save(path)


def _section(pen: ImageDraw.ImageDraw, font: Any, title: str, rules: dict[str, Any], y: int) -> int:
    second = LEFT_PX + PLOT_PX + GAP_PX
    pen.text((12, y), title, INK, font)
    y += ROW_PX
    for x, name, colour in ((LEFT_PX, "recall", RECALL), (second, "precision", PRECISION)):
        pen.text((x, y), f"{name}  {LOWEST:g} … 1", colour, font)
    pen.text((second + PLOT_PX + 60, y), "false / lawful passages", FALSE, font)
    y += ROW_PX
    for rule, cells in rules.items():
        for condition, cell in cells.items():
            pen.text((12, y), f"{rule}  {condition}", INK, font)
            _bar(pen, font, LEFT_PX, y, cell["recall"], RECALL)
            _bar(pen, font, second, y, cell["precision"], PRECISION)
            text = f"{cell['false']} / {cell['lawful_passages']:,}"
            pen.text((second + PLOT_PX + 60, y), text, FALSE if cell["false"] else INK, font)
            y += ROW_PX
    return y + ROW_PX


def _bar(pen: ImageDraw.ImageDraw, font: Any, x: int, y: int, rate: dict[str, Any], colour: str) -> None:
    middle = y + 9
    pen.line((x, middle, x + PLOT_PX - 60, middle), PALE, 1)
    if rate["share"] is not None:
        low, high = (_place(x, bound) for bound in rate["wilson95"])
        pen.line((low, middle, high, middle), colour, 3)
        at = _place(x, rate["share"])
        pen.ellipse((at - 4, middle - 4, at + 4, middle + 4), colour)
    pen.text((x + PLOT_PX - 54, y), f"{rate['k']}/{rate['n']}", INK, font)


def _place(x: int, share: float) -> float:
    return x + (PLOT_PX - 60) * max(0.0, share - LOWEST) / (1 - LOWEST)


def _real(pen: ImageDraw.ImageDraw, font: Any, result: dict[str, Any], y: int) -> None:
    pen.text((12, y), "REAL: shared footage, k of n (95 %)", INK, font)
    for clip, what, k_of_n, interval in real_rows(result):
        y += ROW_PX
        pen.text((12, y), f"{clip}: {what}", INK, font)
        pen.text((LEFT_PX + PLOT_PX + GAP_PX, y), f"{k_of_n}   {interval}", INK, font)
