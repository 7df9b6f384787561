"""Version 1 of `u_turn`: a track might leave its pace on the way."""

from __future__ import annotations

from typing import ClassVar

from detector.rules import u_turn


class UTurn(u_turn.UTurn):
    """As version 2, of tracks that leave their pace, too."""

    version: ClassVar[int] = 1
    drops_leaps: ClassVar[bool] = False
