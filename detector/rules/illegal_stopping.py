"""Stopped where even stopping is forbidden: stands in a zone for longer than a moment, and not in a queue."""

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
    """Settings of `illegal_stopping`."""

    act_code: str | None = "STOP_NO_STOP_SIGN"
    after_s: float = Field(60.0, gt=0.0, le=7200.0, description="Time that a vehicle must stand there, seconds.")


class IllegalStopping(StandingRule):
    """Dừng xe nơi cấm dừng: xe đứng yên trong khu vực cấm dừng và đỗ, không phải do chờ đèn hay ùn tắc.

    Stopped where stopping is forbidden: stood in the zone for the stated time. The time is what tells a stop from a
    moment's wait for others. Never: time in a queue or a jam, at a lamp that is not green or cannot be read, or outside
    the hours of the sign.
    """

    code: ClassVar[str] = "illegal_stopping"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("STOP_NO_STOP_SIGN",)
    never: ClassVar[tuple[str, ...]] = QUEUE_NEVER
    sources: ClassVar[Mapping[str, str]] = QUEUE_SOURCES | {
        "after_s": "proposal of this project: who stands for 60 s is a candidate for stopping",
    }
    drawing: ClassVar[Drawing] = KERB

    def __init__(self, settings: Settings, site: Site) -> None:
        super().__init__(settings, site)
        self._queue = QueueCheck(settings, site, self._stays)

    def _counts(self, standing: Standing, scene: Scene) -> bool:
        return not self._queue.is_queue(standing.stay, scene)
