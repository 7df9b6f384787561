"""The frames of one track vote on its plate, character by character."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from models.domain.plate_reading import AsideReason, PlateReading, UnreadReason
from models.domain.plates import PlateColour, PlateError, authority_aside, parse_plate

LEAST_AGREEING = 3
"""Frames whose own reading is the voted plate."""
LEAST_CONFIDENCE = 0.6
FULL_WEIGHT_PX, LEAST_VOTING_PX = 20.0, 7.0
OBSCURED_PX = 14.0
"""A plate this large is legible: where most frames find it covered, something hides it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame's reading of a track."""

    frame_index: int
    reading: PlateReading


@dataclass(frozen=True, slots=True)
class TrackPlate:
    """What a track's frames say together.

    Attributes:
        lines: of the plate, empty where it is withheld.
        characters: share of the votes, by their weights, for each character.
        agreeing: frames whose own reading is this plate.
        seen: frames that were looked at.
        best: the frame that shows the plate best; None: no frame shows one.
        is_obscured: most frames show a large plate with something over it.
    """

    lines: tuple[str, ...]
    characters: tuple[float, ...]
    reason: UnreadReason | None
    agreeing: int
    seen: int
    is_repaired: bool = False
    colour: PlateColour = "white"
    aside: AsideReason | None = None
    best: Seen | None = None
    is_obscured: bool = False

    @property
    def confidence(self) -> float:
        return min(self.characters, default=0.0)


def unread(reason: UnreadReason, seen: int = 0) -> TrackPlate:
    return TrackPlate((), (), reason, 0, seen)


def vote(frames: Sequence[Seen]) -> TrackPlate:
    """One plate, or none with the commonest reason of the frames."""
    voting = [one for one in frames if _may_vote(one.reading)]
    lines, characters = _voted(voting)
    agreeing = [one for one in voting if one.reading.lines == lines and one.reading.reason is None]
    reason = _reason(frames, lines, characters, len(agreeing))
    best = max(agreeing or voting or _with_plate(frames), key=_weight_of, default=None)
    colour = _colour(agreeing or voting)
    is_obscured = reason is not None and _is_obscured(frames)
    if reason is not None:
        return TrackPlate((), (), reason, len(agreeing), len(frames), colour=colour, best=best, is_obscured=is_obscured)
    repaired = sum(one.reading.is_repaired for one in agreeing) * 2 > len(agreeing)
    aside = authority_aside("".join(lines), colour)
    return TrackPlate(lines, characters, None, len(agreeing), len(frames), repaired, colour, aside, best)


def _may_vote(reading: PlateReading) -> bool:
    return bool(reading.lines) and reading.reason != "covered" and reading.character_px >= LEAST_VOTING_PX


def _weight_of(seen: Seen) -> float:
    reading = seen.reading
    size = min(1.0, reading.character_px / FULL_WEIGHT_PX)
    return size * (0.4 + 0.6 * reading.sharpness) * max(0.1, 1.0 - 2.0 * reading.glare)


def _voted(voting: Sequence[Seen]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """The layout with the most weight; within it, the character with the most at each place."""
    by_layout: dict[tuple[int, ...], float] = defaultdict(float)
    for seen in voting:
        by_layout[tuple(len(line) for line in seen.reading.lines)] += _weight_of(seen) * seen.reading.confidence
    if not by_layout:
        return (), ()
    layout = max(sorted(by_layout), key=lambda one: by_layout[one])
    whole = sum(_weight_of(seen) for seen in voting)
    text, characters = "", []
    for place in range(sum(layout)):
        votes: dict[str, float] = defaultdict(float)
        for seen in voting:
            if tuple(len(line) for line in seen.reading.lines) == layout:
                votes[seen.reading.text[place]] += _weight_of(seen) * seen.reading.characters[place]
        chosen = max(sorted(votes), key=lambda one: votes[one])
        text += chosen
        characters.append(round(votes[chosen] / whole, 4))
    lines, begin = [], 0
    for length in layout:
        lines.append(text[begin : begin + length])
        begin += length
    return tuple(lines), tuple(characters)


def _reason(
    frames: Sequence[Seen], lines: tuple[str, ...], characters: tuple[float, ...], agreeing: int
) -> UnreadReason | None:
    if not lines:
        return _commonest([seen.reading.reason or "disagreement" for seen in frames], "no_plate")
    if agreeing < LEAST_AGREEING or min(characters) < LEAST_CONFIDENCE:
        told = [seen.reading.reason for seen in frames if seen.reading.reason not in (None, "no_plate", "grammar")]
        return _commonest([reason for reason in told if reason is not None], "disagreement")
    try:
        parse_plate("".join(lines))
    except PlateError:
        return "grammar"
    return None


def _commonest(reasons: list[UnreadReason], else_reason: UnreadReason) -> UnreadReason:
    return max(sorted(set(reasons)), key=reasons.count, default=else_reason)


def _with_plate(frames: Sequence[Seen]) -> list[Seen]:
    return [seen for seen in frames if seen.reading.corners is not None]


def _colour(frames: Sequence[Seen]) -> PlateColour:
    counts = Counter(seen.reading.colour for seen in frames)
    return max(sorted(counts), key=lambda one: counts[one], default="white")


def _is_obscured(frames: Sequence[Seen]) -> bool:
    large = [seen for seen in _with_plate(frames) if seen.reading.character_px >= OBSCURED_PX]
    covered = sum(seen.reading.reason == "covered" for seen in large)
    return len(large) >= LEAST_AGREEING and covered * 2 > len(large)
