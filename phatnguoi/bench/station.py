"""`phatnguoi bench station`: visits of the whole walk on `sim://station`, held against the truth."""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from detector.station import StationWatch
from detector.suspension import Suspension
from detector.vision.plates import open_plate_reader
from detector.visits import RECORDED
from detector.worker import Walk
from models.domain.frame import FILE_CLOCK, Frame
from models.domain.visits import CoverageSpan, ZoneVisit
from phatnguoi.bench.provenance import provenance
from phatnguoi.bench.rates import Rate
from phatnguoi.bench.simulated import camera_file_of
from phatnguoi.bench.video import shipped_detector
from streams.simulated.phases import frames_of
from streams.simulated.render import Renderer
from streams.simulated.settings import parse_url
from streams.simulated.source import STARTS_AT, pts_us_of
from streams.simulated.truth_lines import Line
from streams.simulated.truths import truth_of

KEPT = Path("docs/results/station-visits.json")
WORLDS = tuple(
    f"sim://station?seed={seed}&fps=4&duration_s=60{more}&density=1.6"
    for seed, more in (
        (1001, ""), (1003, "&weather=dusk"), (1002, ""), (1004, "&weather=dusk"), (1005, "&weather=overcast"),
        (1006, ""),
    )
)  # fmt: skip
SLACK_S = 2.0
"""A visit is the true one if their times overlap, so much added to both ends."""
STARTS_US = int(STARTS_AT.timestamp()) * 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Watched:
    """One clip: what was told, and what is true."""

    url: str
    visits: list[ZoneVisit]
    coverage: list[CoverageSpan]
    counts: Counter[tuple[str, str]]
    truth: list[Line]
    starts_us: int


