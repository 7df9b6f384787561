"""The road plane out of surveyed points."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.geometry.homography import GroundUnusableError, Homography
from models.domain.geometry import PointM, PointPx

PX = (PointPx(100, 400), PointPx(540, 400), PointPx(420, 200), PointPx(220, 200))
M = (PointM(0, 0), PointM(10, 0), PointM(10, 30), PointM(0, 30))


def test_the_surveyed_points_come_back() -> None:
    ground = Homography.from_points(PX, M)
    assert ground.error_m < 1e-9
    for point_px, point_m in zip(PX, M, strict=True):
        assert ground.to_road(point_px) == pytest.approx(point_m, abs=1e-9)


def test_a_survey_that_does_not_fit_shows_its_error() -> None:
    wrong = (*M[:3], PointM(1, 29))
    five_px, five_m = (*PX, PointPx(320, 400)), (*wrong, PointM(5, 0))
    assert Homography.from_points(five_px, five_m).error_m > 0.02


def test_distances_are_metres_of_road() -> None:
    ground = Homography.from_points(PX, M)
    assert ground.distance_m(PX[0], PX[1]) == pytest.approx(10)
    assert ground.distance_m(PX[0], PX[3]) == pytest.approx(30)


@pytest.mark.parametrize(
    "points",
    [(PX[0],) * 4, (PointPx(0, 0), PointPx(1, 1), PointPx(2, 2), PointPx(3, 3))],
    ids=["one point four times", "four points on one line"],
)
def test_points_that_make_no_plane_are_refused(points: tuple[PointPx, ...]) -> None:
    with pytest.raises(GroundUnusableError, match="expected four corners"):
        Homography.from_points(points, M)


@settings(max_examples=50)
@given(st.floats(100, 540), st.floats(210, 400))
def test_twice_the_same_answer_to_the_last_bit(x: float, y: float) -> None:
    first, second = Homography.from_points(PX, M), Homography.from_points(PX, M)
    assert first.to_road(PointPx(x, y)) == second.to_road(PointPx(x, y))
