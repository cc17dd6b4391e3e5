"""Job groups of queue-api on two real ComfyUI servers: progress, policies, cancellation, dead and frozen servers."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from support.comfyui import RealComfyUI, sampling_graph
from support.services import RunningService, running_service
from support.waiting import until
from support.worker_process import worker_processes
from websockets.asyncio.client import ClientConnection, connect

TOKEN = "operator-token-for-tests"
LIMIT_S = 300.0
CANCEL_S = 20.0
ENDLESS = 5_000
"""Steps of a prompt that does not end by itself within a test."""


def name(server: RealComfyUI) -> str:
    return f"127.0.0.1_{server.port}"


@dataclass
class Site:
    """queue-api with a worker of two ComfyUI servers."""

    service: RunningService
    api: httpx.AsyncClient
    steady: RealComfyUI
    victim: RealComfyUI

    async def submit(self, *, steps: int, **changes: Any) -> dict[str, Any]:
        body = {
            "workflow_json": sampling_graph(steps=steps),
            "backend_ids": [name(self.steady), name(self.victim)],
            "base_seed": 1000,
            "seed_strategy": "sequential",
        }
        answer = await self.api.post("/api/job-group", json=body | changes)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def final(self, group_id: str) -> dict[str, Any]:
        found: dict[str, Any] = {}

        async def is_final() -> bool:
            found.update((await self.api.get(f"/api/job-groups/{group_id}")).raise_for_status().json())
            return found["completed_at"] is not None

        await until(is_final, LIMIT_S)
        return found

    @asynccontextmanager
    async def socket(self, group_id: str) -> AsyncIterator[ClientConnection]:
        url = f"{self.service.url.replace('http', 'ws')}/ws/job-groups/{group_id}"
        async with (
            connect(url, additional_headers={"Authorization": f"Bearer {TOKEN}"}) as opened,
            asyncio.timeout(LIMIT_S),
        ):
            yield opened

    async def sampled_by(self, *servers: RealComfyUI) -> None:
        """Wait until each server has a prompt of its own."""

        async def all_have() -> bool:
            return all([await asyncio.to_thread(server.prompts) for server in servers])

        await until(all_have, LIMIT_S)

    async def idle(self, *servers: RealComfyUI) -> None:
        """Wait until the servers have nothing left to do."""

        async def none_has() -> bool:
            return not any([await asyncio.to_thread(server.prompts) for server in servers])

        await until(none_has, CANCEL_S)

    async def online(self, *servers: RealComfyUI) -> None:
        """Wait until queue-api lists the servers."""

        async def all_are() -> bool:
            listed = (await self.api.get("/api/backends")).raise_for_status().json()["backends"]
            return {name(server) for server in servers} <= {one["id"] for one in listed if one["status"] != "offline"}

        await until(all_are, LIMIT_S)


@pytest.fixture
def service(redis_url: str, tmp_path: Path) -> Iterator[RunningService]:
    env = {
        "REDIS_URL": redis_url,
        "AUTH_TOKEN": TOKEN,
        "OBJECT_STORE_URL": (tmp_path / "objects").as_uri(),
        "SIGNING_SECRET": "s" * 32,
    }
    with running_service("queue_api", "QUEUE_API_PORT", env, tmp_path) as running:
        yield running


@pytest.fixture
async def site(
    redis_url: str, tmp_path: Path, service: RunningService, comfyui: RealComfyUI, victim: RealComfyUI
) -> AsyncIterator[Site]:
    environment = {
        "REDIS_URL": redis_url,
        "OBJECT_STORE_URL": (tmp_path / "objects").as_uri(),
        "GPU_WORKER_SPOOL_DIR": str(tmp_path / "spool"),
        "GPU_WORKER_CONNECTORS": "none",
        "GPU_WORKER_BACKENDS": f"comfyui={comfyui.url},comfyui={victim.url}",
        "GPU_WORKER_LEASE_S": "3",
    }
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        worker_processes(environment) as start,
        httpx.AsyncClient(base_url=service.url, headers=headers, timeout=30) as api,
    ):
        await start()
        made = Site(service, api, comfyui, victim)
        await made.online(comfyui, victim)
        yield made


async def messages_until(opened: ClientConnection, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or found[-1]["type"] != kind:
        found.append(json.loads(await opened.recv()))
    return found


async def seed_in(picture_url: str) -> int:
    """Return the seed in the graph that ComfyUI writes into its pictures."""
    async with httpx.AsyncClient() as http:
        content = (await http.get(picture_url)).raise_for_status().content
    with Image.open(io.BytesIO(content)) as image:
        return int(json.loads(image.info["prompt"])["3"]["inputs"]["seed"])


async def test_each_server_draws_with_a_seed_of_its_own(site: Site) -> None:
    group = await site.submit(steps=40)
    async with site.socket(group["job_group_id"]) as opened:
        messages = await messages_until(opened, "group_complete")
    progressed = {message["backend_id"] for message in messages if message["type"] == "child_progress"}
    assert progressed == {name(site.steady), name(site.victim)}
    done = await site.final(group["job_group_id"])
    assert done["status"] == "completed"
    seeds = {
        child["seed"]: [await seed_in(picture["url"]) for picture in child["outputs"]["images"]]
        for child in done["child_jobs"]
    }
    assert seeds == {1000: [1000], 1001: [1001]}


async def test_the_first_result_cancels_the_prompt_of_the_other_server(site: Site) -> None:
    running = await site.submit(steps=ENDLESS, backend_ids=[name(site.victim)])
    await site.sampled_by(site.victim)
    group = await site.submit(steps=4, policy="first")
    done = await site.final(group["job_group_id"])
    assert done["status"] == "completed"
    assert sorted(child["status"] for child in done["child_jobs"]) == ["cancelled", "completed"]
    await site.idle(site.steady)
    [own] = await asyncio.to_thread(site.victim.prompts)
    counts = (await site.api.delete(f"/api/job-groups/{running['job_group_id']}")).json()
    assert counts["interrupted"] == 1, own
    await site.idle(site.victim)


async def test_cancelling_a_group_reaches_both_servers(site: Site) -> None:
    group = await site.submit(steps=ENDLESS)
    await site.sampled_by(site.steady, site.victim)
    answer = (await site.api.delete(f"/api/job-groups/{group['job_group_id']}")).raise_for_status().json()
    assert (answer["cancelled"], answer["interrupted"]) == (True, 2)
    await site.idle(site.steady, site.victim)
    assert (await site.final(group["job_group_id"]))["status"] == "cancelled"


async def test_the_child_of_a_killed_server_completes_once_it_is_back(site: Site) -> None:
    group = await site.submit(steps=100, timeout_seconds=300)
    await site.sampled_by(site.victim)
    await site.victim.kill()
    await site.victim.start()
    done = await site.final(group["job_group_id"])
    assert [child["status"] for child in done["child_jobs"]] == ["completed", "completed"]


async def test_the_child_of_a_frozen_server_times_out_and_its_prompt_is_cancelled_later(site: Site) -> None:
    group = await site.submit(steps=ENDLESS, timeout_seconds=30, backend_ids=[name(site.victim)])
    await site.sampled_by(site.victim)
    site.victim.freeze()
    try:
        async with site.socket(group["job_group_id"]) as opened:
            messages = await messages_until(opened, "group_complete")
    finally:
        site.victim.thaw()
    assert messages[-1]["failed"] == 1
    assert "child_timeout" in [message["type"] for message in messages]
    await site.idle(site.victim)


async def test_a_server_that_is_away_is_skipped(site: Site) -> None:
    group = await site.submit(steps=4, backend_ids=[name(site.steady), "127.0.0.1_1"])
    assert group["skipped_backends"] == ["127.0.0.1_1"]
    assert (await site.final(group["job_group_id"]))["status"] == "completed"
