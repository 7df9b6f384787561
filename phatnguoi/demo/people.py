"""The demo's people: two reviewers and a supervisor, their random passwords in a file that only the owner can read."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.database import Database
from api.people.accounts import add_person
from models.domain.cases import Role

PASSWORD_BYTES = 12
NAMES = {"lan": "Nguyễn Thị Lan", "minh": "Trần Văn Minh", "hoa": "Lê Thị Hoa"}
SUPERVISOR = "hoa"


@dataclass(frozen=True, slots=True)
class Reviewer:
    username: str
    password: str


def reviewers(database: Database, path: Path) -> list[Reviewer]:
    """Two reviewers, then their supervisor; made at the first start, with their accounts."""
    if not path.exists():
        made = {name: secrets.token_urlsafe(PASSWORD_BYTES) for name in NAMES}
        for name, password in made.items():
            role: Role = "supervisor" if name == SUPERVISOR else "reviewer"
            add_person(database, name, password, [role], datetime.now(UTC), display_name=NAMES[name])
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
    return [Reviewer(name, password) for name, password in json.loads(path.read_text()).items()]
