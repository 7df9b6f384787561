"""From a worker's submission to a case: cameras, submissions, sealed manifests, evidence, incidents, cases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import ID_CHARACTERS, Base


class CameraRow(Base):
    """A camera that the office knows. Claims of any other camera are refused."""

    __tablename__ = "cameras"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    file_sha256: Mapped[str] = mapped_column(String(64))
    mode: Mapped[str] = mapped_column(String(16))
    """live | warning: `warning` here overrules whatever the worker says."""
    site_kind: Mapped[str] = mapped_column(String(32))
    agency: Mapped[str] = mapped_column(String(200))
    camera_group: Mapped[str] = mapped_column(String(60), default="", server_default=text("''"))
    """Within the agency; people may be let see some groups only."""
    unit_telephone: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(300))
    timezone: Mapped[str] = mapped_column(String(64))
    is_simulated: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class SubmissionRow(Base):
    """A worker's message as it came, and how far the office is with it."""

    __tablename__ = "submissions"
    __table_args__ = (Index("ix_submissions_due", "state", "next_try_at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    worker: Mapped[str] = mapped_column(String(64))
    camera_id: Mapped[str] = mapped_column(String(40), index=True)
    state: Mapped[str] = mapped_column(String(16))
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    message: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(String(32), index=True)
    detail: Mapped[str | None] = mapped_column(String(300))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    leased_by: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    received_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ManifestRow(Base):
    """The verified manifest of a submission, its bytes as text."""

    __tablename__ = "manifests"

    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    body: Mapped[str] = mapped_column(Text)


class EvidenceRow(Base):
    """One object of a verified package, at one version."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("submission_id", "name"),)

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"))
    name: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(402))
    version_id: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    length_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100))
    is_copy_of: Mapped[str | None] = mapped_column(String(64))


class IncidentRow(Base):
    """The claims about one vehicle in one act. `box_px16` is the vehicle of the first claim."""

    __tablename__ = "incidents"
    __table_args__ = (Index("ix_incidents_near", "camera_id", "occurred_at"),)

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    camera_id: Mapped[str] = mapped_column(ForeignKey("cameras.id"))
    occurred_at: Mapped[datetime]
    point_x_px16: Mapped[int]
    point_y_px16: Mapped[int]
    length_px16: Mapped[int]


class CaseRow(Base):
    """The office's file on one violation. `plate`, `vehicle_typed` and `plate_colour` are what the reviewer typed."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("incident_id", "rule"),
        Index("ix_cases_queue", "state", "expires_at", "id"),
        Index("ix_cases_agency", "agency", "state", "expires_at", "id"),
        Index("ix_cases_group", "agency", "camera_group", "state", "expires_at", "id"),
        Index("ix_cases_of_camera", "camera_id", "state", "expires_at", "id"),
        Index("ix_cases_of_rule", "rule", "state", "expires_at", "id"),
        Index("ix_cases_camera", "camera_id", "occurred_at", "id"),
        Index("ix_cases_plate", "plate"),
    )

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    submission_id: Mapped[str] = mapped_column(String(26), unique=True)  # no foreign key: submissions point here
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id"))
    state: Mapped[str] = mapped_column(String(16))
    camera_id: Mapped[str] = mapped_column(ForeignKey("cameras.id"))
    camera_file_sha256: Mapped[str] = mapped_column(String(64))
    agency: Mapped[str] = mapped_column(String(200))
    camera_group: Mapped[str] = mapped_column(String(60), default="", server_default=text("''"))
    address: Mapped[str] = mapped_column(String(300))
    timezone: Mapped[str] = mapped_column(String(64))
    site_kind: Mapped[str] = mapped_column(String(32))
    rule: Mapped[str] = mapped_column(String(40))
    act_code: Mapped[str] = mapped_column(String(40))
    vehicle: Mapped[str] = mapped_column(String(16))
    mode: Mapped[str] = mapped_column(String(16))
    is_simulated: Mapped[bool]
    occurred_at: Mapped[datetime]
    offence_day: Mapped[date]
    notice_due_on: Mapped[date]
    expires_at: Mapped[datetime]
    plate: Mapped[str | None] = mapped_column(String(16))
    vehicle_typed: Mapped[str | None] = mapped_column(String(16))
    plate_colour: Mapped[str | None] = mapped_column(String(24))
    plate_read: Mapped[str | None] = mapped_column(String(20))
    """What the reader read; shown once the reviewer has typed. None: `plate_unread_because` says why."""
    plate_unread_because: Mapped[str | None] = mapped_column(String(16))
    plate_confidence_permille: Mapped[int | None]
    plate_is_suspected_obscured: Mapped[bool | None]
    assigned_to: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    moved_at: Mapped[datetime]


class CounterRow(Base):
    """Numbers that are given out once each: cases and notices."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class AuditRow(Base):
    """Who did what, when. Only ever added to; `details` never holds a plate."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_case", "case_id", "id"),
        Index("ix_audit_what", "what"),
        Index("ix_audit_person", "person_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    person_id: Mapped[str | None] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    session_id: Mapped[str | None] = mapped_column(String(ID_CHARACTERS))
    what: Mapped[str] = mapped_column(String(40))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    source: Mapped[str | None] = mapped_column(String(16))
    target: Mapped[str | None] = mapped_column(String(16))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
