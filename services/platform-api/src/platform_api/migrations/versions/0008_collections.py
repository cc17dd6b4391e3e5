"""Workflows, including the built-in ones, models, custom nodes, social links and collections.

Revision ID: 0008
"""

import json
from typing import Any

from alembic import op
from sqlalchemy import text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = {
    "workflows": """
        id UUID NOT NULL,
        user_id UUID,
        name TEXT NOT NULL,
        label TEXT NOT NULL,
        type TEXT NOT NULL,
        description TEXT NOT NULL,
        data JSONB NOT NULL,
        output_mime_type TEXT NOT NULL,
        display BOOLEAN NOT NULL,
        "order" INTEGER NOT NULL,
        models TEXT[] NOT NULL,
        custom_nodes TEXT[] NOT NULL,
        needs_credential BOOLEAN NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT workflows_pkey PRIMARY KEY (id),
        CONSTRAINT workflows_user_id_fkey FOREIGN KEY(user_id) REFERENCES platform.users (id),
        CONSTRAINT workflows_user_id_name_key UNIQUE (user_id, name),
        CONSTRAINT workflows_type_check
            CHECK (type IN ('basic', 'comfy_workflow', 'fetch_api', 'direct_job', 'dynamic_json'))
    """,
    "models": """
        user_id UUID NOT NULL,
        name TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT models_pkey PRIMARY KEY (user_id, name),
        CONSTRAINT models_user_id_fkey FOREIGN KEY(user_id) REFERENCES platform.users (id)
    """,
    "custom_nodes": """
        user_id UUID NOT NULL,
        name TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT custom_nodes_pkey PRIMARY KEY (user_id, name),
        CONSTRAINT custom_nodes_user_id_fkey FOREIGN KEY(user_id) REFERENCES platform.users (id)
    """,
    "social_links": """
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        social_org TEXT NOT NULL,
        social_identifier TEXT NOT NULL,
        miniapp_user_id TEXT,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT social_links_pkey PRIMARY KEY (id),
        CONSTRAINT social_links_user_id_fkey FOREIGN KEY(user_id) REFERENCES platform.users (id),
        CONSTRAINT social_links_user_id_social_org_social_identifier_key
            UNIQUE (user_id, social_org, social_identifier)
    """,
    "collections": """
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        title TEXT NOT NULL,
        description TEXT NOT NULL,
        data JSONB NOT NULL,
        status TEXT NOT NULL,
        blockchain TEXT NOT NULL,
        price NUMERIC NOT NULL,
        editions INTEGER NOT NULL,
        cover_image_url TEXT,
        miniapp_cover_image TEXT,
        cast_hash TEXT,
        project_id TEXT NOT NULL,
        social_link_id UUID,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT collections_pkey PRIMARY KEY (id),
        CONSTRAINT collections_sale_check CHECK (price >= 0 AND editions >= 1),
        CONSTRAINT collections_social_link_id_fkey
            FOREIGN KEY(social_link_id) REFERENCES platform.social_links (id),
        CONSTRAINT collections_user_id_fkey FOREIGN KEY(user_id) REFERENCES platform.users (id)
    """,
}
INDEXES = (
    "CREATE UNIQUE INDEX workflows_built_in_key ON platform.workflows (name) WHERE user_id IS NULL",
    "CREATE INDEX workflows_user_newest_idx ON platform.workflows (user_id, id DESC)",
    "CREATE INDEX collections_user_newest_idx ON platform.collections (user_id, id DESC)",
    "CREATE INDEX collections_social_link_id_idx ON platform.collections (social_link_id)",
)

ENHANCE: dict[str, Any] = {"job_type": "prompt_enhance", "payload": {"prompt": "{{prompt}}"}}
ENHANCED = {"prompt": "{{steps.00.text}}"}
BUILT_IN: tuple[tuple[str, str, str, str, dict[str, Any], str], ...] = (
    ("flexible_prompt", "Flexible prompt", "direct_job", "application/json", {},
     "What a simple collection's own template says, filled in with the chosen variables."),
    ("sdxl_image", "SDXL image", "direct_job", "image/png", {"job_type": "sdxl_image_high"},
     "Six images from a prompt; negative_prompt and seed if wanted."),
    ("wan_video", "WAN video", "direct_job", "video/mp4", {"job_type": "video_fast"},
     "A video of five seconds from a prompt; a seed if wanted."),
    ("enhanced_image", "SDXL image, prompt enhanced", "basic", "image/png",
     {"steps": [ENHANCE, {"job_type": "sdxl_image_high", "payload": ENHANCED}]},
     "Six images from a prompt that a language model has expanded."),
    ("image_and_video", "Image and video", "basic", "video/mp4",
     {"steps": [ENHANCE, {"job_type": "sdxl_image_fast", "payload": ENHANCED, "needs": [0]},
                {"job_type": "video_fast", "payload": ENHANCED, "needs": [0]}]},
     "Images and a video, side by side, from one expanded prompt."),
)  # fmt: skip

ADD_BUILT_IN = text("""
    INSERT INTO platform.workflows (
        id, name, label, type, output_mime_type, data, description, display, "order", models, custom_nodes,
        needs_credential, created_at
    ) VALUES (
        CAST(:id AS uuid), :name, :label, :type, :mime_type, CAST(:data AS jsonb), :description, true, :order,
        '{}', '{}', false, now()
    )
""")


def upgrade() -> None:
    for name, definition in TABLES.items():
        op.execute(f"CREATE TABLE platform.{name} ({definition})")
    for index in INDEXES:
        op.execute(index)
    for order, (name, label, type_, mime_type, data, description) in enumerate(BUILT_IN):
        op.execute(
            ADD_BUILT_IN.bindparams(
                # UUIDs of version 8 (RFC 9562, custom ids) identify the built-in workflows.
                id=f"00000000-0000-8000-8000-{order:012d}",
                name=name,
                label=label,
                type=type_,
                mime_type=mime_type,
                data=json.dumps(data),
                description=description,
                order=order,
            )
        )


def downgrade() -> None:
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE platform.{name}")
