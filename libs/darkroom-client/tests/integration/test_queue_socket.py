"""The client of the event socket, and that of groups, on a real queue-api whose connections are cut."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from darkroom_client.errors import InvalidRequest, NotAuthorised, NotFound, NotReachable
from darkroom_client.job_groups import JobGroups
from darkroom_client.models.socket import ChildCompleted, ChildFailed, GroupComplete, GroupState, JobCompleted
from darkroom_client.queue_socket import QueueSocket
from support.fault_proxy import FaultProxy
from support.queue_api import HEADERS, TOKEN, complete, queue_api, submit, working
from support.services import RunningService

PAYLOAD = {"duration_s": 0}


@pytest.fixture
def service(redis_url: str, tmp_path: Path) -> Iterator[RunningService]:
    with queue_api(redis_url, tmp_path) as service:
        yield service


@pytest.fixture
async def api(service: RunningService) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=service.url, headers=HEADERS) as client:
        yield client


@pytest.fixture
async def proxy(service: RunningService) -> AsyncIterator[FaultProxy]:
    """A proxy before queue-api, which cuts connections."""
    async with FaultProxy("127.0.0.1", urlsplit(service.url).port or 0) as proxy:
        yield proxy


@pytest.fixture
def url(proxy: FaultProxy) -> str:
    return f"http://127.0.0.1:{proxy.port}"


def cut(proxy: FaultProxy) -> None:
    """Cut all connections; new ones are accepted."""
    proxy.reset()
    proxy.heal()


async def test_a_job_is_submitted_and_followed_to_its_end(url: str, redis_url: str) -> None:
    async with asyncio.timeout(20), QueueSocket(url, TOKEN, client_id="me") as socket:
        accepted = await socket.submit("simulation", PAYLOAD)
        assert (await socket.subscribe_job("another")).type == "subscribed"
        async with working(redis_url, complete):
            async for message in socket:
                if isinstance(message, JobCompleted):
                    assert (message.job_id, message.succeeded) == (accepted.job_id, True)
                    break
        assert (await socket.status(accepted.job_id)).status == "completed"
        waiting = await socket.submit("simulation", PAYLOAD)
        assert (await socket.cancel(waiting.job_id)).outcome == "cancelled"
        with pytest.raises(InvalidRequest) as refused:
            await socket.submit("hologram", {})
        assert refused.value.details["field"] == "job_type"


async def test_cut_connections_lose_and_repeat_no_event(
    api: httpx.AsyncClient, proxy: FaultProxy, url: str, redis_url: str
) -> None:
    expected, ends, events = 30, list[str](), list[str]()
    async with asyncio.timeout(60), QueueSocket(url, TOKEN) as socket, working(redis_url, complete):
        await socket.request({"type": "ping"})
        cut(proxy)  # before the first event: the greeting's position counts
        made = [await submit(api)]
        async for message in socket:
            if message.event_id is not None:
                events.append(message.event_id)
            if isinstance(message, JobCompleted):
                ends.append(message.job_id)
                if len(ends) == expected:
                    break
                if len(ends) % 3 == 0:
                    cut(proxy)
                made.append(await submit(api))
        assert socket.position == events[-1]
    assert ends == made
    assert len(events) == len(set(events)) == 3 * expected
    assert [int(one.split("-")[2]) for one in events] == sorted(int(one.split("-")[2]) for one in events)


async def test_a_request_is_answered_across_a_cut(api: httpx.AsyncClient, proxy: FaultProxy, url: str) -> None:
    async with asyncio.timeout(30), QueueSocket(url, TOKEN, client_id="me") as socket:
        for number in range(5):
            asking = asyncio.create_task(socket.submit("simulation", PAYLOAD, job_id=f"job-{number}"))
            await asyncio.sleep(0)
            cut(proxy)
            assert (await asking).job_id == f"job-{number}"
    assert (await api.get("/api/queues")).json()["pending"] == 5


async def test_a_ticket_is_fetched_for_each_connection(api: httpx.AsyncClient, proxy: FaultProxy, url: str) -> None:
    taken: list[str] = []

    async def ticket() -> str:
        taken.append(str((await api.post("/api/ws-ticket")).json()["ticket"]))
        return taken[-1]

    async with asyncio.timeout(20), QueueSocket(url, ticket=ticket) as socket:
        await socket.request({"type": "ping"})
        cut(proxy)
        await socket.request({"type": "ping"})
    assert len(taken) == 2


async def test_a_wrong_token_ends_the_iteration(url: str) -> None:
    async with asyncio.timeout(20), QueueSocket(url, "wrong-token-of-somebody") as socket:
        with pytest.raises(NotAuthorised):
            async for _ in socket:
                pass
        with pytest.raises(NotAuthorised):
            await socket.status("a")


async def test_a_server_that_does_not_come_back_is_not_reachable() -> None:
    async with asyncio.timeout(20), QueueSocket("http://127.0.0.1:9", TOKEN, give_up_s=0.1) as socket:
        with pytest.raises(NotReachable):
            async for _ in socket:
                pass


async def test_a_group_is_followed_across_cuts(proxy: FaultProxy, url: str, redis_url: str) -> None:
    async with asyncio.timeout(30), JobGroups(url, TOKEN) as groups:
        made = await groups.create(job_type="simulation", payload=PAYLOAD, count=6, max_parallel=2, idempotency_key="g")
        again = await groups.create(
            job_type="simulation", payload=PAYLOAD, count=6, max_parallel=2, idempotency_key="g"
        )
        assert again["job_group_id"] == made["job_group_id"]
        ends, events = set[str](), list[str | None]()
        async with working(redis_url, complete):
            async for message in groups.follow(made["job_group_id"]):
                if isinstance(message, GroupState):  # it may be ahead of the events that follow
                    ends |= {child["job_id"] for child in message.child_jobs if child["status"] == "completed"}
                elif isinstance(message, ChildCompleted):
                    ends.add(message.job_id)
                    events.append(message.event_id)
                    cut(proxy)
                elif isinstance(message, GroupComplete):
                    assert (message.status, message.succeeded) == ("completed", 6)
        assert ends == {child["job_id"] for child in made["child_jobs"]}
        assert len(events) == len(set(events))
        assert (await groups.get(made["job_group_id"]))["completed_at"] is not None


async def test_a_group_is_cancelled(url: str) -> None:
    async with asyncio.timeout(20), JobGroups(url, TOKEN) as groups:
        made = await groups.create(job_type="simulation", payload=PAYLOAD, count=2)
        following = groups.follow(made["job_group_id"])
        assert isinstance(await anext(following), GroupState)
        assert (await groups.cancel(made["job_group_id"]))["interrupted"] == 2
        ends = [message async for message in following if isinstance(message, ChildFailed | GroupComplete)]
        assert [one.type for one in ends] == ["child_cancelled", "child_cancelled", "group_complete"]
        with pytest.raises(NotFound):
            await groups.get("jg_unknown")
        with pytest.raises(NotFound):
            async for _ in groups.follow("jg_unknown"):
                pass
