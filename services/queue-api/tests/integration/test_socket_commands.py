"""What monitors and clients ask for over their sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from darkroom_queue import Consumer, Producer, QueueClient, StepContext
from darkroom_redis import Tickets
from darkroom_schemas.ids import TenantId
from darkroom_schemas.step import StepResult
from support.services import RunningService
from support.steps import make_step, make_worker
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

TOKEN = "operator-token-for-tests"
SIMULATION: dict[str, Any] = {"job_type": "simulation", "payload": {"duration_s": 0}}


class Peer:
    """One end of a socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.received: list[dict[str, Any]] = []

    async def send(self, **message: Any) -> None:
        await self._socket.send(json.dumps(message))

    async def until(self, kind: str, **members: Any) -> dict[str, Any]:
        """Receive until a message of that type and with these members comes."""
        while True:
            message = json.loads(await self._socket.recv())
            self.received.append(message)
            if message["type"] == kind and members.items() <= message.items():
                return dict(message)

    async def has(self, kind: str, **members: Any) -> None:
        """Receive until such a message has come, unless it came before."""
        if not any(one["type"] == kind and members.items() <= one.items() for one in self.received):
            await self.until(kind, **members)

    async def ask(self, **message: Any) -> dict[str, Any]:
        """Send a message with an id, and return the answer."""
        await self.send(**message, id="q")
        while True:
            answer = json.loads(await self._socket.recv())
            self.received.append(answer)
            if answer.get("id") == "q":
                return dict(answer)

    def types(self) -> list[str]:
        return [message["type"] for message in self.received]


@asynccontextmanager
async def peer(service: RunningService, path: str, headers: dict[str, str] | None = None) -> AsyncIterator[Peer]:
    bearer = {"Authorization": f"Bearer {TOKEN}"} if headers is None else headers
    async with (
        connect(service.url.replace("http", "ws") + path, additional_headers=bearer) as socket,
        asyncio.timeout(20),
    ):
        yield Peer(socket)


@asynccontextmanager
async def worker(redis_url: str, name: str = "w1", go_on: asyncio.Event | None = None) -> AsyncIterator[None]:
    """Complete steps, once `go_on` is set."""

    async def handler(context: StepContext) -> StepResult:
        context.progress(50)
        if go_on is not None:
            await go_on.wait()
        return StepResult(text="ok")

    client = await QueueClient.open(redis_url)
    consumer = Consumer(client, make_worker(name), handler)
    running = asyncio.create_task(consumer.run())
    try:
        yield
    finally:
        consumer.drain(grace_s=0)
        await running
        await client.close()


async def test_a_client_submits_follows_and_reads_its_job_and_no_other(
    service: RunningService, api: httpx.AsyncClient, redis_url: str
) -> None:
    async with peer(service, "/ws/client/director") as client:
        assert (await client.until("connection_established"))["client_id"] == "director"
        accepted = await client.ask(type="submit_job", **SIMULATION, priority=70)
        assert (accepted["type"], accepted["status"], accepted["position"]) == ("job_accepted", "queued", 1)
        job_id = accepted["job_id"]
        other = (await api.post("/api/jobs", json=SIMULATION)).json()["job_id"]
        async with worker(redis_url):
            done = await client.until("complete_job")
        status = await client.ask(type="request_job_status", job_id=job_id)
    assert (done["job_id"], done["result"]["data"]["text"]) == (job_id, "ok")
    assert (status["status"], status["worker_id"]) == ("completed", "w1")
    assert other not in {message.get("job_id") for message in client.received}
    submitted = next(m for m in client.received if m["type"] == "job_submitted")
    assert submitted["job_data"]["priority"] == 70
    assert submitted["job_data"]["payload"]["duration_s"] == 0


async def test_a_client_finds_its_jobs_again_after_a_reconnect(service: RunningService, redis_url: str) -> None:
    async with peer(service, "/ws/client/director") as client:
        job_id = (await client.ask(type="submit_job", **SIMULATION))["job_id"]
        last = (await client.until("job_submitted"))["event_id"]
    async with worker(redis_url), peer(service, f"/ws/client/director?since={last}") as again:
        assert (await again.until("complete_job"))["job_id"] == job_id
    async with peer(service, "/ws/client/somebody-else") as other:
        await other.until("connection_established")
        assert (await other.ask(type="ping"))["type"] == "pong"
        assert other.types() == ["connection_established", "pong"]


