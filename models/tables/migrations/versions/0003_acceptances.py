"""Which rules may lead to notices on which cameras."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables.base import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "acceptances",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("camera_id", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("weights_sha256", sa.String(length=64), nullable=False),
        sa.Column("rule_basis_sha256", sa.String(length=64), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("other", sa.Integer(), nullable=False),
        sa.Column("first_person_id", sa.String(length=26), nullable=False),
        sa.Column("second_person_id", sa.String(length=26), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_by", sa.String(length=26), nullable=True),
        sa.Column("revoked_reason", sa.String(length=500), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name=op.f("fk_acceptances_camera_id_cameras")),
        sa.ForeignKeyConstraint(["first_person_id"], ["people.id"], name=op.f("fk_acceptances_first_person_id_people")),
        sa.ForeignKeyConstraint(
            ["second_person_id"], ["people.id"], name=op.f("fk_acceptances_second_person_id_people")
        ),
        sa.ForeignKeyConstraint(["revoked_by"], ["people.id"], name=op.f("fk_acceptances_revoked_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acceptances")),
    )
    with op.batch_alter_table("acceptances", schema=None) as batch_op:
        batch_op.create_index("ix_acceptances_of", ["camera_id", "rule"], unique=False)


def downgrade() -> None:
    op.drop_table("acceptances")
