"""Camera files on their way to a camera, what workers answered about cameras, acceptances that wait for a second."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import ID_CHARACTERS, Base


class CameraFileRow(Base):
    """One version of a camera file: proposed, then approved or refused by another person. Its text never changes."""

    __tablename__ = "camera_files"
    __table_args__ = (Index("ix_camera_files_of", "camera_id", "state", "id"),)

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(40))
    agency: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    file_sha256: Mapped[str] = mapped_column(String(64))
    base_sha256: Mapped[str | None] = mapped_column(String(64))
    """The file in force that it was made from; None: there was none."""
    worker: Mapped[str | None] = mapped_column(String(64))
    unit_telephone: Mapped[str] = mapped_column(String(40))
    is_simulated: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    """proposed | approved | refused | withdrawn | stale"""
    note: Mapped[str] = mapped_column(String(500), default="")
    proposed_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    """None: registered at the command line."""
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(500))


class CameraAnswerRow(Base):
    """What a worker was asked about a camera, and what it answered. `id` is the subject of the worker's job."""

    __tablename__ = "camera_answers"
    __table_args__ = (Index("ix_camera_answers_of", "camera_id", "kind", "id"),)

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    camera_id: Mapped[str] = mapped_column(String(40))
    agency: Mapped[str] = mapped_column(String(200))
    worker: Mapped[str] = mapped_column(String(64))
    file_sha256: Mapped[str] = mapped_column(String(64))
    asked_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class CameraPictureRow(Base):
    """A picture that belongs to an answer. It is kept for a day at most: it may show people."""

    __tablename__ = "camera_pictures"

    answer_id: Mapped[str] = mapped_column(ForeignKey("camera_answers.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(index=True)


class AcceptanceRequestRow(Base):
    """The first of the two persons who accept a rule on a camera. The second makes an acceptance of it."""

    __tablename__ = "acceptance_requests"
    __table_args__ = (Index("ix_acceptance_requests_of", "camera_id", "rule"),)

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    camera_id: Mapped[str] = mapped_column(ForeignKey("cameras.id"))
    rule: Mapped[str] = mapped_column(String(40))
    rule_version: Mapped[int]
    weights_sha256: Mapped[str] = mapped_column(String(64))
    rule_basis_sha256: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    session_id: Mapped[str | None] = mapped_column(ForeignKey("sessions.id"))
    asked_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
