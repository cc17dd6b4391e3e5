"""Groups over several back ends: their children, policies, cancellation and sockets."""

import asyncio
import hashlib
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from darkroom_local.servers.valkey import EmbeddedValkey
from darkroom_queue import Consumer, EventLog, Handler, QueueClient, StepContext, StepFailed, StepStopped
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import JobId
from darkroom_schemas.step import StepError, StepOutput, StepResult
from darkroom_schemas.worker import Capabilities
from support.servers import empty_valkey
from support.services import RunningService, running_service
from support.steps import make_worker
from support.waiting import until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

TOKEN = "operator-token-for-tests"
GRAPH = {"3": {"class_type": "KSampler", "inputs": {"seed": 42, "steps": 20, "cfg": 7.0}}}
PICTURE = b"a picture"
BROKEN = StepError(code=StepErrorCode.OUT_OF_MEMORY, message="CUDA out of memory")
A, B = "localhost_8188", "192.168.100.6_8188"


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("objects")


def environment(redis_url: str, objects: Path) -> dict[str, str]:
    return {
        "REDIS_URL": redis_url, "AUTH_TOKEN": TOKEN, "OBJECT_STORE_URL": objects.as_uri(), "SIGNING_SECRET": "s" * 32,
    }  # fmt: skip


@pytest.fixture(scope="module")
def shared_service(
    valkey_server: EmbeddedValkey, objects: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    env = environment(valkey_server.url, objects)
    empty_valkey(valkey_server.url)
    with running_service("queue_api", "QUEUE_API_PORT", env, tmp_path_factory.mktemp("queue-api")) as service:
        yield service


@asynccontextmanager
async def backend(redis_url: str, name: str, handler: Handler, **offers: Any) -> AsyncIterator[None]:
    """A worker of one ComfyUI server, registered when this yields."""
    client = await QueueClient.open(redis_url)
    can = Capabilities(types=("comfyui",), backends=(name,), **offers)
    consumer = Consumer(client, make_worker(f"w@{name}", capabilities=can), handler)
    running = asyncio.create_task(consumer.run())

    async def registered() -> bool:
        return bool(await client.redis_py.zscore(client.keys.workers, f"w@{name}"))

    await until(registered)
    try:
        yield
    finally:
        consumer.drain(grace_s=0)
        await running
        await client.close()


def drawing(objects: Path) -> Handler:
    async def draw(context: StepContext) -> StepResult:
        context.progress(65.0, message="KSampler", current_step=13, total_steps=20)
        key = f"{context.step.job_id}/1/{context.step.id[-2:]}/0.png"
        path = objects / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PICTURE)
        output = StepOutput(
            key=key, index=0, mime_type="image/png", size_bytes=len(PICTURE), sha256=hashlib.sha256(PICTURE).hexdigest()
        )
        return StepResult(outputs=(output,))

    return draw


async def failing(_: StepContext) -> StepResult:
    raise StepFailed(BROKEN)


async def waiting(context: StepContext) -> StepResult:
    """Run until stopped."""
    await context.stop.wait()
    raise StepStopped


def request(**changes: Any) -> dict[str, Any]:
    return {"workflow_json": GRAPH, "backend_ids": [A, B], "base_seed": 42, "timeout_seconds": 60} | changes


