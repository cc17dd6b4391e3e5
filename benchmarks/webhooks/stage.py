"""The servers of a run: PostgreSQL and Valkey of our own, and webhook-dispatcher as it ships, in one process."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter

import httpx
import psutil
import psycopg
from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.postgres import EmbeddedPostgres
from darkroom_local.servers.valkey import EmbeddedValkey
from darkroom_queue import Producer, QueueClient
from darkroom_schemas.events import EventType
from darkroom_schemas.ids import new_uuid7
from support.emissions import asset_emission
from support.keys import publish_key
from support.services import running_service
from support.waiting import until
from support.webhooks import register
from webhook_dispatcher.migrations import MIGRATIONS

_OUTBOX_IDS = count(1)
_MESSAGES = "SELECT count(*) FROM webhooks.messages WHERE tenant = %s"
STORE_S = 120.0


@dataclass(frozen=True, slots=True)
class Tenant:
    """A user with a client of the dispatcher's API."""

    id: str
    api: httpx.AsyncClient


@dataclass(slots=True)
class Stage:
    """A running dispatcher."""

    database_url: str
    link: QueueClient
    dispatcher: psutil.Process
    url: str
    stack: AsyncExitStack

    async def tenant(self) -> Tenant:
        """Return a new user."""
        tenant = new_uuid7()
        headers = {"X-API-Key": await publish_key(self.link, tenant)}
        api = await self.stack.enter_async_context(httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60))
        return Tenant(tenant, api)

    async def subscribed(self, url: str) -> Tenant:
        """Return a new user with an endpoint that receives the events made here."""
        tenant = await self.tenant()
        await register(tenant.api, url, events=[EventType.ASSET_CREATED.value])
        return tenant

    async def emit(self, tenants: Sequence[Tenant]) -> None:
        """Append an event for each of the tenants to the log, in one call."""
        events = [asset_emission(tenant.id, next(_OUTBOX_IDS), sent=perf_counter()) for tenant in tenants]
        await Producer(self.link).emit(events)

    async def emit_evenly(self, tenants: Sequence[Tenant], *, per_second: float, seconds: float) -> int:
        """Emit at a steady rate, the tenants in turn; return the number of events."""
        loop = asyncio.get_running_loop()
        began, total, sent = loop.time(), round(per_second * seconds), 0
        while sent < total:
            due = min(total, int((loop.time() - began) * per_second) + 1)
            if due > sent:
                await self.emit([tenants[number % len(tenants)] for number in range(sent, due)])
                sent = due
            await asyncio.sleep(max(0.0, began + sent / per_second - loop.time()))
        return sent

    async def stored(self, tenant: Tenant, events: int) -> None:
        """Wait until the dispatcher has read so many events of a tenant from the log."""
        async with await psycopg.AsyncConnection.connect(self.database_url, autocommit=True) as connection:

            async def has_all() -> bool:
                [(number,)] = await (await connection.execute(_MESSAGES, [tenant.id])).fetchall()
                return bool(number >= events)

            await until(has_all, STORE_S)

    def cpu_s(self) -> float:
        """Return the processor time of the dispatcher so far."""
        times = self.dispatcher.cpu_times()
        return float(times.user + times.system)


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Start everything in a temporary folder; stop it afterwards."""
    with ExitStack() as servers:
        folder = Path(servers.enter_context(tempfile.TemporaryDirectory(prefix="bench-webhooks-")))
        postgres_port, valkey_port = free_ports(2)
        postgres = EmbeddedPostgres(folder / "pg", postgres_port)
        servers.enter_context(running(postgres.prepare(), folder / "postgres.log"))
        valkey = EmbeddedValkey(folder / "valkey", valkey_port)
        servers.enter_context(running(valkey.prepare(), folder / "valkey.log"))
        MIGRATIONS.upgrade(postgres.url())
        env = {
            "REDIS_URL": valkey.url,
            "DATABASE_URL": postgres.url(),
            "SECRETS_KEY": "k" * 32,
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "WEBHOOK_REQUESTS_PER_MINUTE": "0",
            "WEBHOOK_SENDS_PER_MINUTE": "0",
            "LOG_LEVEL": "INFO",
            "LOG_FORMAT": "json",
        }
        service = servers.enter_context(running_service("webhook_dispatcher", "WEBHOOK_DISPATCHER_PORT", env, folder))
        link = await QueueClient.open(valkey.url)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(link.close)
            yield Stage(postgres.url(), link, psutil.Process(service.pid), service.url, stack)
