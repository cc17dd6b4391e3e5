"""One run of platform-api: clients order while its replicas, Redis and PostgreSQL are killed, all from one seed."""

import asyncio
import os
import random
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.postgres import EmbeddedPostgres
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import http_ready
from platform_api.migrations import MIGRATIONS
from platform_api.settings import Settings
from platform_api.wiring import jwt_codec, open_accounts
from support.mortal import Mortal
from support.orders import draw_orders
from support.platform_history import Kept, KeptJob, broken_platform_promises, read_kept
from support.received import ReceivedJobs
from support.redis_servers import MortalServer
from support.waiting import until

from .platform_clients import Client
from .platform_readers import JobReader, UserReader, seen_to_the_end

PROGRAM = Path(__file__).with_name("platform_worker.py")
REPLICAS, ORDERS_A_USER = 2, 40
CREDITS_MC = 10**9
RESETS_A_RESTART = 3
"""Of Redis: as each of two replicas notices, and again at the one that had not when the reader came back to it."""
DRAIN_S, CATCH_UP_S, CLIENTS_S = 90.0, 20.0, 60.0


@dataclass
class PlatformRun:
    """`await run()` gives the broken promises, which should be none."""

    folder: Path
    seed: int
    orders: int
    strikes: int
    struck: list[str] = field(default_factory=list)
    accepted: int = 0

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)  # noqa: S311 - reproducible
        self._redis = MortalServer(self.folder / "redis", fsync="everysec")
        postgres = EmbeddedPostgres(self.folder / "postgres", free_ports(1)[0])
        self._postgres = Mortal(postgres.prepare, self.folder / "postgres.log")
        self._settings = Settings.model_validate(
            {
                "PLATFORM_DATABASE_URL": postgres.url(),
                "redis_url": self._redis.url,
                "object_store_url": (self.folder / "objects").as_uri(),
                "jwt_secret": "j" * 32,
                "signing_secret": "s" * 32,
            }
        )
        ports = free_ports(REPLICAS)
        self._urls = [f"http://127.0.0.1:{port}" for port in ports]
        self._replicas = {f"platform-{n}": self._mortal(f"platform-{n}", self._serve(p)) for n, p in enumerate(ports)}
        self._worker = self._mortal("worker", self._work("w"))

    def _mortal(self, name: str, spec: ProcessSpec) -> Mortal:
        return Mortal(lambda: spec, self.folder / f"{name}.log")

    def _serve(self, port: int) -> ProcessSpec:
        env = os.environ | {
            "PLATFORM_DATABASE_URL": self._settings.database_url.get_secret_value(),
            "REDIS_URL": self._settings.redis_url.get_secret_value(),
            "OBJECT_STORE_URL": self._settings.object_store_url,
            "JWT_SECRET": self._settings.jwt_secret.get_secret_value(),
            "SIGNING_SECRET": self._settings.signing_secret.get_secret_value(),
            "PLATFORM_API_PORT": str(port),
            "SSE_HEARTBEAT_S": "0.5",
        }
        argv = (sys.executable, "-m", "platform_api")
        return ProcessSpec(name="platform-api", argv=argv, ready=http_ready(port), env=env, cwd=self.folder)

    def _work(self, name: str) -> ProcessSpec:
        env = os.environ | {"PYTHONPATH": str(PROGRAM.parents[1])}
        argv = (sys.executable, str(PROGRAM), self._redis.url, name)
        return ProcessSpec(name=name, argv=argv, ready=lambda _: True, env=env, cwd=self.folder)

    async def run(self) -> list[str]:
        everything = [self._redis, self._postgres, *self._replicas.values(), self._worker]
        try:
            for mortal in (self._redis, self._postgres):
                await mortal.start()
            await asyncio.to_thread(MIGRATIONS.upgrade, self._settings.database_url.get_secret_value())
            await asyncio.gather(*(mortal.start() for mortal in (*self._replicas.values(), self._worker)))
            async with AsyncExitStack() as stack:
                return await self._run_clients(await self._make_clients(stack))
        finally:
            for mortal in everything:
                await mortal.kill()

    async def _make_clients(self, stack: AsyncExitStack) -> list[Client]:
        orders = draw_orders(self.orders, self.seed)
        users = max(8, -(-self.orders // ORDERS_A_USER))
        clients = []
        async with open_accounts(self._settings) as accounts:
            for number in range(users):
                user_id, _ = await accounts.open(f"user-{number}", CREDITS_MC)
                bearer = f"Bearer {jwt_codec(self._settings).issue(user_id, ttl_s=86400)}"
                http = httpx.AsyncClient(
                    headers={"Authorization": bearer}, timeout=10, limits=httpx.Limits(max_connections=None)
                )
                await stack.enter_async_context(http)
                clients.append(Client(http, self._urls, self._draw.random(), orders[number::users]))
        return clients

    async def _run_clients(self, clients: list[Client]) -> list[str]:
        permits = asyncio.Semaphore(0)
        try:
            await asyncio.gather(*(client.prepare() for client in clients))
            giving = asyncio.gather(*(client.run(permits) for client in clients))
            await self._strike(permits)
            faults = []
            try:
                await asyncio.wait_for(giving, CLIENTS_S)
            except TimeoutError:
                faults.append("some clients still wait for an answer")
            kept = await self._at_rest()
            faults += broken_platform_promises([order for client in clients for order in client.orders], kept)
            return faults + await self._faults_of_clients(clients, kept)
        finally:
            for client in clients:
                await client.stop()

    async def _strike(self, permits: asyncio.Semaphore) -> None:
        """Give leave for an equal share of the orders before each strike, and for the rest after the last one."""
        share = self.orders // (self.strikes + 1)
        for number in range(self.strikes):
            _release(permits, share)
            await asyncio.sleep(self._draw.uniform(0.0, 0.6))  # the schedule of the faults
            victims = self._victims(number)
            self.struck.append("+".join(victims))
            await asyncio.gather(*(self._named(victim).kill() for victim in victims))
            await asyncio.sleep(self._draw.uniform(0.0, 0.4))  # the length of the outage
            for victim in victims:
                await self._named(victim).start()
        _release(permits, self.orders - share * self.strikes)

    def _victims(self, number: int) -> list[str]:
        """Each kind of server in turn, and sometimes another at the same moment; replicas start last."""
        kinds = ["platform", "redis", "postgres"]
        chosen = {kinds[number % len(kinds)], *self._draw.choice([[], [], ["platform"], ["redis"], ["postgres"]])}
        return [
            self._draw.choice(sorted(self._replicas)) if kind == "platform" else kind
            for kind in sorted(chosen, key=["redis", "postgres", "platform"].index)
        ]

    def _named(self, name: str) -> Mortal:
        return {"redis": self._redis, "postgres": self._postgres, **self._replicas}[name]

    async def _at_rest(self) -> Kept:
        """Wait until nothing is on its way any more; what has not ended by then is named by the judge."""
        url = self._settings.database_url.get_secret_value()

        async def at_rest() -> bool:
            return not (await read_kept(url)).left

        with suppress(TimeoutError):
            await until(at_rest, DRAIN_S)
        return await read_kept(url)

    async def _faults_of_clients(self, clients: list[Client], kept: Kept) -> list[str]:
        """Let all readers come to the end, and judge what they received."""
        jobs = {job.id: job for job in kept.jobs}
        faults = []
        for client in clients:
            own_numbers = {order.number for order in client.orders}
            user, own = client.user_reader, [job for job in kept.jobs if job.order_number in own_numbers]
            with suppress(TimeoutError):
                async with asyncio.timeout(CATCH_UP_S):
                    await asyncio.gather(*(seen_to_the_end(reader) for reader in client.readers.values()))

            with suppress(TimeoutError):
                await until(partial(_knows_all, user.received, own), CATCH_UP_S)
            faults += [*client.faults, *user.faults, *(f"/api/events: {fault}" for fault in user.received.faults)]
            restarts = sum("redis" in victims for victims in self.struck)
            readers: list[JobReader | UserReader] = [user, *client.readers.values()]
            for reader in readers:
                if reader.received.resets > RESETS_A_RESTART * restarts:
                    faults.append(
                        f"{reader.path} was reset {reader.received.resets} times by {restarts} restarts of Redis"
                    )
            for job in own:
                found = user.received.judge(job.id, job.history, job.updated_at)
                faults += [f"/api/events, job {job.id}: {fault}" for fault in found]
            for job_id, job_reader in client.readers.items():
                found = [*job_reader.faults, *job_reader.received.judge(jobs[job_id].history)]
                faults += [f"stream of job {job_id}: {fault}" for fault in found]
        self.accepted = len(kept.jobs)
        return faults


async def _knows_all(received: ReceivedJobs, jobs: Sequence[KeptJob]) -> bool:
    return all(received.knows_end(job.id, job.history, job.updated_at) for job in jobs)


def _release(permits: asyncio.Semaphore, count: int) -> None:
    for _ in range(count):
        permits.release()
