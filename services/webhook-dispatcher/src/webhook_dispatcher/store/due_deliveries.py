"""Due deliveries, taken under a lease. After a crash of a dispatcher, another one takes them when the lease expires.

A transaction locks the queues of the endpoints concerned, in the order of their ids where it waits, so replicas
together keep an endpoint's limits and its order.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import psycopg
from darkroom_chassis.database import Database
from darkroom_schemas.ids import TenantId
from psycopg.rows import DictRow

from webhook_dispatcher.domain.delivery import Credentials, DeliveryStatus, DueDelivery, Outcome
from webhook_dispatcher.domain.endpoint import Dialect
from webhook_dispatcher.domain.endpoint_queue import (
    Allowance,
    QueueLimits,
    QueueState,
    after_attempt,
    allowance,
    failed_too_long,
)
from webhook_dispatcher.domain.fair_share import Ask, fair_share
from webhook_dispatcher.domain.ports import SecretBox
from webhook_dispatcher.store.queries import query

LEASE = timedelta(seconds=75)
"""Longer than an attempt (`webhook_timeout_s`) and the time for which its record waits for the database."""
GONE = "the receiver answered 410 Gone"
FAILED = "all attempts of five days failed"
_LOCK = """
SELECT FROM webhooks.endpoint_queues WHERE endpoint_id = ANY (%s::uuid[]) ORDER BY endpoint_id FOR UPDATE
"""
_NEXT = """
SELECT extract(epoch FROM queue.due_at - now())::float8 AS wait_s
FROM webhooks.endpoint_queues AS queue
JOIN webhooks.endpoints AS endpoint ON endpoint.id = queue.endpoint_id
WHERE queue.due_at IS NOT NULL AND endpoint.tenant <> ALL (%s)
ORDER BY queue.due_at
LIMIT 1
"""
_DISABLE = "UPDATE webhooks.endpoints SET active = false, disabled_reason = %s, notice_due = true WHERE id = %s"
Connection = psycopg.AsyncConnection[DictRow]
Opens = Callable[[bytes], str | None]
"""Decrypts a secret; None if it was encrypted with another key."""


class PostgresDueDeliveries:
    """Implements `DueDeliveries`. An endpoint gets at most `parallel` attempts at a time."""

    def __init__(self, database: Database, box: SecretBox, *, parallel: int, rate_per_s: float | None) -> None:
        self._database, self._box = database, box
        self._parallel, self._rate_per_s = parallel, rate_per_s

    async def take_due(self, slots: int, *, per_tenant: int, running: Mapping[TenantId, int]) -> list[DueDelivery]:
        full = [tenant for tenant, attempts in running.items() if attempts >= per_tenant]
        async with self._database.bare() as connection, connection.transaction():
            locked = await connection.execute(query("lock_due_queues"), {"limit": slots, "full": full})
            endpoints = [row["endpoint_id"] for row in await locked.fetchall()]
            if not endpoints:
                return []
            rows = {row["endpoint_id"]: row for row in await _read(connection, endpoints)}
            allowed = {id_: self._allowance(row) for id_, row in rows.items() if row["active"]}
            asks = [Ask(id_, rows[id_]["tenant"], one.attempts) for id_, one in allowed.items()]
            shares = fair_share(asks, slots=slots, per_tenant=per_tenant, running=running)
            taken = await self._lease(connection, shares, rows)
            await self._save_taken(connection, rows, allowed, shares, taken)
        return taken

    def _allowance(self, row: DictRow) -> Allowance:
        return allowance(_state(row), self._limits(row), leased=row["leased"], now=row["now"], lease=LEASE)

    def _limits(self, row: DictRow) -> QueueLimits:
        return QueueLimits(self._parallel, row["rate_per_s"] or self._rate_per_s, row["ordered"])

    async def _lease(
        self, connection: Connection, shares: Mapping[str, int], rows: Mapping[str, DictRow]
    ) -> list[DueDelivery]:
        sharing = [endpoint for endpoint, attempts in shares.items() if attempts]
        if not sharing:
            return []
        values = {
            "endpoints": sharing,
            "attempts": [shares[endpoint] for endpoint in sharing],
            "ordered": [rows[endpoint]["ordered"] for endpoint in sharing],
            "lease": LEASE,
        }
        leased = await connection.execute(query("lease_deliveries"), values)
        open_once = cache(self._box.open)  # many are of the same endpoint
        return [_delivery(row, open_once) for row in await leased.fetchall()]

    async def _save_taken(
        self,
        connection: Connection,
        rows: Mapping[str, DictRow],
        allowed: Mapping[str, Allowance],
        shares: Mapping[str, int],
        taken: Sequence[DueDelivery],
    ) -> None:
        """Store when each queue is looked at again. One whose share the process limited stays due."""
        counts = dict.fromkeys(rows, 0)
        for delivery in taken:
            counts[delivery.endpoint_id] += 1
        saved = _Saved()
        for endpoint, row in rows.items():
            allowed_now = allowed.get(endpoint)
            if allowed_now is None:
                saved.add(endpoint, _state(row), None)
            else:
                used_up = shares[endpoint] == allowed_now.attempts == counts[endpoint]
                saved.add(endpoint, allowed_now.taken(counts[endpoint]), allowed_now.not_before if used_up else None)
        await saved.store(connection)

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        endpoints = sorted({outcome.delivery.endpoint_id for outcome in outcomes})
        async with self._database.bare() as connection, connection.transaction():
            await connection.execute(_LOCK, [endpoints])
            rows = {row["endpoint_id"]: row for row in await _read(connection, endpoints)}
            recorded = await _record(connection, outcomes)
            await self._save_recorded(connection, rows, [o for o in outcomes if o.delivery.id in recorded])

    async def _save_recorded(
        self, connection: Connection, rows: Mapping[str, DictRow], outcomes: Sequence[Outcome]
    ) -> None:
        states = {endpoint: _state(row) for endpoint, row in rows.items()}
        ended: dict[str, list[Outcome]] = {endpoint: [] for endpoint in rows}
        for outcome in outcomes:
            endpoint = outcome.delivery.endpoint_id
            if endpoint in rows:
                ended[endpoint].append(outcome)
                row = rows[endpoint]
                states[endpoint] = after_attempt(
                    states[endpoint], outcome.attempted, limits=self._limits(row), now=row["now"]
                )
        saved = _Saved()
        for endpoint, row in rows.items():
            reason = _reason_to_disable(ended[endpoint], states[endpoint], row["now"])
            if reason and row["active"]:
                await connection.execute(_DISABLE, [reason, endpoint])
            ends = Counter(outcome.verdict.status for outcome in ended[endpoint])
            delivered, failed = ends[DeliveryStatus.DELIVERED], ends[DeliveryStatus.FAILED]
            saved.add(endpoint, states[endpoint], None, delivered=delivered, failed=failed)
        await saved.store(connection)

    async def wake(self) -> None:
        async with self._database.bare() as connection:
            await connection.execute(query("wake_queues"))

    async def wait_s(self, *, per_tenant: int, running: Mapping[TenantId, int]) -> float | None:
        full = [tenant for tenant, attempts in running.items() if attempts >= per_tenant]
        async with self._database.bare() as connection:
            row = await (await connection.execute(_NEXT, [full])).fetchone()
        return None if row is None else float(row["wait_s"])


def _delivery(row: DictRow, open_: Opens) -> DueDelivery:
    return DueDelivery(
        id=row["id"], endpoint_id=row["endpoint_id"], tenant=row["tenant"], url=row["url"],
        credentials=_credentials(row, open_), message_id=row["message_id"], event_type=row["event_type"],
        body=row["body"], attempts=row["attempts"], replayed_from=row["replayed_from"],
        schedule_s=row["schedule_s"] and tuple(row["schedule_s"]), dialect=Dialect(row["dialect"]),
        ed25519=row["ed25519"], traceparent=row["traceparent"],
    )  # fmt: skip


def _credentials(row: DictRow, open_: Opens) -> Credentials | None:
    secret, headers = open_(row["sealed_secret"]), "{}"
    if row["sealed_headers"] is not None:
        headers = open_(row["sealed_headers"]) or ""
    if secret is None or not headers:
        return None
    earlier = open_(row["previous_secret"]) if row["previous_secret"] is not None else None
    return Credentials((secret, earlier) if earlier else (secret,), json.loads(headers))


class _Saved:
    """The new states of queues, as the columns of one statement."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []  # Any: values of all columns

    def add(
        self, endpoint: str, state: QueueState, not_before: datetime | None, *, delivered: int = 0, failed: int = 0
    ) -> None:
        self._rows.append((
            endpoint, state.parallel, state.failures, state.failing_since, state.paused_until, state.tokens,
            state.tokens_at, not_before or state.paused_until, delivered, failed,
        ))  # fmt: skip

    async def store(self, connection: Connection) -> None:
        names = (
            "endpoints", "parallel", "failures", "failing_since", "paused_until", "tokens", "tokens_at", "not_before",
            "delivered", "failed",
        )  # fmt: skip
        columns = zip(*self._rows, strict=True)
        await connection.execute(
            query("save_queues"), {name: list(column) for name, column in zip(names, columns, strict=True)}
        )


