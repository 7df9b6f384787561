"""Blocks a junction: stands in the conflict area, after its lamp has turned red where a lamp is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from detector.drawing import Area, Drawing, Lamp, Stroke, Way
from detector.drawing import Standing as DrawnStanding
from detector.rule import RuleSettings, Site
from detector.standing import Standing
from detector.standing_rule import STANDING_NEVER, StandingRule, StandingSettings
from models.domain.scene import Scene

LEAST_ON_WHEELS = 4
"""Its wheels were seen so often at its place: who is hidden from below seems to stand further on, in the junction."""


class Settings(StandingSettings):
    """Settings of `junction_blocking`."""

    act_code: str | None = "STOP_JUNCTION"
    after_s: float = Field(30.0, gt=0.0, le=7200.0, description="Time that a vehicle must stand there, seconds.")
    signal: str | None = Field(
        None,
        description="The lamp of those who enter the zone: id of a signal. Time counts only while it is red, when the "
        "cross street wants to drive. Unset: all time counts, also that of who waits there to turn.",
    )


class JunctionBlocking(StandingRule):
    """Dừng xe trong nơi giao nhau: xe đứng yên trong vùng giao cắt, cản trở dòng xe cắt ngang.

    Blocked a junction: stood in its conflict area for the stated time, with a lamp named: of its red. Whether a jam
    left no choice is for the reviewer to say. Never: time at a lamp that cannot be read, a vehicle that creeps on.
    """

    code: ClassVar[str] = "junction_blocking"
    version: ClassVar[int] = 2
    least_on_wheels: ClassVar[int] = LEAST_ON_WHEELS
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("STOP_JUNCTION",)
    never: ClassVar[tuple[str, ...]] = (
        "a vehicle that waits to turn while its lamp is green, where a lamp is named",
        "time at a lamp that cannot be read",
        "a vehicle whose wheels were hardly seen there: of who is hidden from below it cannot be told where he stands",
        *STANDING_NEVER,
    )
    sources: ClassVar[Mapping[str, str]] = {
        "after_s": "proposal of this project",
        "hidden_s": "proposal of this project",
        "signal": "proposal of this project",
    }
    drawing: ClassVar[Drawing] = Drawing(
        (
            Area(((140, 0), (260, 0), (260, 240), (140, 240)), "", "road"),
            Area(((0, 70), (400, 70), (400, 150), (0, 150)), "", "road"),
            Area(((140, 70), (260, 70), (260, 150), (140, 150)), "zone"),
            Stroke(((200, 165), (260, 165)), "", "stop"),
            Lamp((285, 40), "red"),
            DrawnStanding((225, 110), "stands there while its lamp is red", "claimed"),
            Way(((165, 20), (165, 220)), "drives through", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        super().__init__(settings, site)
        self._signal_id = None if settings.signal is None else site.signal("signal", settings.signal).id

    def _counts(self, standing: Standing, scene: Scene) -> bool:
        if self._signal_id is None:
            return True
        reading = scene.signals.get(self._signal_id)
        return reading is not None and reading.state == "red"
