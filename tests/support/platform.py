"""A running platform-api and its users, as the integration tests of platform-api see them."""

import asyncio
import os
import signal
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
import psycopg
from darkroom_chassis.api_keys import KeyKind
from darkroom_queue import Consumer, Handler
from darkroom_schemas.ids import UserId
from httpx_sse import ServerSentEvent, aconnect_sse
from platform_api.commands.bootstrap import make_key
from platform_api.settings import Settings
from platform_api.wiring import Running, jwt_codec, open_accounts

from support.waiting import until

TLS = ssl.create_default_context()
"""One for all clients: each would read the certificates of all authorities, in 0.05 s."""
ENDED = {"completed", "failed"}


@dataclass
class Account:
    """A user of the platform under test, with the three ways to authenticate."""

    id: UserId
    jwt: str
    api_key: str
    http: httpx.AsyncClient

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.jwt}"}

    async def submit(self, job_type: str = "sdxl_image_fast", **metadata: Any) -> dict[str, Any]:
        answer = await self.http.post("/api/queue-job", json={"jobType": job_type, "metadata": metadata})
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["job"])

    async def job(self, job_id: str) -> dict[str, Any]:
        answer = await self.http.get(f"/api/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def events(self, job_id: str, last_event_id: str | None = None) -> list[ServerSentEvent]:
        """Follow a job to the end of its stream."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        path = f"/api/jobs/{job_id}/stream"
        async with asyncio.timeout(20), aconnect_sse(self.http, "GET", path, headers=headers) as source:
            return [event async for event in source.aiter_sse()]

    async def finished(self, job_id: str) -> dict[str, Any]:
        """Wait for a job's end by its stream, and return the job. A stream that an outage ended is opened again."""
        async with asyncio.timeout(60):
            while True:
                await self.events(job_id)
                job = await self.job(job_id)
                if job["status"] in ENDED:
                    return job

    async def credits(self) -> float:
        return float((await self.http.get("/api/me")).json()["credits"])


@dataclass
class Platform:
    """A running platform-api."""

    url: str
    settings: Settings
    objects: Path
    stack: AsyncExitStack
    in_process: Running | None = None
    process: asyncio.subprocess.Process | None = None
    stopping: asyncio.Event | None = None

    @property
    def running(self) -> Running:
        """What the app in this process has open."""
        assert self.in_process is not None
        return self.in_process

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    @property
    def database_url(self) -> str:
        return self.settings.database_url.get_secret_value()

    @property
    def redis_url(self) -> str:
        return self.settings.redis_url.get_secret_value()

    async def end(self, signal_: signal.Signals) -> int:
        """Send a signal to the platform's own process and wait for its end."""
        assert self.process is not None
        self.process.send_signal(signal_)
        return await asyncio.wait_for(self.process.wait(), 20)

    def stop(self) -> None:
        """Tell the app in this process that it is about to end, while its server still accepts requests."""
        assert self.stopping is not None
        self.stopping.set()

    def environment(self) -> dict[str, str]:
        """Return the environment of another process of this platform."""
        return environment(self.settings)

    async def reconcile(self) -> None:
        """Check every active and recently revoked step, as after a gap in the log."""
        assert self.running.reconciler is not None
        await self.running.reconciler.reconcile_stale_steps(everything=True)

    async def account(self, name: str, credits: float = 100.0) -> Account:
        async with open_accounts(self.settings) as accounts:
            user_id, _ = await accounts.open(name, round(credits * 1000))
            key = await make_key(accounts, KeyKind.USER, f"{name}'s", user_id)
        jwt = jwt_codec(self.settings).issue(user_id, ttl_s=600)
        http = self.client(Authorization=f"Bearer {jwt}")
        return Account(user_id, jwt, key.text, await self.stack.enter_async_context(http))

    async def key(self, kind: KeyKind) -> str:
        async with open_accounts(self.settings) as accounts:
            return (await make_key(accounts, kind, f"test {kind}", None)).text

    def client(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20, verify=TLS)

    def local(self, link: str) -> str:
        """Return the path of a signed link: links begin with PUBLIC_URL, and the test's port is not known to it."""
        return link.removeprefix(self.settings.public_url)

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        async with await psycopg.AsyncConnection.connect(self.database_url, autocommit=True) as connection:
            return await (await connection.execute(query, values)).fetchall()

    async def execute(self, statement: str) -> None:
        async with await psycopg.AsyncConnection.connect(self.database_url, autocommit=True) as connection:
            await connection.execute(statement)

    async def lock_waited_for(self, at_least_ms: int = 0) -> None:
        """Wait until a statement has waited so long for a lock that another transaction holds."""
        waiting = """
            SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
            AND clock_timestamp() - query_start >= %s * interval '1 millisecond'
        """
        await until(lambda: self.rows(waiting, at_least_ms))


class StartPlatform(Protocol):
    """Starts a platform-api, in the test's process or its own, with settings by keyword."""

    async def __call__(self, *, in_process: bool = True, **changed: Any) -> Platform: ...


class StartWorker(Protocol):
    """Starts a worker; `handler` takes the place of the real results."""

    async def __call__(
        self,
        handler: Handler | None = None,
        *,
        url: str = ...,
        backends: tuple[str, ...] = (),
        models: tuple[str, ...] = (),
    ) -> Consumer: ...


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of another process on the same servers."""
    return os.environ | {
        "PLATFORM_DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "OBJECT_STORE_URL": settings.object_store_url,
        "JWT_SECRET": settings.jwt_secret.get_secret_value(),
        "SIGNING_SECRET": settings.signing_secret.get_secret_value(),
    }
