import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from darkroom_queue import Consumer, Producer, QueueClient, StepContext
from darkroom_redis import Tickets
from darkroom_schemas.ids import TenantId
from darkroom_schemas.step import StepResult
from support.fault_proxy import FaultProxy
from support.services import RunningService, running_service
from support.steps import make_step, make_worker
from support.unreadable import add_unreadable, unreadable_entries
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

TOKEN = "operator-token-for-tests"
SIMULATION: dict[str, Any] = {"job_type": "simulation", "payload": {}}


@asynccontextmanager
async def listening(
    service: RunningService, path: str = "/ws", headers: dict[str, str] | None = None
) -> AsyncIterator[ClientConnection]:
    bearer = {"Authorization": f"Bearer {TOKEN}"} if headers is None else headers
    url = service.url.replace("http", "ws") + path
    async with connect(url, additional_headers=bearer) as socket, asyncio.timeout(10):
        yield socket


async def messages_until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    while not messages or messages[-1]["type"] != kind:
        messages.append(json.loads(await socket.recv()))
    return messages


async def work_once(link_url: str) -> None:
    """Run one step to its end."""
    done = asyncio.Event()

    async def handler(context: StepContext) -> StepResult:
        context.progress(50)
        done.set()
        return StepResult(text="ok")

    link = await QueueClient.open(link_url)
    consumer = Consumer(link, make_worker(), handler)
    task = asyncio.create_task(consumer.run())
    await done.wait()
    consumer.drain(grace_s=5)
    await task
    await link.close()


async def test_a_jobs_whole_life_is_received_in_order(
    service: RunningService, api: httpx.AsyncClient, redis_url: str
) -> None:
    async with listening(service) as socket:
        await messages_until(socket, "connected")
        await api.post("/api/jobs", json=SIMULATION)
        await work_once(redis_url)
        heard = [m for m in await messages_until(socket, "complete_job") if "event_id" in m]
    assert [m["type"] for m in heard] == ["job_submitted", "job_status_changed", "complete_job"]
    assert heard[-1]["result"]["data"]["text"] == "ok"


async def test_a_listener_that_was_disconnected_receives_what_it_missed(
    service: RunningService, api: httpx.AsyncClient
) -> None:
    async with listening(service) as socket:
        await messages_until(socket, "connected")
        await api.post("/api/jobs", json=SIMULATION)
        last = (await messages_until(socket, "job_submitted"))[-1]["event_id"]
    missed = (await api.post("/api/jobs", json=SIMULATION)).json()["job_id"]
    async with listening(service, f"/ws?since={last}") as socket:
        [_, heard] = await messages_until(socket, "job_submitted")
    assert heard["job_id"] == missed


async def test_a_socket_goes_on_past_entries_that_cannot_be_read(own_service: RunningService, redis_url: str) -> None:
    link = await QueueClient.open(redis_url)
    async with (
        httpx.AsyncClient(base_url=own_service.url, headers={"Authorization": f"Bearer {TOKEN}"}) as api,
        listening(own_service) as socket,
    ):
        await messages_until(socket, "connected")
        await add_unreadable(link)
        job = (await api.post("/api/jobs", json=SIMULATION)).json()["job_id"]
        heard = (await messages_until(socket, "job_submitted"))[-1]
        assert heard["job_id"] == job
        assert await unreadable_entries(api, "event-fanout") == 2
        await add_unreadable(link)
        missed = (await api.post("/api/jobs", json=SIMULATION)).json()["job_id"]
        async with listening(own_service, f"/ws?since={heard['event_id']}") as late:
            assert (await messages_until(late, "job_submitted"))[-1]["job_id"] == missed
    await link.close()


async def test_an_id_of_another_epoch_gets_a_reset(service: RunningService) -> None:
    async with listening(service, "/ws?since=0-0-1-1") as socket:
        assert (await messages_until(socket, "reset"))[-1]["state"] == {"pending": 0, "delayed": 0, "in_progress": 0}


