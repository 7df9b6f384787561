from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from streams.counters import Counters


def test_counts_by_name_and_by_reason() -> None:
    counters = Counters()
    counters.add("frames_read", by=3)
    counters.add("frames_dropped", "newer_frame_came")
    counters.add("frames_dropped", "pts_missing", by=2)
    counters.put("ring_bytes", 70)
    counters.put("ring_bytes", 50)
    assert counters.as_dict() == {
        "frames_dropped": {"newer_frame_came": 1, "pts_missing": 2},
        "frames_read": 3,
        "ring_bytes": 50,
    }
    assert counters.rows()[0] == ("frames_dropped", "newer_frame_came", 1)


def test_no_count_is_lost_between_threads() -> None:
    counters = Counters()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(lambda: [counters.add("frames_read") for _ in range(1000)])
    assert counters.count("frames_read") == 8000
