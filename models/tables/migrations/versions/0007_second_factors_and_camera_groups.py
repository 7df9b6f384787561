"""Second factors, camera groups, what an owner recognises a session by; indexes whose order is the queue's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables.base import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

QUEUE = ["state", "expires_at", "id"]
INDEXES = {
    "ix_cases_agency": ["agency", *QUEUE],
    "ix_cases_group": ["agency", "camera_group", *QUEUE],
    "ix_cases_of_camera": ["camera_id", *QUEUE],
    "ix_cases_of_rule": ["rule", *QUEUE],
    "ix_cases_plate": ["plate"],
}


def _group() -> sa.Column[str]:
    return sa.Column("camera_group", sa.String(length=60), server_default=sa.text("''"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "second_factors",
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_second_factors_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_recovery_codes_person_id")),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_person_id"), "recovery_codes", ["person_id"])
    with op.batch_alter_table("people") as batch_op:
        batch_op.add_column(sa.Column("camera_groups", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("must_change_password", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.add_column(sa.Column("address", sa.String(length=45), nullable=True))
        batch_op.add_column(sa.Column("browser", sa.String(length=80), nullable=True))
    with op.batch_alter_table("cameras") as batch_op:
        batch_op.add_column(_group())
    with op.batch_alter_table("cases") as batch_op:
        batch_op.add_column(_group())
        batch_op.drop_index("ix_cases_camera")
    op.create_index("ix_cases_camera", "cases", ["camera_id", "occurred_at", "id"])
    for name, columns in INDEXES.items():
        op.create_index(name, "cases", columns)
    op.create_index("ix_audit_person", "audit", ["person_id", "at"])


def downgrade() -> None:
    op.drop_index("ix_audit_person", "audit")
    for name in INDEXES:
        op.drop_index(name, "cases")
    op.drop_index("ix_cases_camera", "cases")
    op.create_index("ix_cases_camera", "cases", ["camera_id", "occurred_at"])
    for table, columns in (
        ("cases", ["camera_group"]),
        ("cameras", ["camera_group"]),
        ("sessions", ["browser", "address"]),
        ("people", ["must_change_password", "camera_groups"]),
    ):
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.drop_column(column)
    op.drop_table("recovery_codes")
    op.drop_table("second_factors")
