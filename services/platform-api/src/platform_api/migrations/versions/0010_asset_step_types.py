"""The step type of an asset, which determines its retention; existing rows are filled in later.

Revision ID: 0010
"""

from alembic import op
from darkroom_chassis.online_changes import create_index, drop_index

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEX = "assets_step_type_id_idx"


def upgrade() -> None:
    op.execute("ALTER TABLE platform.assets ADD COLUMN IF NOT EXISTS step_type TEXT")
    create_index("platform", INDEX, "assets (step_type, id)")


def downgrade() -> None:
    drop_index("platform", INDEX)
    op.execute("ALTER TABLE platform.assets DROP COLUMN IF EXISTS step_type")
