"""`phatnguoi bench plates`: right, withheld and wrong, one line and two apart, on labelled or simulated crops."""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from detector.vision.plates import PlateReader, open_plate_reader
from detector.vision.plates.networks import ALPHABET
from detector.vision.plates.reader import SHIPPED_THRESHOLD
from models.domain.frame import BGR
from models.domain.plate_reading import PlateReading
from models.domain.plates import normalised
from phatnguoi.bench.plate_pictures import draw
from phatnguoi.bench.rates import Rate
from phatnguoi.errors import CommandError
from phatnguoi.plate import read_picture, reading_line

HEIGHTS_PX = (5, 6, 7, 8, 9, 10, 12, 14, 18, 24)
FIRST_SEED = 400_000
THRESHOLDS = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))
_CELL_PX = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """One plate's truth and what was read; `text` is what was read even where it is withheld."""

    truth: str
    line_count: int
    reading: PlateReading
    ms: float
    character_px: float

    @property
    def is_right(self) -> bool:
        return self.reading.text == self.truth

    def is_read(self, threshold: float | None = None) -> bool:
        if threshold is None:
            return self.reading.reason is None
        is_open = self.reading.reason in (None, "disagreement", "blurred", "too_small")
        return is_open and self.reading.confidence >= threshold


def run_plates(arguments: argparse.Namespace) -> int:
    """Reads, counts, writes `plates.json`, `readings.jsonl` and `plates_confusion.png`.

    Raises:
        CommandError: labels or pictures that are none.
    """
    reader = open_plate_reader()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.labels is None:
        answers = list(_simulated(reader, arguments.simulated, arguments.from_px))
    else:
        crops = arguments.crops or arguments.labels.parent / "crops"
        answers = list(_labelled(reader, arguments.labels, crops, arguments.out / "readings.jsonl"))
    result = summary(answers, by_height=arguments.labels is None)
    (arguments.out / "plates.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    cv2.imwrite(str(arguments.out / "plates_confusion.png"), confusion_picture(answers))
    print(json.dumps({name: result[name] for name in ("all", "one_line", "two_line", "ms_median")}, indent=1))
    return 0


def summary(answers: list[Answer], *, by_height: bool) -> dict[str, Any]:
    """Counts with intervals; the curve of coverage and wrong reads by threshold; by height where it is known."""
    groups = {"all": answers} | {name: [a for a in answers if a.line_count == n] for n, name in _NAMES.items()}
    result: dict[str, Any] = {name: _counts(group) for name, group in groups.items()}
    result["threshold"] = SHIPPED_THRESHOLD
    result["ms_median"] = round(statistics.median(answer.ms for answer in answers), 1) if answers else None
    result["curve"] = [_at(answers, threshold) for threshold in THRESHOLDS]
    if by_height:
        heights = sorted({answer.character_px for answer in answers})
        result["by_height"] = {
            f"{height:g}": {
                name: _counts([a for a in group if a.character_px == height]) for name, group in groups.items()
            }
            for height in heights
        }
    return result


def _of_height(answers: list[Answer], character_px: float) -> list[Answer]:
    return [answer for answer in answers if answer.character_px == character_px]


_NAMES = {1: "one_line", 2: "two_line"}


def _counts(answers: list[Answer]) -> dict[str, Any]:
    read = [answer for answer in answers if answer.is_read()]
    reasons = Counter(str(answer.reading.reason) for answer in answers if not answer.is_read())
    return {
        "right": Rate(sum(answer.is_right for answer in read), len(answers)).as_dict(),
        "read": Rate(len(read), len(answers)).as_dict(),
        "wrong": Rate(sum(not answer.is_right for answer in read), len(answers)).as_dict(),
        "unread_because": {
            str(reason): count for reason, count in sorted(reasons.items(), key=lambda pair: str(pair[0]))
        },
    }


def _at(answers: list[Answer], threshold: float) -> dict[str, Any]:
    read = [answer for answer in answers if answer.is_read(threshold)]
    wrong = sum(not answer.is_right for answer in read)
    return {"threshold": threshold, "read": len(read), "wrong": wrong, "of": len(answers)}


def _timed(reader: PlateReader, image: BGR) -> tuple[PlateReading, float]:
    begin_s = time.process_time()
    reading = reader.read(image)
    return reading, 1000 * (time.process_time() - begin_s)


def _labelled(reader: PlateReader, labels: Path, crops: Path, out: Path) -> Iterator[Answer]:
    try:
        with labels.open(newline="", encoding="utf-8") as file:
            rows = [(row["image"], row["text"]) for row in csv.DictReader(file)]
    except (OSError, KeyError) as error:
        raise CommandError(f"{labels}: got no labels ({error}), expected CSV with the columns image, text") from None
    with out.open("w", encoding="utf-8") as lines:
        for name, text in tqdm(rows, unit=" plates", disable=None):
            reading, ms = _timed(reader, read_picture(crops / name))
            lines.write(json.dumps(reading_line(name, reading), ensure_ascii=False) + "\n")
            yield Answer(normalised(text), 2 if "|" in text else 1, reading, ms, 0.0)


def _simulated(reader: PlateReader, count: int, from_px: float) -> Iterator[Answer]:
    heights = [height for height in HEIGHTS_PX if height >= from_px]
    for number in tqdm(range(count), unit=" plates", disable=None):
        rng = np.random.default_rng(FIRST_SEED + number)
        drawn = draw(rng, 1 + number % 2, heights[number // 2 % len(heights)])
        reading, ms = _timed(reader, drawn.image)
        yield Answer("".join(drawn.lines), len(drawn.lines), reading, ms, drawn.character_px)


def confusion_picture(answers: list[Answer]) -> BGR:
    """Rows: what stands there; columns: what was read, withheld readings too; darker is more often, log scale."""
    counts = np.zeros((len(ALPHABET), len(ALPHABET)))
    for answer in answers:
        if len(answer.reading.text) == len(answer.truth):
            for truth, read in zip(answer.truth, answer.reading.text, strict=True):
                counts[ALPHABET.index(truth), ALPHABET.index(read)] += 1
    grey = 255 - 255 * np.log1p(counts) / max(1.0, float(np.log1p(counts).max()))
    cells = np.kron(grey, np.ones((_CELL_PX, _CELL_PX)))
    side = len(cells) + _CELL_PX
    picture = np.full((side, side, 3), 255, np.uint8)
    picture[_CELL_PX:, _CELL_PX:] = cells[..., None].astype(np.uint8)
    for place, character in enumerate(ALPHABET, start=1):
        for x, y in ((place * _CELL_PX + 3, 12), (3, place * _CELL_PX + 12)):
            cv2.putText(picture, character, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (180, 60, 0), 1, cv2.LINE_AA)
    return picture
