"""Rides without a helmet: a suspicion, and only where weights that know heads are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from detector.drawing import Area, Drawing, Way
from detector.head_looks import HeadRule, HeadSettings, Look
from detector.rule import RuleSettings


class Settings(HeadSettings):
    """Settings of `no_helmet`."""


class NoHelmet(HeadRule):
    """Nghi vấn không đội mũ bảo hiểm: nhiều lần quan sát đều thấy đầu người trên xe máy không có mũ.

    Suspected of riding without a helmet: nearly all looks at one motorcycle show a head without one. Who it is, and
    whether an exception holds (a child under six, a patient, an escorted offender), is for the reviewer. No weights
    that know heads come with this project, and nothing was measured on real riders: without them it is silent.
    """

    code: ClassVar[str] = "no_helmet"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("HELMET_RIDER",)
    never: ClassVar[tuple[str, ...]] = (
        "anybody where no weights with the classes head and helmet are given",
        "a motorcycle that was looked at a few times only, or whose looks disagree",
        "a motorcycle smaller than 64 px",
    )
    sources: ClassVar[Mapping[str, str]] = {
        "least_looks": "proposal of this project, not measured",
        "share": "proposal of this project, not measured",
    }
    drawing: ClassVar[Drawing] = Drawing(
        (
            Area(((140, 0), (260, 0), (260, 240), (140, 240)), "lane", "lane"),
            Way(((200, 220), (200, 40)), "a bare head in nearly all looks", "claimed"),
        )
    )

    def _act(self, looks: list[Look]) -> str | None:
        return "HELMET_RIDER" if self._enough(sum(look.bare > 0 for look in looks), looks) else None
