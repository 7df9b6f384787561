"""Camera files in the office, what workers answered about cameras, acceptances that wait for a second person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables.base import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "camera_answers",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("camera_id", sa.String(length=40), nullable=False),
        sa.Column("agency", sa.String(length=200), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=26), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_camera_answers_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_answers")),
    )
    with op.batch_alter_table("camera_answers", schema=None) as batch_op:
        batch_op.create_index("ix_camera_answers_of", ["camera_id", "kind", "id"], unique=False)

    op.create_table(
        "camera_files",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("camera_id", sa.String(length=40), nullable=False),
        sa.Column("agency", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("base_sha256", sa.String(length=64), nullable=True),
        sa.Column("worker", sa.String(length=64), nullable=True),
        sa.Column("unit_telephone", sa.String(length=40), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("proposed_by", sa.String(length=26), nullable=True),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=26), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_camera_files_decided_by")),
        sa.ForeignKeyConstraint(["proposed_by"], ["people.id"], name=op.f("fk_camera_files_proposed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_files")),
    )
    with op.batch_alter_table("camera_files", schema=None) as batch_op:
        batch_op.create_index("ix_camera_files_of", ["camera_id", "state", "id"], unique=False)

    op.create_table(
        "acceptance_requests",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("camera_id", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("weights_sha256", sa.String(length=64), nullable=False),
        sa.Column("rule_basis_sha256", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("session_id", sa.String(length=26), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name=op.f("fk_acceptance_requests_camera_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_acceptance_requests_person_id")),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_acceptance_requests_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acceptance_requests")),
    )
    with op.batch_alter_table("acceptance_requests", schema=None) as batch_op:
        batch_op.create_index("ix_acceptance_requests_of", ["camera_id", "rule"], unique=False)

    op.create_table(
        "camera_pictures",
        sa.Column("answer_id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["camera_answers.id"], name=op.f("fk_camera_pictures_answer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("answer_id", "name", name=op.f("pk_camera_pictures")),
    )
    with op.batch_alter_table("camera_pictures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_camera_pictures_received_at"), ["received_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("camera_pictures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_camera_pictures_received_at"))

    op.drop_table("camera_pictures")
    with op.batch_alter_table("acceptance_requests", schema=None) as batch_op:
        batch_op.drop_index("ix_acceptance_requests_of")

    op.drop_table("acceptance_requests")
    with op.batch_alter_table("camera_files", schema=None) as batch_op:
        batch_op.drop_index("ix_camera_files_of")

    op.drop_table("camera_files")
    with op.batch_alter_table("camera_answers", schema=None) as batch_op:
        batch_op.drop_index("ix_camera_answers_of")

    op.drop_table("camera_answers")
