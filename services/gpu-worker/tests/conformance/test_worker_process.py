"""One worker process before servers of several kinds, between a real queue and a real object store."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from darkroom_queue import Registry
from darkroom_schemas.recipe import BackendRecipe
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import Redelivery, StepView
from support.waiting import until
from support.worker_process import Queue, StartWorker, queue_at, worker_processes

from .a1111_peer import A1111Peer
from .http_peer import HttpPeer
from .ollama_peer import OllamaPeer
from .openai_peer import OpenAIPeer
from .suite import SECRET

OUT_S, BACK_S = 15.0, 5.0
"""Within these times a dead back end is out of the registry, and back once it answers."""
CHAT = {"model": "small", "messages": [{"role": "user", "content": "Hi"}]}


class Peers:
    """Servers of four kinds."""

    def __init__(self) -> None:
        self.a1111, self.ollama, self.openai, self.http = A1111Peer(), OllamaPeer(), OpenAIPeer(), HttpPeer()
        self.all = (self.a1111, self.ollama, self.openai, self.http)

    def listed(self) -> Mapping[str, Any]:
        """Return the list of back ends."""
        return {
            "backends": [
                {"id": "studio", "type": "a1111", "url": self.a1111.url, "alias": "Main"},
                {"id": "writer", "type": "ollama", "url": self.ollama.url},
                {"id": "paid", "type": "openai", "url": self.openai.url, "credential": "main"},
                {"type": "http", "concurrency": 4},
            ],
            "credentials": {"main": {"env": "SUITE_SECRET", "hosts": ["127.0.0.1"]}},
        }


@pytest.fixture
async def peers() -> AsyncIterator[Peers]:
    made = Peers()
    async with AsyncExitStack() as stack:
        for peer in made.all:
            await peer.start()
            stack.push_async_callback(peer.kill)
        yield made


@pytest.fixture
async def queue(redis_url: str) -> AsyncIterator[Queue]:
    async with queue_at(redis_url) as opened:
        yield opened


@pytest.fixture
async def start_worker(redis_url: str, peers: Peers, tmp_path: Path) -> AsyncIterator[StartWorker]:
    listed = tmp_path / "back-ends.yaml"
    listed.write_text(yaml.safe_dump(peers.listed()))
    environment = {
        "REDIS_URL": redis_url,
        "OBJECT_STORE_URL": (tmp_path / "objects").as_uri(),
        "GPU_WORKER_SPOOL_DIR": str(tmp_path / "spool"),
        "GPU_WORKER_CONNECTORS": "none",
        "GPU_WORKER_BACKENDS_FILE": str(listed),
        "GPU_WORKER_ALLOWED_NETWORKS": "127.0.0.1/32",
        "SUITE_SECRET": SECRET,
    }
    async with worker_processes(environment) as start:
        yield start


async def registered(queue: Queue) -> set[str]:
    workers = await Registry(queue.link).workers()
    return {backend for worker in workers for backend in worker.info.capabilities.backends}


def text_of(view: StepView) -> str | None:
    assert view.status is JobStatus.COMPLETED, view.error
    assert view.result is not None
    return view.result.text


async def test_one_process_gives_each_step_to_the_back_end_that_it_requires(
    start_worker: StartWorker, queue: Queue, peers: Peers
) -> None:
    peers.openai.require(SECRET)
    peers.http.require(SECRET)
    await start_worker()

    async def is_complete() -> bool:
        return await registered(queue) == {"studio", "Main", "writer", "paid", "http"}

    await until(is_complete, 30)
    prompt = await queue.submit("prompt", "ollama_chat", CHAT, models=("small",))
    reply = await queue.submit("reply", "openai_chat", CHAT, Redelivery.NEVER)
    report = {"method": "POST", "body": {"subject": "a boat"}, "select": "data.0.caption", "credential": "main"}
    sent = await queue.submit("sent", "fetch_api", {"url": f"{peers.http.url}/caption"} | report, Redelivery.NEVER)
    drawing = {"prompt": "a boat", "seeds": [7], "bucket": "b", "max_bytes": 1_000_000}
    drawn = await queue.submit("drawn", "a1111", drawing, backend="Main")
    assert text_of(await queue.end_of(prompt)) == "A small boat."
    assert text_of(await queue.end_of(reply)) == "A small boat."
    assert text_of(await queue.end_of(sent)) == "a picture of a boat"
    view = await queue.end_of(drawn)
    assert view.result is not None
    recipe = view.result.outputs[0].recipe
    assert isinstance(recipe, BackendRecipe)
    assert (recipe.backend, recipe.backend_type, recipe.seed) == ("studio", "a1111", 7)


async def test_a_back_end_that_dies_takes_only_its_own_work_away(
    start_worker: StartWorker, queue: Queue, peers: Peers
) -> None:
    await start_worker()

    async def is_there() -> bool:
        return "writer" in await registered(queue)

    async def is_gone() -> bool:
        return "writer" not in await registered(queue)

    await until(is_there, 30)
    peers.ollama.hold()
    chat = await queue.submit("chat", "ollama_chat", CHAT)
    await until(peers.ollama.began.wait, 10)
    await peers.ollama.kill()
    await until(is_gone, OUT_S)
    assert "paid" in await registered(queue)
    assert text_of(await queue.end_of(await queue.submit("reply", "openai_chat", CHAT))) == "A small boat."
    await peers.ollama.start()
    await until(is_there, BACK_S)
    view = await queue.end_of(chat)
    assert text_of(view) == "A small boat."
    assert view.attempt == 2, "only the attempt that was lost with the server counts"