async def submit(api: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/api/job-group", json=request(**changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def read(api: httpx.AsyncClient, group_id: str) -> dict[str, Any]:
    answer = await api.get(f"/api/job-groups/{group_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def final(api: httpx.AsyncClient, group_id: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    async def is_final() -> bool:
        found.update(await read(api, group_id))
        return found["completed_at"] is not None

    await until(is_final)
    return found


@asynccontextmanager
async def socket(service: RunningService, group_id: str, query: str = "") -> AsyncIterator[ClientConnection]:
    url = f"{service.url.replace('http', 'ws')}/ws/job-groups/{group_id}{query}"
    async with connect(url, additional_headers={"Authorization": f"Bearer {TOKEN}"}) as opened, asyncio.timeout(20):
        yield opened


async def messages_until(opened: ClientConnection, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or found[-1]["type"] != kind:
        found.append(json.loads(await opened.recv()))
    return found


async def test_a_group_runs_on_all_back_ends_each_with_its_own_seed(
    service: RunningService, api: httpx.AsyncClient, redis_url: str, objects: Path
) -> None:
    seen: dict[str, Any] = {}
    draw, answered = drawing(objects), asyncio.Event()

    async def record(context: StepContext) -> StepResult:
        await answered.wait()
        seen[context.step.id] = context.step.payload["workflow"]["3"]["inputs"]
        return await draw(context)

    async with backend(redis_url, A, record), backend(redis_url, B, record):
        made = await submit(api, parameters={"steps": 30, "cfg_scale": 5.5}, metadata={"panel_id": 3})
        answered.set()
        done = await final(api, made["job_group_id"])
    assert made["status"] == "running"
    assert [child["backend_id"] for child in made["child_jobs"]] == [A, B]
    assert (done["status"], done["completed_count"], done["failed_count"], done["total_count"]) == (
        "completed",
        2,
        0,
        2,
    )
    assert done["metadata"] == {"panel_id": 3}
    for child in done["child_jobs"]:
        assert seen[child["job_id"]] == {"seed": child["seed"], "steps": 30, "cfg": 5.5}
        assert (child["status"], child["progress"]) == ("completed", 100.0)
        [image] = child["outputs"]["images"]
        link = await api.get(image["url"].partition(":")[2].partition("/api")[1] + image["url"].partition("/api")[2])
        assert (link.status_code, link.content, link.headers["content-type"]) == (200, PICTURE, "image/png")
    assert done["child_jobs"][0]["seed"] == 42
    wrong = await api.get("/api/outputs", params={"key": "a", "expires": 10**10, "signature": "0" * 64})
    assert wrong.status_code == 403


async def test_one_failed_child_leaves_the_other_alone(api: httpx.AsyncClient, redis_url: str, objects: Path) -> None:
    async with backend(redis_url, A, drawing(objects)), backend(redis_url, B, failing):
        done = await final(api, (await submit(api))["job_group_id"])
    assert done["status"] == "partial_complete"
    good, bad = done["child_jobs"]
    assert (good["status"], bad["status"]) == ("completed", "failed")
    assert (bad["error_message"], bad["error_type"]) == ("CUDA out of memory", "ComfyUIError")


async def test_back_ends_that_are_offline_are_skipped_and_none_is_an_error(
    api: httpx.AsyncClient, redis_url: str, objects: Path
) -> None:
    none = await api.post("/api/job-group", json=request())
    assert (none.status_code, none.json()["detail"]) == (400, "No valid online backends available")
    async with backend(redis_url, A, drawing(objects)):
        made = await submit(api)
        assert [child["backend_id"] for child in made["child_jobs"]] == [A]
        assert made["skipped_backends"] == [B]
        needs = await api.post("/api/job-group", json=request(required_capabilities=["flux.safetensors"]))
        assert needs.status_code == 400
    unknown = await api.get("/api/job-groups/jg_none")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "Job group jg_none not found")
    assert (await api.delete("/api/job-groups/jg_none")).status_code == 404


async def test_cancelling_reaches_every_back_end_and_counts(
    api: httpx.AsyncClient, redis_url: str, objects: Path
) -> None:
    async with backend(redis_url, A, drawing(objects)), backend(redis_url, B, waiting):
        group_id = (await submit(api))["job_group_id"]

        async def half() -> bool:
            states = [child["status"] for child in (await read(api, group_id))["child_jobs"]]
            return states == ["completed", "running"]

        await until(half)
        answer = await api.delete(f"/api/job-groups/{group_id}")
        assert answer.json() == {"cancelled": True, "interrupted": 1, "already_complete": 1, "already_failed": 0}
        done = await final(api, group_id)
        again = await api.delete(f"/api/job-groups/{group_id}")
    assert done["status"] == "cancelled"
    assert [child["status"] for child in done["child_jobs"]] == ["completed", "cancelled"]
    assert again.json() == {"cancelled": False, "interrupted": 0, "already_complete": 1, "already_failed": 0}


async def test_the_first_result_cancels_the_others(api: httpx.AsyncClient, redis_url: str, objects: Path) -> None:
    async with backend(redis_url, A, waiting), backend(redis_url, B, drawing(objects)):
        done = await final(api, (await submit(api, policy="first"))["job_group_id"])
    assert (done["status"], done["policy"]) == ("completed", "first")
    assert [child["status"] for child in done["child_jobs"]] == ["cancelled", "completed"]


async def test_children_wait_for_room_and_a_quorum_ends_the_rest(api: httpx.AsyncClient, redis_url: str) -> None:
    running = most = 0

    async def work(_: StepContext) -> StepResult:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        return StepResult(text="ok")

    client = await QueueClient.open(redis_url)
    consumer = Consumer(client, make_worker(concurrency=8), work)
    task = asyncio.create_task(consumer.run())
    body = {
        "job_type": "simulation",
        "payload": {"duration_s": 0},
        "count": 6,
        "policy": "quorum(3)",
        "max_parallel": 2,
    }
    made = (await api.post("/api/job-group", json=body)).json()
    done = await final(api, made["job_group_id"])
    consumer.drain(grace_s=0)
    await task
    await client.close()
    assert most <= 2
    assert done["status"] == "completed"
    assert 3 <= done["completed_count"] <= 4
    assert done["completed_count"] + done["cancelled_count"] == 6
    assert {child["status"] for child in done["child_jobs"]} == {"completed", "cancelled"}


async def test_a_socket_gets_state_progress_results_and_the_end(
    service: RunningService, api: httpx.AsyncClient, redis_url: str, objects: Path
) -> None:
    go_on = asyncio.Event()
    draw = drawing(objects)

    async def slow(context: StepContext) -> StepResult:
        await go_on.wait()
        return await draw(context)

    async with backend(redis_url, A, slow), backend(redis_url, B, failing):
        group_id = (await submit(api))["job_group_id"]
        async with socket(service, group_id) as opened:
            await opened.send("ping")
            heard = await messages_until(opened, "pong")
            go_on.set()
            heard += await messages_until(opened, "group_complete")
            await opened.send(json.dumps({"type": "close"}))
            with pytest.raises(ConnectionClosed) as closed:
                await messages_until(opened, "nothing")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000
    assert heard[0]["type"] == "initial_state"
    by_type = {message["type"]: message for message in heard}
    assert by_type["child_progress"]["steps_completed"] == 13
    assert by_type["child_progress"]["current_step"] == "KSampler"
    assert by_type["child_completed"]["outputs"]["images"][0]["type"] == "output"
    end = by_type["group_complete"]
    assert (end["total"], end["succeeded"], end["failed"]) == (2, 1, 1)
    if "child_failed" in by_type:  # it may have failed before the socket was open
        assert by_type["child_failed"]["error_type"] == "ComfyUIError"
    async with socket(service, group_id) as late:
        assert [m["type"] for m in await messages_until(late, "group_complete")] == ["initial_state", "group_complete"]


async def test_a_socket_resumes_after_its_last_event(
    service: RunningService, api: httpx.AsyncClient, redis_url: str, objects: Path
) -> None:
    async with backend(redis_url, A, drawing(objects)), backend(redis_url, B, waiting):
        group_id = (await submit(api))["job_group_id"]
        async with socket(service, group_id, "?since=0-1-1-1") as reset:
            assert (await messages_until(reset, "initial_state"))[-1]["job_group_id"] == group_id
        first = (await api.get("/api/queues")).json()
        assert first["in_progress"] >= 0
        async with socket(service, group_id) as opened:
            await messages_until(opened, "initial_state")
        await api.delete(f"/api/job-groups/{group_id}")
        await final(api, group_id)
    link = await QueueClient.open(redis_url)
    events = await EventLog(link).read_job(JobId(group_id), None)
    await link.close()
    kinds = [event.type for event in events]
    assert kinds.count("group.completed") == 1
    before = events[kinds.index("step.completed") - 1].id
    async with socket(service, group_id, f"?since={before}") as again:
        heard = await messages_until(again, "child_cancelled")
    assert [m["type"] for m in heard if "event_id" in m] == ["initial_state", "child_completed", "child_cancelled"]


async def test_an_unknown_group_and_a_missing_token_close_the_socket(service: RunningService) -> None:
    async with socket(service, "jg_none") as opened:
        with pytest.raises(ConnectionClosed) as closed:
            await opened.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4004
    async with connect(f"{service.url.replace('http', 'ws')}/ws/job-groups/jg_none") as anonymous:
        with pytest.raises(ConnectionClosed) as refused:
            await anonymous.recv()
    assert refused.value.rcvd is not None
    assert refused.value.rcvd.code == 1008


async def test_a_repeated_request_makes_one_group(api: httpx.AsyncClient, redis_url: str, objects: Path) -> None:
    headers = {"Idempotency-Key": "shot-1"}
    async with backend(redis_url, A, drawing(objects)):
        first = await api.post("/api/job-group", json=request(), headers=headers)
        again = await api.post("/api/job-group", json=request(), headers=headers)
        other = await api.post("/api/job-group", json=request(base_seed=1), headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["job_group_id"] == first.json()["job_group_id"]
    assert again.json()["child_jobs"][0]["seed"] == first.json()["child_jobs"][0]["seed"]


async def test_a_parameter_that_names_nothing_is_refused(api: httpx.AsyncClient, redis_url: str, objects: Path) -> None:
    async with backend(redis_url, A, drawing(objects)):
        answer = await api.post("/api/job-group", json=request(parameters={"stepz": 1}))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "parameters.stepz")


async def test_a_group_ends_right_when_the_service_is_killed_in_the_middle(
    redis_url: str, objects: Path, tmp_path: Path
) -> None:
    """The state of a group is that of its steps, so another replica goes on with it."""
    go_on = asyncio.Event()
    draw = drawing(objects)

    async def slow(context: StepContext) -> StepResult:
        await go_on.wait()
        return await draw(context)

    env = environment(redis_url, objects)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(backend(redis_url, A, slow))
        await stack.enter_async_context(backend(redis_url, B, waiting))

        async def with_service(work: Callable[[RunningService, httpx.AsyncClient], Awaitable[None]]) -> None:
            starting = running_service("queue_api", "QUEUE_API_PORT", env, tmp_path)
            service = await asyncio.to_thread(starting.__enter__)
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with httpx.AsyncClient(base_url=service.url, headers=headers) as api:
                await work(service, api)
            await asyncio.to_thread(starting.__exit__, None, None, None)

        groups: list[str] = []

        async def begin(service: RunningService, api: httpx.AsyncClient) -> None:
            groups.append((await submit(api, policy="first"))["job_group_id"])
            os.kill(service.pid, signal.SIGKILL)

        async def end(_: RunningService, api: httpx.AsyncClient) -> None:
            done = await final(api, groups[0])
            assert done["status"] == "completed"
            assert [child["status"] for child in done["child_jobs"]] == ["completed", "cancelled"]

        await with_service(begin)
        go_on.set()
        await with_service(end)
