"""When decisions take effect, how cases were settled, known negatives, holds of cameras, alarms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.tables.base import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.String(length=40), nullable=False),
        sa.Column("agency", sa.String(length=200), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("kind", "subject", "mark", name=op.f("uq_alarms_kind_subject_mark")),
    )
    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.create_index("ix_alarms_at", ["raised_at"], unique=False)

    op.create_table(
        "camera_holds",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("camera_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_by", sa.String(length=26), nullable=True),
        sa.Column("lifted_reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name=op.f("fk_camera_holds_camera_id")),
        sa.ForeignKeyConstraint(["lifted_by"], ["people.id"], name=op.f("fk_camera_holds_lifted_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_camera_holds_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_holds")),
    )
    with op.batch_alter_table("camera_holds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_camera_holds_camera_id"), ["camera_id"], unique=False)

    op.create_table(
        "known_negatives",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("original_case_id", sa.String(length=26), nullable=False),
        sa.Column("person_id", sa.String(length=26), nullable=True),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("shown_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_known_negatives_case_id")),
        sa.ForeignKeyConstraint(["original_case_id"], ["cases.id"], name=op.f("fk_known_negatives_original_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_known_negatives_person_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_known_negatives")),
    )
    with op.batch_alter_table("known_negatives", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_known_negatives_original_case_id"), ["original_case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_known_negatives_person_id"), ["person_id"], unique=False)

    op.create_table(
        "settled",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("camera_id", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("first_person_id", sa.String(length=26), nullable=False),
        sa.Column("second_person_id", sa.String(length=26), nullable=True),
        sa.Column("supervisor_id", sa.String(length=26), nullable=True),
        sa.Column("first_decision", sa.String(length=16), nullable=False),
        sa.Column("second_decision", sa.String(length=16), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("is_error", sa.Boolean(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name=op.f("fk_settled_camera_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_settled_case_id")),
        sa.ForeignKeyConstraint(["first_person_id"], ["people.id"], name=op.f("fk_settled_first_person_id")),
        sa.ForeignKeyConstraint(["second_person_id"], ["people.id"], name=op.f("fk_settled_second_person_id")),
        sa.ForeignKeyConstraint(["supervisor_id"], ["people.id"], name=op.f("fk_settled_supervisor_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_settled")),
    )
    with op.batch_alter_table("settled", schema=None) as batch_op:
        batch_op.create_index("ix_settled_at", ["settled_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_settled_first_person_id"), ["first_person_id"], unique=False)
        batch_op.create_index("ix_settled_of", ["camera_id", "rule", "settled_at"], unique=False)

    op.create_table(
        "decisions",
        sa.Column("review_id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("effective_at", UtcDateTime(), nullable=False),
        sa.Column("effect", sa.String(length=16), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_decisions_case_id")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_decisions_review_id")),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decisions_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_decisions_due", ["effect", "effective_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index("ix_decisions_due")
        batch_op.drop_index(batch_op.f("ix_decisions_case_id"))

    op.drop_table("decisions")
    with op.batch_alter_table("settled", schema=None) as batch_op:
        batch_op.drop_index("ix_settled_of")
        batch_op.drop_index(batch_op.f("ix_settled_first_person_id"))
        batch_op.drop_index("ix_settled_at")

    op.drop_table("settled")
    with op.batch_alter_table("known_negatives", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_known_negatives_person_id"))
        batch_op.drop_index(batch_op.f("ix_known_negatives_original_case_id"))

    op.drop_table("known_negatives")
    with op.batch_alter_table("camera_holds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_camera_holds_camera_id"))

    op.drop_table("camera_holds")
    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.drop_index("ix_alarms_at")

    op.drop_table("alarms")
