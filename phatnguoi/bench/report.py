"""The result as text: one table a section. Simulated and real never share one."""

from __future__ import annotations

from typing import Any

from phatnguoi.bench.rates import Rate

TITLES = {
    "sumo": "SIMULATED: Eclipse SUMO traffic, measured noise, no pictures",
    "trajectories": "SIMULATED: our worlds' truth, measured noise, no pictures",
    "video": "SIMULATED: our worlds' pictures through the whole walk, shipped weights",
}
HEAD = ("rule", "condition", "viol", "found", "miss", "false", "precision (95 %)", "recall (95 %)", "near-misses",
        "fired", "lawful", "/100k", "/camera-h", "delay s", "speed km/h")  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """All sections that were run."""
    parts = []
    for section, title in TITLES.items():
        if section in result:
            parts.append(f"\n{title}\n{_lined([HEAD, *rows(result[section]['rules'])])}")
    if "real" in result:
        parts.append(
            "\nREAL: shared footage, k of n\n" + _lined([("clip", "what", "k of n", "95 %"), *real_rows(result)])
        )
    return "\n".join(parts)


def rows(rules: dict[str, Any]) -> list[tuple[str, ...]]:
    return [_row(rule, condition, cell) for rule, cells in rules.items() for condition, cell in cells.items()]


def real_rows(result: dict[str, Any]) -> list[tuple[str, ...]]:
    made: list[tuple[str, ...]] = []
    for clip in result["real"]["clips"]:
        for count in clip["counts"]:
            low, high = Rate(count["k"], count["n"]).interval
            made.append((clip["clip"], count["what"], f"{count['k']} of {count['n']}", f"{low:.3f}–{high:.3f}"))
    return made


def _row(rule: str, condition: str, cell: dict[str, Any]) -> tuple[str, ...]:
    fired = ", ".join(f"{what} {count}" for what, count in cell["near_misses_fired"].items())
    delay, speed = cell["delay_s"], cell.get("speed_error_kmh")
    return (
        rule, condition, str(cell["violations"]), str(cell["found"]), str(cell["missed"]), str(cell["false"]),
        _rate(cell["precision"]), _rate(cell["recall"]), str(sum(cell["near_misses"].values())), fired or "0",
        str(cell["lawful_passages"]), _number(cell["false_per_100000_lawful"]), _number(cell["false_per_camera_hour"]),
        "–" if delay["median"] is None else f"{delay['median']:.1f}/{delay['p95']:.1f}",
        "–" if speed is None else f"{speed['median']}/{speed['p95']}/{speed['max']}",
    )  # fmt: skip


def _rate(rate: dict[str, Any]) -> str:
    return str(Rate(rate["k"], rate["n"]))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _lined(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows)
