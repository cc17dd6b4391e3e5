"""Favourites, tags and the search of assets.

Revision ID: 0018
"""

from alembic import op
from darkroom_chassis.online_changes import create_index, drop_index

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

PROMPTS = "(coalesce(recipe ->> 'prompt', '') || ' ') || coalesce(recipe ->> 'original_prompt', '')"
MODEL = "coalesce(recipe #>> '{model,name}', recipe ->> 'model', '')"
WORDS = (
    f"to_tsvector('simple'::regconfig, left({PROMPTS}, 20000))"
    f" || array_to_tsvector(ARRAY['u:' || user_id::text, 'm:' || left({MODEL}, 200)])"
)
INDEXES = {
    "assets_favourite_idx": "assets (user_id, id) WHERE favourite",
    "assets_words_idx": f"assets USING gin (({WORDS}))",
}


def upgrade() -> None:
    op.execute("ALTER TABLE platform.assets ADD COLUMN IF NOT EXISTS favourite BOOLEAN NOT NULL DEFAULT false")
    op.execute("""
        CREATE TABLE IF NOT EXISTS platform.asset_tags (
            user_id UUID NOT NULL,
            tag TEXT NOT NULL,
            asset_id UUID NOT NULL,
            name TEXT NOT NULL,
            CONSTRAINT asset_tags_pkey PRIMARY KEY (user_id, tag, asset_id),
            CONSTRAINT asset_tags_asset_id_fkey FOREIGN KEY (asset_id)
                REFERENCES platform.assets (id) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX IF NOT EXISTS asset_tags_asset_id_idx ON platform.asset_tags (asset_id)")
    for name, definition in INDEXES.items():
        create_index("platform", name, definition)


def downgrade() -> None:
    for name in INDEXES:
        drop_index("platform", name)
    op.execute("DROP TABLE IF EXISTS platform.asset_tags")
    op.execute("ALTER TABLE platform.assets DROP COLUMN IF EXISTS favourite")
