"""One run of webhook-dispatcher: two replicas deliver while these, Redis and PostgreSQL are killed."""

import asyncio
import os
import random
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.postgres import EmbeddedPostgres
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import http_ready
from darkroom_queue import Producer, QueueClient
from darkroom_redis import RedisUnavailable
from darkroom_schemas.events import Emission, EventType
from darkroom_schemas.ids import new_uuid7
from support.emissions import asset_emission
from support.keys import publish_key
from support.mortal import Mortal
from support.redis_servers import MortalServer
from support.waiting import until
from support.webhooks import register
from webhook_dispatcher.migrations import MIGRATIONS

from .webhook_receiver import CountingReceiver, counting_receiver

REPLICAS, TENANTS, IN_FLIGHT = 2, 6, 40
ORDERED = 0
"""The tenant whose endpoint receives its events in order."""
BATCH, TYPE = 50, EventType.ASSET_CREATED
SETTLE_S = 240.0
"""Without a delivery for so long, what is left is lost."""
_EXPIRE = """
UPDATE webhooks.deliveries SET leased_until = now(), next_at = now() WHERE leased_until IS NOT NULL;
UPDATE webhooks.endpoint_queues SET due_at = now(), paused_until = NULL WHERE due_at IS NOT NULL;
"""
_PENDING = "SELECT count(*) FROM webhooks.deliveries WHERE status = 'pending'"


