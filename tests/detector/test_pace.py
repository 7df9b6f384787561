"""A track that leaves its pace has taken over another vehicle; who brakes, sets off or is hidden a moment has not."""

from __future__ import annotations

import pytest

from detector.pace import Trail, followed, is_a_leap
from tests.detector.rules.scenes import box_at

FRAME_US = 100_000


def leaps(ys: list[float | None], height: float = 60.0) -> bool:
    """Whether the last sighting is a leap; None: not seen."""
    trail: Trail = ()
    for number, y in enumerate(ys[:-1]):
        if y is not None:
            trail = followed(trail, box_at(300, y, height), number * FRAME_US)
    last = ys[-1]
    assert last is not None
    return is_a_leap(trail, box_at(300, last, height), (len(ys) - 1) * FRAME_US)


@pytest.mark.parametrize(
    "ys",
    [
        [400, 390, 380, 370, 360],
        [400, 360, 320, 280, 240],
        [400, 370, 340, 310, 308],
        [300, 300, 300, 300, 320],
        [400, 380, 360, None, None, None, 280],
        [400, 300],
    ],
    ids=["drives", "drives fast", "brakes hard", "sets off", "hidden for a moment", "its pace is not known yet"],
)
def test_a_vehicle_goes_where_its_pace_leads(ys: list[float | None]) -> None:
    assert not leaps(ys)


@pytest.mark.parametrize(
    "ys",
    [[300, 300, 300, 300, 240], [400, 390, 380, 370, 420], [300, 300, 300, None, 220]],
    ids=["stands, then is elsewhere", "drives, then is behind itself", "hidden, then elsewhere"],
)
def test_a_track_that_is_elsewhere_at_once_leaps(ys: list[float | None]) -> None:
    assert leaps(ys)