async def test_a_monitor_gets_the_topics_that_it_chose(
    service: RunningService, api: httpx.AsyncClient, redis_url: str
) -> None:
    async with peer(service, "/ws/monitor/m") as monitor:
        chosen = await monitor.ask(type="subscribe", topics=["jobs:status"], filters={"priority_range": [60, 100]})
        assert chosen["topics"] == ["jobs:status"]
        low = (await api.post("/api/jobs", json=SIMULATION | {"priority": 10})).json()["job_id"]
        high = (await api.post("/api/jobs", json=SIMULATION | {"priority": 90})).json()["job_id"]
        async with worker(redis_url):
            await monitor.until("complete_job", job_id=high)
        await monitor.ask(type="subscribe", topics=["jobs"], filters={"job_types": ["comfyui"]})
        await monitor.ask(type="subscribe_job", job_id="mine")
        await api.post("/api/jobs", json=SIMULATION)
        await api.post("/api/jobs", json=SIMULATION | {"id": "mine"})
        assert (await monitor.until("job_submitted"))["job_id"] == "mine"
    assert low not in {message.get("job_id") for message in monitor.received}
    assert not {"update_job_progress", "worker_connected"} & set(monitor.types())


async def test_workers_and_machines_come_work_and_go(
    service: RunningService, api: httpx.AsyncClient, redis_url: str
) -> None:
    go_on = asyncio.Event()
    async with peer(service, "/ws/monitor/m") as monitor:
        await monitor.until("connected")
        async with worker(redis_url, "w7", go_on):
            came = await monitor.until("worker_connected")
            await monitor.until("machine_startup_complete")
            job_id = (await api.post("/api/jobs", json=SIMULATION)).json()["job_id"]
            busy = await monitor.until("worker_status_changed", new_status="busy")
            go_on.set()
            await monitor.until("worker_status_changed", new_status="idle")
        gone = await monitor.until("worker_disconnected")
        await monitor.until("machine_shutdown")
    assert (came["worker_id"], came["worker_data"]["capabilities"]["services"]) == ("w7", ["simulation"])
    assert (busy["old_status"], busy["current_job_id"]) == ("idle", job_id)
    assert (gone["worker_id"], gone["reason"]) == ("w7", "stopped")


async def test_the_full_state_has_workers_jobs_and_numbers(
    service: RunningService, api: httpx.AsyncClient, redis_url: str
) -> None:
    go_on = asyncio.Event()
    async with peer(service, "/ws/monitor/m") as monitor, worker(redis_url, go_on=go_on):
        first = (await api.post("/api/jobs", json=SIMULATION)).json()["job_id"]
        await monitor.until("job_assigned", job_id=first)
        await monitor.has("worker_status_changed", new_status="busy")
        second = (await api.post("/api/jobs", json=SIMULATION)).json()["job_id"]
        state = await monitor.ask(type="monitor_connect", request_full_state=True)
        stats = (await monitor.ask(type="request_stats"))["stats"]
        go_on.set()
    assert [job["job_id"] for job in state["jobs"]["active"]] == [first]
    assert [job["job_id"] for job in state["jobs"]["pending"]] == [second]
    assert [one["id"] for one in state["workers"]] == ["w1"]
    assert (stats["total_workers"], stats["pending_jobs"], stats["active_jobs"]) == (1, 1, 1)


async def test_statistics_come_at_the_chosen_interval(service: RunningService) -> None:
    async with peer(service, "/ws/monitor/m") as monitor:
        await monitor.ask(type="subscribe_stats", interval_seconds=1)
        for _ in range(2):
            assert (await monitor.until("system_stats"))["stats"]["total_jobs"] == 0


