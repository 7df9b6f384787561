"""Several readings of one plate laid over each other: what they agree on, and how much they do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.vision.plates.decoding import Decoded, LineSlots, Slot, decode
from models.domain.plate_forms import LineCount

WIDE_STEP, WIDE_STEP_AT_DOT = 1.7, 2.3
"""Of the usual step between the digits of the last line: from here one is missing between them."""
MOST_DIGITS = 5
"""No plate has more: where so many are read, none is missing between them."""
Lines = tuple[LineSlots, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One network's view of one cut of the plate; `weight` is how much it counts."""

    lines: Lines
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the readings say together.

    Attributes:
        decoded: with the mean share of each character over all readings; a reading with another count of characters
            gives nothing to it.
        is_gapped: by its steps or its dot, a character is missing.
    """

    decoded: Decoded
    is_gapped: bool

    @property
    def confidence(self) -> float:
        return min(self.decoded.characters)


def agree(readings: Sequence[Reading], line_count: LineCount) -> Agreed | None:
    """The plate that most of the readings bear; None: the grammar allows none of them."""
    groups: dict[tuple[int, ...], list[Reading]] = {}
    for reading in readings:
        decoded = decode(reading.lines, line_count)
        if decoded is not None:
            kept = Reading(_trimmed(reading.lines, decoded), reading.weight)
            groups.setdefault(tuple(len(part) for part in decoded.lines), []).append(kept)
    whole = sum(reading.weight for reading in readings)
    agreed = [one for group in groups.values() if (one := _of_group(group, line_count, whole)) is not None]
    return max(agreed, key=lambda one: float(np.prod(one.decoded.characters)), default=None)


def _of_group(group: list[Reading], line_count: LineCount, whole: float) -> Agreed | None:
    lines = _mean(group)
    decoded = decode(lines, line_count)
    if decoded is None:
        return None
    part = sum(reading.weight for reading in group) / whole
    held = Decoded(decoded.lines, tuple(share * part for share in decoded.characters), decoded.is_repaired)
    return Agreed(held, _has_wide_step(lines) or _dot_misplaced(lines))


def _dot_misplaced(lines: Lines) -> bool:
    """A dot stands after the third of five digits, and nowhere else."""
    line = lines[-1]
    inside = [dot for dot in line.dots if 0 < dot < line.length]
    if len(lines) == 1 or not inside or line.length > 5:
        return False
    return inside != [3] if line.length == 5 else True


def _has_wide_step(lines: Lines) -> bool:
    """A step between two digits of the last line that has room for one more; dashes after the series do not count."""
    line = lines[-1]
    first = 0 if len(lines) == 2 else 4
    steps = np.diff([slot.place for slot in line.slots])
    if len(steps) - first < 3 or line.length - (0 if len(lines) == 2 else 3) >= MOST_DIGITS:
        return False
    usual = float(np.median(steps))
    dotted = line.length - 3 if line.length - first >= 4 else -1
    return any(
        step > usual * (WIDE_STEP_AT_DOT if number == dotted else WIDE_STEP)
        for number, step in enumerate(steps.tolist())
        if number >= first
    )


def _trimmed(lines: Lines, decoded: Decoded) -> Lines:
    """The lines without the ghost that the decoding dropped."""
    made = []
    for line, text in zip(lines, decoded.lines, strict=True):
        if line.length > len(text):
            first, last = (float(line.slots[end].shares.max()) for end in (0, -1))
            kept, shift = (line.slots[1:], 1) if first < last else (line.slots[:-1], 0)
            line = LineSlots(kept, tuple(dot - shift for dot in line.dots))
        made.append(line)
    return tuple(made)


def _mean(group: list[Reading]) -> Lines:
    """Shares and places averaged; a dot where most of the readings see one."""
    weights = [reading.weight for reading in group]
    merged = []
    for lines in zip(*(reading.lines for reading in group), strict=True):
        slots = tuple(
            Slot(
                np.asarray(np.average([slot.shares for slot in slots], axis=0, weights=weights), np.float32),
                float(np.average([slot.place for slot in slots], weights=weights)),
            )
            for slots in zip(*(line.slots for line in lines), strict=True)
        )
        seen: Counter[int] = Counter()
        for line, weight in zip(lines, weights, strict=True):
            seen.update(dict.fromkeys(line.dots, weight))
        dots = sorted(dot for dot, weight in seen.items() if weight * 2 > sum(weights))
        merged.append(LineSlots(slots, tuple(dots)))
    return tuple(merged)
