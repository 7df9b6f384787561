"""Drove where a sign forbids it to its class: truck hours, for example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from detector.drawing import ROAD, Area, Drawing, Way
from detector.driving_rule import DRIVING_NEVER, DRIVING_SOURCES, DrivingRule, DrivingSettings
from detector.rule import RuleSettings, Site
from models.domain.scene import VehicleClass


class Settings(DrivingSettings):
    """Settings of `prohibited_road`."""

    act_code: str | None = "PROHIBITED_ROAD"
    zone: str = Field(description="The road behind the sign: id of a zone.")
    classes: tuple[VehicleClass, ...] = Field(
        min_length=1, description="Vehicle classes that the sign forbids. What a vehicle weighs cannot be seen."
    )
    permits: str | None = Field(
        None,
        description="Name of the list of vehicles with a permit; the plate is looked up by the reviewer, not here.",
    )
    certainty: float = Field(
        0.9, ge=0.5, le=1.0, description="Least share of a vehicle's class votes that its class must have."
    )


class ProhibitedRoad(DrivingRule):
    """Đi vào đường cấm: xe thuộc loại bị cấm chạy trong khu vực cấm vào giờ biển báo có hiệu lực.

    Drove on a road that a sign forbids to its class, while the sign was in force. The class as seen is a candidate: the
    reviewer compares it with the register, and the plate with the list of permits. Networks trained on COCO call vans
    and motor caravans trucks (motorway_day: 3 of 3 claims). Never: outside the hours of the sign, on public holidays
    that it excepts, or while the time of capture is not known.
    """

    code: ClassVar[str] = "prohibited_road"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("PROHIBITED_ROAD",)
    never: ClassVar[tuple[str, ...]] = DRIVING_NEVER
    sources: ClassVar[Mapping[str, str]] = DRIVING_SOURCES | {
        "certainty": "proposal of this project: trucks and buses are mixed up more easily than others",
    }
    drawing: ClassVar[Drawing] = Drawing(
        (
            ROAD,
            Area(((100, 20), (300, 20), (300, 160), (100, 160)), "zone, Mo-Fr 06:00-09:00"),
            Way(((240, 230), (240, 40)), "truck at 08:00", "claimed"),
            Way(((190, 230), (190, 70)), "truck at 10:00", "silent"),
            Way(((140, 230), (140, 100)), "car", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        zone = site.zone("zone", settings.zone)
        super().__init__(settings, site, zone.polygon_px, frozenset(settings.classes))
