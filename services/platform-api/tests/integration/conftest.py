"""A platform-api on real servers, users with keys, and a small worker that gives real results."""

import asyncio
import hashlib
import json
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from darkroom_chassis.api_keys import KeyKind
from darkroom_chassis.availability import NEEDED_S, Availability
from darkroom_chassis.service import proxy_options
from darkroom_local.servers.ports import free_ports
from darkroom_queue import Consumer, Handler, QueueClient, StepContext
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.ids import UserId, WorkerId
from darkroom_schemas.step import StepOutput, StepResult
from darkroom_schemas.worker import Capabilities, WorkerInfo
from fastapi import FastAPI
from httpx_sse import ServerSentEvent, aconnect_sse
from platform_api.app import build_app
from platform_api.commands.bootstrap import make_key
from platform_api.migrations import MIGRATIONS
from platform_api.settings import Settings
from platform_api.wiring import Running, assemble, jwt_codec, open_accounts
from starlette.datastructures import State
from support.http_server import served
from support.servers import MakeDatabase
from support.waiting import until

START_S = 120.0
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
    running: Running | None = None
    process: asyncio.subprocess.Process | None = None
    stopping: asyncio.Event | None = None

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
        assert self.running is not None
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


StartPlatform = Callable[..., Awaitable[Platform]]
StartWorker = Callable[..., Awaitable[Consumer]]


def make_settings(**values: Any) -> Settings:
    fixed = {"_env_file": None, "jwt_secret": "j" * 32, "signing_secret": "s" * 32, "sse_heartbeat_s": 0.2}
    return Settings(**(fixed | values))


class _Apps:
    """Apps that no test uses now. FastAPI reads the signatures of all routes again for each app, in 0.1 s."""

    def __init__(self) -> None:
        self._idle: dict[tuple[Any, ...], list[tuple[FastAPI, list[Settings]]]] = {}

    @contextmanager
    def app(self, settings: Settings) -> Iterator[FastAPI]:
        """Lend an app without state that opens what these settings name when it starts."""
        idle = self._idle.setdefault((settings.max_body_bytes, *settings.ui_origins), [])
        app, current = idle.pop() if idle else self._new(settings)
        current[:] = [settings]
        app.state = State({"stopping": asyncio.Event()})
        yield app
        idle.append((app, current))

    def _new(self, settings: Settings) -> tuple[FastAPI, list[Settings]]:
        current: list[Settings] = []
        opened = partial(build_app, max_body_bytes=settings.max_body_bytes, ui_origins=settings.ui_origins)
        return opened(lambda: assemble(current[0])), current


_APPS = _Apps()


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[str, FastAPI]]:
    """Run the app behind a real HTTP server on a free port."""
    with _APPS.app(settings) as app:
        async with served(app, settings.http_limits, **proxy_options(settings)) as port:
            yield f"http://127.0.0.1:{port}", app


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of another process on the same servers."""
    return os.environ | {
        "PLATFORM_DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "OBJECT_STORE_URL": settings.object_store_url,
        "JWT_SECRET": settings.jwt_secret.get_secret_value(),
        "SIGNING_SECRET": settings.signing_secret.get_secret_value(),
    }


@asynccontextmanager
async def serving_in_a_process(settings: Settings) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """Run `python -m platform_api`, which can be killed."""
    port = free_ports(1)[0]
    env = environment(settings) | {"PLATFORM_API_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "platform_api", env=env)
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=url, verify=TLS) as client:

            async def ready() -> bool:
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(ready, START_S)
        yield url, process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture(autouse=True)
def busy_is_not_away(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have requests wait for Redis as long as for a needed answer: 100 ms are an outage on a busy machine only.

    Tests that switch Redis off themselves find the platform as it is.
    """
    if "own_redis" not in request.fixturenames:
        monkeypatch.setattr(Availability.ask, "__defaults__", (NEEDED_S,))


@pytest.fixture
async def start_platform(make_database: MakeDatabase, redis_url: str, tmp_path: Path) -> AsyncIterator[StartPlatform]:
    """Start platforms on one database and one Redis, in this process or their own, with settings by keyword."""
    database_url = make_database(MIGRATIONS.upgrade)
    objects = tmp_path / "objects"
    async with AsyncExitStack() as stack:

        async def start(*, in_process: bool = True, **changed: Any) -> Platform:
            servers = {"PLATFORM_DATABASE_URL": database_url, "redis_url": redis_url}
            settings = make_settings(object_store_url=objects.as_uri(), **(servers | changed))
            if in_process:
                url, app = await stack.enter_async_context(serving(settings))
                return Platform(url, settings, objects, stack, app.state.running, stopping=app.state.stopping)
            url, process = await stack.enter_async_context(serving_in_a_process(settings))
            return Platform(url, settings, objects, stack, process=process)

        yield start


@pytest.fixture
async def platform(start_platform: StartPlatform) -> Platform:
    return await start_platform()


@pytest.fixture
def produce(tmp_path: Path) -> Handler:
    """Give the handler that stores real bytes."""
    return partial(_produce, tmp_path / "objects")


@pytest.fixture
async def start_worker(redis_url: str, produce: Handler) -> AsyncIterator[StartWorker]:
    """Start workers that can do every type; `handler` takes the place of the real results."""
    async with AsyncExitStack() as stack:

        async def start(
            handler: Handler | None = None,
            *,
            url: str = redis_url,
            backends: tuple[str, ...] = (),
            models: tuple[str, ...] = (),
        ) -> Consumer:
            link = await QueueClient.open(url)
            stack.push_async_callback(link.close)
            info = WorkerInfo(
                worker_id=WorkerId(f"test-{id(link)}"),
                incarnation=f"i{id(link)}",
                machine_id="test",
                capabilities=Capabilities(
                    types=tuple(CATALOGUE),
                    models=(*models, *{t.model for t in CATALOGUE.values() if t.model}),
                    vram_gb=48,
                    backends=backends,
                ),
                concurrency=8,
                version="test",
            )
            consumer = Consumer(link, info, handler or produce)
            task = asyncio.create_task(consumer.run())

            async def stop() -> None:
                consumer.drain(grace_s=0)
                await task

            stack.push_async_callback(stop)
            return consumer

        yield start


async def _produce(objects: Path, context: StepContext) -> StepResult:
    """Answer a step with text or with stored bytes, as a real worker would."""
    step = context.step
    context.progress(50, message="half way")
    if CATALOGUE[step.requirements.type].family is None:
        return StepResult(text=json.dumps(step.payload))
    if step.payload["family"] == "prompt":
        return StepResult(text=f"{step.payload['prompt']}, in golden light")
    outputs = []
    for index, seed in enumerate(step.payload["seeds"]):
        key = f"{step.job_id}/{step.id.replace(':', '-')}/{step.attempt}/{index}"
        data = hashlib.sha256(f"{step.payload['prompt']} {seed}".encode()).digest() * 32
        for name, content in ((f"{key}.png", data), (f"{key}.webp", data[:100])):
            (objects / name).parent.mkdir(parents=True, exist_ok=True)
            (objects / name).write_bytes(content)
        outputs.append(
            StepOutput(
                key=f"{key}.png",
                index=index,
                mime_type="image/png",
                size_bytes=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                width=step.payload["width"],
                height=step.payload["height"],
                thumbnail_key=f"{key}.webp",
            )
        )
    return StepResult(outputs=tuple(outputs), timings_s={"denoise": 0.1})
