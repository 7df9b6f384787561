"""Stopping where even stopping is forbidden: what differs from parking."""

from __future__ import annotations

from typing import Any

import pytest

from detector.rule import SettingError, Site
from detector.rules.illegal_stopping import IllegalStopping, Settings
from models.domain.camera import Camera
from models.domain.geometry import BoxPx
from models.domain.scene import Scene
from models.domain.violation import Violation
from tests.detector.rules.places import drive_from, hidden, scenes_of, stand
from tests.detector.rules.scenes import CAMERA, INTERVAL_US, lamp, shown_to, without_timing

ZONE = {"id": "no-stop", "polygon_px": [[350, 100], [500, 100], [500, 470], [350, 470]]}
CAMERA_WITH_ZONE = Camera.model_validate(CAMERA.model_dump(by_alias=True) | {"zones": [ZONE], "signals": []})
X, Y = 430.0, 300.0


def judged(scenes: list[Scene], **changes: Any) -> list[Violation]:
    return shown_to(IllegalStopping(Settings(zone="no-stop", **changes), Site(CAMERA_WITH_ZONE)), scenes)


def a_minute(extra_s: float = 2.0) -> list[BoxPx | None]:
    return stand(X, Y, round((60 + extra_s) * 1_000_000 / INTERVAL_US))


def test_accuses_who_stands_for_a_minute() -> None:
    (claim,) = judged(scenes_of({1: a_minute()}))
    assert (claim.rule, claim.act_code) == ("illegal_stopping", "STOP_NO_STOP_SIGN")
    assert claim.pts_us == 60_000_000


INNOCENT = {
    "lets somebody pass for 20 s": scenes_of({1: stand(X, Y, 200) + drive_from(X, Y, 430, 110, 15)}),
    "drives off as the minute is up": scenes_of({1: a_minute(0.2) + drive_from(X, Y, 430, 110, 15)}),
    "a jam": scenes_of({n: stand(X, 200.0 + 70 * n, 620) for n in range(3)}),
    "the clock settles": without_timing(scenes_of({1: a_minute()})),
    "a person": scenes_of({1: a_minute()}, classes={1: None}),
    "nobody there": scenes_of({1: hidden(620)}),
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    assert judged(scenes) == []


def test_a_lamp_that_somebody_waits_for_must_be_known() -> None:
    with pytest.raises(SettingError, match="got the signal 'main', expected one of: none is drawn"):
        judged([], queue_signals=("main",))


def test_at_red_no_time_counts() -> None:
    camera = Camera.model_validate(CAMERA.model_dump(by_alias=True) | {"zones": [ZONE]})
    rule = IllegalStopping(Settings(zone="no-stop"), Site(camera))
    assert shown_to(rule, scenes_of({1: a_minute()}, signals=lamp("red"))) == []
