"""From what a network says of a line, step by step, to characters with their places; and from those to a plate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from detector.vision.plates.networks import ALPHABET, Floats, Steps
from models.domain.plate_forms import FORMS, PROVINCE_CODES, Form, LineCount

SEPARATOR_FROM = 0.4
GHOST_TO = 0.8
"""A first or last character that is less sure than this may be the plate's edge."""
NARROW_M_FROM = 0.1
SEEN_FROM = 0.2
"""A character of which the networks see less than this share is not made sure by what stands around it."""
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Slot:
    """One character of a line: share of each of ALPHABET, and where it stands along the line, 0..1."""

    shares: Floats
    place: float


@dataclass(frozen=True, slots=True)
class LineSlots:
    """One line as one network sees it.

    Attributes:
        dots: for each separator, how many characters stand before it.
    """

    slots: tuple[Slot, ...]
    dots: tuple[int, ...] = ()

    @property
    def length(self) -> int:
        return len(self.slots)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The best plate that the grammar allows.

    Attributes:
        characters: share of each chosen character among those that the grammar allows at its place.
        is_repaired: a chosen character is not the one that the network preferred there.
    """

    lines: tuple[str, ...]
    characters: tuple[float, ...]
    is_repaired: bool

    @property
    def text(self) -> str:
        return "".join(self.lines)


def line_slots(steps: Steps) -> LineSlots:
    """Runs of one character become a slot with the shares of its surest step."""
    best = steps.shares.argmax(axis=1)
    slots: list[Slot] = []
    dots: list[int] = []
    for step, character in enumerate(best.tolist()):
        is_new = step == 0 or best[step - 1] != character
        if character:
            shares = _as_on_plates(steps.shares[step, 1:])
            if is_new:
                slots.append(Slot(shares, (step + 0.5) / steps.width))
            elif shares.max() > slots[-1].shares.max():
                slots[-1] = Slot(shares, (step + 0.5) / steps.width)
        elif steps.separators[step] >= SEPARATOR_FROM and (not dots or dots[-1] != len(slots)):
            dots.append(len(slots))
    return LineSlots(tuple(slots), tuple(dots))


def _as_on_plates(shares: Floats) -> Floats:
    """No series has I or W: they are 1 and M. The M is as narrow as the N, and the networks see an N or W in it."""
    m, n, w, one, i = (ALPHABET.index(letter) for letter in "MNW1I")
    changed = shares.copy()
    changed[one] += shares[i]
    changed[i] = 0.0
    if shares[m] < NARROW_M_FROM:
        return changed
    moved = min(float(shares[n]), float(shares[m]))
    changed[m] += moved + shares[w]
    changed[n] -= moved
    changed[w] = 0.0
    return changed


def decode(lines: Sequence[LineSlots], line_count: LineCount) -> Decoded | None:
    """The likeliest plate of this many lines, with at most one ghost dropped at an end of a line; None: none fits."""
    tries = [(1.0, tuple(lines))]
    for number, line in enumerate(lines):
        tries += [(doubt, (*lines[:number], less, *lines[number + 1 :])) for doubt, less in _without_ghost(line)]
    found = [(one, doubt) for doubt, some in tries if (one := _fit(some, line_count)) is not None]
    if not found:
        return None
    best, doubt = max(found, key=lambda pair: pair[1] * float(np.prod(pair[0].characters)))
    if doubt == 1.0:
        return best
    return Decoded(best.lines, tuple(min(share, doubt) for share in best.characters), True)


def _without_ghost(line: LineSlots) -> list[tuple[float, LineSlots]]:
    made = []
    for end, kept in ((0, line.slots[1:]), (-1, line.slots[:-1])):
        if len(line.slots) > 2 and (share := float(line.slots[end].shares.max())) < GHOST_TO:
            dots = tuple(dot - (end == 0) for dot in line.dots)
            made.append((1.0 - share, LineSlots(kept, dots)))
    return made


def _fit(lines: Sequence[LineSlots], line_count: LineCount) -> Decoded | None:
    lengths = tuple(line.length for line in lines)
    forms = [form for form in FORMS[line_count] if form.lengths == lengths]
    if not forms:
        return None
    shares = np.stack([slot.shares for line in lines for slot in line.slots])
    _, chosen = max((_best_of(form, shares) for form in forms), key=lambda one: one[0])
    places = np.arange(len(chosen))
    seen = np.minimum(1.0, shares[places, chosen] / SEEN_FROM)
    characters = tuple((_within(forms, shares)[places, chosen] * seen).tolist())
    text = "".join(ALPHABET[one] for one in chosen)
    parts, begin = [], 0
    for length in lengths:
        parts.append(text[begin : begin + length])
        begin += length
    return Decoded(tuple(parts), characters, chosen != shares.argmax(axis=1).tolist())


def _within(forms: Sequence[Form], shares: Floats) -> Floats:
    """The share of each character at each place, among all plates that the forms allow; each plate is as likely as the
    product of its characters' shares and its form's weight. Shape (places, ALPHABET)."""
    masks = np.stack([_masks(form)[0] for form in forms])
    allowed = np.maximum(shares, _LEAST) * masks
    of_place = allowed.sum(axis=2)
    logs = np.log(of_place).sum(axis=1) + np.log([form.weight for form in forms])
    of_form = np.exp(logs - logs.max())
    of_form /= of_form.sum()
    return np.asarray((of_form[:, None, None] * allowed / of_place[..., None]).sum(axis=0), np.float32)


def _best_of(form: Form, shares: Floats) -> tuple[float, list[int]]:
    allowed, codes = _masks(form)
    logs = np.where(allowed, np.log(np.maximum(shares, _LEAST)), -np.inf)
    chosen = logs.argmax(axis=1)
    if form.has_code:
        pair = logs[0, :10, None] + logs[1, None, :10] + codes
        first, second = np.unravel_index(int(pair.argmax()), pair.shape)
        chosen[0], chosen[1] = first, second
    likelihood = float(logs[np.arange(len(chosen)), chosen].sum()) + float(np.log(form.weight))
    return likelihood, [int(one) for one in chosen]


@lru_cache(maxsize=256)
def _masks(form: Form) -> tuple[Floats, Floats]:
    places = [allowed for line in form.lines for allowed in line]
    mask = np.array([[one in allowed for one in ALPHABET] for allowed in places])
    codes = np.full((10, 10), -np.inf)
    for code in PROVINCE_CODES:
        codes[code // 10, code % 10] = 0.0
    return mask, codes
