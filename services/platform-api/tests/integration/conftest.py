"""A platform-api on real servers, users with keys, and a small worker that gives real results."""

import asyncio
import hashlib
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from darkroom_chassis.availability import NEEDED_S, Availability
from darkroom_chassis.service import proxy_options
from darkroom_local.servers.ports import free_ports
from darkroom_queue import Consumer, Handler, QueueClient, StepContext
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.ids import WorkerId
from darkroom_schemas.step import StepOutput, StepResult
from darkroom_schemas.worker import Capabilities, WorkerInfo
from fastapi import FastAPI
from platform_api.app import build_app
from platform_api.migrations import MIGRATIONS
from platform_api.settings import Settings
from platform_api.wiring import assemble
from starlette.datastructures import State
from support.http_server import served
from support.platform import TLS, Platform, StartPlatform, StartWorker, environment
from support.servers import MakeDatabase
from support.waiting import until

START_S = 120.0


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
