"""What the pages about people show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.domain.cases import Role


@dataclass(frozen=True, slots=True)
class Scope:
    """What a person sees: an agency (None: all of them), and groups of its cameras (None: all of them)."""

    agency: str | None = None
    groups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class PersonLine:
    id: str
    username: str
    display_name: str
    roles: tuple[Role, ...]
    scope: Scope
    is_active: bool
    has_second_factor: bool
    locked_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A live session, as its owner recognises it."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    address: str | None
    browser: str | None
