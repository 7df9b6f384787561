"""What the reader made of the plate, beside what the reviewer typed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
_COLUMNS = (
    ("plate_read", sa.String(length=20)),
    ("plate_unread_because", sa.String(length=16)),
    ("plate_confidence_permille", sa.Integer()),
    ("plate_is_suspected_obscured", sa.Boolean()),
)


def upgrade() -> None:
    with op.batch_alter_table("cases", schema=None) as batch_op:
        for name, kind in _COLUMNS:
            batch_op.add_column(sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("cases", schema=None) as batch_op:
        for name, _ in reversed(_COLUMNS):
            batch_op.drop_column(name)
