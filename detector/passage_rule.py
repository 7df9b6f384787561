"""What rules about turns have in common: from a lane to a place, by whom, and while which sign is in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from detector.calendar import CalendarSettings, Hours
from detector.passages import Passages, Passed
from detector.rule import Site
from models.domain.camera import Lane
from models.domain.geometry import PointPx
from models.domain.scene import VEHICLE_CLASSES, Scene, Track, VehicleClass
from models.domain.violation import Violation

PASSAGE_SOURCES = {
    "certainty": "proposal of this project",
    "unseen_s": "proposal of this project: turning vehicles hide one another",
}


class PassageSettings(CalendarSettings):
    """Settings that every rule about a turn has."""

    classes: tuple[VehicleClass, ...] = Field(VEHICLE_CLASSES, description="Vehicle classes that the sign is for.")
    certainty: float = Field(
        0.8,
        ge=0.5,
        le=1.0,
        description="Least share of a vehicle's class votes that its class must have, where `classes` leaves some out.",
    )
    unseen_s: float = Field(1.0, gt=0.0, le=3.0, description="A vehicle hidden for longer on its way is not claimed.")


class PassageRule:
    """A vehicle that came from a lane has gone where it may not. Subclasses say where that is."""

    code: ClassVar[str] = "passage"
    version: ClassVar[int] = 0
    drops_leaps: ClassVar[bool] = True

    def __init__(
        self, settings: PassageSettings, site: Site, lane: Lane, places: Mapping[str, Sequence[PointPx]]
    ) -> None:
        self._turning = settings
        self._hours = Hours(settings, site.camera)
        self._passages = Passages(site, lane, places, unseen_s=settings.unseen_s, drops_leaps=self.drops_leaps)
        self._claimed: set[int] = set()

    def observe(self, scene: Scene) -> Iterator[Violation]:
        if not scene.timing_ok or not self._hours.are_on(scene):
            self._passages.clear()
            return
        for track in scene.tracks:
            if not track.is_seen or track.track_id in self._claimed:
                continue
            passed = self._passages.step(track, scene)
            if passed is not None and self._is_act(passed) and self._is_accused(track):
                self._claimed.add(track.track_id)
                self._passages.forget(track.track_id)
                yield self._claim(passed, track)

    def forget(self, track_id: int) -> None:
        self._passages.forget(track_id)
        self._claimed.discard(track_id)

    def _is_act(self, passed: Passed) -> bool:
        """Subclasses may ask for more than to have come to the place."""
        return True

    def _is_accused(self, track: Track) -> bool:
        if track.vehicle not in self._turning.classes:
            return False
        is_everybody = set(self._turning.classes) == set(VEHICLE_CLASSES)
        return is_everybody or track.vehicle_share >= self._turning.certainty

    def _claim(self, passed: Passed, track: Track) -> Violation:
        assert track.vehicle is not None
        return Violation(
            rule=self.code,
            rule_version=self.version,
            act_code=self._turning.act_code,
            track_id=track.track_id,
            vehicle=track.vehicle,
            frame_index=passed.at.frame_index,
            pts_us=passed.at.pts_us,
            point=passed.at.box.ground_contact,
            moments=(passed.before, passed.at, passed.beyond),
            measurements={
                "in_lane_us": passed.before.pts_us - passed.first.pts_us,
                "on_the_way_us": passed.at.pts_us - passed.before.pts_us,
            },
        )


class LaxPassageRule(PassageRule):
    """As it was for version 1 of the rules: a track may leave its pace."""

    drops_leaps: ClassVar[bool] = False
