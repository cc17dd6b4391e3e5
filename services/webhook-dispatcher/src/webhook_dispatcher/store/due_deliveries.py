"""Due deliveries, taken under a lease. After a crash of a dispatcher, another one takes them when the lease expires."""

from datetime import datetime, timedelta

from darkroom_chassis.database import Database
from sqlalchemy import func, insert, select, update

from webhook_dispatcher.domain.delivery import Attempted, DueDelivery, Verdict
from webhook_dispatcher.domain.ports import SecretBox
from webhook_dispatcher.store.tables import attempts, deliveries, endpoints, messages

LEASE_S = 60.0
"""Must be longer than `webhook_timeout_s`, the timeout of an attempt."""


class PostgresDueDeliveries:
    """Implements `DueDeliveries`."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database, self._box = database, box

    async def take_due(self, limit: int) -> list[DueDelivery]:
        due = (
            select(deliveries.c.id)
            .join(endpoints, endpoints.c.id == deliveries.c.endpoint_id)
            .where(deliveries.c.status == "pending", deliveries.c.next_at <= func.now(), endpoints.c.active)
            .order_by(deliveries.c.next_at)
            .limit(limit)
            .with_for_update(of=deliveries, skip_locked=True)
        ).cte("due")
        lease = (
            update(deliveries)
            .where(
                deliveries.c.id == due.c.id,
                endpoints.c.id == deliveries.c.endpoint_id,
                messages.c.id == deliveries.c.message_id,
            )
            .values(next_at=func.now() + timedelta(seconds=LEASE_S))
            .returning(
                deliveries.c.id, deliveries.c.endpoint_id, deliveries.c.attempts, deliveries.c.message_id,
                endpoints.c.url, endpoints.c.sealed_secret, messages.c.body,
            )
        )  # fmt: skip
        async with self._database.begin() as connection:
            rows = (await connection.execute(lease)).all()
        return [
            DueDelivery(r.id, r.endpoint_id, r.url, self._box.open(r.sealed_secret), r.message_id, r.body, r.attempts)
            for r in rows
        ]

    async def record(self, delivery: DueDelivery, attempted: Attempted, verdict: Verdict) -> None:
        number = delivery.attempts + 1
        line = insert(attempts).values(
            delivery_id=delivery.id, number=number, status=attempted.status, error=attempted.error,
            duration_s=attempted.duration_s,
        )  # fmt: skip
        # The condition on `attempts` prevents a dispatcher with an expired lease from overwriting a later attempt.
        state = (
            update(deliveries)
            .where(deliveries.c.id == delivery.id, deliveries.c.attempts == delivery.attempts)
            .values(
                status=verdict.status, attempts=number, next_at=verdict.next_at, last_status=attempted.status,
                last_error=attempted.error,
            )
        )  # fmt: skip
        async with self._database.begin() as connection:
            if (await connection.execute(state)).rowcount != 1:
                return
            await connection.execute(line)
            if verdict.disable_endpoint:
                off = update(endpoints).where(endpoints.c.id == delivery.endpoint_id)
                await connection.execute(off.values(active=False, disabled_reason="the receiver answered 410 Gone"))

    async def next_due(self) -> datetime | None:
        waiting = (
            select(func.min(deliveries.c.next_at))
            .join(endpoints, endpoints.c.id == deliveries.c.endpoint_id)
            .where(deliveries.c.status == "pending", endpoints.c.active)
        )
        async with self._database.connect() as connection:
            due: datetime | None = (await connection.execute(waiting)).scalar_one()
        return due
