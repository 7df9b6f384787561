"""What the keeper knows about the evidence of one submission."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base


class KeepingRow(Base):
    """Lock, hold and end of one submission's objects. A submission without a row has not been looked at yet."""

    __tablename__ = "keepings"
    __table_args__ = (Index("ix_keepings_look", "deleted_at", "look_at"),)

    submission_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    standing: Mapped[str] = mapped_column(String(16))
    look_at: Mapped[datetime]
    """The keeper looks again then."""
    locked_until: Mapped[datetime | None]
    hold_reason: Mapped[str | None] = mapped_column(String(500))
    held_at: Mapped[datetime | None]
    is_hold_placed: Mapped[bool] = mapped_column(default=False)
    """The store itself holds the objects."""
    deleted_at: Mapped[datetime | None]
