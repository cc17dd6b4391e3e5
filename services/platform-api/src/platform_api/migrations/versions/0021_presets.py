"""Generation requests that users saved under a name.

Revision ID: 0021
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE platform.presets (
            id UUID NOT NULL,
            user_id UUID NOT NULL,
            name TEXT NOT NULL,
            request JSONB NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT presets_pkey PRIMARY KEY (id),
            CONSTRAINT presets_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users (id) ON DELETE CASCADE,
            CONSTRAINT presets_user_id_name_key UNIQUE (user_id, name)
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE platform.presets")
