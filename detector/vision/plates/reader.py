"""Finds a plate in a vehicle's or a plate's picture, and reads it, or says why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np

from detector.vision.plates.agreement import Agreed, Lines, Reading, agree
from detector.vision.plates.decoding import LineSlots, decode, line_slots
from detector.vision.plates.finding import CHARACTER_OF_LINE, Candidate, TextLine, candidates, cut_out, find_lines
from detector.vision.plates.glyphs import told_by_width
from detector.vision.plates.networks import TextFinder, TextReader
from detector.vision.plates.quality import flattened, glare, plate_colour, sharpness
from models.domain.frame import BGR
from models.domain.plate_forms import line_counts
from models.domain.plate_reading import AsideReason, PlateReading, UnreadReason
from models.domain.plates import PlateColour, authority_aside

SHIPPED_THRESHOLD = 0.60
"""Least confidence of the least sure character: docs/plates.md has the curve that it was taken from."""
SURE, SURE_UNDER_GLARE, SURE_WHEN_SMALL = 0.95, 0.97, 0.85
"""From here on no further readings are made; what a plate with burnt out parts needs, and one of small characters."""
THOROUGH_WEIGHT = 2.0
LEAST_CHARACTER_PX = 7.0
LOOKS_PX = (256, 448, 736)
"""Longer side at which text is looked for, one after the other, until a plate is seen."""
SEEN_FROM = 0.25
BLURRED_TO, GLARING_FROM, SMALL_TO_PX = 0.22, 0.06, 10.0
TALLEST_CROP, WIDEST_CROP = 0.9, 5.5
LARGEST_PX = 1600


class PlateReader(Protocol):
    """A port: any reader of plates."""

    def read(self, image: BGR) -> PlateReading:
        """The best plate of a picture of one vehicle, or of one plate."""
        ...


class PpocrReader:
    """Two of PP-OCR's readers on the lines that its finder sees, decoded by the grammar, trusted where they agree."""

    def __init__(self, threshold: float = SHIPPED_THRESHOLD, threads: int = 1) -> None:
        self._threshold = threshold
        self._finder = TextFinder(threads)
        self._quick, self._thorough = TextReader("reader_v4", threads), TextReader("reader_v6", threads)

    def read(self, image: BGR) -> PlateReading:
        """1. find lines of text, coarse then fine; 2. of those that may be one plate, take the likeliest; 3. read it
        again in other ways until it is sure; 4. withhold what is not sure, with the reason."""
        if min(image.shape[:2]) < LEAST_CHARACTER_PX:
            return PlateReading(reason="too_small")
        image = _at_most(image, LARGEST_PX)
        found = self._locate(image)
        if found is None:
            return PlateReading(reason=_unfound(image))
        candidate, first = found
        agreed = self._read_again(image, candidate, first)
        return self._judge(image, candidate, agreed)

    def _locate(self, image: BGR) -> tuple[Candidate, Lines] | None:
        best: tuple[float, Candidate, Lines] | None = None
        for look_px in LOOKS_PX:
            if look_px != LOOKS_PX[0] and look_px > 2 * max(image.shape[:2]):
                break
            for candidate in candidates(find_lines(self._finder, image, look_px)) + _whole(image, best is None):
                lines = self._slots(image, candidate.lines, self._quick)
                score = _score(lines, candidate)
                if best is None or score > best[0]:
                    best = score, candidate, lines
            if best is not None and best[0] >= SEEN_FROM:
                break
        return None if best is None else best[1:]

    def _read_again(self, image: BGR, candidate: Candidate, first: Lines) -> Agreed | None:
        """More readings, until what they agree on is sure: other network, other cut, other contrast."""
        wider, tighter = _grown(candidate, 0.12, 0.06), _grown(candidate, 0.04, -0.05)
        readings = [
            Reading(first),
            Reading(self._slots(image, candidate.lines, self._thorough), THOROUGH_WEIGHT),
            Reading(self._slots(image, wider, self._quick)),
        ]
        agreed = agree(readings, candidate.line_count)
        if agreed is not None and agreed.confidence >= SURE:
            return agreed
        readings += [
            Reading(self._slots(image, wider, self._thorough), THOROUGH_WEIGHT),
            Reading(self._slots(image, tighter, self._quick, _steeper)),
            Reading(self._slots(image, tighter, self._thorough, _steeper), THOROUGH_WEIGHT),
        ]
        return agree(readings, candidate.line_count)

    def _slots(
        self, image: BGR, lines: tuple[TextLine, ...], network: TextReader, change: Callable[[BGR], BGR] | None = None
    ) -> tuple[LineSlots, ...]:
        cuts = [cut_out(image, line) for line in lines]
        seen = [line_slots(network.read(cut if change is None else change(cut))) for cut in cuts]
        return tuple(told_by_width(line, cut) for line, cut in zip(seen, cuts, strict=True))

    def _judge(self, image: BGR, candidate: Candidate, agreed: Agreed | None) -> PlateReading:
        plate = flattened(image, candidate.corners)
        sharp = min(sharpness(cut_out(image, line)) for line in candidate.lines)
        burnt, colour = glare(plate), plate_colour(plate)
        decoded = None if agreed is None else agreed.decoded
        is_small = candidate.character_px < SMALL_TO_PX
        least = SURE_UNDER_GLARE if burnt >= GLARING_FROM else SURE_WHEN_SMALL if is_small else 0.0
        is_sure = agreed is not None and agreed.confidence >= max(self._threshold, least)
        is_whole = agreed is not None and not agreed.is_gapped
        is_large = candidate.character_px >= LEAST_CHARACTER_PX
        reason: UnreadReason | None = None
        if not (is_sure and is_whole and is_large):
            reason = _why(candidate, agreed, sharp, burnt)
        return PlateReading(
            lines=() if decoded is None else decoded.lines,
            characters=() if decoded is None else tuple(round(share, 4) for share in decoded.characters),
            reason=reason,
            is_repaired=decoded is not None and decoded.is_repaired,
            colour=colour,
            corners=tuple((round(float(x), 1), round(float(y), 1)) for x, y in candidate.corners),  # type: ignore[arg-type]
            character_px=round(candidate.character_px, 2),
            sharpness=round(sharp, 3),
            glare=round(burnt, 4),
            aside=_aside(decoded.text, colour) if decoded is not None and reason is None else None,
        )


