"""What makes review fair: when decisions take effect, how cases were settled, known negatives, holds, alarms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import ID_CHARACTERS, Base


class DecisionRow(Base):
    """When one review takes effect, and what it then did. Undoing is a second row: this one only learns of it."""

    __tablename__ = "decisions"
    __table_args__ = (Index("ix_decisions_due", "effect", "effective_at"),)

    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    stage: Mapped[str] = mapped_column(String(16))
    """first | second | supervisor"""
    effective_at: Mapped[datetime]
    effect: Mapped[str] = mapped_column(String(16))
    """pending | undone | void | confirmed | rejected | second_review | disputed"""
    done_at: Mapped[datetime | None]


class SettledRow(Base):
    """How one case came to its end: who said what, and whether they agreed."""

    __tablename__ = "settled"
    __table_args__ = (Index("ix_settled_of", "camera_id", "rule", "settled_at"), Index("ix_settled_at", "settled_at"))

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    camera_id: Mapped[str] = mapped_column(ForeignKey("cameras.id"))
    rule: Mapped[str] = mapped_column(String(40))
    first_person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    second_person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    supervisor_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    first_decision: Mapped[str] = mapped_column(String(16))
    second_decision: Mapped[str | None] = mapped_column(String(16))
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(500))
    is_error: Mapped[bool | None]
    """The first review would have been wrong: another decision or another plate stood. None: nobody looked again."""
    settled_at: Mapped[datetime]


class KnownNegativeRow(Base):
    """A case made again from a claim that two people had rejected. It can never reach a notice."""

    __tablename__ = "known_negatives"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    original_case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    decision: Mapped[str | None] = mapped_column(String(16))
    shown_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class CameraHoldRow(Base):
    """Nothing of this camera is decided or issued until a person lifts it."""

    __tablename__ = "camera_holds"

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    camera_id: Mapped[str] = mapped_column(ForeignKey("cameras.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """flaw | suspension"""
    reason: Mapped[str] = mapped_column(String(500))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    since: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    lifted_reason: Mapped[str | None] = mapped_column(String(500))


class AlarmRow(Base):
    """Something that a supervisor must look at. Raised once for each kind, subject and mark."""

    __tablename__ = "alarms"
    __table_args__ = (UniqueConstraint("kind", "subject", "mark"), Index("ix_alarms_at", "raised_at"))

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    """deadline | rubber_stamp | suspension"""
    subject: Mapped[str] = mapped_column(String(64))
    """Id of the case, person or camera."""
    mark: Mapped[str] = mapped_column(String(40))
    """Which deadline, or which day: the same is not raised twice."""
    agency: Mapped[str] = mapped_column(String(200))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    raised_at: Mapped[datetime]