async def test_missed_messages_are_read_in_parts(service: RunningService, api: httpx.AsyncClient) -> None:
    async with peer(service, "/ws/monitor/m") as monitor:
        jobs = [(await api.post("/api/jobs", json=SIMULATION)).json()["job_id"] for _ in range(3)]
        first = await monitor.ask(type="resync_request", since_timestamp=0, max_events=2)
        rest = await monitor.ask(type="resync_request", since_event_id=first["last_event_id"], max_events=2)
    assert [event["job_id"] for event in first["events"]] == jobs[:2]
    assert [event["job_id"] for event in rest["events"]] == jobs[2:]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert first["oldest_available_timestamp"] <= first["events"][0]["timestamp"]
    async with peer(service, "/ws/monitor/m") as monitor:
        wrong = await monitor.ask(type="resync_request", since_event_id="yesterday")
    assert (wrong["type"], wrong["error_code"]) == ("error", "invalid_message")


async def test_a_job_is_cancelled_and_what_cannot_be_is_an_error(
    service: RunningService, api: httpx.AsyncClient
) -> None:
    async with peer(service, "/ws/client/c") as client:
        job_id = (await client.ask(type="submit_job", **SIMULATION))["job_id"]
        cancelled = await client.ask(type="cancel_job", job_id=job_id, reason="changed my mind")
        again = await client.ask(type="cancel_job", job_id=job_id)
        unknown = await client.ask(type="cancel_job", job_id="nobody")
        bad = await client.ask(type="submit_job", job_type="hologram", payload={})
        wrong = await client.ask(type="submit_job", job_type="simulation", payload={"steps": 0})
    assert (cancelled["type"], cancelled["outcome"]) == ("job_cancelled", "cancelled")
    assert (again["error_code"], unknown["error_code"]) == ("conflict", "job_not_found")
    assert (bad["error_code"], bad["details"]["field"]) == ("invalid_job_type", "job_type")
    assert (wrong["error_code"], wrong["details"]["field"]) == ("invalid_request", "payload.steps")


async def test_a_users_ticket_follows_and_does_nothing_else(service: RunningService, redis_url: str) -> None:
    link = await QueueClient.open(redis_url)
    ticket = await Tickets(link).make(TenantId("anna"))
    await Producer(link).submit(make_step(id="bens:1:00", job_id="bens", tenant="ben"))
    await Producer(link).submit(make_step(id="annas:1:00", job_id="annas", tenant="anna"))
    async with peer(service, f"/ws/client/c?token={ticket}", headers={}) as anna:
        for message in (
            {"type": "submit_job", **SIMULATION},
            {"type": "cancel_job", "job_id": "annas:1:00"},
            {"type": "monitor_connect", "request_full_state": True},
            {"type": "request_stats"},
            {"type": "subscribe_stats"},
        ):
            assert (await anna.ask(**message))["error_code"] == "forbidden"
        assert (await anna.ask(type="request_job_status", job_id="bens:1:00"))["error_code"] == "job_not_found"
        assert (await anna.ask(type="request_job_status", job_id="annas:1:00"))["status"] == "pending"
        await anna.ask(type="subscribe_job", job_id="bens")
        await anna.ask(type="subscribe_job", job_id="annas")
        past = await anna.ask(type="resync_request", since_timestamp=0)
        async with worker(redis_url):
            await anna.until("complete_job")
    await link.close()
    assert {event["workflow_id"] for event in past["events"]} == {"annas"}
    assert "bens" not in {message.get("workflow_id") for message in anna.received}


@pytest.mark.parametrize("path", ["/ws/client/two%20words", f"/ws/client/{'x' * 101}"])
async def test_a_client_that_cannot_be_named_so_is_closed(service: RunningService, path: str) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        async with peer(service, path) as client:
            await client.until("connection_established")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_a_connection_cannot_name_jobs_without_end(service: RunningService) -> None:
    async with peer(service, "/ws/monitor/m") as monitor:
        for number in range(1000):
            await monitor.send(type="subscribe_job", job_id=str(number))
        refused = await monitor.ask(type="subscribe_job", job_id="one more")
        assert refused["error_code"] == "too_many_subscriptions"
        await monitor.send(type="unsubscribe_job", job_id="7")
        assert (await monitor.ask(type="subscribe_job", job_id="one more"))["type"] == "subscribed"