async def _read(connection: Connection, endpoints: Sequence[str]) -> list[DictRow]:
    found = await connection.execute(query("locked_queues"), {"endpoints": endpoints})
    return await found.fetchall()


async def _record(connection: Connection, outcomes: Sequence[Outcome]) -> set[int]:
    """Store the outcomes and return the ids of the deliveries whose lease was still held."""
    stored = await connection.execute(
        query("record_deliveries"),
        {
            "ids": [o.delivery.id for o in outcomes],
            "made": [o.delivery.attempts for o in outcomes],
            "state": [o.verdict.status.value for o in outcomes],
            "delay_s": [o.verdict.delay_s for o in outcomes],
            "status": [o.attempted.status for o in outcomes],
            "error": [o.attempted.error for o in outcomes],
            "duration_s": [o.attempted.duration_s for o in outcomes],
            "answer": [o.attempted.answer for o in outcomes],
        },
    )
    return {row["delivery_id"] for row in await stored.fetchall()}


def _state(row: DictRow) -> QueueState:
    return QueueState(
        row["parallel"], row["failures"], row["failing_since"], row["paused_until"], row["tokens"], row["tokens_at"]
    )


def _reason_to_disable(ended: Sequence[Outcome], state: QueueState, now: datetime) -> str | None:
    if any(outcome.verdict.disable_endpoint for outcome in ended):
        return GONE
    return FAILED if failed_too_long(state, now) else None
