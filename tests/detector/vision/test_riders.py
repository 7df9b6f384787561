"""Rider and motorbike are one vehicle."""

from __future__ import annotations

from detector.vision.riders import join_riders
from models.domain.geometry import BoxPx
from models.domain.scene import Detection

BIKE = Detection(BoxPx(100, 140, 140, 200), "motorcycle", 0.6)
RIDER = Detection(BoxPx(102, 100, 138, 180), "person", 0.8)


def test_rider_and_bike_become_one() -> None:
    (whole,) = join_riders([BIKE, RIDER])
    assert (whole.label, whole.people, whole.confidence) == ("motorcycle", 1, 0.8)
    assert whole.box == BoxPx(100, 100, 140, 200)


def test_two_riders_on_one_bike() -> None:
    pillion = Detection(BoxPx(104, 110, 136, 175), "person", 0.5)
    (whole,) = join_riders([BIKE, RIDER, pillion])
    assert whole.people == 2


def test_who_walks_beside_a_bike_is_not_its_rider() -> None:
    walker = Detection(BoxPx(150, 120, 175, 200), "person", 0.9)
    assert {s.label for s in join_riders([BIKE, walker])} == {"motorcycle", "person"}


def test_who_stands_far_behind_a_bike_is_not_its_rider() -> None:
    behind = Detection(BoxPx(105, 60, 125, 120), "person", 0.9)
    assert {s.label for s in join_riders([BIKE, behind])} == {"motorcycle", "person"}


def test_a_person_rides_one_bike_only() -> None:
    second = Detection(BoxPx(130, 145, 170, 205), "motorcycle", 0.6)
    whole = {s.box.x1: s.people for s in join_riders([BIKE, second, RIDER])}
    assert sorted(whole.values()) == [0, 1]


def test_a_bike_found_twice_is_one() -> None:
    again = Detection(BoxPx(101, 142, 139, 199), "bicycle", 0.2)
    assert len(join_riders([BIKE, again, RIDER])) == 1


def test_cars_stay_cars() -> None:
    car = Detection(BoxPx(300, 100, 400, 180), "car", 0.9)
    (whole,) = join_riders([car])
    assert (whole.label, whole.people) == ("car", 0)
