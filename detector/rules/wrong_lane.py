"""Drove in a lane of other classes, or left an arrow lane by a turn that its arrows do not show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from detector.drawing import ROAD, Area, Drawing, Stroke, Way
from detector.driving_rule import DRIVING_NEVER, DRIVING_SOURCES, DrivingRule, DrivingSettings
from detector.geometry.vectors import unit
from detector.passage_rule import PassageRule, PassageSettings
from detector.passages import PASSAGE_NEVER
from detector.rule import RuleSettings, SettingError, Site
from models.domain.camera import Turn
from models.domain.scene import VEHICLE_CLASSES, Scene
from models.domain.violation import Violation


class Settings(DrivingSettings):
    """Settings of `wrong_lane`."""

    act_code: str | None = "WRONG_LANE"
    lane: str = Field(description="The lane: its `classes` may drive in it, its `turns` are what its arrows show.")
    exits: Mapping[Turn, str] = Field(
        {}, description="Where each turn leads: `left`, `straight`, `right`, `u_turn` -> id of a zone."
    )


class WrongLane:
    """Đi không đúng làn đường: xe thuộc loại không được đi trong làn, hoặc rẽ khác với mũi tên của làn.

    In the wrong lane: a vehicle of a class that the lane is not for drove along it, or a vehicle left an arrow lane by
    an exit that its arrows do not show. Never: a vehicle whose class is not sure, that only crosses the lane, that
    changed the lane before the junction, or whose wheels stand in the next lane while its body hangs over this one.
    """

    code: ClassVar[str] = "wrong_lane"
    version: ClassVar[int] = 2
    passage_class: ClassVar[type[PassageRule]] = PassageRule
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("WRONG_LANE",)
    never: ClassVar[tuple[str, ...]] = (*DRIVING_NEVER, *PASSAGE_NEVER)
    sources: ClassVar[Mapping[str, str]] = DRIVING_SOURCES
    drawing: ClassVar[Drawing] = Drawing(
        (
            Area(((0, 30), (400, 30), (400, 90), (0, 90)), "", "road"),
            ROAD,
            Area(((200, 100), (295, 100), (295, 240), (200, 240)), "lane, turns: straight", "lane"),
            Area(((20, 35), (90, 35), (90, 85), (20, 85)), "exits.left"),
            Stroke(((198, 100), (198, 240)), "", "dashed"),
            Way(((225, 225), (220, 70), (50, 60)), "turns left out of it", "claimed"),
            Way(((270, 225), (270, 10)), "straight on", "silent"),
            Way(((150, 225), (150, 80), (60, 75)), "from the left lane", "silent"),
        )
    )

    def __init__(self, settings: Settings, site: Site) -> None:
        lane = site.lane("lane", settings.lane)
        accused = frozenset(VEHICLE_CLASSES) - frozenset(lane.classes)
        exits = {turn: name for turn, name in settings.exits.items() if turn not in lane.turns}
        places = {name: site.zone("exits", name).polygon_px for name in settings.exits.values()}
        if settings.exits and not lane.turns:
            raise SettingError("exits", f"lane {lane.id!r} has no turns: say what its arrows show")
        if not accused and not settings.exits:
            raise SettingError("lane", f"lane {lane.id!r} is for every class and no exits are given: nothing to claim")
        self._by_class = DrivingRule(settings, site, lane.polygon_px, accused, unit(*lane.heading_px))
        shared = {"act_code", "calendar", "calendar_grace_s", "unseen_s"}
        turning = PassageSettings.model_validate(settings.model_dump(include=shared))
        self._by_arrow = self.passage_class(turning, site, lane, {name: places[name] for name in exits.values()})
        self._claimed: set[int] = set()

    def observe(self, scene: Scene) -> Iterator[Violation]:
        for part in (self._by_class, self._by_arrow):
            for violation in part.observe(scene):
                if violation.track_id not in self._claimed:
                    self._claimed.add(violation.track_id)
                    yield replace(violation, rule=self.code, rule_version=self.version)

    def forget(self, track_id: int) -> None:
        self._by_class.forget(track_id)
        self._by_arrow.forget(track_id)
        self._claimed.discard(track_id)
