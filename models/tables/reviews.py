"""What people decide, and what follows from it: reviews, notices, contests, outgoing messages, heartbeats of jobs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import ID_CHARACTERS, Base


class ReviewRow(Base):
    """One person's decision on one case, with what they typed."""

    __tablename__ = "reviews"

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    session_id: Mapped[str | None] = mapped_column(ForeignKey("sessions.id"))
    decision: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(500))
    plate: Mapped[str | None] = mapped_column(String(16))
    vehicle: Mapped[str | None] = mapped_column(String(16))
    plate_colour: Mapped[str | None] = mapped_column(String(24))
    taken_at: Mapped[datetime | None]
    decided_at: Mapped[datetime]


class NoticeRow(Base):
    """What the owner receives. The link's code is stored hashed only."""

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), unique=True)
    link_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    wrong_tries: Mapped[int] = mapped_column(default=0)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str | None] = mapped_column(String(500))
    trust_fingerprint: Mapped[str | None] = mapped_column(String(64))
    """Of the keys that the notice prints for whoever wants to check the evidence."""


class NoticeVisitRow(Base):
    """A citizen who typed the right plate: for a short while the picture may be shown. The token is stored hashed."""

    __tablename__ = "notice_visits"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    notice_id: Mapped[str] = mapped_column(ForeignKey("notices.id"), index=True)
    expires_at: Mapped[datetime]


class ContestRow(Base):
    """The citizen says: I contest this, or: I was not driving."""

    __tablename__ = "contests"

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    contested_at: Mapped[datetime]


class ReceiverRow(Base):
    """Where notices are announced. `id` is a hash of the address; after a 410 nothing more is sent there."""

    __tablename__ = "receivers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    unsubscribed_at: Mapped[datetime | None]


class DeliveryRow(Base):
    """One outgoing message (a CloudEvent), written in the transaction of the move that it tells of."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_due", "state", "next_try_at"),)

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    receiver_id: Mapped[str] = mapped_column(ForeignKey("receivers.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    """pending | delivered | dead | unsubscribed"""
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    leased_by: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    last_outcome: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class HeartbeatRow(Base):
    """When each of the office's jobs last came round, in whatever process it runs."""

    __tablename__ = "heartbeats"

    job: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]
