"""What the sockets really send is what the models, and so the AsyncAPI document, say."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from darkroom_queue import Producer, QueueClient, StepContext
from darkroom_schemas.ids import StepId
from darkroom_schemas.step import StepResult
from queue_api.domain.server_messages import CLIENT, GROUP, MONITOR, ServerMessage
from support.queue_api import HEADERS, SIMULATION, complete, fail, queue_api, submit, working
from support.services import RunningService
from websockets.asyncio.client import ClientConnection, connect

Models = tuple[type[ServerMessage], ...]


@pytest.fixture
async def roomy(redis_url: str, tmp_path: Path) -> AsyncIterator[tuple[RunningService, httpx.AsyncClient]]:
    """A process without the small limits of the shared one."""
    with queue_api(redis_url, tmp_path) as service:
        async with httpx.AsyncClient(base_url=service.url, headers=HEADERS) as api:
            yield service, api


class Checked:
    """A socket whose every message is read by its model."""

    def __init__(self, socket: ClientConnection, models: Models) -> None:
        self._socket, self._models = socket, {model.kind(): model for model in models}

    async def send(self, **message: Any) -> None:
        await self._socket.send(json.dumps(message))

    async def until(self, kind: str, **members: Any) -> ServerMessage:
        """Read on to a message of this type with these members."""
        async with asyncio.timeout(60):
            while True:
                message = json.loads(await self._socket.recv())
                read = self._models[message["type"]].model_validate(message)
                assert read.model_dump(mode="json", exclude_unset=True) == message
                if message["type"] == kind and message.items() >= members.items():
                    return read


@asynccontextmanager
async def checked(service: RunningService, path: str, models: Models) -> AsyncIterator[Checked]:
    async with connect(service.url.replace("http", "ws", 1) + path, additional_headers=HEADERS) as socket:
        yield Checked(socket, models)


async def test_a_monitor_sees_what_its_models_say(
    roomy: tuple[RunningService, httpx.AsyncClient], redis_url: str
) -> None:
    service, api = roomy
    async with checked(service, "/ws/monitor/wall", MONITOR) as monitor:
        await monitor.until("connected")
        async with working(redis_url, complete, backends=("localhost_8188",)):
            await monitor.until("connector_status_changed", status="active")
            done = await submit(api)
            await monitor.until("complete_job", job_id=done)
            await monitor.send(type="monitor_connect", request_full_state=True, id="state")
            await monitor.until("full_state_snapshot", id="state")
        await monitor.until("machine_shutdown")
        async with working(redis_url, fail, worker_id="w-2"):
            await monitor.until("complete_job", job_id=await submit(api))
        waiting = await submit(api)
        await api.post(f"/api/jobs/{waiting}/cancel")
        await monitor.until("job_cancelled", job_id=waiting)
        for message, answer in (
            ({"type": "ping"}, "pong"), ({"type": "heartbeat", "id": 3}, "heartbeat_ack"),
            ({"type": "request_stats"}, "system_stats"), ({"type": "subscribe", "topics": ["jobs"]}, "subscribed"),
            ({"type": "subscribe_job", "job_id": done}, "subscribed"),
            ({"type": "request_job_status", "job_id": done}, "response_job_status"),
            ({"type": "resync_request", "since_timestamp": 0}, "resync_response"),
            ({"type": "subscribe", "topics": ["everything"]}, "error"), ({"type": "dance"}, "error"),
        ):  # fmt: skip
            await monitor.send(**message)
            await monitor.until(answer)
    async with checked(service, "/ws?since=0-1-1-1", MONITOR) as late:
        await late.until("reset")


async def test_a_client_sees_what_its_models_say(
    roomy: tuple[RunningService, httpx.AsyncClient], redis_url: str
) -> None:
    service, _ = roomy
    async with checked(service, "/ws/client/me", CLIENT) as client:
        await client.until("connection_established")
        job = {name: SIMULATION[name] for name in ("job_type", "payload")}
        await client.send(type="submit_job", job_id="mine", id=1, **job)
        await client.until("job_accepted", id=1)
        heard = asyncio.Event()

        async def report(context: StepContext) -> StepResult:
            context.progress(40, message="denoising", current_step=4, total_steps=10)
            await heard.wait()
            return StepResult(text="done")

        async with working(redis_url, report):
            await client.until("update_job_progress", job_id="mine", step_progress=40.0)
            heard.set()
            await client.until("complete_job", job_id="mine")
        await client.send(type="submit_job", job_id="other", **job)
        await client.until("job_accepted", job_id="other")
        await client.send(type="cancel_job", job_id="other", reason="not needed")
        await client.until("job_cancelled", outcome="cancelled")


async def test_a_group_sees_what_its_models_say(
    roomy: tuple[RunningService, httpx.AsyncClient], redis_url: str, link: QueueClient
) -> None:
    service, api = roomy
    body = {"job_type": "simulation", "payload": {"duration_s": 0}, "count": 3, "max_parallel": 3}
    group = (await api.post("/api/job-group", json=body)).json()
    path = f"/ws/job-groups/{group['job_group_id']}"
    first = group["child_jobs"][0]["job_id"]
    async with checked(service, path, GROUP) as follower:
        await follower.until("initial_state")
        await Producer(link).cancel(StepId(first), reason="asked")
        await follower.until("child_cancelled", job_id=first)
        async with working(redis_url, complete):
            await follower.until("group_complete")
        await follower.send(type="ping")
        await follower.until("pong")
        await follower.send(type="sing")
        await follower.until("error")
    async with checked(service, path, GROUP) as late:
        await late.until("group_complete")
