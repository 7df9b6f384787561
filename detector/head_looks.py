"""What rules about riders have in common: many looks at one motorcycle, of which nearly all say the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from detector.geometry.zone import is_inside
from detector.rule import RuleSettings, Site
from models.domain.scene import Scene, Track
from models.domain.violation import Moment, Violation

MOST_LOOKS = 48


class HeadSettings(RuleSettings):
    """Settings of the rules about riders."""

    lane: str = Field(description="Where riders are looked at: id of a lane.")
    least_looks: int = Field(6, ge=3, le=MOST_LOOKS, description="Least looks at the heads of one motorcycle.")
    least_s: float = Field(1.0, ge=0.2, le=30.0, description="Least time between the first look and the last.")
    share: float = Field(0.8, ge=0.5, le=1.0, description="Share of the looks that must show it.")


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a motorcycle's heads."""

    moment: Moment
    bare: int
    helmets: int


class HeadRule:
    """Suspects a motorcycle by the heads on it. Subclasses say of what. Silent where nobody looks at heads."""

    code: ClassVar[str]
    version: ClassVar[int]

    def __init__(self, settings: HeadSettings, site: Site) -> None:
        self._looking = settings
        self._polygon = site.lane("lane", settings.lane).polygon_px
        self._looks: dict[int, deque[Look]] = {}
        self._claimed: set[int] = set()

    def observe(self, scene: Scene) -> Iterator[Violation]:
        if not scene.timing_ok:
            self._looks.clear()
            return
        for track in scene.tracks:
            if track.bare_heads is None or track.helmets is None or track.track_id in self._claimed:
                continue
            if track.vehicle != "motorcycle" or not track.is_seen or not is_inside(self._polygon, track.ground_contact):
                continue
            looks = self._looks.setdefault(track.track_id, deque(maxlen=MOST_LOOKS))
            moment = Moment("beyond", scene.frame_index, scene.pts_us, track.box)
            looks.append(Look(moment, track.bare_heads, track.helmets))
            if looks[-1].moment.pts_us - looks[0].moment.pts_us >= self._looking.least_s * 1_000_000:
                claim = self._judge(track, list(looks))
                if claim is not None:
                    self._claimed.add(track.track_id)
                    del self._looks[track.track_id]
                    yield claim

    def forget(self, track_id: int) -> None:
        self._looks.pop(track_id, None)
        self._claimed.discard(track_id)

    def _act(self, looks: list[Look]) -> str | None:
        """The act that these looks suspect; None: none."""
        raise NotImplementedError

    def _enough(self, shown: int, looks: list[Look]) -> bool:
        return len(looks) >= self._looking.least_looks and shown >= self._looking.share * len(looks)

    def _judge(self, track: Track, looks: list[Look]) -> Violation | None:
        act_code = self._act(looks)
        if act_code is None:
            return None
        first, middle, last = (looks[place].moment for place in (0, len(looks) // 2, -1))
        return Violation(
            rule=self.code,
            rule_version=self.version,
            act_code=self._looking.act_code or act_code,
            track_id=track.track_id,
            vehicle="motorcycle",
            frame_index=middle.frame_index,
            pts_us=middle.pts_us,
            point=middle.box.ground_contact,
            moments=(
                Moment("before", first.frame_index, first.pts_us, first.box),
                Moment("at", middle.frame_index, middle.pts_us, middle.box),
                last,
            ),
            measurements={
                "suspicion": 1,
                "looks": len(looks),
                "bare_looks": sum(look.bare > 0 for look in looks),
                "most_heads": max(look.bare + look.helmets for look in looks),
            },
        )