async def test_a_ticket_opens_one_socket_and_no_second(service: RunningService, api: httpx.AsyncClient) -> None:
    ticket = (await api.post("/api/ws-ticket")).json()["ticket"]
    async with listening(service, f"/ws/monitor/m1?token={ticket}", headers={}) as socket:
        await messages_until(socket, "connected")
    assert await close_code(service, f"/ws?token={ticket}", {}) == 1008


async def test_a_tenants_ticket_shows_its_own_steps_and_progress_alone(service: RunningService, redis_url: str) -> None:
    link = await QueueClient.open(redis_url)
    ticket = await Tickets(link).make(TenantId("anna"))
    async with listening(service, f"/ws?token={ticket}", headers={}) as socket:
        await messages_until(socket, "connected")
        producer = Producer(link)
        for number, tenant in enumerate(("ben", "anna", "ben")):
            await producer.submit(make_step(id=f"job{number}:1:00", job_id=f"job{number}", tenant=tenant))
            await work_once(redis_url)
        await producer.submit(make_step(id="last:1:00", job_id="last", tenant="anna"))
        heard = await messages_until(socket, "complete_job")
        heard += await messages_until(socket, "job_submitted")
    await link.close()
    assert {m.get("workflow_id") for m in heard} == {"job1", "last"}
    assert [m["type"] for m in heard if "event_id" in m][:3] == ["job_submitted", "job_status_changed", "complete_job"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_without_a_token_the_socket_is_closed_with_1008(service: RunningService, headers: dict[str, str]) -> None:
    assert await close_code(service, "/ws", headers) == 1008


async def test_a_malformed_since_is_refused_with_a_reason(service: RunningService) -> None:
    assert await close_code(service, "/ws?since=yesterday") == 1008


async def test_a_client_over_its_limit_is_closed_with_1013(service: RunningService) -> None:
    async with listening(service, "/ws/monitor/m") as first, listening(service, "/ws/monitor/m") as second:
        for socket in (first, second):
            await messages_until(socket, "connected")
        assert await close_code(service, "/ws/monitor/m") == 1013


async def test_an_unknown_message_gets_an_error_and_the_socket_stays(service: RunningService) -> None:
    async with listening(service) as socket:
        await socket.send(json.dumps({"type": "dance", "id": 7}))
        error = (await messages_until(socket, "error"))[-1]
        await socket.send(json.dumps({"type": "ping", "id": 8}))
        pong = (await messages_until(socket, "pong"))[-1]
    assert (error["error_code"], error["id"], pong["id"]) == ("unknown_type", 7, 8)


async def test_frames_that_are_no_messages_leave_the_socket_open(service: RunningService) -> None:
    async with listening(service) as socket:
        for frame in ("[" * 100_000, '{"type":[]}', '{"id":NaN}', "null", "", '{"type":"ping","id":"\\ud800"}'):
            await socket.send(frame)
            assert (await messages_until(socket, "error"))[-1]["error_code"] == "invalid_message"
        await socket.send(['{"type":', '"ping"', "}"])  # in fragments
        await messages_until(socket, "pong")
    assert "Traceback" not in service.log.read_text()


async def test_a_frame_of_bytes_is_closed_with_1003(service: RunningService) -> None:
    async with listening(service) as socket:
        await messages_until(socket, "connected")
        await socket.send(b'{"type":"ping"}')
        assert await code_of_close(socket) == 1003
    assert "Traceback" not in service.log.read_text()


async def is_admitted(socket: ClientConnection) -> bool:
    try:
        await messages_until(socket, "connected")
    except ConnectionClosed as closed:
        if closed.rcvd is None or closed.rcvd.code != 1013:
            raise
        return False
    return True


async def test_the_sockets_of_a_user_are_counted_together_and_take_nobody_elses_place(
    service: RunningService, redis_url: str
) -> None:
    """The limit is two; all come from one address, and all call their monitor alike."""
    link, admitted = await QueueClient.open(redis_url), []
    wanted = [("carl", "/ws"), ("carl", "/ws/monitor/one"), ("carl", "/ws/monitor/two"), ("dora", "/ws/monitor/one"),
              ("dora", "/ws"), ("dora", "/ws"), (None, "/ws/monitor/one"), (None, "/ws")]  # fmt: skip
    async with AsyncExitStack() as stack:
        for tenant, path in wanted:
            ticket = await Tickets(link).make(TenantId(tenant) if tenant else None)
            socket = await stack.enter_async_context(listening(service, f"{path}?token={ticket}", {}))
            admitted.append(await is_admitted(socket))
    await link.close()
    assert admitted == [True, True, False, True, True, False, True, True]


async def test_a_message_whose_answer_finds_the_socket_closed_is_no_failure(service: RunningService) -> None:
    ping, no_mask = b'{"type":"ping"}', bytes(4)
    message, not_utf8 = b"\x81" + bytes([0x80 | len(ping)]) + no_mask + ping, b"\x81\x81" + no_mask + b"\xff"
    async with listening(service) as socket:
        await messages_until(socket, "connected")
        socket.transport.write(message + not_utf8)
        assert await code_of_close(socket) == 1007
    async with listening(service) as another:
        await another.send(ping.decode())
        await messages_until(another, "pong")
    assert "A socket failed" not in service.log.read_text()


@pytest.mark.parametrize("name", ["two%20words", "x" * 101, "%00", "%ED%A0%80"])
async def test_a_monitor_that_cannot_be_named_so_is_closed_with_1008(service: RunningService, name: str) -> None:
    assert await close_code(service, f"/ws/monitor/{name}") == 1008


@pytest.mark.parametrize("since", ["0-0-1", "%00", "9" * 400, "0-1-99999999999999999-1", "%F0%9F%92%A5" * 50])
async def test_a_place_that_cannot_be_one_is_closed_with_1008(service: RunningService, since: str) -> None:
    assert await close_code(service, f"/ws?since={since}") == 1008


async def test_an_expired_ticket_is_closed_with_4001(service: RunningService, redis_url: str) -> None:
    link = await QueueClient.open(redis_url)
    ticket = await Tickets(link).make(TenantId("anna"))
    [key] = await link.redis_py.keys("*:tk:*")
    await link.redis_py.pexpire(key, 300_000)  # as 30 s later
    assert await close_code(service, f"/ws?token={ticket}", {}) == 4001
    assert await close_code(service, f"/ws?token={ticket}", {}) == 1008
    await link.close()


async def test_a_socket_ends_with_4001_when_its_credential_does(service: RunningService, redis_url: str) -> None:
    link = await QueueClient.open(redis_url)
    until_ms = time.time_ns() // 1_000_000 + 300
    ticket = await Tickets(link).make(TenantId("anna"), until_ms=until_ms)
    async with listening(service, f"/ws?token={ticket}", {}) as socket:
        await messages_until(socket, "connected")
        assert await code_of_close(socket) == 4001
    assert time.time_ns() // 1_000_000 >= until_ms
    await link.close()


async def test_a_socket_while_redis_is_unavailable_is_asked_to_try_again_with_1013(
    redis_url: str, tmp_path: Path
) -> None:
    port = urlsplit(redis_url).port or 0
    async with FaultProxy("127.0.0.1", port) as proxy:
        env = {"REDIS_URL": redis_url.replace(f":{port}/", f":{proxy.port}/"), "AUTH_TOKEN": TOKEN}
        starting = running_service("queue_api", "QUEUE_API_PORT", env, tmp_path)
        service = await asyncio.to_thread(starting.__enter__)
        try:
            proxy.refuse()
            assert await close_code(service, "/ws?token=a-ticket", {}) == 1013
        finally:
            await asyncio.to_thread(starting.__exit__, None, None, None)
    assert "Traceback" not in service.log.read_text()


async def test_a_stopping_server_says_goodbye_with_1001(own_service: RunningService) -> None:
    async with listening(own_service) as socket:
        await messages_until(socket, "connected")
        os.kill(own_service.pid, signal.SIGTERM)
        await messages_until(socket, "server_disconnect")
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


async def close_code(service: RunningService, path: str, headers: dict[str, str] | None = None) -> int:
    async with listening(service, path, headers) as socket:
        return await code_of_close(socket)


async def code_of_close(socket: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        await socket.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code
