"""What a reader says of a plate: its text with how sure it is of every character, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from models.domain.plates import PlateColour, masked

UnreadReason = Literal[
    "no_plate", "too_small", "blurred", "glare", "covered", "grammar", "disagreement", "busy",
]  # fmt: skip
"""no_plate: nothing that looks like one; grammar: what is written is no plate; disagreement: readings differ; busy: the
reader had no time for this vehicle."""
UNREAD_REASONS: tuple[UnreadReason, ...] = (
    "no_plate", "too_small", "blurred", "glare", "covered", "grammar", "disagreement", "busy",
)  # fmt: skip
AsideReason = Literal["military", "diplomatic"]
"""Recognised, and another authority's."""
Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class PlateReading:
    """One picture's plate.

    Attributes:
        lines: letters and digits, line by line; empty where nothing was read.
        characters: confidence of each character, 0..1.
        reason: why the text is withheld; None: it is given.
        is_repaired: the grammar changed a character that the network preferred (0 for D, 8 for B …).
        corners: of the plate in px of the picture: top left, top right, bottom right, bottom left.
        character_px: height of a character in the picture.
        sharpness: 0..1, of the plate at its own size.
        glare: share of its pixels that are burnt out beside darker ones.
    """

    lines: tuple[str, ...] = ()
    characters: tuple[float, ...] = ()
    reason: UnreadReason | None = "no_plate"
    is_repaired: bool = False
    colour: PlateColour = "white"
    corners: Corners | None = None
    character_px: float = 0.0
    sharpness: float = 0.0
    glare: float = 0.0
    aside: AsideReason | None = None

    @property
    def text(self) -> str:
        """Letters and digits only; what was read even where it is withheld."""
        return "".join(self.lines)

    @property
    def confidence(self) -> float:
        """Of the least sure character."""
        return min(self.characters, default=0.0)

    def at(self, corners: Corners) -> PlateReading:
        """The same reading, its corners counted in another picture."""
        return replace(self, corners=corners)

    def __repr__(self) -> str:
        """Plates are personal: a log or a traceback shows a masked one."""
        shown = masked(self.text) if self.text else "-"
        return f"PlateReading({shown}, reason={self.reason}, confidence={self.confidence:.2f})"
