"""Carries too many: a suspicion, and only where weights that know heads are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from detector.drawing import Area, Drawing, Way
from detector.head_looks import HeadRule, HeadSettings, Look
from detector.rule import RuleSettings

HEADS: tuple[tuple[int, str], ...] = ((4, "MOTO_3_PASSENGERS"), (3, "MOTO_2_PASSENGERS"))
"""The law counts passengers: three heads are a rider with two of them, four are one with three."""


class Settings(HeadSettings):
    """Settings of `too_many_riders`."""


class TooManyRiders(HeadRule):
    """Nghi vấn chở quá số người quy định: nhiều lần quan sát đều thấy từ ba đầu người trở lên trên một xe máy.

    Suspected of carrying too many: nearly all looks at one motorcycle show three heads or more. The exceptions (a
    patient, a child under twelve, somebody frail, an escorted offender) are for the reviewer. No weights that know
    heads come with this project, and nothing was measured on real riders: without such weights the rule is silent.
    """

    code: ClassVar[str] = "too_many_riders"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts: ClassVar[tuple[str, ...]] = ("MOTO_2_PASSENGERS", "MOTO_3_PASSENGERS")
    never: ClassVar[tuple[str, ...]] = (
        "anybody where no weights with the classes head and helmet are given",
        "a motorcycle that was looked at a few times only, or whose looks disagree",
        "a rider with one passenger",
    )
    sources: ClassVar[Mapping[str, str]] = {
        "HEADS": "the catalogue counts passengers (MOTO_2_PASSENGERS, MOTO_3_PASSENGERS)",
        "least_looks": "proposal of this project, not measured",
        "share": "proposal of this project, not measured",
    }
    drawing: ClassVar[Drawing] = Drawing(
        (
            Area(((140, 0), (260, 0), (260, 240), (140, 240)), "lane", "lane"),
            Way(((200, 220), (200, 40)), "three heads in nearly all looks", "claimed"),
        )
    )

    def _act(self, looks: list[Look]) -> str | None:
        heads = [look.bare + look.helmets for look in looks]
        for least, act_code in HEADS:
            if self._enough(sum(count >= least for count in heads), looks):
                return act_code
        return None
