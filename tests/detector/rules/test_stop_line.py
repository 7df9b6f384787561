"""Standing past the stop line on red: when it is claimed, and when not."""

from __future__ import annotations

from typing import Any

import pytest

from detector.rules.stop_line import Settings, StopLine
from models.domain.geometry import BoxPx
from models.domain.scene import Scene, SignalReading, VehicleClass
from models.domain.violation import Violation
from tests.detector.rules.places import scenes_of
from tests.detector.rules.roads import SITE, SITE_M, along, assert_evidence
from tests.detector.rules.scenes import INTERVAL_US, lamp, shown_to, without_timing

# The line is at y = 300; vehicles drive up the picture, away from the camera: the lower edge is the rear.
STOPS_PAST = [*along([(210, 430), (210, 298)], 25), *along([(210, 298)] * 2, 40)]
STOPS_BEFORE = [*along([(210, 430), (210, 322)], 25), *along([(210, 322)] * 2, 40)]
RUNS = along([(210, 430), (210, 130)], 50)


def judged(scenes: list[Scene], site: Any = SITE, **changes: Any) -> list[Violation]:
    return shown_to(StopLine(Settings(line="stop", signal="main", **changes), site), scenes)


def one(steps: Any, signal: Any = None, vehicle: VehicleClass | None = "motorcycle") -> list[Scene]:
    return scenes_of({1: steps}, classes={1: vehicle}, signals=signal or lamp("red"))


def turning_red(at_step: int, count: int = 80) -> list[SignalReading]:
    return [lamp("red", at_step * INTERVAL_US) if n >= at_step else lamp("green") for n in range(count)]


ACCUSED = {
    "comes on red, stops past the line": one(STOPS_PAST),
    "a car": one(STOPS_PAST, vehicle="car"),
    "waits before it, then rolls past it, and stands": one([*along([(210, 345)] * 2, 20), *STOPS_PAST[18:]]),
    "red begins while it is still well before the line": one(STOPS_PAST, turning_red(8)),
}


@pytest.mark.parametrize("scenes", ACCUSED.values(), ids=ACCUSED.keys())
def test_accuses(scenes: list[Scene]) -> None:
    (claim,) = judged(scenes)
    assert (claim.rule, claim.act_code, claim.signal_id) == ("stop_line", "SIGN_MARKING", "main")
    assert_evidence(claim)
    assert claim.measurements["stood_us"] >= 2_000_000


def test_in_metres_the_front_is_past_by_the_stated_way() -> None:
    """10 px are a metre: a motorcycle whose rear is 0.5 m before the line is past it by 1.1 m, one at 1.5 m is not."""
    half_past = [*along([(210, 430), (210, 305)], 25), *along([(210, 305)] * 2, 40)]
    at_the_line = [*along([(210, 430), (210, 315)], 25), *along([(210, 315)] * 2, 40)]
    assert len(judged(one(half_past), SITE_M)) == 1
    assert judged(one(at_the_line), SITE_M) == []


INNOCENT = {
    "stops before the line": one(STOPS_BEFORE),
    "stops with its front on the line": one([*along([(210, 430), (210, 313)], 25), *along([(210, 313)] * 2, 40)]),
    "amber": one(STOPS_PAST, lamp("amber")),
    "green": one(STOPS_PAST, lamp("green")),
    "signal unknown": one(STOPS_PAST, lamp("unknown")),
    "lamp off": one(STOPS_PAST, lamp("off")),
    "no reading at all": [Scene(s.frame_index, s.pts_us, s.interval_us, s.tracks) for s in one(STOPS_PAST)],
    "stood past it before red, pushed on by the queue": one(STOPS_PAST, turning_red(30)),
    "red begins while it rolls over the line": one(STOPS_PAST, turning_red(20)),
    "first seen past the line": one(STOPS_PAST[25:]),
    "runs the light (another rule)": one(RUNS),
    "stands far beyond the line (it ran)": one([*RUNS[:35], *along([(210, 220)] * 2, 40)]),
    "stands for a second only, green comes": one(STOPS_PAST, [lamp("red")] * 36 + [lamp("green")] * 40),
    "the lamp is hidden while it stands": one(STOPS_PAST, [lamp("red")] * 35 + [lamp("unknown")] * 40),
    "before in one red, past in the next": one(
        STOPS_PAST, [lamp("red")] * 15 + [lamp("green")] * 8 + [lamp("red", 2_300_000)] * 50
    ),
    "creeps on all the time": one(along([(210, 430), (210, 285)], 60)),
    "beside the drawn line": one([BoxPx(b.x1 + 330, b.y1, b.x2 + 330, b.y2) for b in STOPS_PAST]),
    "nobody's vehicle (a person)": one(STOPS_PAST, vehicle=None),
    "waits before the line, another one hides its lower half": one(
        [BoxPx(195, 260, 225, 345 if n < 20 else 298) for n in range(60)]
    ),
    "hidden for two seconds while it comes": one([*STOPS_PAST[:15], *[None] * 20, *STOPS_PAST[25:]]),
    "the clock settles": without_timing(one(STOPS_PAST)),
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
@pytest.mark.parametrize("site", [SITE, SITE_M], ids=["px", "m"])
def test_never_accuses(scenes: list[Scene], site: Any) -> None:
    assert judged(scenes, site) == []


def test_the_grace_time_after_the_onset_of_red_is_not_claimed() -> None:
    assert judged(one(STOPS_PAST, turning_red(8)), grace_s=3.0) == []


def test_one_vehicle_is_claimed_once() -> None:
    assert len(judged(one([*STOPS_PAST, *STOPS_PAST]))) == 1


def test_never_accuses_who_ends_where_a_nearer_vehicle_begins() -> None:
    """Its lower half may lie behind that one: where it stands cannot be told."""
    nearer = [BoxPx(180, box.y2, 260, box.y2 + 90) if n >= 25 else None for n, box in enumerate(STOPS_PAST)]
    scenes = scenes_of(
        {1: STOPS_PAST, 2: nearer}, classes={1: "motorcycle", 2: "car"}, signals=lamp("red")
    )  # fmt: skip
    assert len(judged(scenes_of({1: STOPS_PAST}, classes={1: "motorcycle"}, signals=lamp("red")))) == 1
    assert judged(scenes) == []