@dataclass
class WebhookRun:
    """`await run()` returns the broken promises, which should be none."""

    folder: Path
    seed: int
    events: int
    strikes: int
    struck: list[str] = field(default_factory=list)
    doubles: int = 0

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)  # noqa: S311 - reproducible
        self._redis = MortalServer(self.folder / "redis", fsync="everysec")
        database = EmbeddedPostgres(self.folder / "postgres", free_ports(1)[0])
        self._database_url = database.url()
        self._postgres = Mortal(database.prepare, self.folder / "postgres.log")
        self._ports = free_ports(REPLICAS)
        self._replicas = [Mortal(self._replica(port), self.folder / f"dispatcher-{port}.log") for port in self._ports]
        self._tenants = [new_uuid7() for _ in range(TENANTS)]
        self._emitted: list[list[str]] = [[] for _ in range(TENANTS)]
        self._next_outbox_id = 1

    def _replica(self, port: int) -> Callable[[], ProcessSpec]:
        env = os.environ | {
            "REDIS_URL": self._redis.url,
            "DATABASE_URL": self._database_url,
            "SECRETS_KEY": "k" * 32,
            "WEBHOOK_SCHEDULE_S": "0" + ",0.3" * 19,  # an endpoint that refuses at random never exhausts it
            "WEBHOOK_CONCURRENCY": str(IN_FLIGHT),
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "WEBHOOK_DISPATCHER_PORT": str(port),
        }
        argv = (sys.executable, "-m", "webhook_dispatcher")
        spec = ProcessSpec(name="webhook-dispatcher", argv=argv, ready=http_ready(port), env=env, cwd=self.folder)
        return lambda: spec

    async def run(self) -> list[str]:
        """Emit an equal share of the events before each strike, and judge what came when all has come to rest."""
        servers = [self._redis, self._postgres, *self._replicas]
        try:
            for server in (self._redis, self._postgres):
                await server.start()
            await asyncio.to_thread(MIGRATIONS.upgrade, self._database_url)
            for replica in self._replicas:
                await replica.start()
            draw = random.Random(self.seed + 1)  # noqa: S311 - reproducible, whatever the order of requests
            async with counting_receiver(draw) as receiver:
                await self._subscribe(receiver)
                for number in range(self.strikes):
                    await self._emit(self.events // self.strikes)
                    await self._strike(number)
                await self._settle(receiver)
                return self._judge(receiver)
        finally:
            for server in servers:
                await server.kill()

    async def _subscribe(self, receiver: CountingReceiver) -> None:
        link = await QueueClient.open(self._redis.url)
        for number, tenant in enumerate(self._tenants):
            headers = {"X-API-Key": await publish_key(link, tenant)}
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._ports[0]}", headers=headers) as api:
                created = await register(api, receiver.url(number), events=[TYPE.value], ordered=number == ORDERED)
            receiver.secrets[str(number)] = created["secret"]
        await link.close()

    async def _emit(self, events: int) -> None:
        """Append events in batches, each again until it is answered: the log keeps an outbox id once."""
        link = await QueueClient.open(self._redis.url)
        producer = Producer(link)
        for first in range(0, events, BATCH):
            numbers = [self._draw.randrange(TENANTS) for _ in range(min(BATCH, events - first))]
            ids = await _appended(producer, [self._emission(number) for number in numbers])
            for number, event_id in zip(numbers, ids, strict=True):
                self._emitted[number].append(f"msg_{event_id}")
        await link.close()

    def _emission(self, number: int) -> Emission:
        self._next_outbox_id += 1
        return asset_emission(self._tenants[number], self._next_outbox_id, TYPE)

    async def _strike(self, number: int) -> None:
        """Kill a dispatcher every other time, else Redis or PostgreSQL; the last strike takes both dispatchers."""
        await asyncio.sleep(self._draw.uniform(0.0, 0.5))  # the schedule of the faults
        if number == self.strikes - 1:
            await self._restart("dispatchers", self._replicas, _EXPIRE)
        elif number % 2 == 0:
            await self._restart("dispatcher", [self._draw.choice(self._replicas)])
        elif number % 4 == 1:
            await self._restart("redis", [self._redis])
        else:
            await self._restart("postgres", [self._postgres])

    async def _restart(self, name: str, victims: Sequence[Mortal], meanwhile: str = "") -> None:
        """Kill and start again. `meanwhile` is SQL that moves the clock: leases of the dead end at once."""
        self.struck.append(name)
        for victim in victims:
            await victim.kill()
        if meanwhile:
            async with await psycopg.AsyncConnection.connect(self._database_url, autocommit=True) as connection:
                await connection.execute(meanwhile)
        for victim in victims:
            await victim.start()

    async def _settle(self, receiver: CountingReceiver) -> None:
        """Wait until the dispatchers have read the whole log and nothing is pending. The judge names what is left."""
        async with await psycopg.AsyncConnection.connect(self._database_url, autocommit=True) as connection:

            async def at_rest() -> bool:
                [(stored,)] = await (await connection.execute("SELECT count(*) FROM webhooks.deliveries")).fetchall()
                [(pending,)] = await (await connection.execute(_PENDING)).fetchall()
                return bool(stored >= sum(map(len, self._emitted)) and pending == 0)

            before = -1
            while receiver.accepted.total() > before and not await at_rest():
                before = receiver.accepted.total()
                with suppress(TimeoutError):
                    await until(at_rest, SETTLE_S, every_s=0.2)

    def _judge(self, receiver: CountingReceiver) -> list[str]:
        expected = {message for messages in self._emitted for message in messages}
        faults = list(receiver.faults)
        if lost := expected - receiver.accepted.keys():
            faults.append(f"{len(lost)} of {len(expected)} events were never delivered")
        if strangers := receiver.accepted.keys() - expected:
            faults.append(f"{len(strangers)} messages belong to no event")
        if receiver.order[str(ORDERED)] != self._emitted[ORDERED]:
            faults.append("the ordered endpoint received its events in another order")
        self.doubles = receiver.accepted.total() - len(receiver.accepted)
        most = IN_FLIGHT * REPLICAS * len(self.struck)
        if self.doubles > most:
            faults.append(f"{self.doubles} events were delivered again, more than the {most} that were in flight")
        return faults


async def _appended(producer: Producer, emissions: Sequence[Emission]) -> Sequence[object]:
    while True:
        with suppress(RedisUnavailable):
            return await producer.emit(emissions)
