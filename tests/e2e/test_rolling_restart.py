"""All processes are replaced while clients work, as in an upgrade: no request fails, and every job ends."""

import asyncio
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import pytest
from darkroom_local.state import RunningStack, StateDir
from support.waiting import until

pytestmark = pytest.mark.e2e
WAVES = (
    ("platform-loops", "queue-api-1", "platform-api-1", "webhook-dispatcher-1"),
    ("queue-api-2", "platform-api-2", "webhook-dispatcher-2"),
)
"""What is replaced at the same time: never both replicas of a service."""
CLIENTS = 4
READY_S, JOBS_S = 60.0, 120.0


@dataclass
class Load:
    """Clients that send one request after the other: half of them on new connections, half on kept ones."""

    stack: RunningStack
    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)

    async def run(self, number: int) -> None:
        """Send requests to all services until cancelled."""
        connection = {"Connection": "close" if number % 2 else "keep-alive"}
        key = {"X-API-Key": self.stack.api_key} | connection
        token = {"Authorization": f"Bearer {self.stack.queue_token}"} | connection
        order = {"jobType": "prompt_enhance", "metadata": {"prompt": "waves"}}
        async with httpx.AsyncClient(timeout=30) as http:
            for count in range(1_000_000):
                if count % 80 == 0:
                    await self._send(http, "POST", f"{self.stack.platform_url}/api/queue-job", key, json=order)
                await self._send(http, "GET", f"{self.stack.platform_url}/api/queue-status", key)
                await self._send(http, "GET", f"{self.stack.queue_url}/api/queues", token)
                await self._send(http, "GET", f"{self.stack.dispatcher_url}/.well-known/jwks.json", connection)
                await asyncio.sleep(0.03 + 0.01 * number)  # the load, and clients that come apart

    async def _send(
        self,
        http: httpx.AsyncClient,
        method: str,
        url: str,
        headers: dict[str, str],
        json: dict[str, Any] | None = None,
    ) -> None:
        try:
            answer = await http.request(method, url, headers=headers, json=json)
        except httpx.HTTPError as error:
            self.failures.append(f"{method} {url}: {error!r}")
            return
        self.answers[url] += 1
        if not answer.is_success:
            self.failures.append(f"{method} {url}: {answer.status_code} {answer.text[:200]}")
        elif method == "POST":
            self.jobs.append(answer.json()["job"]["id"])


def stop(stack_state: StateDir, names: Sequence[str]) -> dict[str, int]:
    """Ask processes to stop, and return their ids."""
    pids = {name: stack_state.running().pids[name] for name in names}
    for pid in pids.values():
        psutil.Process(pid).send_signal(signal.SIGTERM)
    return pids


async def succeeded(stack_state: StateDir, before: Mapping[str, int]) -> None:
    """Wait until the successor of each process runs, which is when it is ready."""

    async def have_successors() -> bool:
        pids = stack_state.running().pids
        return all(name in pids and pids[name] != pid for name, pid in before.items())

    await until(have_successors, READY_S)


async def test_no_request_fails_while_every_process_is_replaced(stack: RunningStack, stack_state: StateDir) -> None:
    load = Load(stack)
    clients = [asyncio.create_task(load.run(number)) for number in range(CLIENTS)]
    try:
        worker = stop(stack_state, ["gpu-worker"])  # the jobs wait for its successor
        for names in WAVES:
            await succeeded(stack_state, stop(stack_state, names))
    finally:
        for client in clients:
            client.cancel()
        for client in clients:
            with suppress(asyncio.CancelledError):
                await client
    await succeeded(stack_state, worker)
    assert load.failures == []
    assert min(count for url, count in load.answers.items() if not url.endswith("/queue-job")) > 2 * CLIENTS
    assert len(load.jobs) >= CLIENTS
    async with httpx.AsyncClient(base_url=stack.platform_url, headers={"X-API-Key": stack.api_key}) as http:

        async def left() -> Counter[str]:
            listed = (await http.get("/api/jobs", params={"limit": 200})).raise_for_status().json()["data"]
            return Counter(job["status"] for job in listed if job["id"] in load.jobs and job["status"] != "completed")

        async def none_left() -> bool:
            return not await left()

        with suppress(TimeoutError):
            await until(none_left, JOBS_S, every_s=2)
        assert not await left()
