"""The result of `bench office` as a picture: what a page costs by the number of cases; p95 under load."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

WIDTH_PX, HEIGHT_PX, LEFT_PX, TOP_PX, PLOT_PX, TALL_PX = 1300, 460, 70, 60, 520, 320
INK, PALE, BOUND = "#202020", "#d8d8d8", "#b22222"
COLOURS = {"queue": "#1f6fb4", "next_page": "#6aa6d6", "filter": "#2e8b57", "search": "#8a5fb5", "case": "#c77b12"}


def draw(result: dict[str, Any], path: Path) -> None:
    image = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(15)
    _growth(pen, font, result["sizes"])
    _load(pen, font, result)
    image.save(path)


def _growth(pen: ImageDraw.ImageDraw, font: Any, sizes: dict[str, Any]) -> None:
    """Processor time of a page asked for alone, over the number of cases."""
    names = sorted(sizes, key=int)
    most = max(each["cpu"] for size in names for each in sizes[size]["one_by_one_ms"].values())
    top_ms = 10 * math.ceil(most / 10 + 0.5)
    pen.text((LEFT_PX, 20), "processor time of office and database a page, ms, by number of cases", INK, font)
    for ms in range(0, top_ms + 1, max(1, top_ms // 5)):
        y = TOP_PX + TALL_PX * (1 - ms / top_ms)
        pen.line((LEFT_PX, y, LEFT_PX + PLOT_PX - 90, y), PALE)
        pen.text((LEFT_PX - 40, y - 9), f"{ms}", INK, font)
    last = max(1, len(names) - 1)
    places = {size: LEFT_PX + 20 + number * (PLOT_PX - 130) / last for number, size in enumerate(names)}
    for size, x in places.items():
        pen.text((x - 22, TOP_PX + TALL_PX + 12), f"{int(size):,}", INK, font)
    ends = []
    for kind, colour in COLOURS.items():
        line = [
            (x, TOP_PX + TALL_PX * (1 - sizes[size]["one_by_one_ms"][kind]["cpu"] / top_ms))
            for size, x in places.items()
        ]
        pen.line(line, colour, 3)
        for x, y in line:
            pen.ellipse((x - 4, y - 4, x + 4, y + 4), colour)
        ends.append((line[-1][1], kind, colour))
    floor = float("-inf")
    for y, kind, colour in sorted(ends):
        floor = max(y - 9, floor + 18)
        pen.text((LEFT_PX + PLOT_PX - 85, floor), kind, colour, font)


def _load(pen: ImageDraw.ImageDraw, font: Any, result: dict[str, Any]) -> None:
    """The office's own histogram under load: p95 against the bound."""
    load = next(size["load"] for size in result["sizes"].values() if "load" in size)
    x, y = 700, 20
    others = max(load["load_average_1_min"])
    told = f"{result['engine']}: {load['sessions']} sessions, {load['seconds']:.0f} s; load average {others}; p95"
    pen.text((x, y), told, INK, font)
    for route, each in load["routes"].items():
        y += 70
        pen.text((x, y), f"{route}   n = {each['n']}", INK, font)
        scale = 400 / 200
        pen.line((x, y + 34, x + 400, y + 34), PALE)
        if each["p95_ms"] is not None:
            pen.line((x, y + 34, x + min(400.0, each["p95_ms"] * scale), y + 34), COLOURS["queue"], 10)
        pen.line((x + each["bound_ms"] * scale, y + 22, x + each["bound_ms"] * scale, y + 46), BOUND, 3)
        pen.text((x + 410, y + 25), f"{each['p95_ms']} ms of {each['bound_ms']}", INK, font)
