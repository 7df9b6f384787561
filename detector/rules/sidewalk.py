"""Rode or drove on the sidewalk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from detector.drawing import Area, Drawing, Standing, Way
from detector.driving_rule import DRIVING_NEVER, DRIVING_SOURCES, SECOND_US, Drive, DrivingRule, DrivingSettings
from detector.rule import RuleSettings, Site
from models.domain.scene import VehicleClass

JITTER_HEIGHTS = 0.3
"""Both ends of the way lie uncertain by half of this, in box heights: far away that is metres, and makes a rider of who
walks."""


class Settings(DrivingSettings):
    """Settings of `sidewalk`."""

    act_code: str | None = "SIDEWALK"
    zone: str = Field(description="The sidewalk: id of a zone. Leave out driveways, where it may be crossed.")
    classes: tuple[VehicleClass, ...] = Field(
        ("motorcycle", "car", "bus", "truck"), description="Vehicle classes that the rule is about."
    )
    duration_s: float = Field(1.0, ge=0.2, le=60.0, description="Least time in the area, seconds.")
    distance_m: float = Field(
        5.0, ge=1.0, le=500.0, description="Least way in the area, where the camera file has ground points, metres."
    )
    least_kmh: float = Field(
        8.0, ge=0.0, le=30.0, description="Who is slower may walk beside the bike; with ground points only."
    )
    least_heights_s: float = Field(
        1.2, ge=0.0, le=10.0, description="The same in the vehicle's own box heights a second, without ground points."
    )


class Sidewalk(DrivingRule):
    """Đi xe trên vỉa hè: xe chạy trên vỉa hè một quãng đường đủ dài, nhanh hơn người dắt xe đi bộ.

    Rode on the sidewalk over the stated way and time, faster than a person who walks a bike. Never: a vehicle that
    stands there (parking is another rule), that crosses it to a house, or that is pushed.
    """

    code: ClassVar[str] = "sidewalk"
    version: ClassVar[int] = 2
    jitter_heights: ClassVar[float] = JITTER_HEIGHTS
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("SIDEWALK",)
    never: ClassVar[tuple[str, ...]] = (
        *DRIVING_NEVER,
        "a bike that is pushed: slower than `least_kmh`",
        "a person on foot",
    )
    sources: ClassVar[Mapping[str, str]] = DRIVING_SOURCES | {
        "least_kmh": "proposal of this project: people walk at up to 7 km/h",
        "least_heights_s": "proposal of this project: 1.1 was measured of a person who walks",
    }
    drawing: ClassVar[Drawing] = Drawing(
        (
            Area(((100, 0), (230, 0), (230, 240), (100, 240)), "", "road"),
            Area(((230, 0), (300, 0), (300, 240), (230, 240)), "zone (sidewalk)"),
            Way(((285, 225), (285, 50)), "rides along it", "claimed"),
            Standing((255, 90), "stands", "silent"),
            Way(((130, 150), (340, 150)), "crosses to a house", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        zone = site.zone("zone", settings.zone)
        super().__init__(settings, site, zone.polygon_px, frozenset(settings.classes))
        self._least_m_s = settings.least_kmh / 3.6
        self._least_heights_s = settings.least_heights_s

    def _is_fast_enough(self, drive: Drive) -> bool:
        lasted_s = drive.lasted_us / SECOND_US
        way_m = self._distance_m(drive)
        if way_m is not None:
            sure_m = way_m * (1 - self.jitter_heights * drive.last.box.height / drive.net_px)
            return sure_m >= self._least_m_s * lasted_s
        return drive.net_px >= self._least_heights_s * lasted_s * drive.last.box.height
