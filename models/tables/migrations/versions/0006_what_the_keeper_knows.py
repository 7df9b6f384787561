"""What the keeper knows about the evidence of one submission."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "keepings",
        sa.Column("submission_id", sa.String(length=26), nullable=False),
        sa.Column("standing", sa.String(length=16), nullable=False),
        sa.Column("look_at", UtcDateTime(), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.Column("hold_reason", sa.String(length=500), nullable=True),
        sa.Column("held_at", UtcDateTime(), nullable=True),
        sa.Column("is_hold_placed", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_keepings")),
    )
    with op.batch_alter_table("keepings", schema=None) as batch_op:
        batch_op.create_index("ix_keepings_look", ["deleted_at", "look_at"], unique=False)


def downgrade() -> None:
    op.drop_table("keepings")
