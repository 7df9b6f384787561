"""Whether the lower edge of a box is where the vehicle stands."""

from __future__ import annotations

import pytest

from detector.sightings import shows_its_wheels, stands_on_ground
from models.domain.camera import FrameSize
from models.domain.geometry import BoxPx
from models.domain.scene import Track

FRAME = FrameSize(width=640, height=480)
OWN = Track(1, "motorcycle", BoxPx(200, 100, 240, 180), 0.9)


@pytest.mark.parametrize(
    ("other", "stands", "shows"),
    [
        (BoxPx(400, 100, 440, 200), True, True),
        (BoxPx(195, 150, 245, 260), False, False),
        (BoxPx(195, 180, 245, 290), True, False),
        (BoxPx(195, 190, 245, 290), True, True),
        (BoxPx(235, 182, 300, 290), True, True),
        (BoxPx(195, 90, 245, 179), True, True),
    ],
    ids=[
        "beside it", "a nearer one over its lower edge", "a nearer one begins where it ends",
        "a nearer one, further down", "a nearer one under its corner", "a farther one",
    ],
)  # fmt: skip
def test_wheels_are_hidden_by_who_is_nearer(other: BoxPx, stands: bool, shows: bool) -> None:
    scene = (OWN, Track(2, "car", other, 0.9))
    assert stands_on_ground(OWN, scene, FRAME) is stands
    assert shows_its_wheels(OWN, scene, FRAME) is shows
