"""Drove in the emergency lane, or on the shoulder, of an expressway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from detector.drawing import ROAD, Area, Drawing, Standing, Stroke, Way
from detector.driving_rule import DRIVING_NEVER, DRIVING_SOURCES, DrivingRule, DrivingSettings
from detector.geometry.vectors import unit
from detector.rule import RuleSettings, Site
from models.domain.scene import VEHICLE_CLASSES, VehicleClass


class Settings(DrivingSettings):
    """Settings of `emergency_lane`."""

    act_code: str | None = "EMERGENCY_LANE"
    lane: str = Field(description="The emergency lane: id of a lane.")
    allow: tuple[VehicleClass, ...] = Field((), description="Vehicle classes that may drive in it.")
    distance_m: float = Field(
        15.0, ge=1.0, le=500.0, description="Least way in the area, where the camera file has ground points, metres."
    )


class EmergencyLane(DrivingRule):
    """Chạy xe ở làn dừng xe khẩn cấp hoặc lề đường cao tốc trên một quãng đường đủ dài.

    Drove in the emergency lane of an expressway over the stated way and time. Never: a vehicle that stands there or
    rolls to a stop over a short way, or one that only crosses the lane. Why it drove there is for the reviewer to see.
    """

    code: ClassVar[str] = "emergency_lane"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("EMERGENCY_LANE",)
    never: ClassVar[tuple[str, ...]] = DRIVING_NEVER
    sources: ClassVar[Mapping[str, str]] = DRIVING_SOURCES
    drawing: ClassVar[Drawing] = Drawing(
        (
            ROAD,
            Area(((250, 0), (300, 0), (300, 240), (250, 240)), "lane (emergency)", "lane"),
            Stroke(((250, 0), (250, 240)), "", "solid"),
            Way(((285, 225), (285, 40)), "drives along it", "claimed"),
            Standing((265, 150), "has broken down", "silent"),
            Way(((180, 225), (180, 40)), "beside it", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        lane = site.lane("lane", settings.lane)
        accused = frozenset(VEHICLE_CLASSES) - frozenset(settings.allow)
        super().__init__(settings, site, lane.polygon_px, accused, unit(*lane.heading_px))
