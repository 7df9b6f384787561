"""Turned where a sign forbids it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from detector.drawing import ROAD, Area, Drawing, Way
from detector.passage_rule import PASSAGE_SOURCES, PassageRule, PassageSettings
from detector.passages import PASSAGE_NEVER
from detector.rule import RuleSettings, Site


class Settings(PassageSettings):
    """Settings of `forbidden_turn`."""

    act_code: str | None = "FORBIDDEN_TURN"
    from_: str = Field(alias="from", description="Where the turn begins: id of a lane.")
    to: str = Field(description="Where the forbidden turn leads: id of a zone that nobody else from this lane enters.")


class ForbiddenTurn(PassageRule):
    """Rẽ nơi có biển cấm rẽ: xe từ làn đường này đi vào hướng mà biển báo cấm rẽ.

    Turned where a sign forbids it: seen in the lane, then on its way without a gap, then in the place where the
    forbidden turn leads. Never: a vehicle that comes from elsewhere, that only cuts the edge of that place, or whose
    track may have changed to another vehicle on the way.
    """

    code: ClassVar[str] = "forbidden_turn"
    version: ClassVar[int] = 2
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("FORBIDDEN_TURN",)
    never: ClassVar[tuple[str, ...]] = (*PASSAGE_NEVER, "while the sign is not in force")
    sources: ClassVar[Mapping[str, str]] = PASSAGE_SOURCES
    drawing: ClassVar[Drawing] = Drawing(
        (
            Area(((0, 40), (400, 40), (400, 110), (0, 110)), "", "road"),
            ROAD,
            Area(((200, 120), (290, 120), (290, 240), (200, 240)), "from", "lane"),
            Area(((20, 45), (90, 45), (90, 105), (20, 105)), "to"),
            Way(((230, 225), (225, 85), (50, 75)), "turns where it may not", "claimed"),
            Way(((265, 225), (265, 20)), "straight on", "silent"),
            Way(((150, 20), (150, 60), (60, 95)), "from elsewhere", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        lane, zone = site.lane("from", settings.from_), site.zone("to", settings.to)
        super().__init__(settings, site, lane, {zone.id: zone.polygon_px})
