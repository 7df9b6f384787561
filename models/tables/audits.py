"""Stations under audit: what their cameras saw, what their records say, what was found and decided."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import ID_CHARACTERS, Base


class StationRow(Base):
    """A coach station, an inspection station. People see it by its agency and its group of cameras."""

    __tablename__ = "stations"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(String(200))
    """Who runs it."""
    agency: Mapped[str] = mapped_column(String(200))
    camera_group: Mapped[str] = mapped_column(String(60), default="")
    timezone: Mapped[str] = mapped_column(String(64))
    is_simulated: Mapped[bool]
    created_at: Mapped[datetime]


class StationZoneRow(Base):
    """What a camera watches at a station. A visit to any other place leaves a count only."""

    __tablename__ = "station_zones"

    camera_id: Mapped[str] = mapped_column(ForeignKey("cameras.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"), index=True)


class VisitReportRow(Base):
    """A batch that was taken. It answers for itself when it comes again."""

    __tablename__ = "visit_reports"

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(40))
    worker: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    kept: Mapped[int]
    counted: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(index=True)


class ZoneVisitRow(Base):
    """A vehicle in a zone that a rule of an audit asks for. It goes when its time is over."""

    __tablename__ = "zone_visits"
    __table_args__ = (Index("ix_zone_visits_of", "camera_id", "left_at"),)

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(40))
    zone: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(24))
    vehicle: Mapped[str] = mapped_column(String(16))
    plate: Mapped[str | None] = mapped_column(String(12))
    unread_because: Mapped[str | None] = mapped_column(String(40))
    confidence_permille: Mapped[int]
    entered_at: Mapped[datetime]
    left_at: Mapped[datetime] = mapped_column(index=True)
    objects: Mapped[list[Any]] = mapped_column(JSON)


class PassingCountRow(Base):
    """Who only passed, an hour and a class: no plate, no time."""

    __tablename__ = "passing_counts"

    camera_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    zone: Mapped[str] = mapped_column(String(60), primary_key=True)
    vehicle: Mapped[str] = mapped_column(String(16), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


class CoverageSpanRow(Base):
    """A camera's state from an instant to another."""

    __tablename__ = "coverage_spans"
    __table_args__ = (Index("ix_coverage_spans_of", "camera_id", "until"),)

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(index=True)


class RecordMappingRow(Base):
    """How a station writes one kind of its files. A change is a new row; the newest is offered."""

    __tablename__ = "record_mappings"
    __table_args__ = (Index("ix_record_mappings_of", "station_id", "kind", "id"),)

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"))
    kind: Mapped[str] = mapped_column(String(24))
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    saved_at: Mapped[datetime]


class RecordFileRow(Base):
    """A file of records: tried first, then imported whole or not at all. Its bytes go once it is imported."""

    __tablename__ = "record_files"
    __table_args__ = (Index("ix_record_files_of", "station_id", "state", "id"),)

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"))
    kind: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    length_bytes: Mapped[int]
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON)
    first_day: Mapped[date]
    last_day: Mapped[date]
    """The file speaks for these local days."""
    state: Mapped[str] = mapped_column(String(16))
    """tried | imported"""
    rows: Mapped[int]
    problems: Mapped[list[Any]] = mapped_column(JSON)
    problem_count: Mapped[int]
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    brought_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    brought_at: Mapped[datetime]
    imported_at: Mapped[datetime | None]


class RecordRow(Base):
    """One version of one record. A correction is a new version with its own file and row; the old one stays."""

    __tablename__ = "station_records"
    __table_args__ = (
        UniqueConstraint("station_id", "kind", "number", "version"),
        Index("ix_station_records_at", "station_id", "kind", "is_current", "at"),
    )

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"))
    kind: Mapped[str] = mapped_column(String(24))
    number: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    is_current: Mapped[bool]
    plate: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]
    """The earliest time that it names."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    file_id: Mapped[str] = mapped_column(ForeignKey("record_files.id"))
    row: Mapped[int]


class AuditRunRow(Base):
    """One comparison of visits and records over a period, with what it counted."""

    __tablename__ = "audit_runs"
    __table_args__ = (Index("ix_audit_runs_of", "station_id", "id"),)

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    asked_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    ran_at: Mapped[datetime]


class FindingRow(Base):
    """One finding. It is found once; what an auditor decided stays."""

    __tablename__ = "audit_findings"
    __table_args__ = (
        UniqueConstraint("station_id", "code", "subject"),
        Index("ix_audit_findings_of", "station_id", "at"),
    )

    id: Mapped[str] = mapped_column(String(ID_CHARACTERS), primary_key=True)
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"))
    run_id: Mapped[str] = mapped_column(ForeignKey("audit_runs.id"))
    """The latest run that found it."""
    code: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(120))
    """`<number>` of the record, or the visit's id: a corrected record is the same subject."""
    plate: Mapped[str] = mapped_column(String(12))
    record_number: Mapped[str | None] = mapped_column(String(60))
    at: Mapped[datetime]
    window_since: Mapped[datetime]
    window_until: Mapped[datetime]
    expected: Mapped[dict[str, Any]] = mapped_column(JSON)
    seen: Mapped[dict[str, Any]] = mapped_column(JSON)
    objects: Mapped[list[Any]] = mapped_column(JSON)
    """Stills and clips of the visit, by version and SHA-256."""
    state: Mapped[str] = mapped_column(String(16))
    is_standing: Mapped[bool]
    """Whether the latest run over its day still finds it."""
    reason: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)
    """What the station said."""
    found_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
