"""What the office asks of workers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import ID_CHARACTERS, Base


class WorkerJobRow(Base):
    """One job of one worker. Written in the transaction of what it follows from."""

    __tablename__ = "worker_jobs"
    __table_args__ = (
        UniqueConstraint("worker", "kind", "subject"),
        Index("ix_worker_jobs_due", "worker", "state", "next_try_at"),
        Index("ix_worker_jobs_subject", "subject", "kind"),
    )

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    worker: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str] = mapped_column(String(64))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(8))
    """waiting | done | failed"""
    reason: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    leased_by: Mapped[str | None] = mapped_column(String(ID_CHARACTERS))
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
