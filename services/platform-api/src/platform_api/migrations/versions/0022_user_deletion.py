"""The ledger lines of a user can be deleted by the transaction that deletes the user, and only by it.

Revision ID: 0022
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE OR REPLACE FUNCTION platform.refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_LEVEL = 'STATEMENT' THEN
                IF TG_OP = 'DELETE' AND coalesce(current_setting('platform.deleted_user', true), '') <> '' THEN
                    RETURN NULL;
                END IF;
            ELSIF OLD.user_id::text = current_setting('platform.deleted_user', true) THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME;
        END $$
    """)
    op.execute("""
        CREATE OR REPLACE TRIGGER credit_ledger_append_only BEFORE UPDATE OR DELETE ON platform.credit_ledger
        FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_ledger_change()
    """)
    op.execute("""
        CREATE OR REPLACE TRIGGER credit_ledger_of_deleted_user BEFORE DELETE ON platform.credit_ledger
        FOR EACH ROW EXECUTE FUNCTION platform.refuse_ledger_change()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER IF EXISTS credit_ledger_of_deleted_user ON platform.credit_ledger")
    op.execute("""
        CREATE OR REPLACE TRIGGER credit_ledger_append_only BEFORE UPDATE OR DELETE ON platform.credit_ledger
        FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_change()
    """)
    op.execute("DROP FUNCTION IF EXISTS platform.refuse_ledger_change()")
