"""Passwords, browser sessions and counted login attempts.

Revision ID: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE platform.passwords (
        user_id UUID NOT NULL,
        password_hash TEXT NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT passwords_pkey PRIMARY KEY (user_id),
        CONSTRAINT passwords_user_id_fkey FOREIGN KEY(user_id) REFERENCES platform.users (id)
    )
    """,
    """
    CREATE TABLE platform.sessions (
        token_hash BYTEA NOT NULL,
        user_id UUID NOT NULL,
        key_id TEXT,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT sessions_pkey PRIMARY KEY (token_hash),
        CONSTRAINT sessions_user_id_fkey FOREIGN KEY(user_id) REFERENCES platform.users (id),
        CONSTRAINT sessions_key_id_fkey FOREIGN KEY(key_id) REFERENCES platform.api_keys (id)
    )
    """,
    "CREATE INDEX sessions_user_id_idx ON platform.sessions (user_id)",
    "CREATE INDEX sessions_expires_at_idx ON platform.sessions (expires_at)",
    """
    CREATE TABLE platform.login_attempts (
        subject BYTEA NOT NULL,
        attempts INTEGER NOT NULL,
        since TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT login_attempts_pkey PRIMARY KEY (subject),
        CONSTRAINT login_attempts_attempts_check CHECK (attempts >= 1)
    )
    """,
    "CREATE INDEX login_attempts_since_idx ON platform.login_attempts (since)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for name in ("login_attempts", "sessions", "passwords"):
        op.execute(f"DROP TABLE platform.{name}")