def open_plate_reader(threshold: float = SHIPPED_THRESHOLD, threads: int = 1) -> PlateReader:
    """The shipped reader.

    Raises:
        detector.vision.vehicles.WeightsUnusableError: its networks are not where they were installed.
    """
    return PpocrReader(threshold, threads)


def _why(candidate: Candidate, agreed: Agreed | None, sharp: float, burnt: float) -> UnreadReason:
    """What most probably spoilt it: first what the picture shows, then what the readings do."""
    if candidate.is_guess and agreed is None:
        return "no_plate"
    if candidate.character_px < SMALL_TO_PX:
        return "too_small"
    if burnt >= GLARING_FROM:
        return "glare"
    if sharp <= BLURRED_TO:
        return "blurred"
    if agreed is None:
        return "grammar"
    return "covered" if agreed.is_gapped else "disagreement"


def _aside(text: str, colour: PlateColour) -> AsideReason | None:
    return authority_aside(text, colour)


def _score(lines: Lines, candidate: Candidate) -> float:
    """Of a candidate: the likelihood of its plate, and 0 where its shape has another count of lines."""
    if candidate.line_count not in line_counts(candidate.ratio):
        return 0.0
    decoded = decode(lines, candidate.line_count)
    return 0.0 if decoded is None else float(np.prod(decoded.characters))


def _grown(candidate: Candidate, along: float, across: float) -> tuple[TextLine, ...]:
    return tuple(line.grown(along, across) for line in candidate.lines)


def _whole(image: BGR, is_first: bool) -> list[Candidate]:
    """The whole picture as one plate, where it has the shape of one: a tight crop whose text was not found."""
    height, width = image.shape[:2]
    ratio = width / height
    if not is_first or not TALLEST_CROP <= ratio <= WIDEST_CROP:
        return []
    made = []
    for count in line_counts(ratio):
        rows = [(0.0, 1.0)] if count == 1 else [(0.04, 0.52), (0.46, 0.98)]
        lines = tuple(
            TextLine(np.array([(0, a * height), (width, a * height), (width, b * height), (0, b * height)], np.float32))
            for a, b in rows
        )
        made.append(Candidate(lines, is_guess=True))
    return made


def _unfound(image: BGR) -> UnreadReason:
    return "too_small" if min(image.shape[:2]) * CHARACTER_OF_LINE / 2 < LEAST_CHARACTER_PX else "no_plate"


def _steeper(line: BGR) -> BGR:
    """More contrast: from the 2nd to the 98th hundredth of its brightness."""
    low, high = np.percentile(line, (2, 98))
    return np.asarray(np.clip((line.astype(np.float32) - low) * (255 / max(30.0, high - low)), 0, 255), np.uint8)


def _at_most(image: BGR, longer_px: int) -> BGR:
    scale = longer_px / max(image.shape[:2])
    if scale >= 1:
        return image
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
