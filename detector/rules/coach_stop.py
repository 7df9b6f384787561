"""Takes up or sets down passengers outside the place: a bus stands, and people are at its side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from detector.drawing import ROAD, Area, Drawing
from detector.drawing import Standing as DrawnStanding
from detector.rule import RuleSettings, Site
from detector.standing import SECOND_US, Standing, Stay
from detector.standing_rule import QUEUE_NEVER, QUEUE_SOURCES, QueueCheck, QueueSettings, StandingRule
from detector.walkers import people_on_foot
from models.domain.geometry import BoxPx
from models.domain.scene import Scene, VehicleClass

ASIDE_HEIGHTS = 0.3
"""Feet no further beside or below the bus's box than this, in its heights, are at its side …"""
DEEP_HEIGHTS = 0.4
"""… and no further above its lower edge than this: higher is behind a window, or further away."""
PERSON_SHARES = (0.25, 0.85)
"""Of the bus's height: a person who stands beside it is not shorter and not taller in the picture."""


class Settings(QueueSettings):
    """Settings of `coach_stop`."""

    act_code: str | None = "COACH_STOP_WRONG_PLACE"
    zone: str = Field(description="Where passengers may not be taken up or set down: id of a zone, without the stop.")
    after_s: float = Field(20.0, gt=0.0, le=7200.0, description="Time that the bus must stand there, seconds.")
    classes: tuple[VehicleClass, ...] = Field(("bus",), description="Vehicle classes that the rule is about.")
    people_s: float = Field(
        3.0, ge=0.5, le=600.0, description="Time of its stay, in all, during which persons must be at its side."
    )


class CoachStop(StandingRule):
    """Đón, trả khách không đúng nơi quy định: xe khách dừng ngoài điểm đón trả và có người ở bên cạnh xe.

    Took up or set down passengers outside the place: a bus stood in the zone with people at its side. That they got on
    or off is for the reviewer to see in the clip. Never: a bus in a queue or at a lamp, a bus with nobody beside it.
    """

    code: ClassVar[str] = "coach_stop"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("COACH_STOP_WRONG_PLACE",)
    never: ClassVar[tuple[str, ...]] = (
        "a bus with nobody at its side, or for a moment only",
        "people seen behind its windows, or far from it",
        *QUEUE_NEVER,
    )
    sources: ClassVar[Mapping[str, str]] = QUEUE_SOURCES | {
        "after_s": "proposal of this project",
        "people_s": "proposal of this project",
    }
    drawing: ClassVar[Drawing] = Drawing(
        (
            ROAD,
            Area(((240, 90), (300, 90), (300, 230), (240, 230)), "zone"),
            Area(((240, 10), (300, 10), (300, 80), (240, 80)), "the stop", "lane"),
            DrawnStanding((270, 150), "a bus with people beside it", "claimed"),
            DrawnStanding((320, 150), "a person", "claimed"),
            DrawnStanding((270, 45), "at the stop", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        super().__init__(settings, site)
        self._people_us = settings.people_s * SECOND_US
        self._queue = QueueCheck(settings, site, self._stays)

    def _counts(self, standing: Standing, scene: Scene) -> bool:
        if self._queue.is_queue(standing.stay, scene):
            return False
        if any(_is_at_side(person, standing.stay.anchor) for person in people_on_foot(scene)):
            standing.stay.people.add(scene.pts_us, standing.gap_us)
        return True

    def _is_shown(self, stay: Stay) -> bool:
        return stay.people.total_us >= self._people_us

    def _measurements(self, stay: Stay) -> dict[str, int]:
        return super()._measurements(stay) | {"people_beside_us": stay.people.total_us}


def _is_at_side(person: BoxPx, bus: BoxPx) -> bool:
    shortest, tallest = PERSON_SHARES
    if not shortest * bus.height <= person.height <= tallest * bus.height:
        return False
    feet, aside = person.ground_contact, ASIDE_HEIGHTS * bus.height
    is_beside = bus.x1 - aside <= feet.x <= bus.x2 + aside
    return is_beside and bus.y2 - DEEP_HEIGHTS * bus.height <= feet.y <= bus.y2 + aside
