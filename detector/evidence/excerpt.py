"""Which scenes a claim must keep, so that its decision can be made again from them and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.domain.scene import Scene
from models.domain.violation import Violation

SCENE_LEAD_US = 5_000_000
"""Everything is kept from this long before the "before" …"""


def excerpt(violation: Violation, scenes: Sequence[Scene], warm_up_us: int) -> tuple[Scene, ...]:
    """The scenes that decide.

    A rule keeps state by track alone, so its decision follows from the scenes since its vehicle was first seen. From
    5 s before the "before", and for the warm-up that the rule declares, a scene is kept whole; further back only the
    claimed vehicle and the lamps are.

    Args:
        violation: completed by the last of the scenes.
        scenes: all that are kept, oldest first.
        warm_up_us: of the rule.
    """
    whole_from_us = min(violation.moments[0].pts_us - SCENE_LEAD_US, scenes[-1].pts_us - warm_up_us)
    track_id = violation.track_id
    begin = next((n for n, scene in enumerate(scenes) if any(t.track_id == track_id for t in scene.tracks)), 0)
    return tuple(
        scene if scene.pts_us >= whole_from_us else _alone(scene, track_id)
        for number, scene in enumerate(scenes)
        if number >= begin or scene.pts_us >= whole_from_us
    )


def _alone(scene: Scene, track_id: int) -> Scene:
    own = tuple(track for track in scene.tracks if track.track_id == track_id)
    return replace(scene, tracks=own, people=(), ended=tuple(each for each in scene.ended if each == track_id))
