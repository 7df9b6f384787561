"""Drove in a bus lane with a vehicle that is not allowed there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from detector.drawing import ROAD, Area, Drawing, Stroke, Way
from detector.driving_rule import DRIVING_NEVER, DRIVING_SOURCES, DrivingRule, DrivingSettings
from detector.geometry.vectors import unit
from detector.rule import RuleSettings, Site
from models.domain.scene import VEHICLE_CLASSES, VehicleClass


class Settings(DrivingSettings):
    """Settings of `bus_lane`."""

    act_code: str | None = "WRONG_LANE"
    lane: str = Field(description="The bus lane: id of a lane.")
    allow: tuple[VehicleClass, ...] = Field(("bus",), description="Vehicle classes that may drive in it.")


class BusLane(DrivingRule):
    """Đi vào làn dành riêng cho xe buýt: xe không được phép chạy trong làn xe buýt một quãng đường đủ dài.

    Drove in a bus lane: a vehicle of a class that is not allowed there drove in it, with the lane's heading, over the
    stated way and time. Never: a vehicle that only crosses the lane or stands in it, one whose wheels stand beside it,
    or one whose class is not sure.
    """

    code: ClassVar[str] = "bus_lane"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("WRONG_LANE",)
    never: ClassVar[tuple[str, ...]] = DRIVING_NEVER
    sources: ClassVar[Mapping[str, str]] = DRIVING_SOURCES
    drawing: ClassVar[Drawing] = Drawing(
        (
            ROAD,
            Area(((230, 0), (300, 0), (300, 240), (230, 240)), "lane (bus)", "lane"),
            Stroke(((230, 0), (230, 240)), "", "dashed"),
            Way(((280, 225), (280, 40)), "not a bus, along the lane", "claimed"),
            Way(((245, 225), (245, 130)), "bus", "silent"),
            Way(((160, 120), (215, 70), (330, 40)), "crosses it to turn off", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        lane = site.lane("lane", settings.lane)
        accused = frozenset(VEHICLE_CLASSES) - frozenset(settings.allow)
        super().__init__(settings, site, lane.polygon_px, accused, unit(*lane.heading_px))
