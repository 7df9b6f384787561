"""Who may do what: people, their second factors, their live sessions, workers' keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import ID_CHARACTERS, Base


class PersonRow(Base):
    """Someone who can log in. `roles` is a list of `models.domain.cases.Role`; `agency` None sees every agency, and
    `camera_groups` None every group of the agency."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(120), default="")
    password_hash: Mapped[str] = mapped_column(String(256))
    roles: Mapped[list[Any]] = mapped_column(JSON)
    agency: Mapped[str | None] = mapped_column(String(200))
    camera_groups: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    language: Mapped[str] = mapped_column(String(2), default="vi")
    is_active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    """An administrator knows the password: it opens nothing but the page where it is changed."""
    created_at: Mapped[datetime]


class SecondFactorRow(Base):
    """The secret of a person's authenticator, encrypted; it counts once a code of it was typed."""

    __tablename__ = "second_factors"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The latest 30 s step whose code was taken: no code is taken twice."""
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class RecoveryCodeRow(Base):
    """A code that stands once for the authenticator; 120 random bits, stored hashed."""

    __tablename__ = "recovery_codes"

    code_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    used_at: Mapped[datetime | None]


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
    address: Mapped[str | None] = mapped_column(String(45))
    browser: Mapped[str | None] = mapped_column(String(80))
    """What the browser calls itself; address and browser are for its owner to recognise it by."""


class WorkerKeyRow(Base):
    """A worker's key, hashed. Keys of one worker may overlap while they are rotated."""

    __tablename__ = "worker_keys"

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    worker: Mapped[str] = mapped_column(String(64), index=True)
    key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
