"""Clients of a platform run: each orders, cancels and retries through all faults, and follows what it ordered."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from support.emprops import SIMPLE
from support.orders import Course, Order, Route

from .platform_readers import JobReader, UserReader

AGAIN_S, POLL_S = 0.1, 0.3
VARIABLES = [{"name": "Mood", "template_mapping": "mood", "is_customizable": True}]
LOST = (httpx.TransportError,)
TEMPORARY = frozenset({409, 503})
"""Answers after which a request with an Idempotency-Key is sent again: it is still on its way, or a server is away."""


@dataclass
class Client:
    """One user's program. It uses all replicas, one after another."""

    http: httpx.AsyncClient
    urls: Sequence[str]
    seed: float
    orders: list[Order] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    readers: dict[str, JobReader] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)  # noqa: S311 - reproducible
        self._reading: list[asyncio.Task[None]] = []
        self._collection = ""
        self.user_reader = UserReader(self.http, self.replica)

    def replica(self) -> str:
        return self._draw.choice(self.urls)

    async def prepare(self) -> None:
        """Make the collection to generate from, and begin to listen to everything."""
        made = await self.http.post(
            f"{self.replica()}/api/workflows/create-simple-collection",
            json=SIMPLE | {"variables": VARIABLES, "template_json": {"prompt": "{{mood}}"}},
        )
        assert made.status_code == 200, made.text
        self._collection = made.json()["data"]["id"]
        self._reading.append(asyncio.create_task(self.user_reader.follow()))
        await self.user_reader.ready.wait()

    async def run(self, permits: asyncio.Semaphore) -> None:
        """Give every order when there is leave to, without waiting for those before it to end."""
        async with asyncio.TaskGroup() as group:
            for order in self.orders:
                await permits.acquire()
                await self._submit(order)
                if order.job_id is not None:
                    group.create_task(self._see_through(order, order.job_id))

    async def stop(self) -> None:
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)

    async def _submit(self, order: Order) -> None:
        path, body = self._request(order)
        headers = {"Idempotency-Key": order.key} if order.is_keyed else {}
        answer = await self._post(path, body, headers, repeatedly=order.is_keyed)
        if answer is not None and answer.status_code == 200:
            order.job_id = _job_id(answer.json())

    def _request(self, order: Order) -> tuple[str, dict[str, Any]]:
        match order.route:
            case Route.OURVIDZ:
                return "/api/queue-job", {"jobType": order.job_type, "metadata": {"prompt": order.prompt}}
            case Route.STABLEQUEUE:
                params = {"positive_prompt": order.prompt, "num_images": 2}
                return "/api/v2/generate", {"target_server_alias": "Main", "generation_params": params}
            case Route.EMPROPS:
                return f"/api/collections/{self._collection}/generate", {"variables": {"Mood": order.prompt}}

    async def _see_through(self, order: Order, job_id: str) -> None:
        """Follow the job, cancel it and run it again, as the order says."""
        if order.is_followed:
            reader = self.readers[job_id] = JobReader(self.http, self.replica, job_id=job_id)
            self._reading.append(asyncio.create_task(reader.follow()))
        if order.is_cancelled:
            answer = await self._post(f"/api/jobs/{job_id}/cancel", {}, {}, repeatedly=True, final=frozenset({409}))
            order.was_cancelled = answer is not None and answer.status_code == 200
        if order.is_retried and (order.was_cancelled or order.course in {Course.FAILS, Course.FAILS_ONCE}):
            await self._ended(job_id)
            headers = {"Idempotency-Key": f"retry-{order.number}"}
            answer = await self._post(f"/api/jobs/{job_id}/retry", None, headers, repeatedly=True)
            if answer is not None and answer.status_code == 200:
                order.retries += 1
                if order.is_followed:
                    self.readers[job_id].come_back()

    async def _post(
        self, path: str, body: Any, headers: dict[str, str], *, repeatedly: bool, final: frozenset[int] = frozenset()
    ) -> httpx.Response | None:
        """Send until there is an answer, if the request may be repeated; None if there is none."""
        while True:
            with suppress(*LOST):
                answer = await self.http.post(self.replica() + path, json=body, headers=headers)
                if answer.status_code == 200 or answer.status_code in final:
                    return answer
                if answer.status_code not in TEMPORARY:
                    self.faults.append(f"POST {path} answered {answer.status_code}: {answer.text[:300]}")
                    return None
            if not repeatedly:
                return None
            await asyncio.sleep(AGAIN_S)  # the pace of a client that tries again

    async def _ended(self, job_id: str) -> None:
        while True:
            with suppress(*LOST):
                answer = await self.http.get(f"{self.replica()}/api/jobs/{job_id}")
                if answer.status_code == 200 and answer.json()["data"]["completed_at"]:
                    return
                if answer.status_code not in {200, 503}:
                    self.faults.append(f"GET /api/jobs/{job_id} answered {answer.status_code}: {answer.text[:300]}")
                    return
            await asyncio.sleep(POLL_S)  # the pace of a client that polls


def _job_id(answer: dict[str, Any]) -> str:
    """Find the id in the answer of whichever dialect."""
    match answer:
        case {"job": {"id": id_}} | {"job": {"stablequeue_job_id": id_}} | {"data": {"jobId": id_}}:
            return str(id_)
    return str(answer["stablequeue_job_id"])
