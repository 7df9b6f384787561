"""How long evidence is kept: by what has become of the case, and by who runs the camera (domain.md 1.3, 1.4).

No law says a figure; these are this project's proposals, and `PHATNGUOI_RETENTION_FILE` replaces them.
"""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.domain.cases import CASE_STATES, MOVES
from models.domain.manifest import SiteKind

Standing = Literal["open", "contested", "rejected", "closed", "refused", "held"]
"""What matters of a case to whoever keeps its evidence."""
DELETABLE: tuple[Standing, ...] = ("rejected", "closed", "refused")
"""Only these are ever deleted: nothing can happen to such a case any more."""
STANDINGS: dict[str, Standing] = {
    "new": "open", "in_review": "open", "decided": "open", "second_review": "open", "disputed": "open",
    "confirmed": "open", "notice_issued": "open", "contested": "contested",
    "rejected": "rejected", "withdrawn": "closed", "expired": "closed",
}  # fmt: skip
LEAST_DAYS = 30
"""Objects are locked for so long when they are uploaded; nothing is deleted earlier, whatever a file says."""
assert set(STANDINGS) == set(CASE_STATES)
assert not {move.source for move in MOVES} & {state for state, standing in STANDINGS.items() if standing in DELETABLE}
Days = Annotated[int, Field(ge=LEAST_DAYS, le=36_500)]


class RetentionError(ValueError):
    """The retention file cannot be used; one line says what and where."""


class KeepDays(BaseModel):
    """Days that evidence is kept after the case came to its end; None: for ever.

    Attributes:
        rejected: a person said that nobody violated anything.
        closed: withdrawn, or the limitation has passed.
        refused: never became a case.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rejected: Days | None = 30
    closed: Days | None = 90
    refused: Days | None = 30


class RetentionRules(BaseModel):
    """Rules for every camera, and others for cameras of one kind of site."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    usual: KeepDays = KeepDays()
    by_site: dict[SiteKind, KeepDays] = {}
    lock_ahead_days: Annotated[int, Field(ge=2, le=365)] = 30
    """Open evidence is locked this far ahead, again and again."""

    @model_validator(mode="after")
    def _kinds_are_known(self) -> Self:
        unknown = set(self.by_site) - set(get_args(SiteKind))
        if unknown:
            raise ValueError(f"by_site: got {sorted(unknown)[0]!r}, expected one of {', '.join(get_args(SiteKind))}")
        return self

    def delete_at(self, standing: Standing, site_kind: str, ended_at: datetime) -> datetime | None:
        """When evidence may be deleted; None: not as things stand."""
        if standing not in DELETABLE:
            return None
        keep = next((days for kind, days in self.by_site.items() if kind == site_kind), self.usual)
        days: int | None = getattr(keep, standing)
        return None if days is None else ended_at + timedelta(days=days)


def standing_of(state: str | None, *, is_held: bool) -> Standing:
    """What a case's state means here. What is not known counts as open: fail closed."""
    if is_held:
        return "held"
    return "refused" if state is None else STANDINGS.get(state, "open")


def read_rules(path: Path | None) -> RetentionRules:
    """The rules of a TOML file; without one, the proposals.

    Raises:
        RetentionError
    """
    if path is None:
        return RetentionRules()
    try:
        return RetentionRules.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise RetentionError(f"{path}: {place or 'rules'}: {problem['msg']}, got {problem['input']!r}") from None
    except (OSError, ValueError) as error:
        raise RetentionError(f"{path}: cannot be read ({error})") from None
