"""Sides of lines, insides of zones, footprints of vehicles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.geometry.footprint import reach
from detector.geometry.line import DirectedLine, crossing_share
from detector.geometry.zone import is_inside
from models.domain.geometry import BoxPx, PointPx

LINE = DirectedLine.from_points((PointPx(100, 300), PointPx(500, 300)), PointPx(300, 450))
SQUARE = (PointPx(0, 0), PointPx(10, 0), PointPx(10, 10), PointPx(0, 10))


def test_near_side_is_negative_far_side_positive() -> None:
    assert LINE.signed_distance(PointPx(300, 340)) == -40
    assert LINE.signed_distance(PointPx(300, 260)) == 40


def test_the_side_does_not_depend_on_the_order_of_the_points() -> None:
    turned = DirectedLine.from_points(tuple(reversed(LINE.points)), PointPx(300, 450))
    assert turned.signed_distance(PointPx(300, 340)) == -40


def test_the_normal_points_to_the_far_side() -> None:
    assert LINE.normal(PointPx(300, 300)) == (0.0, -1.0)


def test_beside_the_ends_the_line_overhangs() -> None:
    assert LINE.overhang(PointPx(300, 300)) == 0
    assert LINE.overhang(PointPx(90, 350)) == 10
    assert LINE.overhang(PointPx(560, 350)) == 60


def test_a_bent_line_answers_by_its_nearest_segment() -> None:
    bent = DirectedLine.from_points((PointPx(0, 300), PointPx(100, 300), PointPx(200, 200)), PointPx(100, 400))
    assert bent.signed_distance(PointPx(50, 310)) == -10
    assert bent.signed_distance(PointPx(160, 230)) > 0
    assert bent.overhang(PointPx(120, 300)) == 0


def test_a_point_on_the_line_cannot_say_the_side() -> None:
    with pytest.raises(ValueError, match="on the line"):
        DirectedLine.from_points((PointPx(0, 0), PointPx(10, 0)), PointPx(5, 0))


def test_inside_and_outside_of_a_polygon() -> None:
    assert is_inside(SQUARE, PointPx(5, 5))
    assert not is_inside(SQUARE, PointPx(15, 5))
    assert not is_inside(SQUARE, PointPx(5, -1))


@given(st.floats(-1000, 1000), st.floats(-1000, 1000))
def test_inside_never_outside_the_bounds(x: float, y: float) -> None:
    if is_inside(SQUARE, PointPx(x, y)):
        assert 0 <= x <= 10 and 0 <= y <= 10


@given(st.floats(-100, -0.001), st.floats(0, 100))
def test_the_share_of_a_crossing_lies_between_its_sightings(before: float, after: float) -> None:
    assert 0 <= crossing_share(before, after) <= 1


def test_driving_away_the_lower_edge_is_the_rear() -> None:
    distances = reach(-10.0, (0.0, -1.0), BoxPx(0, 0, 40, 80), "car")
    assert distances.rear == -10
    assert distances.front == -10 + 0.45 * 80


def test_coming_near_the_lower_edge_is_the_front() -> None:
    distances = reach(-10.0, (0.0, 1.0), BoxPx(0, 0, 40, 80), "car")
    assert distances.front == -10
    assert distances.rear == -10 - 0.45 * 80


def test_driving_sideways_front_and_rear_are_half_a_width_away() -> None:
    distances = reach(0.0, (1.0, 0.0), BoxPx(0, 0, 40, 20), "car")
    assert (distances.rear, distances.front) == (-20, 20)
