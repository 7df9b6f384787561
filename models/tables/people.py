"""Who may do what: people, their live sessions, workers' keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import ID_CHARACTERS, Base


class PersonRow(Base):
    """Someone who can log in. `roles` is a list of `models.domain.cases.Role`; `agency` None sees every agency."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(120), default="")
    password_hash: Mapped[str] = mapped_column(String(256))
    roles: Mapped[list[Any]] = mapped_column(JSON)
    agency: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(2), default="vi")
    is_active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class LoginSessionRow(Base):
    """A server-side session. The cookie's token is stored hashed only; `csrf_token` stands in every form."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class WorkerKeyRow(Base):
    """A worker's key, hashed. Keys of one worker may overlap while they are rotated."""

    __tablename__ = "worker_keys"

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    worker: Mapped[str] = mapped_column(String(64), index=True)
    key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