def watch(url: str) -> Watched:
    """Draws a world and walks through it; no codec lies between, and plates are read in step."""
    settings = parse_url(url)
    file, renderer = camera_file_of(settings), Renderer(settings)
    keeper = truth_of(renderer)
    station = StationWatch(file.camera, lambda track: track.read(_reader())[0])
    walk = Walk(
        file, shipped_detector(url), is_recording=True, rate_hz=lambda: settings.fps,
        suspension=Suspension(file.camera.id),
    )  # fmt: skip
    starts_at = file.camera.starts_at or STARTS_AT
    for index in range(frames_of(settings)):
        image, drawn, lamp = renderer.frame(index)
        keeper.frame(index, drawn, lamp)
        pts_us = pts_us_of(index, settings)
        frame = Frame(index, pts_us, starts_at + timedelta(microseconds=pts_us), image, FILE_CLOCK)
        walk.step(frame)
        station.observe(frame, walk.latest_scene, walk.suspended)
    station.finish()
    found = Watched(url, [], [], Counter(), keeper.acts(), (starts_at - _EPOCH) // timedelta(microseconds=1))
    for batch in station.take(is_over=True):
        found.visits += batch.visits
        found.coverage += batch.coverage
        for one in batch.passing:
            found.counts[one.zone, one.vehicle] += one.count
    return found


@cache
def _reader() -> Any:
    return open_plate_reader()


@dataclass(slots=True)
class Score:
    """Counts over clips; `true` are visits of recorded classes that no end of the clip cuts."""

    true: int = 0
    found: int = 0
    right_plate: int = 0
    wrong_plate: int = 0
    unread: Counter[str] = field(default_factory=Counter)
    wrong_class: int = 0
    split: int = 0
    merged: int = 0
    invented: int = 0
    not_recorded: int = 0
    called_bus: int = 0
    wrong_plate_of_others: int = 0
    told: int = 0
    passed: int = 0
    passed_counted: int = 0
    details: list[str] = field(default_factory=list)

    def add(self, watched: Watched) -> None:
        true = [one for one in watched.truth if one["zone_kind"]]
        matches: dict[int, list[ZoneVisit]] = {}
        for visit in watched.visits:
            place = best_match(visit, true, watched.starts_us)
            self.told += 1
            if place is None:
                self.invented += 1
                self.details.append(f"invented: {_told(visit, watched.starts_us)}")
            else:
                matches.setdefault(place, []).append(visit)
                if true[place]["class"] not in RECORDED[visit.kind]:
                    self._add_other(visit, true[place], watched)
        for place, line in enumerate(true):
            if not line["is_cut"] and line["class"] in RECORDED[line["zone_kind"]]:
                self._add_true(line, matches.get(place, []), watched, true)
        passing = [one for one in watched.truth if not one["zone_kind"] and not one["is_cut"]]
        self.passed += len(passing)
        self.passed_counted += sum(count for (zone, _), count in watched.counts.items() if zone == "passing")

    def _add_other(self, visit: ZoneVisit, line: Line, watched: Watched) -> None:
        """Told of a vehicle of which no record rule speaks: harmless, unless it is read and called a bus."""
        self.not_recorded += 1
        self.called_bus += visit.vehicle == "bus" and visit.plate is not None
        self.wrong_plate_of_others += visit.plate not in (None, line["plate"])
        self.details.append(f"no record rule: {_told(visit, watched.starts_us)}, true: {line['class']} {line['plate']}")

    def _add_true(self, line: Line, visits: list[ZoneVisit], watched: Watched, true: list[Line]) -> None:
        self.true += 1
        if not visits:
            swallowed = any(
                visit.zone == line["zone"] and overlap_s(visit, line, watched.starts_us) > 0 for visit in watched.visits
            )
            self.merged += swallowed
            self.details.append(f"missed{' (merged)' if swallowed else ''}: {line}")
            return
        self.found += 1
        self.split += len(visits) > 1
        if len(visits) > 1:
            self.details.append(f"split: {line} {[_told(one, watched.starts_us) for one in visits]}")
        plates = {visit.plate for visit in visits if visit.plate}
        if any(plate != line["plate"] for plate in plates):
            self.wrong_plate += 1
            self.details.append(f"wrong plate: {line} {sorted(plates)}")
        elif plates:
            self.right_plate += 1
        else:
            self.unread[visits[0].unread_because or ""] += 1
        self.wrong_class += all(visit.vehicle != line["class"] for visit in visits)

    def as_dict(self) -> dict[str, Any]:
        return {
            "found": Rate(self.found, self.true).as_dict(),
            "right_plate": Rate(self.right_plate, self.found).as_dict(),
            "wrong_plate": Rate(self.wrong_plate, self.found).as_dict(),
            "unread": {"n": self.found, **dict(sorted(self.unread.items()))},
            "wrong_class": Rate(self.wrong_class, self.found).as_dict(),
            "split": Rate(self.split, self.found).as_dict(),
            "merged": Rate(self.merged, self.true).as_dict(),
            "invented": Rate(self.invented, self.told).as_dict(),
            "told_of_unrecorded_vehicles": {
                "n": self.not_recorded,
                "read_and_called_bus": self.called_bus,
                "wrong_plate": self.wrong_plate_of_others,
            },
            "passing_counted": {"counted": self.passed_counted, "true": self.passed},
        }


def best_match(visit: ZoneVisit, true: list[Line], starts_us: int) -> int | None:
    """The true visit that this one tells of: same zone, most overlap; a right plate decides."""
    near = [
        (line["plate"] == visit.plate, overlap_s(visit, line, starts_us), -place)
        for place, line in enumerate(true)
        if line["zone"] == visit.zone and overlap_s(visit, line, starts_us) > -SLACK_S
    ]
    return -max(near)[2] if near else None


def overlap_s(visit: ZoneVisit, line: Line, starts_us: int) -> float:
    """Seconds that both have in common; negative: between them."""
    since_s, until_s = (visit.entered_at_us - starts_us) / 1e6, (visit.left_at_us - starts_us) / 1e6
    return float(min(until_s, line["t_to_s"]) - max(since_s, line["t_from_s"]))


def _told(visit: ZoneVisit, starts_us: int) -> str:
    since_s, until_s = (visit.entered_at_us - starts_us) / 1e6, (visit.left_at_us - starts_us) / 1e6
    return f"{visit.zone} {visit.vehicle} {visit.plate or visit.unread_because} {since_s:.1f}-{until_s:.1f} s"


def run_station(arguments: argparse.Namespace) -> int:
    """Measures, prints, and writes the result after each clip, so that a run that is stopped has measured something."""
    total: dict[str, Any] = {}
    whole = Score()
    with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
        for watched in pool.imap_unordered(watch, arguments.world or WORLDS, chunksize=1):
            score = Score()
            score.add(watched)
            whole.add(watched)
            total[watched.url] = score.as_dict()
            print(watched.url, json.dumps(total[watched.url], ensure_ascii=False), flush=True)
            if arguments.out is not None:
                _write(arguments.out, whole, dict(sorted(total.items())))
    print(json.dumps(whole.as_dict(), indent=1, ensure_ascii=False))
    print("\n".join(whole.details))
    return 0


def _write(path: Path, whole: Score, worlds: dict[str, Any]) -> None:
    result = {
        "what": "visits on sim://station, whole walk, shipped simulated weights; nothing of a real station",
        "provenance": provenance(),
        "all": whole.as_dict(),
        "worlds": worlds,
        "not_right": sorted(whole.details),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
