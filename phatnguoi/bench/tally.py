"""Counts of one rule under one condition, added up over clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from phatnguoi.bench.rates import Rate, quantile
from phatnguoi.bench.scoring import Score

KEPT_NOTES = 40
Key = tuple[str, str]
"""Rule and condition."""


@dataclass(slots=True)
class Cell:
    """One rule under one condition.

    Attributes:
        lawful: movers that passed the rule's geometry without violating it.
        near_misses, fired: by kind.
        delays_s: from the act to the claim.
        speed_errors: stated − true km/h, and whether the stated interval holds the truth.
        notes: where false claims and misses are, for whoever looks for their cause; the first few.
    """

    violations: int = 0
    found: int = 0
    false: int = 0
    borderline: int = 0
    lawful: int = 0
    camera_s: float = 0.0
    near_misses: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    false_why: Counter[str] = field(default_factory=Counter)
    delays_s: list[float] = field(default_factory=list)
    speed_errors: list[tuple[float, bool]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: Cell) -> None:
        self.violations += other.violations
        self.found += other.found
        self.false += other.false
        self.borderline += other.borderline
        self.lawful += other.lawful
        self.camera_s += other.camera_s
        self.near_misses += other.near_misses
        self.fired += other.fired
        self.false_why += other.false_why
        self.delays_s += other.delays_s
        self.speed_errors += other.speed_errors
        self.notes = (self.notes + other.notes)[:KEPT_NOTES]

    @property
    def recall(self) -> Rate:
        return Rate(self.found, self.violations)

    @property
    def precision(self) -> Rate:
        return Rate(self.found, self.found + self.false)

    @property
    def false_rate(self) -> Rate:
        """False claims among lawful passages."""
        return Rate(min(self.false, self.lawful), self.lawful)

    def as_dict(self) -> dict[str, Any]:
        hours = self.camera_s / 3600
        low, high = (100_000 * bound for bound in self.false_rate.interval)
        made: dict[str, Any] = {
            "violations": self.violations,
            "found": self.found,
            "missed": self.violations - self.found,
            "false": self.false,
            "borderline": self.borderline,
            "precision": self.precision.as_dict(),
            "recall": self.recall.as_dict(),
            "lawful_passages": self.lawful,
            "false_per_100000_lawful": round(100_000 * self.false / self.lawful, 3) if self.lawful else None,
            "false_per_100000_lawful_wilson95": [round(low, 3), round(high, 3)],
            "camera_hours": round(hours, 4),
            "false_per_camera_hour": round(self.false / hours, 4) if hours else None,
            "near_misses": dict(sorted(self.near_misses.items())),
            "near_misses_fired": dict(sorted(self.fired.items())),
            "false_why": dict(sorted(self.false_why.items())),
            "delay_s": {"median": _r(quantile(self.delays_s, 0.5)), "p95": _r(quantile(self.delays_s, 0.95))},
        }
        if self.speed_errors:
            made["speed_error_kmh"] = self._speed()
        return made | {"notes": self.notes}

    def _speed(self) -> dict[str, Any]:
        errors = [abs(error) for error, _ in self.speed_errors]
        covered = Rate(sum(holds for _, holds in self.speed_errors), len(errors))
        return {
            "n": len(errors),
            "median": _r(quantile(errors, 0.5)),
            "p95": _r(quantile(errors, 0.95)),
            "max": _r(max(errors)),
            "interval_holds_truth": covered.as_dict(),
        }


def _r(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


Tally = dict[Key, Cell]


def tally_of(
    score: Score, rules: Iterable[str], condition: str, lawful: dict[str, int], length_s: float, where: str
) -> Tally:
    """The counts of one clip.

    Args:
        rules: the rules at work on its camera; acts of others are not counted.
        lawful: lawful passages by rule.
        length_s: of the clip.
        where: what names the clip in a note.
    """
    made: Tally = {}
    for rule in rules:
        cell = made[rule, condition] = Cell(lawful=lawful.get(rule, 0), camera_s=length_s)
        cell.violations = sum(act.rule == rule for act in score.acts)
        cell.near_misses.update(near.what for near in score.near_misses if near.rule in ("", rule))
        for act in score.missed:
            if act.rule == rule:
                note = {"missed": act.kind, "mover": act.mover_id, "at_s": round(act.at_s, 2), "where": where}
                cell.notes.append(note)
    for one in score.judged:
        _count(made[one.claim.rule, condition], one, where)
    return made


def _count(cell: Cell, one: Any, where: str) -> None:
    claim = one.claim
    if one.verdict == "borderline":
        cell.borderline += 1
    elif one.verdict == "found":
        cell.found += 1
        cell.delays_s.append(claim.made_s - one.act.at_s)
        cell.speed_errors += [claim.speed_error] if claim.speed_error is not None else []
    else:
        cell.false += 1
        cell.false_why[one.why] += 1
        if one.why.startswith("near_miss:"):
            cell.fired[one.why.removeprefix("near_miss:")] += 1
        note = {"false": one.why, "mover": claim.mover_id, "at_s": round(claim.at_s, 2), "where": where}
        cell.notes.insert(0, note | {"measurements": dict(claim.measurements)})


def merge(into: Tally, other: Tally) -> None:
    for key, cell in other.items():
        into.setdefault(key, Cell()).add(cell)
