"""API keys with description, tier, scopes and activation; StableQueue's server aliases.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE platform.api_keys
            ADD COLUMN description TEXT DEFAULT '' NOT NULL,
            ADD COLUMN tier TEXT DEFAULT 'standard' NOT NULL,
            ADD COLUMN scopes TEXT[] DEFAULT '{*}' NOT NULL,
            ADD COLUMN is_active BOOLEAN DEFAULT true NOT NULL,
            ADD COLUMN updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            ADD COLUMN last_used_at TIMESTAMP WITH TIME ZONE,
            ADD CONSTRAINT api_keys_tier_check CHECK (tier IN ('standard', 'premium'))
    """)
    op.execute("""
        CREATE TABLE platform.servers (
            alias TEXT NOT NULL,
            api_url TEXT,
            description TEXT DEFAULT '' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT servers_pkey PRIMARY KEY (alias)
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE platform.servers")
    op.execute("""
        ALTER TABLE platform.api_keys
            DROP COLUMN description, DROP COLUMN tier, DROP COLUMN scopes, DROP COLUMN is_active,
            DROP COLUMN updated_at, DROP COLUMN last_used_at
    """)
