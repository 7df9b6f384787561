"""One id, one vehicle."""

from __future__ import annotations

from detector.tracking import VehicleTracker
from models.domain.geometry import BoxPx
from models.domain.scene import Detection, DetectionLabel, Track

INTERVAL_US = 166_600


def seen(label: DetectionLabel, x: float, y: float, width: float = 40, height: float = 80) -> Detection:
    return Detection(BoxPx(x, y, x + width, y + height), label, 0.8)


def follow(frames: list[list[Detection]]) -> list[tuple[Track, ...]]:
    tracker = VehicleTracker(6.0)
    return [
        tracker.update(detections, number * INTERVAL_US, INTERVAL_US)[0] for number, detections in enumerate(frames)
    ]


def test_a_car_keeps_its_id() -> None:
    frames = follow([[seen("car", 100 + 12 * step, 100)] for step in range(20)])
    assert {track.track_id for tracks in frames for track in tracks} == {1}
    assert frames[-1][0].vehicle == "car"


def test_a_vehicle_unseen_for_half_a_second_keeps_its_id() -> None:
    frames = [[seen("car", 100 + 12 * step, 100)] for step in range(20)]
    frames[8] = frames[9] = frames[10] = []
    assert {track.track_id for tracks in follow(frames) for track in tracks} == {1}


def test_an_id_is_never_used_again() -> None:
    tracker = VehicleTracker(6.0)
    ids, ended_ids = set(), set()
    for round_number in range(5):
        for step in range(30):
            detections = [seen("car", 100 + 8 * step, 100)] if step < 10 else []
            tracks, ended, _ = tracker.update(detections, (round_number * 30 + step) * INTERVAL_US, INTERVAL_US)
            ids |= {track.track_id for track in tracks}
            ended_ids |= set(ended)
    assert ids == ended_ids == {1, 2, 3, 4, 5}


def test_a_car_and_a_bike_that_overlap_never_swap() -> None:
    frames = follow([[seen("car", 300, 100, 120, 80), seen("motorcycle", 250 + 10 * step, 120)] for step in range(20)])
    by_class = {}
    for tracks in frames:
        for track in tracks:
            by_class.setdefault(track.vehicle in ("car",), set()).add(track.track_id)
    assert by_class[True].isdisjoint(by_class[False])


def test_a_person_alone_is_no_vehicle() -> None:
    frames = follow([[seen("person", 100 + 5 * step, 100)] for step in range(20)])
    assert {track.vehicle for tracks in frames for track in tracks} == {None}


def test_a_rider_whose_bike_is_seen_now_and_then_is_a_motorcycle() -> None:
    frames = []
    for step in range(30):
        detections = [seen("person", 100 + 5 * step, 100, 40, 80)]
        if step % 3 == 0:
            detections.append(seen("motorcycle", 100 + 5 * step, 140, 40, 60))
        frames.append(detections)
    tracks = [frame[0] for frame in follow(frames) if frame]
    assert {track.track_id for track in tracks} == {1}
    assert tracks[-1].vehicle == "motorcycle"


def test_the_ground_contact_does_not_jump_when_the_bike_is_not_seen() -> None:
    frames = []
    for step in range(30):
        detections = [seen("person", 100, 100, 40, 80)]
        if step % 2 == 0:
            detections.append(seen("motorcycle", 100, 140, 40, 60))
        frames.append(detections)
    lower_edges = [frame[0].box.y2 for frame in follow(frames)[10:]]
    assert max(lower_edges) - min(lower_edges) <= 4


def person_with_a_rare_bike(pace_px: float, bike_steps: set[int]) -> list[tuple[Track, ...]]:
    """A person of 80 px who goes on by so many px a frame, six frames a second; a bike is rarely seen with him."""
    frames = []
    for step in range(40):
        detections = [seen("person", 100 + pace_px * step, 100, 40, 80)]
        if step in bike_steps:
            detections.append(seen("motorcycle", 100 + pace_px * step, 140, 40, 60))
        frames.append(detections)
    return follow(frames)


def test_a_rider_whose_bike_is_hardly_ever_seen_is_known_by_his_pace() -> None:
    assert person_with_a_rare_bike(22, {10, 11, 12})[-1][0].vehicle == "motorcycle"
    assert person_with_a_rare_bike(13, {10, 11, 12})[-1][0].vehicle is None  # a brisk walk past a parked bike
    assert person_with_a_rare_bike(22, set())[-1][0].vehicle is None  # somebody who runs


def test_the_share_of_votes_says_how_sure_the_class_is() -> None:
    frames = [[seen("bus" if step % 4 else "truck", 100 + 2 * step, 100, 120, 80)] for step in range(21)]
    last = follow(frames)[-1][0]
    assert last.vehicle == "bus"
    assert 0.65 <= last.vehicle_share <= 0.8
