"""Stations under audit: visits, coverage, records and their files, runs and findings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables.base import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "coverage_spans",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("camera_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_spans")),
    )
    with op.batch_alter_table("coverage_spans", schema=None) as batch_op:
        batch_op.create_index("ix_coverage_spans_of", ["camera_id", "until"], unique=False)
        batch_op.create_index(batch_op.f("ix_coverage_spans_until"), ["until"], unique=False)

    op.create_table(
        "passing_counts",
        sa.Column("camera_id", sa.String(length=40), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("vehicle", sa.String(length=16), nullable=False),
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "zone", "vehicle", "hour", name=op.f("pk_passing_counts")),
    )
    op.create_table(
        "stations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(length=200), nullable=False),
        sa.Column("agency", sa.String(length=200), nullable=False),
        sa.Column("camera_group", sa.String(length=60), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stations")),
    )
    op.create_table(
        "visit_reports",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("camera_id", sa.String(length=40), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_reports")),
    )
    with op.batch_alter_table("visit_reports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_reports_received_at"), ["received_at"], unique=False)

    op.create_table(
        "zone_visits",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("camera_id", sa.String(length=40), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("vehicle", sa.String(length=16), nullable=False),
        sa.Column("plate", sa.String(length=12), nullable=True),
        sa.Column("unread_because", sa.String(length=40), nullable=True),
        sa.Column("confidence_permille", sa.Integer(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=False),
        sa.Column("objects", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone_visits")),
    )
    with op.batch_alter_table("zone_visits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_zone_visits_left_at"), ["left_at"], unique=False)
        batch_op.create_index("ix_zone_visits_of", ["camera_id", "left_at"], unique=False)

    op.create_table(
        "audit_runs",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.String(length=26), nullable=True),
        sa.Column("ran_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_audit_runs_asked_by")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_audit_runs_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_runs")),
    )
    with op.batch_alter_table("audit_runs", schema=None) as batch_op:
        batch_op.create_index("ix_audit_runs_of", ["station_id", "id"], unique=False)

    op.create_table(
        "record_files",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("length_bytes", sa.Integer(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("problem_count", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("brought_by", sa.String(length=26), nullable=True),
        sa.Column("brought_at", UtcDateTime(), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["brought_by"], ["people.id"], name=op.f("fk_record_files_brought_by")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_record_files_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_files")),
    )
    with op.batch_alter_table("record_files", schema=None) as batch_op:
        batch_op.create_index("ix_record_files_of", ["station_id", "state", "id"], unique=False)

    op.create_table(
        "record_mappings",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("saved_by", sa.String(length=26), nullable=True),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["saved_by"], ["people.id"], name=op.f("fk_record_mappings_saved_by")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_record_mappings_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_mappings")),
    )
    with op.batch_alter_table("record_mappings", schema=None) as batch_op:
        batch_op.create_index("ix_record_mappings_of", ["station_id", "kind", "id"], unique=False)

    op.create_table(
        "station_zones",
        sa.Column("camera_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name=op.f("fk_station_zones_camera_id")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_station_zones_station_id")),
        sa.PrimaryKeyConstraint("camera_id", "kind", name=op.f("pk_station_zones")),
    )
    with op.batch_alter_table("station_zones", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_station_zones_station_id"), ["station_id"], unique=False)

    op.create_table(
        "audit_findings",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=False),
        sa.Column("run_id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("plate", sa.String(length=12), nullable=False),
        sa.Column("record_number", sa.String(length=60), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("window_since", UtcDateTime(), nullable=False),
        sa.Column("window_until", UtcDateTime(), nullable=False),
        sa.Column("expected", sa.JSON(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("objects", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("is_standing", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=26), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_audit_findings_decided_by")),
        sa.ForeignKeyConstraint(["run_id"], ["audit_runs.id"], name=op.f("fk_audit_findings_run_id")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_audit_findings_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_findings")),
        sa.UniqueConstraint("station_id", "code", "subject", name=op.f("uq_audit_findings_station_id_code_subject")),
    )
    with op.batch_alter_table("audit_findings", schema=None) as batch_op:
        batch_op.create_index("ix_audit_findings_of", ["station_id", "at"], unique=False)

    op.create_table(
        "station_records",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("plate", sa.String(length=12), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("file_id", sa.String(length=26), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["record_files.id"], name=op.f("fk_station_records_file_id")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_station_records_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_records")),
        sa.UniqueConstraint(
            "station_id", "kind", "number", "version", name=op.f("uq_station_records_station_id_kind_number_version")
        ),
    )
    with op.batch_alter_table("station_records", schema=None) as batch_op:
        batch_op.create_index("ix_station_records_at", ["station_id", "kind", "is_current", "at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("station_records", schema=None) as batch_op:
        batch_op.drop_index("ix_station_records_at")

    op.drop_table("station_records")
    with op.batch_alter_table("audit_findings", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_findings_of")

    op.drop_table("audit_findings")
    with op.batch_alter_table("station_zones", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_station_zones_station_id"))

    op.drop_table("station_zones")
    with op.batch_alter_table("record_mappings", schema=None) as batch_op:
        batch_op.drop_index("ix_record_mappings_of")

    op.drop_table("record_mappings")
    with op.batch_alter_table("record_files", schema=None) as batch_op:
        batch_op.drop_index("ix_record_files_of")

    op.drop_table("record_files")
    with op.batch_alter_table("audit_runs", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_runs_of")

    op.drop_table("audit_runs")
    with op.batch_alter_table("zone_visits", schema=None) as batch_op:
        batch_op.drop_index("ix_zone_visits_of")
        batch_op.drop_index(batch_op.f("ix_zone_visits_left_at"))

    op.drop_table("zone_visits")
    with op.batch_alter_table("visit_reports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_reports_received_at"))

    op.drop_table("visit_reports")
    op.drop_table("stations")
    op.drop_table("passing_counts")
    with op.batch_alter_table("coverage_spans", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_coverage_spans_until"))
        batch_op.drop_index("ix_coverage_spans_of")

    op.drop_table("coverage_spans")
