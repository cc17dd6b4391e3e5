"""The credit ledger: statements, and adjustments by operators."""

from darkroom_chassis.database import Database
from darkroom_schemas.ids import JobId, UserId
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.accounts.credits import Adjustment, Statement, StatementLine
from platform_api.domain.accounts.ledger import LedgerKind
from platform_api.domain.errors import BalanceTooLow, UnknownUser
from platform_api.store.queries import query
from platform_api.store.tables.accounts import users
from platform_api.store.tables.credits import credit_ledger


class PostgresCredits:
    """Implements `Credits`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def statement(self, user_id: UserId, *, limit: int, before: int | None) -> Statement | None:
        asked = {"user_id": user_id, "before": before, "lines": limit + 1}
        async with self._database.connect() as connection:
            rows = (await connection.execute(text(query("credit_statement")), asked)).all()
        if not rows:
            return None
        lines = [
            StatementLine(
                id=row.id,
                kind=LedgerKind(row.kind),
                amount_mc=row.amount_mc,
                change_mc=row.change_mc,
                balance_mc=row.balance_mc,
                job_id=JobId(str(row.job_id)) if row.job_id else None,
                run=row.run,
                item=row.item,
                note=row.note,
                created_at=row.created_at,
            )
            for row in rows
            if row.id is not None
        ]
        cursor = lines[limit - 1].id if len(lines) > limit else None
        return Statement(rows[0].balance_now_mc, rows[0].reserved_mc, lines[:limit], cursor)


class PostgresCreditChanges:
    """Implements `CreditChanges` on the connection of an open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def adjust(self, adjustment: Adjustment) -> int:
        run, amount_mc = self._connection.execute, adjustment.amount_mc
        of_user = users.c.id == adjustment.user_id
        changed = update(users).where(of_user, users.c.balance_mc + amount_mc >= 0)
        changed = changed.values(balance_mc=users.c.balance_mc + amount_mc)
        balance: int | None = (await run(changed.returning(users.c.balance_mc))).scalar()
        if balance is None:
            left: int | None = (await run(select(users.c.balance_mc).where(of_user))).scalar()
            if left is None:
                raise UnknownUser
            raise BalanceTooLow(left)
        line = {
            "user_id": adjustment.user_id,
            "kind": LedgerKind.GRANT if amount_mc > 0 else LedgerKind.DEDUCTION,
            "amount_mc": abs(amount_mc),
            "note": adjustment.note,
            "actor": adjustment.actor,
        }
        await run(insert(credit_ledger), line)
        return balance
