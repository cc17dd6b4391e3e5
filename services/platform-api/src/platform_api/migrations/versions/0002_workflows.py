"""Jobs planned by any dialect: steps that say what they wait for and how much they may deliver.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = {
    "jobs": {"name": "TEXT", "description": "TEXT", "collection_id": "UUID"},
    "steps": {"outputs": "SMALLINT", "needs": "JSONB", "requirements": "JSONB"},
    "job_history": {"step": "SMALLINT"},
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, type_ in columns.items():
            op.execute(f"ALTER TABLE platform.{table} ADD COLUMN {name} {type_}")


def downgrade() -> None:
    for table, columns in COLUMNS.items():
        for name in columns:
            op.execute(f"ALTER TABLE platform.{table} DROP COLUMN {name}")
