"""`phatnguoi bench violations`: runs a plan, prints rule × condition, writes JSON and a picture."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tqdm import tqdm

from phatnguoi.bench.check import complaints, kept_path
from phatnguoi.bench.noise import read_noise
from phatnguoi.bench.picture import draw
from phatnguoi.bench.plan import PLAN_FILE, SECTIONS, Amount, Plan, Section, Stretch, Subset, read_plan
from phatnguoi.bench.provenance import provenance
from phatnguoi.bench.real import run_real
from phatnguoi.bench.report import table
from phatnguoi.bench.tally import Cell, Tally, merge
from phatnguoi.errors import CheckFailedError, CommandError


@dataclass(frozen=True, slots=True)
class Ran:
    """What one section gave: counts, and the addresses that were run, by condition."""

    tally: Tally
    ran: dict[str, list[str]]


def run_violations(arguments: argparse.Namespace) -> int:
    """Runs the plan.

    Raises:
        CommandError: the plan cannot be read, or something that it needs is not here.
        CheckFailedError: with `--check`, a rule dropped by more than its interval.
    """
    plan = read_plan(arguments.plan)
    sections: tuple[Section, ...] = tuple(arguments.only or SECTIONS)
    result: dict[str, Any] = {"subset": arguments.subset} | provenance()
    for section in sections:
        if section == "real":
            result["real"] = run_real(plan.real)
            continue
        ran = run_section(section, plan, arguments.subset, arguments.processes, arguments.rule, arguments.minutes)
        result[section] = as_dict(ran)
    print(table(result))
    arguments.out.mkdir(parents=True, exist_ok=True)
    _write(result, arguments.out / f"violations-{arguments.subset}.json")
    draw(result, arguments.out / f"violations-{arguments.subset}.png")
    if arguments.check:
        _check(result, arguments.subset)
    if arguments.keep:
        _keep(result, arguments.subset)
    return 0


def run_section(
    section: Section, plan: Plan, subset: Subset, processes: int = 1, rules: list[str] | None = None,
    minutes: float | None = None,
) -> Ran:  # fmt: skip
    """Runs all clips of one section, until each stretch has enough, or the time is up."""
    ran = Ran({}, {})
    until_s = None if minutes is None else time.monotonic() + 60 * minutes
    stretches = [one for one in plan.stretches(section) if one.amount(subset) is not None]
    if rules is not None:
        stretches = [one for one in stretches if set(one.rules) & set(rules)]
    with tqdm(total=sum(_clips(one, subset) for one in stretches), unit=" clips", desc=section, disable=None) as bar:
        for stretch in stretches:
            tally: Tally = {}
            addresses = list(stretch.addresses(subset))
            ran.ran.setdefault(stretch.condition, [])
            before = bar.n
            for address, part in _in_order(section, addresses, stretch.condition, processes):
                merge(tally, part)
                ran.ran[stretch.condition].append(address)
                bar.update()
                is_over = until_s is not None and time.monotonic() > until_s
                if is_over or is_enough(tally, stretch, stretch.amount(subset)):
                    break
            bar.update(before + len(addresses) - bar.n)
            merge(ran.tally, tally)
    return ran


def _clips(stretch: Stretch, subset: Subset) -> int:
    amount = stretch.amount(subset)
    return amount.clips if amount is not None else 0


def is_enough(tally: Tally, stretch: Stretch, amount: Amount | None) -> bool:
    """Every rule that this stretch is about has what its amount asks for."""
    if amount is None or not stretch.rules:
        return False
    wanted = (amount.violations, amount.near_misses, amount.lawful)
    if wanted == (None, None, None):
        return False
    cells = [tally.get((rule, stretch.condition), Cell()) for rule in stretch.rules]
    return all(
        cell.violations >= (amount.violations or 0)
        and sum(cell.near_misses.values()) >= (amount.near_misses or 0)
        and cell.lawful >= (amount.lawful or 0)
        for cell in cells
    )


def _in_order(section: Section, addresses: list[str], condition: str, processes: int) -> Iterator[tuple[str, Tally]]:
    """Runs clips, one or two at a time, and gives what they gave in the order of their addresses."""
    job = JOBS[section]
    if processes == 1:
        for address in addresses:
            yield address, job(address, condition)
        return
    with ProcessPoolExecutor(processes) as pool:
        waiting = []
        for number, address in enumerate(addresses):
            waiting.append(pool.submit(job, address, condition))
            if len(waiting) > processes:
                yield addresses[number - processes], waiting.pop(0).result()
        for number, one in enumerate(waiting):
            yield addresses[len(addresses) - len(waiting) + number], one.result()


def _sumo(address: str, condition: str) -> Tally:
    from phatnguoi.bench.sumo.worlds import sumo_world
    from phatnguoi.bench.trajectories import run_world

    return run_world(sumo_world(address), _noise(), condition).tally


def _trajectory(address: str, condition: str) -> Tally:
    from phatnguoi.bench.simulated import SimulatedWorld
    from phatnguoi.bench.trajectories import run_world

    return run_world(SimulatedWorld(address), _noise(), condition).tally


def _video(address: str, condition: str) -> Tally:
    from phatnguoi.bench.video import run_video, shipped_detector

    return run_video(address, shipped_detector(address), condition)


_noise = cache(read_noise)
JOBS: dict[Section, Callable[[str, str], Tally]] = {"sumo": _sumo, "trajectories": _trajectory, "video": _video}


def as_dict(ran: Ran) -> dict[str, Any]:
    rules: dict[str, dict[str, Any]] = {}
    for (rule, condition), cell in sorted(ran.tally.items()):
        rules.setdefault(rule, {})[condition] = cell.as_dict()
    for rule, conditions in rules.items():
        pooled = Cell()
        for (name, _), cell in sorted(ran.tally.items()):
            if name == rule:
                pooled.add(cell)
        if len(conditions) > 1:
            conditions["all"] = pooled.as_dict() | {"notes": []}
    return {"rules": rules, "ran": ran.ran}


def _write(result: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{path}: written")


def _check(result: dict[str, Any], subset: Subset) -> None:
    path = kept_path(subset)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"--check: {path}: {error}") from None
    found = complaints(kept, result)
    if found:
        raise CheckFailedError("; ".join(found))
    print(f"{path}: no rule fell below it")


def _keep(result: dict[str, Any], subset: Subset) -> None:
    """Puts the sections that were run into the kept result; the others stay as they are."""
    path = kept_path(subset)
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    about = {key: value for key, value in result.items() if key not in SECTIONS}
    kept = {name: result.get(name) or before.get(name) for name in SECTIONS if result.get(name) or before.get(name)}
    for name in SECTIONS:
        if name in result:
            kept[name] = result[name] | {"measured": about}
    path.parent.mkdir(parents=True, exist_ok=True)
    _write({"subset": subset} | kept, path)
    draw({"subset": subset} | kept, path.with_suffix(".png"))


__all__ = ["PLAN_FILE", "run_violations"]
