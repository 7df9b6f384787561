"""Turned back where that is not allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from detector.drawing import ROAD, Area, Drawing, Stroke, Way
from detector.geometry.vectors import dot, unit
from detector.passage_rule import PASSAGE_SOURCES, PassageRule, PassageSettings
from detector.passages import PASSAGE_NEVER, Passed, has_gone
from detector.rule import RuleSettings, SettingError, Site
from models.domain.geometry import PointPx

LEAST_WAY_HEIGHTS = 0.5
"""It drove along the one lane, and then along the other, by so many of its box heights."""
OPPOSITE_COSINE = 0.0
"""In the picture the two lanes lead more than 90° apart: from above, the two halves of a road seem to fan out."""


BACK_COSINE = 0.7
"""On the ground, where it is surveyed, it drove back within 45° of that lane: who turns left out of the road only
crosses it, which in a slanting picture looks much like driving along it."""


class Settings(PassageSettings):
    """Settings of `u_turn`."""

    act_code: str | None = "UTURN_PLACE"
    from_: str = Field(alias="from", description="Where the turn begins: id of a lane.")
    to: str = Field(description="The lane of the opposite heading that it leads to: id of a lane.")


class UTurn(PassageRule):
    """Quay đầu xe nơi không được quay đầu: xe đi từ chiều này sang chiều ngược lại của đường.

    Turned back where that is not allowed: drove along one lane, then, without a gap in between, along a lane of the
    opposite heading. Where a sign forbids it, the camera file names the act FORBIDDEN_TURN. Never: a vehicle that
    comes from elsewhere, or overtakes over the other half of the road.
    """

    code: ClassVar[str] = "u_turn"
    version: ClassVar[int] = 2
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("UTURN_PLACE", "FORBIDDEN_TURN")
    never: ClassVar[tuple[str, ...]] = (
        *PASSAGE_NEVER,
        "a vehicle that goes over to the other half without turning back (overtaking)",
        "while the sign is not in force",
    )
    sources: ClassVar[Mapping[str, str]] = PASSAGE_SOURCES | {"LEAST_WAY_HEIGHTS": "proposal of this project"}
    drawing: ClassVar[Drawing] = Drawing(
        (
            ROAD,
            Area(((205, 0), (300, 0), (300, 240), (205, 240)), "from, heading up", "lane"),
            Area(((100, 0), (195, 0), (195, 240), (100, 240)), "to, heading down", "lane"),
            Stroke(((200, 0), (200, 70)), "", "solid"),
            Stroke(((200, 130), (200, 240)), "", "solid"),
            Way(((240, 225), (240, 100), (200, 80), (150, 110), (150, 225)), "turns back", "claimed"),
            Way(((275, 225), (275, 30)), "straight on", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        lane, back = site.lane("from", settings.from_), site.lane("to", settings.to)
        self._there, self._back = unit(*lane.heading_px), unit(*back.heading_px)
        self._ground, self._back_px = site.ground, back.heading_px
        if dot(self._there, self._back) > OPPOSITE_COSINE:
            raise SettingError("to", f"got the lane {back.id!r}, expected one that leads against the lane {lane.id!r}")
        super().__init__(settings, site, lane, {back.id: back.polygon_px})

    def _is_act(self, passed: Passed) -> bool:
        went = has_gone(passed.first, passed.before, self._there, LEAST_WAY_HEIGHTS)
        came = has_gone(passed.at, passed.beyond, self._back, LEAST_WAY_HEIGHTS)
        return went and came and self._drove_back(passed)

    def _drove_back(self, passed: Passed) -> bool:
        if self._ground is None:
            return True
        points = (passed.at.box.ground_contact, passed.beyond.box.ground_contact, *self._back_px)
        at, beyond, tail, head = (PointPx(*self._ground.to_road(point)) for point in points)  # metres, as any plane
        if at == beyond:
            return False
        return dot(unit(at, beyond), unit(tail, head)) >= BACK_COSINE
