"""Whether a box is where its track's pace would have brought it, or the track has taken over another vehicle."""

from __future__ import annotations

from detector.geometry.vectors import distance
from models.domain.geometry import BoxPx, PointPx

PACE_US = 500_000
"""The pace is that of the last so many µs …"""
LEAST_US = 120_000
"""… and not known of a track that was followed for less."""
SURPRISE_HEIGHTS, SURPRISE_US = 0.6, 400_000
"""Who drives, brakes or sets off stays within so many of its box heights of where its pace leads, and as much again for
each 0.4 s in which it was not seen."""

Trail = tuple[tuple[int, BoxPx], ...]


def followed(trail: Trail, box: BoxPx, pts_us: int) -> Trail:
    """The trail with one more sighting, and without what is older than `PACE_US`."""
    return (*((seen_us, seen) for seen_us, seen in trail if pts_us - seen_us <= PACE_US), (pts_us, box))


def is_a_leap(trail: Trail, box: BoxPx, pts_us: int) -> bool:
    """The box lies where the vehicle of this trail cannot have come to.

    Args:
        trail: the sightings before.
        box: the next one.
        pts_us: stream time of it.
    """
    if not trail or trail[-1][0] - trail[0][0] < LEAST_US:
        return False
    (first_us, first), (last_us, last) = trail[0], trail[-1]
    share = (pts_us - last_us) / (last_us - first_us)
    a, b, here = first.center, last.center, box.center
    expected = PointPx(b.x + share * (b.x - a.x), b.y + share * (b.y - a.y))
    height = (last.height + box.height) / 2
    reach = SURPRISE_HEIGHTS * height * (1 + max(0, pts_us - last_us - SURPRISE_US // 2) / SURPRISE_US)
    return min(distance(expected, here), distance(b, here)) > reach
