"""Credits that operators take back, and who changed a balance by hand.

Revision ID: 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KIND = "kind IN ('grant', 'reserve', 'capture', 'release')"
KIND_NOW = "kind IN ('grant', 'deduction', 'reserve', 'capture', 'release')"
JOB = "(kind = 'grant') = (job_id IS NULL) AND (job_id IS NULL) = (run IS NULL)"
JOB_NOW = "(kind IN ('grant', 'deduction')) = (job_id IS NULL) AND (job_id IS NULL) = (run IS NULL)"


def upgrade() -> None:
    op.execute("ALTER TABLE platform.credit_ledger ADD COLUMN actor TEXT")
    _constrain(kind=KIND_NOW, job=JOB_NOW)


def downgrade() -> None:
    _constrain(kind=KIND, job=JOB)
    op.execute("ALTER TABLE platform.credit_ledger DROP COLUMN actor")


def _constrain(**checks: str) -> None:
    """Replace checks. Validated apart, which lets others write meanwhile."""
    for name, condition in checks.items():
        constraint = f"credit_ledger_{name}_check"
        op.execute(f"ALTER TABLE platform.credit_ledger DROP CONSTRAINT {constraint}")
        op.execute(f"ALTER TABLE platform.credit_ledger ADD CONSTRAINT {constraint} CHECK ({condition}) NOT VALID")
        op.execute(f"ALTER TABLE platform.credit_ledger VALIDATE CONSTRAINT {constraint}")
