"""Taking up passengers outside the place: when it is claimed, and when not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.rule import Site
from detector.rules.coach_stop import CoachStop, Settings
from detector.standing import MOST_STAYS
from models.domain.camera import Camera
from models.domain.geometry import BoxPx
from models.domain.scene import Scene, VehicleClass
from models.domain.violation import Violation
from tests.detector.rules.places import Steps, drive_from, hidden, scenes_of, stand
from tests.detector.rules.scenes import CAMERA, box_at, lamp, shown_to, without_timing

ZONE = {"id": "kerb", "polygon_px": [[250, 100], [500, 100], [500, 470], [250, 470]]}
SITE = Site(Camera.model_validate(CAMERA.model_dump(by_alias=True) | {"zones": [ZONE], "signals": []}))
X, Y = 400.0, 400.0
BUS = stand(X, Y, 100, height=150, width=120)
BESIDE = box_at(480, 390, 70, 25)


def judged(scenes: list[Scene], **changes: Any) -> list[Violation]:
    return shown_to(CoachStop(Settings(zone="kerb", after_s=5, **changes), SITE), scenes)


def with_people(bus: Steps, people: Sequence[BoxPx], vehicle: VehicleClass = "bus") -> list[Scene]:
    return [replace(scene, people=tuple(people)) for scene in scenes_of({1: bus}, classes={1: vehicle})]


def test_accuses_a_bus_that_stands_with_people_at_its_side() -> None:
    (claim,) = judged(with_people(BUS, [BESIDE]))
    assert (claim.rule, claim.act_code, claim.vehicle) == ("coach_stop", "COACH_STOP_WRONG_PLACE", "bus")
    assert claim.measurements["people_beside_us"] >= 3_000_000


INNOCENT = {
    "nobody at its side": with_people(BUS, []),
    "somebody far away": with_people(BUS, [box_at(150, 390, 70, 25)]),
    "the driver behind the windscreen": with_people(BUS, [box_at(400, 320, 60, 25)]),
    "a person in the distance": with_people(BUS, [box_at(480, 345, 20, 8)]),
    "drives through": with_people(drive_from(X, 470, X, 110, 60), [BESIDE]),
    "a car": with_people(BUS, [BESIDE], "car"),
    "outside the zone": with_people(stand(120, Y, 100, height=150, width=120), [box_at(200, 390, 70, 25)]),
    "the clock settles": without_timing(with_people(BUS, [BESIDE])),
    "nobody there": with_people(hidden(100), [BESIDE]),
    "somebody walks by": [
        replace(scene, people=(BESIDE,) if 10 <= scene.frame_index < 30 else ())
        for scene in scenes_of({1: BUS}, classes={1: "bus"})
    ],
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


def test_a_bus_that_waits_at_red_is_not_claimed() -> None:
    site = Site(Camera.model_validate(CAMERA.model_dump(by_alias=True) | {"zones": [ZONE]}))
    scenes = [replace(scene, signals={"main": lamp("red")}) for scene in with_people(BUS, [BESIDE])]
    assert shown_to(CoachStop(Settings(zone="kerb", after_s=5), site), scenes) == []


@settings(max_examples=40, deadline=None)
@given(xs=st.lists(st.floats(0, 200), max_size=4), heights=st.lists(st.floats(5, 200), min_size=4, max_size=4))
def test_without_people_at_its_side_nothing_is_ever_claimed(xs: list[float], heights: list[float]) -> None:
    people = [box_at(x, 390, height, height / 3) for x, height in zip(xs, heights, strict=False)]
    assert judged(with_people(BUS, people)) == []


def test_ten_thousand_tracks_leave_a_bounded_state() -> None:
    rule = CoachStop(Settings(zone="kerb"), SITE)
    for number in range(10_000):
        for scene in scenes_of({number: stand(X, Y, 2)}, classes={number: "bus"}, interval_us=1_100_000):
            list(rule.observe(scene))
        rule.forget(number)
    assert len(rule._stays) <= MOST_STAYS
