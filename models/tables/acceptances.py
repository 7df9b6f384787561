"""Which rules may lead to notices on which cameras."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import ID_CHARACTERS, Base


class AcceptanceRow(Base):
    """Two persons accepted a rule on a camera, after so many reviewed claims. Never changed but to be revoked."""

    __tablename__ = "acceptances"
    __table_args__ = (Index("ix_acceptances_of", "camera_id", "rule"),)

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    camera_id: Mapped[str] = mapped_column(ForeignKey("cameras.id"))
    rule: Mapped[str] = mapped_column(String(40))
    rule_version: Mapped[int]
    weights_sha256: Mapped[str] = mapped_column(String(64))
    rule_basis_sha256: Mapped[str] = mapped_column(String(64))
    confirmed: Mapped[int]
    wrong: Mapped[int]
    other: Mapped[int]
    first_person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    second_person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    accepted_at: Mapped[datetime]
    revoked_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    revoked_reason: Mapped[str | None] = mapped_column(String(500))
    revoked_at: Mapped[datetime | None]
