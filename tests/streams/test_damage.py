"""Damage lasts until a key frame that came after it."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from streams.counters import Counters
from streams.damage import Damage
from tests.streams.clips import make_clip


@pytest.mark.parametrize(
    ("noted", "flagged"),
    [
        pytest.param({}, [], id="nothing happened"),
        pytest.param({3: [3]}, list(range(3, 10)), id="a frame in the middle"),
        pytest.param({10: [10]}, list(range(10, 20)), id="the key frame itself"),
        pytest.param({10: [9]}, [], id="the frame before a key frame, told late"),
        pytest.param({10: [10, 9]}, list(range(10, 20)), id="a key frame, and a gap before it told after that"),
        pytest.param({3: [None]}, list(range(3, 10)), id="at a time that is not known"),
    ],
)
def test_flags(tmp_path: Path, noted: dict[int, list[int | None]], flagged: list[int]) -> None:
    with av.open(str(make_clip(tmp_path / "clip.mp4", frames=30, gop=10))) as container:
        pictures = list(container.decode(video=0))
    step = pictures[1].pts or 1
    damage = Damage(Counters())
    found = []
    for number, picture in enumerate(pictures):
        for at in noted.get(number, []):
            damage.note("lost_on_the_way", None if at is None else at * step)
        if damage.touches(picture):
            found.append(number)
    assert found == flagged
