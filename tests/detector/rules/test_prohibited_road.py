"""Driving where a sign forbids it: when it is claimed, and when not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from detector.rule import SettingError
from detector.rules.prohibited_road import ProhibitedRoad, Settings
from models.domain.scene import Scene, VehicleClass
from models.domain.violation import Violation
from tests.detector.rules.places import scenes_of
from tests.detector.rules.roads import SITE, along, assert_evidence, at_time, reclassed, unsure
from tests.detector.rules.scenes import shown_to, without_timing

ROAD = along([(230, 430), (230, 150)], 31)
TRUCK_HOURS = "Mo-Fr 06:00-09:00,16:00-20:00; PH off"


def judged(scenes: list[Scene], **changes: Any) -> list[Violation]:
    settings = {"zone": "road", "classes": ("truck",), "calendar": TRUCK_HOURS} | changes
    return shown_to(ProhibitedRoad(Settings.model_validate(settings), SITE), scenes)


def driven(local: str | None = "2026-11-23 08:00", vehicle: VehicleClass | None = "truck") -> list[Scene]:
    """Along the road, at a time on the wall clocks of Huế; None: the time is not known."""
    moment = None if local is None else datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    scenes = scenes_of({1: ROAD}, classes={1: vehicle})
    return at_time(scenes, None if moment is None else int(moment.timestamp()) * 1_000_000)


def test_accuses_a_truck_in_the_hours_of_the_sign() -> None:
    (claim,) = judged(driven())
    assert claim.act_code == "PROHIBITED_ROAD"
    assert_evidence(claim)


def test_accuses_at_any_time_where_the_sign_has_no_hours() -> None:
    assert len(judged(driven(None), calendar=None)) == 1


def test_accuses_whichever_way_it_drives() -> None:
    back = scenes_of({1: list(reversed(ROAD))}, classes={1: "truck"})
    assert len(judged(back, calendar=None)) == 1


INNOCENT = {
    "before the hours of the sign": driven("2026-11-23 05:55"),
    "between them": driven("2026-11-23 12:00"),
    "within a minute of their beginning (grace)": driven("2026-11-23 06:00"),
    "on a Sunday": driven("2026-11-22 08:00"),
    "on a public holiday": driven("2026-11-24 08:00"),
    "at Tết": driven("2026-02-17 08:00"),
    "the time is not known": driven(None),
    "a car": driven(vehicle="car"),
    "a bus": driven(vehicle="bus"),
    "nobody's vehicle (a person)": driven(vehicle=None),
    "its class is not sure": unsure(driven(), 0.85),
    "a bus that is taken for a truck at the end": reclassed(driven(vehicle="bus"), "truck", range(24, 31)),
    "the clock settles": without_timing(driven()),
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


def test_a_wide_uncertainty_of_the_clock_silences_near_a_change() -> None:
    near_the_end = [replace(scene, captured_uncertainty_us=120_000_000) for scene in driven("2026-11-23 08:58")]
    assert judged(near_the_end) == []
    assert len(judged(driven("2026-11-23 08:58"))) == 1


def test_a_calendar_that_cannot_be_read_is_an_error_of_the_camera_file() -> None:
    with pytest.raises(SettingError, match="got the times '6-9', expected HH:MM-HH:MM") as error:
        judged([], calendar="Mo-Fr 6-9")
    assert error.value.key == "calendar"
