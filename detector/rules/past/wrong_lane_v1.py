"""Version 1 of `wrong_lane`: a track might leave its pace on the way."""

from __future__ import annotations

from typing import ClassVar

from detector.passage_rule import LaxPassageRule, PassageRule
from detector.rules import wrong_lane


class WrongLane(wrong_lane.WrongLane):
    """As version 2, of tracks that leave their pace, too."""

    version: ClassVar[int] = 1
    passage_class: ClassVar[type[PassageRule]] = LaxPassageRule
