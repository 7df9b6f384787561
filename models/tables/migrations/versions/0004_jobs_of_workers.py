"""What the office asks of workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables.base import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "worker_jobs",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("leased_by", sa.String(length=26), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_jobs")),
        sa.UniqueConstraint("worker", "kind", "subject", name=op.f("uq_worker_jobs_worker_kind_subject")),
    )
    with op.batch_alter_table("worker_jobs", schema=None) as batch_op:
        batch_op.create_index("ix_worker_jobs_due", ["worker", "state", "next_try_at"], unique=False)
        batch_op.create_index("ix_worker_jobs_subject", ["subject", "kind"], unique=False)


def downgrade() -> None:
    op.drop_table("worker_jobs")
