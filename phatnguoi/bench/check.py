"""Does a new result fall below the kept one? By more than the kept interval is a drop; less is chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phatnguoi.bench.plan import Section, Subset
from phatnguoi.bench.provenance import ROOT

SIMULATED: tuple[Section, ...] = ("sumo", "trajectories", "video")


def kept_path(subset: Subset) -> Path:
    return ROOT / "docs" / "results" / f"violations-{subset}.json"


def complaints(kept: dict[str, Any], result: dict[str, Any]) -> list[str]:
    """What fell: recall or precision below its kept interval, a near-miss that fires more often, a rule gone."""
    found = []
    for section in SIMULATED:
        if section not in kept or section not in result:
            continue
        for rule, conditions in kept[section]["rules"].items():
            for condition, was in conditions.items():
                now = result[section]["rules"].get(rule, {}).get(condition)
                where = f"{section} {rule} {condition}"
                found += [f"{where}: gone"] if now is None else [f"{where}: {text}" for text in _fell(was, now)]
    return found


def _fell(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    found = []
    for name in ("recall", "precision"):
        share, low = now[name]["share"], was[name]["wilson95"][0]
        if share is not None and share < low:
            found.append(f"{name} got {share}, expected at least {low}")
    for what, count in now["near_misses_fired"].items():
        before = was["near_misses_fired"].get(what, 0)
        if count > before:
            found.append(f"near-miss {what} fired {count} times, expected at most {before}")
    high = was["false_per_100000_lawful_wilson95"][1]
    rate = now["false_per_100000_lawful"]
    if rate is not None and rate > high:
        found.append(f"false per 100,000 lawful passages got {rate}, expected at most {high}")
    return found
