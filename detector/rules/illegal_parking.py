"""Parked where that is forbidden: stands in a zone for longer than allowed, and not in a queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from detector.drawing import Drawing
from detector.rule import RuleSettings, Site
from detector.standing import Standing
from detector.standing_rule import KERB, QUEUE_NEVER, QUEUE_SOURCES, QueueCheck, QueueSettings, StandingRule
from models.domain.scene import Scene


class Settings(QueueSettings):
    """Settings of `illegal_parking`."""

    act_code: str | None = "PARK_FORBIDDEN"
    after_s: float = Field(180.0, gt=0.0, le=7200.0, description="Time that a vehicle must stand there, seconds.")


class IllegalParking(StandingRule):
    """Đỗ xe nơi cấm đỗ: xe đứng yên trong khu vực cấm quá thời gian quy định, không phải do chờ đèn hay ùn tắc.

    Parked where that is forbidden: stood in the zone for the stated time. Being hidden by passing traffic does not end
    the stay; driving off does. Never: time in a queue or a jam, at a lamp that is not green or cannot be read, or
    outside the hours of the sign. Whether the driver sits in the vehicle cannot be seen and does not matter.
    """

    code: ClassVar[str] = "illegal_parking"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("PARK_FORBIDDEN",)
    never: ClassVar[tuple[str, ...]] = QUEUE_NEVER
    sources: ClassVar[Mapping[str, str]] = QUEUE_SOURCES | {
        "after_s": "proposal of this project: who stands for 180 s is a candidate for parking",
    }
    drawing: ClassVar[Drawing] = KERB

    def __init__(self, settings: Settings, site: Site) -> None:
        super().__init__(settings, site)
        self._queue = QueueCheck(settings, site, self._stays)

    def _counts(self, standing: Standing, scene: Scene) -> bool:
        return not self._queue.is_queue(standing.stay, scene)
