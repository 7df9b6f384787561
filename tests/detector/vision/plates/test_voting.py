"""The frames of a track vote; fewer than three that agree give no plate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detector.vision.plates.voting import Seen, vote
from models.domain.plate_reading import PlateReading, UnreadReason

CORNERS = ((0.0, 0.0), (90.0, 0.0), (90.0, 60.0), (0.0, 60.0))


def reading(bottom: str = "12345", share: float = 0.95, **changes: object) -> PlateReading:
    lines = ("59H1", bottom)
    plain = PlateReading(lines, (share,) * (4 + len(bottom)), None, corners=CORNERS, character_px=20, sharpness=0.6)
    return replace(plain, **changes)  # type: ignore[arg-type]


def frames(*readings: PlateReading) -> list[Seen]:
    return [Seen(number, one) for number, one in enumerate(readings)]


def test_three_that_agree_are_a_plate() -> None:
    plate = vote(frames(*[reading()] * 3))
    assert (plate.lines, plate.reason, plate.agreeing) == (("59H1", "12345"), None, 3)
    assert plate.confidence == pytest.approx(0.95, abs=1e-3)


def test_two_are_none_however_sure() -> None:
    plate = vote(frames(reading(share=1.0), reading(share=1.0)))
    assert (plate.lines, plate.reason) == ((), "disagreement")


def test_a_sharp_large_frame_outvotes_small_blurred_ones_at_the_place_where_they_differ() -> None:
    blurred = reading("12845", 0.7, character_px=8, sharpness=0.1, reason="disagreement")
    plate = vote(frames(*[reading()] * 3, *[blurred] * 3))
    assert plate.lines == ("59H1", "12345")
    assert plate.characters[6] < plate.characters[4]


def test_frames_that_differ_evenly_are_a_disagreement() -> None:
    assert vote(frames(*[reading()] * 3, *[reading("12845")] * 3)).reason == "disagreement"


def test_a_covered_frame_does_not_vote_for_its_shorter_plate() -> None:
    plate = vote(frames(*[reading()] * 3, *[reading("1234", 1.0, reason="covered")] * 4))
    assert plate.lines == ("59H1", "12345")


def test_a_large_plate_that_most_frames_find_covered_is_suspected_obscured() -> None:
    plate = vote(frames(*[reading("1234", reason="covered")] * 4))
    assert (plate.reason, plate.is_obscured) == ("covered", True)


def test_a_small_covered_plate_is_not_suspected() -> None:
    assert not vote(frames(*[reading("1234", reason="covered", character_px=9)] * 4)).is_obscured


@pytest.mark.parametrize("reason", ["too_small", "no_plate", "blurred"])
def test_without_a_reading_the_commonest_reason_is_given(reason: UnreadReason) -> None:
    assert vote(frames(*[PlateReading(reason=reason)] * 3, PlateReading(reason="glare"))).reason == reason


def test_no_frames_no_plate() -> None:
    assert vote([]).reason == "no_plate"


def test_a_reading_never_shows_its_plate_in_a_log() -> None:
    assert "12345" not in repr(reading())
