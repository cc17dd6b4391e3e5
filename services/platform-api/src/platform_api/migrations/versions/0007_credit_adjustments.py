"""Deductions by operators, and the actor of an adjustment.

Revision ID: 0007
"""

from alembic import op
from darkroom_chassis.online_changes import validate_check

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LEDGER = "platform.credit_ledger"
KIND = "kind IN ('grant', 'reserve', 'capture', 'release')"
KIND_NOW = "kind IN ('grant', 'deduction', 'reserve', 'capture', 'release')"
JOB = "(kind = 'grant') = (job_id IS NULL) AND (job_id IS NULL) = (run IS NULL)"
JOB_NOW = "(kind IN ('grant', 'deduction')) = (job_id IS NULL) AND (job_id IS NULL) = (run IS NULL)"


def upgrade() -> None:
    op.execute(f"ALTER TABLE {LEDGER} ADD COLUMN IF NOT EXISTS actor TEXT")
    for constraint in _replace(kind=KIND_NOW, job=JOB_NOW):
        validate_check(LEDGER, constraint)


def downgrade() -> None:
    # Not validated: existing deductions stay in the ledger, which is append-only.
    _replace(kind=KIND, job=JOB)
    op.execute(f"ALTER TABLE {LEDGER} DROP COLUMN actor")


def _replace(**checks: str) -> list[str]:
    """Replace check constraints without scanning the table, and return their names."""
    names = {f"credit_ledger_{name}_check": condition for name, condition in checks.items()}
    for name, condition in names.items():
        op.execute(f"ALTER TABLE {LEDGER} DROP CONSTRAINT IF EXISTS {name}")
        op.execute(f"ALTER TABLE {LEDGER} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    return list(names)
