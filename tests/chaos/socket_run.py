"""One run of queue-api's event WebSocket: clients follow two replicas while these and Redis are killed."""

import asyncio
import os
import random
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from darkroom_client.models.socket import Greeting
from darkroom_client.reconnecting import Reconnecting
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import http_ready
from darkroom_queue import EventLog, Producer, QueueClient
from darkroom_redis import RedisUnavailable
from darkroom_schemas.events import STEP_TERMINAL
from darkroom_schemas.ids import EventId
from support.mortal import Mortal
from support.queue_api import TOKEN, complete, working
from support.redis_servers import MortalServer
from support.steps import make_step
from support.waiting import until

CLIENTS, REPLICAS = 50, 2
SETTLE_S = 60.0
MOST_EVENTS = 1_000_000


@dataclass
class Follower:
    """A client of one replica. `seen` are the ids of the events that it received, in the order of arrival."""

    transport: Reconnecting
    seen: list[str] = field(default_factory=list)
    connected: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self) -> None:
        async for message in self.transport.messages():
            if isinstance(message, Greeting):
                self.connected.set()
            elif message.event_id is not None:
                self.seen.append(message.event_id)

    def drop(self) -> None:
        """Lose the connection without a word."""
        if self.transport.socket is not None:
            self.transport.socket.transport.abort()


class SocketRun:
    """`await run()` returns the broken promises, which should be none."""

    def __init__(self, folder: Path, seed: int, jobs: int, strikes: int) -> None:
        self._folder, self._jobs, self._strikes = folder, jobs, strikes
        self._draw = random.Random(seed)  # noqa: S311 - reproducible
        self._redis = MortalServer(folder / "redis", fsync="everysec")
        self._ports = free_ports(REPLICAS)
        self._replicas = [Mortal(self._replica(port), folder / f"queue-api-{port}.log") for port in self._ports]
        self.struck: list[str] = []
        self.connections = 0

    def _replica(self, port: int) -> Callable[[], ProcessSpec]:
        env = os.environ | {"REDIS_URL": self._redis.url, "AUTH_TOKEN": TOKEN, "QUEUE_API_PORT": str(port)}
        argv = (sys.executable, "-m", "queue_api")
        spec = ProcessSpec(name="queue-api", argv=argv, ready=http_ready(port), env=env, cwd=self._folder)
        return lambda: spec

    async def run(self) -> list[str]:
        servers = [self._redis, *self._replicas]
        try:
            for server in servers:
                await server.start()
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(working(self._redis.url, complete))
                return await self._with_followers()
        finally:
            for server in servers:
                await server.kill()

    async def _with_followers(self) -> list[str]:
        followers = [
            Follower(Reconnecting(f"http://127.0.0.1:{self._ports[n % REPLICAS]}", "/ws", TOKEN))
            for n in range(CLIENTS)
        ]
        tasks = [asyncio.create_task(follower.follow()) for follower in followers]
        try:
            async with asyncio.timeout(30):
                await asyncio.gather(*(follower.connected.wait() for follower in followers))
            for strike in range(self._strikes):
                await self._submit(self._jobs // self._strikes, followers)
                await self._strike(strike)
            return await self._judge(followers)
        finally:
            self.connections = sum(follower.transport.connections for follower in followers)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _submit(self, jobs: int, followers: list[Follower]) -> None:
        """Submit jobs, each once, while now and then a client loses its connection."""
        client = await QueueClient.open(self._redis.url)
        producer = Producer(client)
        for _ in range(jobs):
            await producer.submit(make_step())
            if self._draw.random() < 0.3:
                self._draw.choice(followers).drop()
        await client.close()

    async def _strike(self, number: int) -> None:
        """Kill a replica or Redis, in turn, while events are on their way, and start it again."""
        victim: Mortal = self._redis if number % 2 else self._draw.choice(self._replicas)
        self.struck.append("redis" if number % 2 else "queue-api")
        await victim.kill()
        await victim.start()

    async def _judge(self, followers: list[Follower]) -> list[str]:
        """Compare what each client received with the log, once the log has come to rest and all have its end."""
        client = await QueueClient.open(self._redis.url)
        producer = Producer(client)

        async def at_rest() -> bool:
            with suppress(RedisUnavailable):
                depth = await producer.depth()
                return depth.queued == depth.running == 0
            return False

        await until(at_rest, SETTLE_S)
        log = [event for event in await EventLog(client).read(None, count=MOST_EVENTS) if event.step_id is not None]
        last = log[-1].id
        faults = []

        async def all_have_it() -> bool:
            return all(last in follower.seen for follower in followers)

        try:
            await until(all_have_it, SETTLE_S)
        except TimeoutError:
            faults.append("some clients never received the last event")
        ended = {event.id for event in log if event.type in STEP_TERMINAL}
        longest = max((follower.seen for follower in followers), key=len)
        for number, follower in enumerate(followers):
            if len(set(follower.seen)) != len(follower.seen):
                faults.append(f"client {number} received an event twice")
            if follower.seen != sorted(follower.seen, key=EventId.parse):
                faults.append(f"client {number} received events out of order")
            if lost := ended - set(follower.seen):
                faults.append(f"client {number} missed {len(lost)} ends of steps")
            if follower.seen != longest:
                faults.append(f"client {number} received other events than the others")
        await client.close()
        return faults
